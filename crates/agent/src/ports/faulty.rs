//! Makes a port fail at the calls that a plan names: removed, reset, silent, short, wrong, slow.
//!
//! For tests of what stands before the port. A plan counts the calls of all devices that are opened through
//! one wrapper, over every reconnect, and is the same for each of its clones.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use card::{Channel, ChannelError};
use vision::Frame;

use super::{
    Camera, CardConnection, CardMonitor, CardReader, DeviceError, Devices, Presence, Printer,
    ReaderError, Scanner, Start,
};

/// A port that fails as planned, and everything that is opened through it.
#[derive(Clone, Debug)]
pub struct Faulty<P> {
    port: P,
    plans: Plans,
}

/// What is to go wrong, port by port; by default nothing.
#[derive(Clone, Debug, Default)]
pub struct Plans {
    /// Looks at the readers.
    pub watches: Plan<ReaderError>,
    /// Connections to a card.
    pub connects: Plan<ReaderError>,
    /// Holds of a card.
    pub holds: Plan<ChannelError>,
    /// Exchanges with a card.
    pub exchanges: Plan<ExchangeFault>,
    /// Waits for a code.
    pub scans: Plan<DeviceError>,
    /// Frames.
    pub frames: Plan<DeviceError>,
    /// Slips.
    pub prints: Plan<DeviceError>,
}

/// Which calls fail, and how. Clones count together.
#[derive(Clone, Debug)]
pub struct Plan<K> {
    fault: Option<(Calls, K)>,
    made: Arc<AtomicU32>,
}

/// Which calls, counted from 1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Calls {
    Only(u32),
    From(u32),
}

/// What happens to an exchange with a card.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ExchangeFault {
    /// No answer comes.
    Fails(ChannelError),
    /// The answer's data is cut to so many bytes; the status word stays.
    Short(usize),
    /// The answer is this status word alone.
    Says([u8; 2]),
    /// The answer has not even a status word.
    Empty,
    /// The right answer comes this much later.
    Late(Duration),
}

impl<K> Default for Plan<K> {
    fn default() -> Self {
        Self { fault: None, made: Arc::default() }
    }
}

impl<K: Copy> Plan<K> {
    /// This call fails, counted from 1, and no other.
    pub fn once(call: u32, kind: K) -> Self {
        Self { fault: Some((Calls::Only(call), kind)), made: Arc::default() }
    }

    /// This call fails, counted from 1, and every one after it.
    pub fn from(call: u32, kind: K) -> Self {
        Self { fault: Some((Calls::From(call), kind)), made: Arc::default() }
    }

    /// How many calls were made.
    #[must_use]
    pub fn made(&self) -> u32 {
        self.made.load(Ordering::SeqCst)
    }

    /// Counts a call and says how it fails, if it does.
    fn next(&self) -> Option<K> {
        let call = self.made.fetch_add(1, Ordering::SeqCst) + 1;
        let (calls, kind) = self.fault?;
        let fails = match calls {
            Calls::Only(only) => call == only,
            Calls::From(first) => call >= first,
        };
        fails.then_some(kind)
    }

    fn pass(&self) -> Result<(), K> {
        self.next().map_or(Ok(()), Err)
    }
}

impl<P> Faulty<P> {
    /// Wraps a port.
    pub fn new(port: P, plans: Plans) -> Self {
        Self { port, plans }
    }

    fn wrap<Q>(&self, port: Q) -> Faulty<Q> {
        Faulty { port, plans: self.plans.clone() }
    }
}

impl<D: Devices + ?Sized> Devices for Faulty<Arc<D>> {
    fn card_monitor(&self) -> Result<Box<dyn CardMonitor>, ReaderError> {
        Ok(Box::new(self.wrap(self.port.card_monitor()?)))
    }

    fn card_reader(&self) -> Result<Box<dyn CardReader>, ReaderError> {
        Ok(Box::new(self.wrap(self.port.card_reader()?)))
    }

    fn scanner(&self) -> Result<Box<dyn Scanner>, DeviceError> {
        Ok(Box::new(self.wrap(self.port.scanner()?)))
    }

    fn camera(&self) -> Result<Box<dyn Camera>, DeviceError> {
        Ok(Box::new(self.wrap(self.port.camera()?)))
    }

    fn printer(&self) -> Result<Box<dyn Printer>, DeviceError> {
        Ok(Box::new(self.wrap(self.port.printer()?)))
    }
}

impl CardMonitor for Faulty<Box<dyn CardMonitor>> {
    fn watch(&mut self, known: &Presence, patience: Duration) -> Result<Presence, ReaderError> {
        self.plans.watches.pass()?;
        self.port.watch(known, patience)
    }
}

impl CardReader for Faulty<Box<dyn CardReader>> {
    fn connect(
        &mut self,
        reader: &str,
        start: Start,
    ) -> Result<Box<dyn CardConnection + '_>, ReaderError> {
        self.plans.connects.pass()?;
        let plans = self.plans.clone();
        Ok(Box::new(Faulty { port: self.port.connect(reader, start)?, plans }))
    }
}

impl CardConnection for Faulty<Box<dyn CardConnection + '_>> {
    fn atr(&self) -> &[u8] {
        self.port.atr()
    }

    fn hold(&mut self) -> Result<Box<dyn Channel + '_>, ChannelError> {
        self.plans.holds.pass()?;
        let plans = self.plans.clone();
        Ok(Box::new(Faulty { port: self.port.hold()?, plans }))
    }
}

impl<C: Channel> Channel for Faulty<C> {
    fn transmit(&mut self, command: &[u8], answer: &mut Vec<u8>) -> Result<(), ChannelError> {
        let fault = self.plans.exchanges.next();
        if let Some(ExchangeFault::Fails(error)) = fault {
            answer.clear();
            return Err(error);
        }
        self.port.transmit(command, answer)?;
        match fault {
            None | Some(ExchangeFault::Fails(_)) => {}
            Some(ExchangeFault::Short(bytes)) => {
                let data = answer.len().saturating_sub(2);
                answer.drain(bytes.min(data)..data);
            }
            Some(ExchangeFault::Says(status)) => {
                answer.clear();
                answer.extend_from_slice(&status);
            }
            Some(ExchangeFault::Empty) => answer.clear(),
            Some(ExchangeFault::Late(delay)) => thread::sleep(delay),
        }
        Ok(())
    }
}

impl Scanner for Faulty<Box<dyn Scanner>> {
    fn scan(&mut self, patience: Duration) -> Result<Option<String>, DeviceError> {
        self.plans.scans.pass()?;
        self.port.scan(patience)
    }
}

impl Camera for Faulty<Box<dyn Camera>> {
    fn frame(&mut self, patience: Duration) -> Result<Frame, DeviceError> {
        self.plans.frames.pass()?;
        self.port.frame(patience)
    }
}

impl Printer for Faulty<Box<dyn Printer>> {
    fn print(&mut self, lines: &[String]) -> Result<(), DeviceError> {
        self.plans.prints.pass()?;
        self.port.print(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::tests::bench::Bench;

    #[test]
    fn a_plan_counts_over_everything_that_is_opened_through_it() {
        let frames = Plan::once(3, DeviceError::Gone);
        let plans = Plans { frames: frames.clone(), ..Plans::default() };
        let devices = Faulty::new(Arc::new(Bench::default()), plans);
        let frame = || devices.camera().and_then(|mut camera| camera.frame(Duration::ZERO));
        let failed: Vec<_> = (0..4).map(|_| frame().err()).collect();
        assert_eq!(failed, [None, None, Some(DeviceError::Gone), None]);
        assert_eq!(frames.made(), 4);
    }

    #[test]
    fn each_port_fails_by_its_own_plan() {
        let plans = Plans {
            watches: Plan::from(1, ReaderError::ServiceDown),
            scans: Plan::from(1, DeviceError::Gone),
            prints: Plan::from(1, DeviceError::TimedOut),
            ..Plans::default()
        };
        let devices = Faulty::new(Arc::new(Bench::default()), plans);
        let seen = devices.card_monitor().unwrap().watch(&Presence::Empty, Duration::ZERO);
        assert_eq!(seen, Err(ReaderError::ServiceDown));
        assert_eq!(devices.scanner().unwrap().scan(Duration::ZERO), Err(DeviceError::Gone));
        assert_eq!(devices.printer().unwrap().print(&[]), Err(DeviceError::TimedOut));
        assert!(devices.camera().unwrap().frame(Duration::ZERO).is_ok());
    }
}
