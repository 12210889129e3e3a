//! Cards through PC/SC: connecting, exchanging, and what each result of the service means.
//!
//! The watch over the readers is in `monitor`. Each of the two has a context of its own and stays on one
//! thread, since a wait holds its context's lock. Access is shared, a card is held for short groups of
//! exchanges only and left as it is, so that another program is neither locked out nor cut off. A call may
//! block for ever: its thread is disposable.

mod allowed;
mod monitor;

use std::ffi::{CStr, CString};
use std::thread;
use std::time::Duration;

use agent::config::ReaderPattern;
use agent::ports::{CardConnection, CardReader, ReaderError, Start};
use card::{Channel, ChannelError};
use pcsc::{
    Card, Context, Disposition, Error, MAX_BUFFER_SIZE, Protocols, ReaderState, Scope, ShareMode,
    State, Transaction,
};
use zeroize::Zeroizing;

use self::allowed::Allowed;

pub use monitor::{Listed, PcscMonitor, list};

/// Without power for so long, every chip has forgotten what it was doing.
const POWER_OFF: Duration = Duration::from_millis(200);
/// The service looks for a card's absence every 400 ms; until then a pulled card looks like a faulty one.
const ABSENCE_SEEN_WITHIN: Duration = Duration::from_millis(600);
/// The shortest answer: a status word.
const ANSWER_BYTES_MIN: usize = 2;

/// Connects to cards.
pub struct PcscReader {
    context: Context,
    allowed: Allowed,
}

impl PcscReader {
    /// Opens a way to the service.
    ///
    /// # Errors
    /// [`ReaderError::NotConfigured`] if no reader is allowed; [`ReaderError::ServiceDown`] or
    /// [`ReaderError::Refused`] by the service.
    pub fn open(allow: &[ReaderPattern]) -> Result<Self, ReaderError> {
        Ok(Self { context: establish(allow)?, allowed: Allowed::new(allow) })
    }

    fn card(&self, reader: &CStr) -> Result<Left, ReaderError> {
        let card = self.context.connect(reader, ShareMode::Shared, Protocols::ANY);
        Ok(Left(Some(card.map_err(reader_error)?)))
    }

    /// Resets a card that is too mute to be connected to, or cuts its power: by way of the reader alone.
    fn wake(&self, reader: &CStr, disposition: Disposition) -> Result<(), ReaderError> {
        let reader = self.context.connect(reader, ShareMode::Direct, Protocols::UNDEFINED);
        let ended = reader.map_err(reader_error)?.disconnect(disposition);
        ended.map_err(|(_, error)| reader_error(error))
    }

    fn started(&self, name: &CStr, start: Start) -> Result<Left, ReaderError> {
        match (start, self.card(name)) {
            (Start::AsItIs, card) => card,
            (Start::Warm, Ok(mut card)) => {
                card.reset()?;
                Ok(card)
            }
            (Start::Warm, Err(ReaderError::Mute)) => {
                self.wake(name, Disposition::ResetCard)?;
                self.card(name)
            }
            (Start::Cold, Ok(card)) => {
                // The service powers up at once after a reconnect; a pause needs a second connection.
                card.disconnect(Disposition::UnpowerCard)?;
                thread::sleep(POWER_OFF);
                self.card(name)
            }
            (Start::Cold, Err(ReaderError::Mute)) => {
                self.wake(name, Disposition::UnpowerCard)?;
                thread::sleep(POWER_OFF);
                self.card(name)
            }
            (Start::Warm | Start::Cold, Err(error)) => Err(error),
        }
    }
}

impl CardReader for PcscReader {
    fn connect(
        &mut self,
        reader: &str,
        start: Start,
    ) -> Result<Box<dyn CardConnection + '_>, ReaderError> {
        let name = CString::new(reader).map_err(|_| ReaderError::Gone)?;
        if !self.allowed.has(&self.context, &name) {
            return Err(ReaderError::Gone);
        }
        let mut card = self.started(&name, start)?;
        let status = card.card().status2_owned().map_err(reader_error)?;
        let atr = status.atr().to_vec();
        Ok(Box::new(PcscConnection { context: &self.context, name, card, atr }))
    }
}

/// A card that is left as it is when dropped: the crate's own drop would reset it under another program's
/// hands. It is taken at its end only.
struct Left(Option<Card>);

impl Left {
    fn card(&mut self) -> &mut Card {
        self.0.as_mut().expect("a card is taken at its end only")
    }

    fn reset(&mut self) -> Result<(), ReaderError> {
        let card = self.card();
        card.reconnect(ShareMode::Shared, Protocols::ANY, Disposition::ResetCard)
            .map_err(reader_error)
    }

    fn disconnect(mut self, disposition: Disposition) -> Result<(), ReaderError> {
        let Some(card) = self.0.take() else { return Ok(()) };
        card.disconnect(disposition).map_err(|(_, error)| reader_error(error))
    }
}

impl Drop for Left {
    fn drop(&mut self) {
        if let Some(card) = self.0.take() {
            // A card that is gone need not be left.
            let _ = card.disconnect(Disposition::LeaveCard);
        }
    }
}

/// A connection to one card.
struct PcscConnection<'r> {
    context: &'r Context,
    name: CString,
    card: Left,
    atr: Vec<u8>,
}

impl CardConnection for PcscConnection<'_> {
    fn atr(&self) -> &[u8] {
        &self.atr
    }

    fn hold(&mut self) -> Result<Box<dyn Channel + '_>, ChannelError> {
        let card = self.card.card().transaction().map_err(channel_error)?;
        Ok(Box::new(PcscChannel { context: self.context, name: &self.name, card }))
    }
}

/// A card within a transaction, which ends with it and leaves the card as it is.
struct PcscChannel<'c> {
    context: &'c Context,
    name: &'c CStr,
    card: Transaction<'c>,
}

impl Channel for PcscChannel<'_> {
    fn transmit(&mut self, command: &[u8], answer: &mut Vec<u8>) -> Result<(), ChannelError> {
        answer.clear();
        let mut buffer = Zeroizing::new([0; MAX_BUFFER_SIZE]);
        match self.card.transmit(command, buffer.as_mut_slice()) {
            // A driver whose card vanishes in the middle says success, with nothing.
            Ok(received) if received.len() < ANSWER_BYTES_MIN => Err(self.removed_or_faulty()),
            Ok(received) => {
                answer.extend_from_slice(received);
                Ok(())
            }
            Err(Error::NotTransacted | Error::CommDataLost) => Err(self.removed_or_faulty()),
            Err(error) => Err(channel_error(error)),
        }
    }
}

impl PcscChannel<'_> {
    /// An exchange broke off: was the card pulled? Waits until the service would have seen it.
    fn removed_or_faulty(&self) -> ChannelError {
        let mut state = [ReaderState::new(self.name.to_owned(), State::UNAWARE)];
        let first = self.context.get_status_change(Duration::ZERO, &mut state);
        if let Err(error) = first {
            return channel_error(error);
        }
        let before = counted(&state);
        if absent(&state) {
            return ChannelError::Removed;
        }
        state.iter_mut().for_each(ReaderState::sync_current_state);
        match self.context.get_status_change(ABSENCE_SEEN_WITHIN, &mut state) {
            Ok(()) if absent(&state) || counted(&state) != before => ChannelError::Removed,
            Ok(()) | Err(Error::Timeout) => ChannelError::Faulty,
            Err(error) => channel_error(error),
        }
    }
}

fn absent(states: &[ReaderState]) -> bool {
    states.iter().any(|state| !state.event_state().contains(State::PRESENT))
}

fn counted(states: &[ReaderState]) -> Option<u32> {
    states.first().map(ReaderState::event_count)
}

/// A context of its own, if any reader is allowed at all.
fn establish(allow: &[ReaderPattern]) -> Result<Context, ReaderError> {
    if allow.is_empty() {
        return Err(ReaderError::NotConfigured);
    }
    Context::establish(Scope::System).map_err(reader_error)
}

/// What a result means when it comes from looking at a reader or connecting to its card.
fn reader_error(error: Error) -> ReaderError {
    match error {
        // A service that dies during a call gives a communication error, a dead one the others.
        Error::NoService
        | Error::ServiceStopped
        | Error::Shutdown
        | Error::InvalidHandle
        | Error::CommError => ReaderError::ServiceDown,
        Error::SecurityViolation | Error::NoAccess => ReaderError::Refused,
        Error::UnknownReader | Error::ReaderUnavailable | Error::NoReadersAvailable => {
            ReaderError::Gone
        }
        Error::NoSmartcard | Error::RemovedCard => ReaderError::NoCard,
        Error::UnresponsiveCard
        | Error::UnpoweredCard
        | Error::InvalidAtr
        | Error::UnsupportedCard
        | Error::CardUnsupported => ReaderError::Mute,
        Error::SharingViolation => ReaderError::Busy,
        _ => ReaderError::Faulty,
    }
}

/// What a result means when it comes from an exchange with a card.
fn channel_error(error: Error) -> ChannelError {
    match error {
        Error::RemovedCard | Error::NoSmartcard => ChannelError::Removed,
        // A card without power has lost its selection just as after a reset.
        Error::ResetCard | Error::UnpoweredCard => ChannelError::Reset,
        Error::NoService
        | Error::ServiceStopped
        | Error::Shutdown
        | Error::InvalidHandle
        | Error::UnknownReader
        | Error::ReaderUnavailable
        | Error::NoReadersAvailable => ChannelError::Gone,
        // Seen when a card was changed for another, and when the service died: connecting again tells which.
        Error::CommError => ChannelError::Faulty,
        Error::Timeout | Error::WaitedTooLong => ChannelError::TimedOut,
        Error::SharingViolation => ChannelError::Busy,
        _ => ChannelError::Faulty,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_result_of_the_service_is_told_apart_when_connecting() {
        let check = |error, expected| assert_eq!(reader_error(error), expected, "{error:?}");
        check(Error::NoService, ReaderError::ServiceDown);
        check(Error::ServiceStopped, ReaderError::ServiceDown);
        check(Error::SecurityViolation, ReaderError::Refused);
        check(Error::NoReadersAvailable, ReaderError::Gone);
        check(Error::ReaderUnavailable, ReaderError::Gone);
        check(Error::NoSmartcard, ReaderError::NoCard);
        check(Error::UnresponsiveCard, ReaderError::Mute);
        check(Error::SharingViolation, ReaderError::Busy);
        check(Error::ProtoMismatch, ReaderError::Faulty);
    }

    #[test]
    fn each_result_of_the_service_is_told_apart_in_an_exchange() {
        let check = |error, expected| assert_eq!(channel_error(error), expected, "{error:?}");
        check(Error::RemovedCard, ChannelError::Removed);
        check(Error::ResetCard, ChannelError::Reset);
        check(Error::NoService, ChannelError::Gone);
        check(Error::ReaderUnavailable, ChannelError::Gone);
        check(Error::Timeout, ChannelError::TimedOut);
        check(Error::SharingViolation, ChannelError::Busy);
        check(Error::InsufficientBuffer, ChannelError::Faulty);
        check(Error::CommError, ChannelError::Faulty);
    }

    #[test]
    fn a_machine_without_readers_asks_no_service() {
        assert!(matches!(PcscReader::open(&[]), Err(ReaderError::NotConfigured)));
        assert!(matches!(PcscMonitor::open(&[]), Err(ReaderError::NotConfigured)));
    }
}
