//! Says at `trace` what goes through a port: what was asked, how much came, how long it took. Never what it was.
//!
//! Of an exchange with a card the instruction, its parameters, lengths and the status word are told; the
//! bytes themselves have no way into an event. What is asked is told before the call, so that the line of a
//! call that never returns is there.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use card::{Channel, ChannelError};
use tracing::trace;
use vision::Frame;

use super::{
    Camera, CardConnection, CardMonitor, CardReader, DeviceError, Devices, Presence, Printer,
    ReaderError, Scanner, Start,
};

/// A port that is traced, and everything that is opened through it.
#[derive(Clone, Debug)]
pub struct Traced<P>(P);

impl<P> Traced<P> {
    /// Wraps a port. Costs two looks at the clock a call while nobody listens at `trace`.
    pub fn new(port: P) -> Self {
        Self(port)
    }
}

impl<D: Devices + ?Sized> Devices for Traced<Arc<D>> {
    fn card_monitor(&self) -> Result<Box<dyn CardMonitor>, ReaderError> {
        Ok(Box::new(Traced(opened("card monitor", self.0.card_monitor())?)))
    }

    fn card_reader(&self) -> Result<Box<dyn CardReader>, ReaderError> {
        Ok(Box::new(Traced(opened("card reader", self.0.card_reader())?)))
    }

    fn scanner(&self) -> Result<Box<dyn Scanner>, DeviceError> {
        Ok(Box::new(Traced(opened("scanner", self.0.scanner())?)))
    }

    fn camera(&self) -> Result<Box<dyn Camera>, DeviceError> {
        Ok(Box::new(Traced(opened("camera", self.0.camera())?)))
    }

    fn printer(&self) -> Result<Box<dyn Printer>, DeviceError> {
        Ok(Box::new(Traced(opened("printer", self.0.printer())?)))
    }
}

fn opened<P, E: fmt::Display>(port: &'static str, result: Result<P, E>) -> Result<P, E> {
    match &result {
        Ok(_) => trace!(port, "opened"),
        Err(error) => trace!(port, %error, "not opened"),
    }
    result
}

impl CardMonitor for Traced<Box<dyn CardMonitor>> {
    fn watch(&mut self, known: &Presence, patience: Duration) -> Result<Presence, ReaderError> {
        let begun = Instant::now();
        let result = self.0.watch(known, patience);
        let us = microseconds(begun);
        match &result {
            Ok(presence) => trace!(?presence, us, "the readers were looked at"),
            Err(error) => trace!(%error, us, "the readers were not looked at"),
        }
        result
    }
}

impl CardReader for Traced<Box<dyn CardReader>> {
    fn connect(
        &mut self,
        reader: &str,
        start: Start,
    ) -> Result<Box<dyn CardConnection + '_>, ReaderError> {
        trace!(reader, ?start, "connecting");
        let begun = Instant::now();
        let result = self.0.connect(reader, start);
        let us = microseconds(begun);
        match result {
            Ok(connection) => {
                trace!(us, atr = %Hex(connection.atr()), "connected");
                Ok(Box::new(Traced(connection)))
            }
            Err(error) => {
                trace!(%error, us, "not connected");
                Err(error)
            }
        }
    }
}

impl CardConnection for Traced<Box<dyn CardConnection + '_>> {
    fn atr(&self) -> &[u8] {
        self.0.atr()
    }

    fn hold(&mut self) -> Result<Box<dyn Channel + '_>, ChannelError> {
        let begun = Instant::now();
        let result = self.0.hold();
        let us = microseconds(begun);
        match result {
            Ok(channel) => {
                trace!(us, "the card is held");
                Ok(Box::new(Traced(channel)))
            }
            Err(error) => {
                trace!(%error, us, "the card is not held");
                Err(error)
            }
        }
    }
}

impl<C: Channel> Channel for Traced<C> {
    fn transmit(&mut self, command: &[u8], answer: &mut Vec<u8>) -> Result<(), ChannelError> {
        let (instruction, bytes) = (Instruction(command), command.len());
        trace!(direction = "out", %instruction, bytes, "exchange");
        let begun = Instant::now();
        let result = self.0.transmit(command, answer);
        let us = microseconds(begun);
        match &result {
            Ok(()) => {
                let (status, bytes) = (Status(answer), answer.len());
                trace!(direction = "in", %instruction, bytes, %status, us, "exchange");
            }
            Err(error) => trace!(direction = "in", %instruction, %error, us, "exchange"),
        }
        result
    }
}

impl Scanner for Traced<Box<dyn Scanner>> {
    fn scan(&mut self, patience: Duration) -> Result<Option<String>, DeviceError> {
        let begun = Instant::now();
        let result = self.0.scan(patience);
        let us = microseconds(begun);
        match &result {
            Ok(Some(_)) => trace!(us, "a code was scanned"),
            Ok(None) => {}
            Err(error) => trace!(%error, us, "the scanner failed"),
        }
        result
    }
}

impl Camera for Traced<Box<dyn Camera>> {
    fn frame(&mut self, patience: Duration) -> Result<Frame, DeviceError> {
        let begun = Instant::now();
        let result = self.0.frame(patience);
        let us = microseconds(begun);
        match &result {
            Ok(frame) => trace!(width = frame.width(), height = frame.height(), us, "a frame came"),
            Err(error) => trace!(%error, us, "no frame came"),
        }
        result
    }
}

impl Printer for Traced<Box<dyn Printer>> {
    fn print(&mut self, lines: &[String]) -> Result<(), DeviceError> {
        let begun = Instant::now();
        let result = self.0.print(lines);
        let us = microseconds(begun);
        match &result {
            Ok(()) => trace!(lines = lines.len(), us, "a slip was printed"),
            Err(error) => trace!(lines = lines.len(), %error, us, "no slip was printed"),
        }
        result
    }
}

fn microseconds(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// The four bytes that head a command, by the instruction's name in ISO 7816-4; its body stays unsaid.
struct Instruction<'a>(&'a [u8]);

impl fmt::Display for Instruction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(&[class, instruction, p1, p2]) = self.0.first_chunk() else {
            return f.write_str("none");
        };
        match instruction {
            0xA4 => f.write_str("SELECT")?,
            0xB0 => f.write_str("READ BINARY")?,
            0xC0 => f.write_str("GET RESPONSE")?,
            0xCA => f.write_str("GET DATA")?,
            _ => write!(f, "{class:02X} {instruction:02X}")?,
        }
        write!(f, " {p1:02X}{p2:02X}")
    }
}

/// Bytes that say nothing of a holder.
struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

/// The two bytes that end an answer.
struct Status<'a>(&'a [u8]);

impl fmt::Display for Status<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.last_chunk() {
            Some(&[first, second]) => write!(f, "{first:02X}{second:02X}"),
            None => f.write_str("none"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(command: &[u8], expected: &str) {
        assert_eq!(Instruction(command).to_string(), expected);
    }

    #[test]
    fn a_command_is_told_by_its_name_and_parameters_alone() {
        check(&[0x80, 0xB0, 0x01, 0x67, 0x02, 0x00, 0x14], "READ BINARY 0167");
        check(&[0x00, 0xC0, 0x00, 0x00, 0x14], "GET RESPONSE 0000");
        check(&[0x80, 0x20, 0x00, 0x01, 0x02, 0x31, 0x32], "80 20 0001");
        check(&[0x80, 0x20], "none");
    }

    #[test]
    fn an_answer_is_told_by_its_status_word_alone() {
        assert_eq!(Status(&[0x31, 0x32, 0x90, 0x00]).to_string(), "9000");
        assert_eq!(Status(&[0x90]).to_string(), "none");
    }
}
