//! Every exchange of a card, failing in every way: the card thread ends typed or recovers, and serves on.

use std::fmt::Debug;

use card::ChannelError;
use tokio::sync::mpsc::{self as queue, Receiver};
use tokio::time::timeout;

use super::*;
use crate::diagnose::tests::bench::{Bench, WORKS};
use crate::ports::{ExchangeFault, Faulty, Plan, Plans};

/// Never waited for: what takes so long sticks.
const LONG: Duration = Duration::from_secs(60);

/// What became of reading one card.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Ended {
    Read,
    Failed(CardFault),
}

/// A card thread before a card that fails as planned.
struct Desk {
    thread: CardThread,
    heard: Receiver<Fact>,
}

impl Desk {
    fn new(plans: Plans) -> Self {
        let devices = Arc::new(Faulty::new(Arc::new(Bench::default()), plans));
        let (facts, heard) = queue::channel(64);
        let rig = Rig { devices, facts: Facts(facts) };
        Self { thread: CardThread::start(rig), heard }
    }

    async fn fact(&mut self) -> CardFact {
        let fact = timeout(LONG, self.heard.recv()).await.expect("the thread does not stick");
        match fact {
            Some(Fact::Card(0, fact)) => fact,
            _ => panic!("only the card thread tells here"),
        }
    }

    /// Reads the card as a journey does.
    async fn read(&mut self) -> Ended {
        self.thread.order(CardOrder::ReadIdentity { reader: WORKS.to_owned() });
        loop {
            match self.fact().await {
                CardFact::Identity(identity) => {
                    let reader = WORKS.to_owned();
                    self.thread.order(CardOrder::ReadCard { reader, identity });
                }
                CardFact::Citizen(_) | CardFact::PhotoProgress(_) => {}
                CardFact::Photo(_) => return Ended::Read,
                CardFact::Failed(fault) => return Ended::Failed(fault),
            }
        }
    }
}

/// Exchanges of a card that is read without trouble.
async fn exchanges() -> u32 {
    let plans = Plans::default();
    assert_eq!(Desk::new(plans.clone()).read().await, Ended::Read);
    plans.exchanges.made()
}

const FAULTS: [(ExchangeFault, Ended); 11] = [
    (ExchangeFault::Fails(ChannelError::Removed), Ended::Failed(CardFault::Removed)),
    (ExchangeFault::Fails(ChannelError::Gone), Ended::Failed(CardFault::ReaderGone)),
    (ExchangeFault::Fails(ChannelError::TimedOut), Ended::Failed(CardFault::ReaderHung)),
    (ExchangeFault::Fails(ChannelError::Busy), Ended::Failed(CardFault::Busy)),
    (ExchangeFault::Fails(ChannelError::Reset), Ended::Read),
    (ExchangeFault::Fails(ChannelError::Faulty), Ended::Read),
    (ExchangeFault::Short(3), Ended::Read),
    (ExchangeFault::Says([0x69, 0x85]), Ended::Read),
    (ExchangeFault::Says([0x6F, 0x00]), Ended::Read),
    (ExchangeFault::Empty, Ended::Read),
    (ExchangeFault::Late(Duration::from_millis(1)), Ended::Read),
];

#[tokio::test]
async fn whatever_fails_once_at_whichever_exchange_is_recovered_from_or_told() {
    for (fault, expected) in FAULTS {
        for at in 1..=exchanges().await {
            let mut desk =
                Desk::new(Plans { exchanges: Plan::once(at, fault), ..Plans::default() });
            assert_eq!(desk.read().await, expected, "{fault:?} at exchange {at}");
            assert_eq!(desk.read().await, Ended::Read, "the next card, after {fault:?} at {at}");
        }
    }
}

#[tokio::test]
async fn what_fails_from_an_exchange_on_is_told_and_the_next_order_is_served() {
    for (fault, _) in FAULTS {
        for at in 1..=exchanges().await {
            let mut desk =
                Desk::new(Plans { exchanges: Plan::from(at, fault), ..Plans::default() });
            for _ in 0..2 {
                let ended = desk.read().await;
                let right = matches!(fault, ExchangeFault::Late(_)) == (ended == Ended::Read);
                assert!(right, "{fault:?} from exchange {at}: {ended:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_connection_that_fails_is_recovered_from_or_told() {
    async fn check(plan: Plan<ReaderError>, expected: impl Debug + PartialEq<Ended>) {
        let mut desk = Desk::new(Plans { connects: plan.clone(), ..Plans::default() });
        assert_eq!(expected, desk.read().await, "{plan:?}");
    }
    for (error, fault) in [
        (ReaderError::Gone, CardFault::ReaderGone),
        (ReaderError::ServiceDown, CardFault::ServiceDown),
        (ReaderError::Refused, CardFault::ServiceDown),
        (ReaderError::NoCard, CardFault::Removed),
        (ReaderError::Busy, CardFault::Busy),
        (ReaderError::Mute, CardFault::Mute),
        (ReaderError::Faulty, CardFault::Unreadable),
    ] {
        let once = match error {
            ReaderError::Mute | ReaderError::Faulty => Ended::Read,
            _ => Ended::Failed(fault),
        };
        check(Plan::once(1, error), once).await;
        check(Plan::from(1, error), Ended::Failed(fault)).await;
    }
}
