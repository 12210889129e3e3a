//! A card service that stands still: told once, and what lies in the readers is told again afterwards.

use std::sync::{Condvar, PoisonError};

use super::*;

/// Long enough for a thread to be late, short enough to wait for.
const STANDS_STILL: Duration = Duration::from_millis(100);

/// Looks once, and comes back from no further look until it is let go.
#[derive(Clone, Default)]
struct Stuck(Arc<(Mutex<bool>, Condvar)>);

impl Devices for Stuck {
    fn card_monitor(&self) -> Result<Box<dyn CardMonitor>, ReaderError> {
        Ok(Box::new(self.clone()))
    }

    fn card_reader(&self) -> Result<Box<dyn CardReader>, ReaderError> {
        Err(ReaderError::NotConfigured)
    }

    fn scanner(&self) -> Result<Box<dyn Scanner>, DeviceError> {
        Err(DeviceError::NotConfigured)
    }

    fn camera(&self) -> Result<Box<dyn Camera>, DeviceError> {
        Err(DeviceError::NotConfigured)
    }

    fn printer(&self) -> Result<Box<dyn Printer>, DeviceError> {
        Err(DeviceError::NotConfigured)
    }
}

impl CardMonitor for Stuck {
    fn watch(&mut self, known: &Presence, _: Duration) -> Result<Presence, ReaderError> {
        if *known == Presence::Empty {
            let (open, opened) = &*self.0;
            let shut = open.lock().unwrap();
            drop(opened.wait_while(shut, |open| !*open).unwrap_or_else(PoisonError::into_inner));
            *open.lock().unwrap() = false;
        }
        Ok(Presence::Empty)
    }
}

#[test]
fn a_service_that_stands_still_is_told_once_and_what_it_says_later_is_told_again() {
    let (stuck, (facts, mut heard)) = (Stuck::default(), queue::channel(8));
    let rig = Rig { devices: Arc::new(stuck.clone()), facts: Facts(facts) };
    watch::start(rig, STANDS_STILL);
    for _ in 0..2 {
        assert!(matches!(heard.blocking_recv(), Some(Fact::Presence(Presence::Empty))));
        let told = heard.blocking_recv();
        assert!(matches!(told, Some(Fact::ReaderTrouble(ReaderError::ServiceDown))));
        *stuck.0.0.lock().unwrap() = true;
        stuck.0.1.notify_all();
    }
}
