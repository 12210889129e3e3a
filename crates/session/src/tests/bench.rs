//! A workbench: one session, virtual time, an invented customer, and the bank's part played by hand.

use std::time::Duration;

use citizen::{
    Address, BirthDate, Bp1Number, ChipNumber, Citizen, CitizenId, Date, Expiry, Identity, Name,
    Photo, PostalCode, Script, Sex,
};
use protocol::{
    Accepted, Alert, BankTime, Condition, Consent, ConsentText, Consents, Endpoint, FaceCompare,
    QrValidation, Reference, Selfie,
};

use crate::{BankAnswer, CallId, Command, Event, Now, Outcome, Policy, Request, Screen, Session};

/// 23 November 2026, 10:00 in Bangkok.
const START_MS: i64 = 1_795_402_800_000;

pub(super) struct Bench {
    pub(super) session: Session,
    pub(super) tick: Duration,
    /// Everything ordered so far.
    pub(super) orders: Vec<Command>,
}

impl Bench {
    pub(super) fn new(policy: Policy) -> Self {
        let session = Session::new(policy, 1);
        Self { session, tick: Duration::ZERO, orders: Vec::new() }
    }

    pub(super) fn now(&self) -> Now {
        let passed = i64::try_from(self.tick.as_millis()).unwrap();
        Now { tick: self.tick, bank_time: BankTime::from_millis(START_MS + passed) }
    }

    pub(super) fn give(&mut self, event: Event) -> &mut Self {
        let now = self.now();
        self.orders.extend(self.session.handle(event, now));
        self
    }

    /// Lets time pass to the next deadline.
    pub(super) fn wait(&mut self) -> &mut Self {
        self.tick = self.session.deadline().expect("something is due").max(self.tick);
        self.give(Event::Tick)
    }

    pub(super) fn pass(&mut self, time: Duration) -> &mut Self {
        self.tick += time;
        self.give(Event::Tick)
    }

    /// The call that was asked or sent again last.
    pub(super) fn last_call(&self) -> CallId {
        let call = self.orders.iter().rev().find_map(|order| match order {
            Command::Ask { call, .. } | Command::Resend(call) => Some(*call),
            _ => None,
        });
        call.expect("the bank was asked")
    }

    pub(super) fn answer(&mut self, answer: BankAnswer) -> &mut Self {
        let call = self.last_call();
        self.give(Event::BankAnswered { call, answer })
    }

    pub(super) fn code(&mut self, at: Endpoint, written: &str) -> &mut Self {
        let condition: Condition = written.parse().unwrap();
        self.answer(BankAnswer::Failed { at, condition, wait_at_least: Duration::ZERO })
    }

    /// Code and card, up to the bank's first answer.
    pub(super) fn gather(&mut self) -> &mut Self {
        self.give(Event::ReferenceRead(reference()));
        self.give(Event::CardInserted);
        self.give(Event::IdentityRead(identity()))
    }

    /// E2 says yes; DOPA's texts, where they are asked for, are one of type 105.
    pub(super) fn validate(&mut self, face: FaceCompare) -> &mut Self {
        self.answer(BankAnswer::QrValidated(validation(face)));
        if self.asked(Endpoint::Consents) > 0 {
            self.answer(BankAnswer::Consents(Consents { texts: vec![text("105")] }));
        }
        self
    }

    /// Every text is agreed to, if there is any.
    pub(super) fn agree(&mut self) -> &mut Self {
        let texts = match self.session.view().screen {
            Screen::Consents { texts } => texts.len(),
            _ => return self,
        };
        self.give(Event::ConsentsAnswered(vec![Consent::Given; texts]))
    }

    pub(super) fn read_card(&mut self) -> &mut Self {
        self.give(Event::CitizenRead(Box::new(citizen())));
        self.give(Event::PhotoProgress(50));
        self.give(Event::PhotoRead(photo()))
    }

    pub(super) fn confirm(&mut self) -> &mut Self {
        let postal_code = Some(PostalCode::parse("10110").unwrap());
        self.give(Event::Confirmed { postal_code, mobile: None, english_name: None })
    }

    pub(super) fn accept(&mut self) -> &mut Self {
        self.answer(BankAnswer::Accepted(Accepted::default()))
    }

    pub(super) fn pose(&mut self) -> &mut Self {
        self.give(Event::SelfieTaken(selfie()))
    }

    pub(super) fn asked(&self, endpoint: Endpoint) -> usize {
        let asks = |order: &&Command| matches!(order, Command::Ask { request, .. } if request.endpoint() == endpoint);
        self.orders.iter().filter(asks).count()
    }

    /// The plaintext of each submit, in order.
    pub(super) fn submits(&self) -> Vec<String> {
        let plaintext = |order: &Command| match order {
            Command::Ask { request: Request::Submit(submit), .. } => {
                Some(String::from_utf8(submit.plaintext().to_vec()).unwrap())
            }
            _ => None,
        };
        self.orders.iter().filter_map(plaintext).collect()
    }

    pub(super) fn resent(&self) -> usize {
        self.orders.iter().filter(|order| matches!(order, Command::Resend(_))).count()
    }

    pub(super) fn reports(&self) -> Vec<&'static str> {
        let reason = |order: &Command| match order {
            Command::Report { reason, .. } => Some(reason.code()),
            _ => None,
        };
        self.orders.iter().filter_map(reason).collect()
    }

    /// Was the operator told that somebody must ask the bank?
    pub(super) fn is_paged(&self) -> bool {
        let page = |order: &Command| matches!(order, Command::Alert { level: Alert::Page, .. });
        self.orders.iter().any(page)
    }

    #[track_caller]
    pub(super) fn outcome(&self) -> Outcome {
        match self.session.view().screen {
            Screen::Result { outcome, .. } => *outcome,
            other => panic!("expected a result, got {:?}", std::mem::discriminant(&other)),
        }
    }

    /// The outcome's word and code.
    #[track_caller]
    pub(super) fn check_end(&self, word: &str, code: &str) {
        let outcome = self.outcome();
        let got = outcome.failure().map(|failure| failure.to_string()).unwrap_or_default();
        assert_eq!((outcome.word(), got.as_str()), (word, code));
        assert!(matches!(self.orders.last(), Some(Command::Forget)), "the end forgets");
    }
}

pub(super) fn reference() -> Reference {
    Reference::parse("SIM-0000-TEST-0001").unwrap()
}

pub(super) fn identity() -> Identity {
    Identity {
        citizen_id: CitizenId::parse("1111111111119").unwrap(),
        chip_number: ChipNumber::parse("6300c10e142f28a1").unwrap(),
    }
}

pub(super) fn citizen() -> Citizen {
    let slots = "99/1###ซอยสุขุมวิท 5#ถนนสุขุมวิท#แขวงคลองเตย#เขตคลองเตย#กรุงเทพมหานคร";
    Citizen {
        identity: identity(),
        bp1_number: Bp1Number::parse("10994078500").unwrap(),
        thai_name: Name::from_slots("นาย#สมชาย##ใจดี", Script::Thai).unwrap(),
        english_name: Name::from_slots("Mr.#Somchai##Jaidee", Script::Latin).unwrap(),
        birth_date: BirthDate::from_buddhist("25240501").unwrap(),
        sex: Sex::Male,
        issue_date: Some(Date::new(2022, 1, 1).unwrap()),
        expiry: Expiry::On(Date::new(2030, 12, 31).unwrap()),
        address: Address::from_slots(slots).unwrap(),
    }
}

pub(super) fn photo() -> Photo {
    Photo::new([&[0xFF, 0xD8, 0xFF], [0; 64].as_slice(), &[0xFF, 0xD9]].concat()).unwrap()
}

/// In three sizes.
pub(super) fn selfie() -> Selfie {
    let jpeg = |length| [&[0xFF, 0xD8, 0xFF], vec![0; length].as_slice(), &[0xFF, 0xD9]].concat();
    let selfie = Selfie::new(jpeg(95)).unwrap();
    selfie.with_smaller(jpeg(55)).and_then(|selfie| selfie.with_smaller(jpeg(35))).unwrap()
}

pub(super) fn text(kind: &str) -> ConsentText {
    ConsentText {
        kind: kind.to_owned(),
        version: "2.00.00".to_owned(),
        thai: "ข้อความ".to_owned(),
        english: "a text".to_owned(),
    }
}

pub(super) fn validation(face_compare: FaceCompare) -> QrValidation {
    let consents = match face_compare {
        FaceCompare::Required => vec![text("103"), text("105")],
        FaceCompare::NotRequired => Vec::new(),
    };
    QrValidation {
        face_compare,
        returned_reference: Some("THE-BANKS-OWN-0001".to_owned().into()),
        consents,
        channel_code: Some("KMA".to_owned()),
        ..QrValidation::default()
    }
}
