//! Reads the card that is in, to the end and with a clock, and forgets it: only times are kept.
//!
//! It climbs the same recovery ladder as the card thread, and says so if it had to.

use std::sync::Arc;
use std::time::{Duration, Instant};

use card::{CardError, CardReading, ChannelError, Flow, ReadPlan};

use super::bounded::{Stage, within};
use super::finding::{Advice, Check, Finding};
use super::reader::reader_failed;
use crate::ports::{CardReader, Devices, ReaderError, Start};
use crate::reading::{self, Ladder, cures_of_card, cures_of_reader};

/// How long each stage took, after which kind of start.
struct Times {
    start: Start,
    connect: Duration,
    identity: Duration,
    text: Duration,
    photo: Duration,
}

enum Trouble {
    Reader(ReaderError),
    Card(CardError),
}

impl Trouble {
    fn cures(&self) -> &'static [Start] {
        match self {
            Self::Reader(error) => cures_of_reader(*error),
            Self::Card(error) => cures_of_card(error),
        }
    }
}

/// Reads the card in this reader.
pub(super) async fn check(
    devices: &Arc<dyn Devices>,
    reader: String,
    settle: Duration,
    bound: Duration,
) -> Finding {
    let devices = Arc::clone(devices);
    let read = within(bound, "opening the way to the card", move |stage| {
        std::thread::sleep(settle);
        let mut opened = devices.card_reader().map_err(Trouble::Reader)?;
        climb(opened.as_mut(), &reader, stage)
    });
    match read.await {
        Ok(Ok(times)) => answered(&times),
        Ok(Err(Trouble::Reader(error))) => reader_failed(Check::Card, error),
        Ok(Err(Trouble::Card(error))) => card_failed(&error),
        Err(lost) => Finding::fault(
            Check::Card,
            lost.to_string(),
            Advice::new(
                "the reader or its driver hangs, or another program keeps the card",
                "stop the agent and unplug the reader; if it hangs again, try another reader",
            ),
        ),
    }
}

fn climb(reader: &mut dyn CardReader, name: &str, stage: &Stage) -> Result<Times, Trouble> {
    let (mut ladder, mut start) = (Ladder::default(), Start::AsItIs);
    loop {
        let trouble = match read(reader, name, start, stage) {
            Ok(times) => return Ok(times),
            Err(trouble) => trouble,
        };
        let Some(next) = ladder.climb(trouble.cures()) else { return Err(trouble) };
        start = next;
    }
}

fn read(
    reader: &mut dyn CardReader,
    name: &str,
    start: Start,
    stage: &Stage,
) -> Result<Times, Trouble> {
    let begun = Instant::now();
    stage.enter("connecting to the card");
    let mut connection = reader.connect(name, start).map_err(Trouble::Reader)?;
    let connection = connection.as_mut();
    let connect = begun.elapsed();
    stage.enter("reading the card's identity");
    let mut card = CardReading::new(ReadPlan::default());
    let holder = reading::identity(connection, &mut card).map_err(Trouble::Card)?;
    let identity = begun.elapsed();
    stage.enter("reading the card's text");
    reading::citizen(connection, &mut card, &holder).map(drop).map_err(Trouble::Card)?;
    let text = begun.elapsed();
    stage.enter("reading the card's photo");
    reading::photo(connection, &mut card, &mut |_| Flow::Continue)
        .map(drop)
        .map_err(Trouble::Card)?;
    let photo = begun.elapsed() - text;
    let (identity, text) = (identity - connect, text - identity);
    Ok(Times { start, connect, identity, text, photo })
}

fn answered(times: &Times) -> Finding {
    let finding = format!(
        "a citizen card answers: connect {} ms, identity {} ms, text {} ms, photo {} ms",
        times.connect.as_millis(),
        times.identity.as_millis(),
        times.text.as_millis(),
        times.photo.as_millis(),
    );
    let reset = match times.start {
        Start::AsItIs => return Finding::ok(Check::Card, finding),
        Start::Warm => "a warm reset",
        Start::Cold => "a cold reset",
    };
    let advice = Advice::new(
        format!("it answered only after {reset}: worn contacts, or a reader that needs a pause"),
        "try another card; if that needs a reset, too, try another reader",
    );
    Finding::warning(Check::Card, finding, advice)
}

/// What a failure of the card means. Fields are named, their values are not known here.
fn card_failed(error: &CardError) -> Finding {
    let advice = match error {
        CardError::Channel(channel) => return channel_failed(*channel),
        CardError::NotThaiCitizenCard { .. } => Advice::new(
            "this is another kind of card, such as a bank card or a foreign card",
            "put a Thai citizen card in",
        ),
        CardError::OldLayout => Advice::new(
            "this is a citizen card of the first generation, which cannot be used",
            "test with a card of layout 0003; its holder needs a new card",
        ),
        CardError::UnknownLayout => Advice::new(
            "this card's layout is newer than this program",
            "test with another card, and report the layout to the maker of this program",
        ),
        CardError::ChipNumberUnavailable => Advice::new(
            "this chip does not give its number, which the bank asks for",
            "test with another card; this one cannot be used here",
        ),
        CardError::AnotherCard => Advice::new(
            "the card was exchanged while it was read",
            "leave the card in and run this again",
        ),
        CardError::Refused { .. } | CardError::Interleaved { .. } => Advice::new(
            "another program speaks to the card at the same time, or the card refuses this read",
            "stop other programs that use the reader, then try another card",
        ),
        CardError::Length { .. } | CardError::NoStatusWord { .. } | CardError::Endless { .. } => {
            Advice::new(
                "the reader or its driver does not bring whole answers back",
                "update the reader's driver and firmware, then try another reader",
            )
        }
        CardError::Text { .. } | CardError::PhotoMissing | CardError::PhotoDamaged => Advice::new(
            "this card is written in a way that is not known, or it is damaged",
            "test with another card; if that is read, this card must be replaced",
        ),
        CardError::Stopped => Advice::new(
            "the reading was stopped, which this check never does",
            "report it to the maker of this program",
        ),
    };
    Finding::fault(Check::Card, error.to_string(), advice)
}

fn channel_failed(error: ChannelError) -> Finding {
    let reader_error = match error {
        ChannelError::Removed => ReaderError::NoCard,
        ChannelError::Gone => ReaderError::Gone,
        ChannelError::Busy => ReaderError::Busy,
        ChannelError::Faulty => ReaderError::Faulty,
        ChannelError::Reset => {
            let advice = Advice::new(
                "another program resets the card while it is read",
                "stop other programs that use the reader, such as a browser's card extension",
            );
            return Finding::fault(Check::Card, error.to_string(), advice);
        }
        ChannelError::TimedOut => {
            let advice = Advice::new(
                "the card stays silent: dirty contacts, or a reader that lost it",
                "wipe the card's contacts and put it in again, then try another card",
            );
            return Finding::fault(Check::Card, error.to_string(), advice);
        }
    };
    reader_failed(Check::Card, reader_error)
}
