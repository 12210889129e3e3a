//! The smart card service, its readers, and what the notes say of the reader in which a card lies.
//!
//! Reading that card is done in `card`.

use std::sync::Arc;
use std::time::Duration;

use super::bounded::within;
use super::card;
use super::finding::{Advice, Check, Finding};
use crate::ports::{Devices, Presence, ReaderError};
use crate::quirks::{Grade, Quirks, ReaderQuirk};

/// What is asked about readers, and how.
pub(super) struct Readers<'a> {
    pub(super) devices: &'a Arc<dyn Devices>,
    /// Names every reader that is plugged in.
    pub(super) list: fn() -> Result<Vec<String>, ReaderError>,
    pub(super) quirks: &'a Quirks,
    /// How long one check may take.
    pub(super) bound: Duration,
}

impl Readers<'_> {
    /// Readers, their notes, and the card.
    pub(super) async fn check(&self) -> Vec<Finding> {
        match self.look().await {
            Ok((plugged_in, presence)) => {
                let mut findings = vec![self.seen(&plugged_in, &presence)];
                findings.extend(self.notes(&plugged_in));
                findings.push(self.card(presence).await);
                findings
            }
            Err(fault) => vec![fault, Finding::skipped(Check::Card, "no reader can be asked")],
        }
    }

    async fn look(&self) -> Result<(Vec<String>, Presence), Finding> {
        let (devices, list) = (Arc::clone(self.devices), self.list);
        let looked = within(self.bound, "opening the smart card service", move |stage| {
            let mut monitor = devices.card_monitor()?;
            stage.enter("looking at the readers");
            let presence = monitor.watch(&Presence::NoReader, Duration::ZERO)?;
            stage.enter("listing the readers");
            Ok::<_, ReaderError>((list()?, presence))
        });
        match looked.await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(error)) => Err(reader_failed(Check::Reader, error)),
            Err(lost) => {
                let advice = Advice::new(
                    "the smart card service or a reader's driver hangs",
                    "unplug the reader and restart the service: systemctl restart pcscd",
                );
                Err(Finding::fault(Check::Reader, lost.to_string(), advice))
            }
        }
    }

    fn seen(&self, plugged_in: &[String], presence: &Presence) -> Finding {
        let names: Vec<_> = plugged_in.iter().map(|name| printable(name)).collect();
        let names = names.join(", ");
        match presence {
            Presence::Empty | Presence::Card { .. } | Presence::Mute { .. } => {
                Finding::ok(Check::Reader, format!("the service runs; plugged in: {names}"))
            }
            Presence::NoReader if plugged_in.is_empty() => Finding::fault(
                Check::Reader,
                "the smart card service runs, and no reader is plugged in",
                Advice::new(
                    "no reader is connected, or the service has no driver for it",
                    "plug the reader in, look for it with lsusb, install its driver (libccid)",
                ),
            ),
            Presence::NoReader => Finding::fault(
                Check::Reader,
                format!("no reader that may be used is plugged in, only: {names}"),
                Advice::new(
                    "reader.allow names other readers, or a note refuses this one",
                    "add it to reader.allow, or plug in one with a slot for the card's contacts",
                ),
            ),
        }
    }

    fn notes(&self, plugged_in: &[String]) -> Vec<Finding> {
        let quirks: Vec<_> = plugged_in.iter().map(|name| self.quirks.for_reader(name)).collect();
        let useless = quirks.iter().all(|quirk| quirk.grade == Grade::Refuse);
        let usefulness = if useless { Useful::None } else { Useful::Some };
        let named = plugged_in.iter().zip(&quirks);
        named.map(|(name, quirk)| note(&printable(name), quirk, usefulness)).collect()
    }

    async fn card(&self, presence: Presence) -> Finding {
        match presence {
            Presence::NoReader => Finding::skipped(Check::Card, "no reader can be asked"),
            Presence::Empty => {
                Finding::skipped(Check::Card, "no card is in; put one in and run this again")
            }
            Presence::Mute { .. } => reader_failed(Check::Card, ReaderError::Mute),
            Presence::Card { reader, .. } => {
                let quirk = self.quirks.for_reader(&reader);
                if quirk.grade == Grade::Refuse {
                    return Finding::skipped(Check::Card, "it is in a reader that is never used");
                }
                card::check(self.devices, reader, quirk.settle, self.bound).await
            }
        }
    }
}

/// Is there any reader that can be used?
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Useful {
    None,
    Some,
}

/// What the notes say of one reader.
fn note(name: &str, quirk: &ReaderQuirk, useful: Useful) -> Finding {
    let settle = match quirk.settle.as_millis() {
        0 => String::new(),
        settle_ms => format!(", connected to {settle_ms} ms after an insertion"),
    };
    let paths: Vec<_> = quirk.notes.iter().map(|note| note.path.as_str()).collect();
    let source = match paths.as_slice() {
        [] => "no note is about it".to_owned(),
        paths => format!("see {}", paths.join(", ")),
    };
    let finding = match quirk.grade {
        Grade::Works => format!("{name} works{settle}; {source}"),
        Grade::ShouldWork => format!("{name} should work{settle}; {source}"),
        Grade::Refuse => {
            let finding = format!("{name} is never used; {source}");
            let advice = Advice::new(
                "readers of this kind cannot read citizen cards; the note says why",
                "unplug it and use another reader, one with a slot for the card's contacts",
            );
            return match useful {
                Useful::None => Finding::fault(Check::ReaderNote, finding, advice),
                Useful::Some => Finding::warning(Check::ReaderNote, finding, advice),
            };
        }
    };
    Finding::ok(Check::ReaderNote, finding)
}

/// A name comes from a device, and a terminal obeys control characters.
fn printable(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).collect()
}

/// What a failure of reader or service means.
pub(super) fn reader_failed(check: Check, error: ReaderError) -> Finding {
    let advice = match error {
        ReaderError::NotConfigured => {
            return Finding::skipped(check, "no card reader is configured (reader.allow is empty)");
        }
        ReaderError::ServiceDown => Advice::new(
            "pcscd is not installed, not running, or was stopped",
            "apt install pcscd, then: systemctl enable --now pcscd.socket",
        ),
        ReaderError::Refused => Advice::new(
            "polkit does not let this user use the smart card service",
            "run this as the service's user, and install the polkit rule of the package",
        ),
        ReaderError::Gone => Advice::new(
            "the reader was unplugged, or its USB connection is unsteady",
            "plug it in directly, without a hub, and run this again",
        ),
        ReaderError::NoCard => Advice::new(
            "the card was taken out while it was looked at",
            "leave the card in and run this again",
        ),
        ReaderError::Mute => Advice::new(
            "the card is upside down, dirty, not pushed in to the end, or dead",
            "turn the card, wipe its contacts, try another card",
        ),
        ReaderError::Busy => Advice::new(
            "the running agent or another program holds the card",
            "stop it (systemctl stop dipchip), or run this between two customers",
        ),
        ReaderError::Faulty => Advice::new(
            "the contacts, the cable or the reader's driver",
            "try another card, another USB port, then another reader",
        ),
    };
    let notes: Vec<_> = Quirks::builtin().for_fault(error).map(|note| note.path.as_str()).collect();
    let finding = match notes.as_slice() {
        [] => error.to_string(),
        notes => format!("{error}; see {}", notes.join(", ")),
    };
    Finding::fault(check, finding, advice)
}
