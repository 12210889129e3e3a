//! Does for a card what its note says, whatever reads it: so far, GET RESPONSE with another P2.
//!
//! A card that no note is about is handed through as it is. Notes about readers are heeded by whoever waits
//! for the reader, since what they set is time.

use std::sync::Arc;

use card::{Channel, ChannelError};

use super::{
    Camera, CardConnection, CardMonitor, CardReader, DeviceError, Devices, Printer, ReaderError,
    Scanner, Start, Traced,
};
use crate::quirks::Quirks;

/// Devices whose exchanges are traced and whose cards are treated as their notes say. To be opened by
/// everything that reads cards.
pub fn prepared(devices: Arc<dyn Devices>) -> Arc<dyn Devices> {
    let traced = Arc::new(Traced::new(devices));
    Arc::new(Adapted { port: traced, quirks: Quirks::builtin() })
}

/// A port whose cards are treated as their notes say.
struct Adapted<P> {
    port: P,
    quirks: &'static Quirks,
}

impl<D: Devices> Devices for Adapted<Arc<D>> {
    fn card_monitor(&self) -> Result<Box<dyn CardMonitor>, ReaderError> {
        self.port.card_monitor()
    }

    fn card_reader(&self) -> Result<Box<dyn CardReader>, ReaderError> {
        Ok(Box::new(Adapted { port: self.port.card_reader()?, quirks: self.quirks }))
    }

    fn scanner(&self) -> Result<Box<dyn Scanner>, DeviceError> {
        self.port.scanner()
    }

    fn camera(&self) -> Result<Box<dyn Camera>, DeviceError> {
        self.port.camera()
    }

    fn printer(&self) -> Result<Box<dyn Printer>, DeviceError> {
        self.port.printer()
    }
}

impl CardReader for Adapted<Box<dyn CardReader>> {
    fn connect(
        &mut self,
        reader: &str,
        start: Start,
    ) -> Result<Box<dyn CardConnection + '_>, ReaderError> {
        let connection = self.port.connect(reader, start)?;
        Ok(match self.quirks.for_card(connection.atr()).get_response_p2 {
            Some(p2) => {
                Box::new(OtherP2 { port: connection, p2, last: Vec::new(), use_it: Use::If })
            }
            None => connection,
        })
    }
}

/// GET RESPONSE as all cards know it (ISO/IEC 7816-4 §11.7.1), up to its length.
const GET_RESPONSE: [u8; 4] = [0x00, 0xC0, 0x00, 0x00];
/// What a card says to parameters that it does not know.
const WRONG_PARAMETERS: [u8; 2] = [0x6A, 0x86];
/// A card announces data, and its length behind this byte.
const DATA_WAITS: u8 = 0x61;

/// A card that may want another P2.
struct OtherP2<P> {
    port: P,
    p2: u8,
    /// What was asked last, GET RESPONSE aside. Commands hold nothing of the card's.
    last: Vec<u8>,
    use_it: Use,
}

/// When the other P2 is used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Use {
    /// If the card refuses the usual one.
    If,
    /// From now on: it did.
    Always,
}

impl CardConnection for OtherP2<Box<dyn CardConnection + '_>> {
    fn atr(&self) -> &[u8] {
        self.port.atr()
    }

    fn hold(&mut self) -> Result<Box<dyn Channel + '_>, ChannelError> {
        let Self { port, p2, last, use_it } = self;
        Ok(Box::new(Held { channel: port.hold()?, p2: *p2, last, use_it }))
    }
}

/// The same within a hold.
struct Held<'c, C> {
    channel: C,
    p2: u8,
    last: &'c mut Vec<u8>,
    use_it: &'c mut Use,
}

impl<C: Channel> Channel for Held<'_, C> {
    fn transmit(&mut self, command: &[u8], answer: &mut Vec<u8>) -> Result<(), ChannelError> {
        let Some(length) = command.strip_prefix(&GET_RESPONSE) else {
            self.last.clear();
            self.last.extend_from_slice(command);
            return self.channel.transmit(command, answer);
        };
        let [class, instruction, p1, _] = GET_RESPONSE;
        let fetch = |length: &[u8]| [&[class, instruction, p1, self.p2], length].concat();
        if *self.use_it == Use::Always {
            return self.channel.transmit(&fetch(length), answer);
        }
        self.channel.transmit(command, answer)?;
        if *answer != WRONG_PARAMETERS || self.last.is_empty() {
            return Ok(());
        }
        // A card may have dropped what waited: it is asked for once more.
        self.channel.transmit(self.last, answer)?;
        if let [DATA_WAITS, length] = answer[..] {
            *self.use_it = Use::Always;
            return self.channel.transmit(&fetch(&[length]), answer);
        }
        Ok(())
    }
}
