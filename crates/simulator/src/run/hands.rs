//! The people before the machine and the devices in their hands: what a customer does on each screen, and what
//! card and camera answer.

use std::time::Duration;

use citizen::{Citizen, Identity, Photo, PostalCode};
use protocol::{Consent, EnglishName, Reference, WrongCode};
use session::{
    CardFault, CardStatus, EnglishNameSource, Event, Language, PostalChoice, Screen, Stage,
};

use super::chance::Chance;
use super::conduct::Conduct;
use super::day::{Day, Happening, Order};
use super::fault::{CardKind, Fault};
use super::person::{self, Card};

/// So many customers a day, at most.
const VISITS_MOST: u64 = 4;
/// A customer who has looked so often goes away.
const LOOKS_MOST: u32 = 60;

/// So many customers want their slip once more.
const COPY_WANTED_PERCENT: u64 = 10;

/// What a card thread says.
pub(super) enum CardFact {
    Identity(Identity),
    Citizen(Box<Citizen>),
    Photo(Photo),
    Failed(CardFault),
}

/// Everybody and everything before the machine.
pub(super) struct World {
    pub(super) customer: Customer,
    slot: Option<Card>,
    /// A reader that is unplugged shows no card.
    reader: Reader,
    seed: u64,
    visits_left: u64,
    visit: u32,
    orders: u64,
    trouble: Option<CardKind>,
    chip: String,
    /// The card whose identity was read last.
    read: Option<Identity>,
    camera: Camera,
    printer: Printer,
    selfies: u8,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Reader {
    There,
    Gone,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Camera {
    Works,
    Silent,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Printer {
    Works,
    Empty,
}

/// One customer.
pub(super) struct Customer {
    card: Card,
    reference: Reference,
    presence: Presence,
    consent: Consent,
    touch: Touch,
    pace: Pace,
    looks: u32,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Presence {
    Here,
    Gone,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Touch {
    Once,
    Twice,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Pace {
    Quick,
    /// Reads every word, and says that somebody is still here.
    Slow,
}

/// What a screen asks for.
enum Doing {
    Start,
    ShowCode,
    MoveCard,
    Answer(Vec<String>),
    Confirm(Option<PostalCode>, Option<EnglishName>),
    Stay,
    Stop,
    Wait,
}

impl World {
    pub(super) fn new(seed: u64, chance: &mut Chance) -> Self {
        let visits_left = 1 + chance.below(VISITS_MOST);
        Self {
            customer: Customer::arriving(seed, 1, chance, None),
            slot: None,
            reader: Reader::There,
            seed,
            visits_left,
            visit: 1,
            orders: 0,
            trouble: None,
            chip: String::new(),
            read: None,
            camera: Camera::Works,
            printer: Printer::Works,
            selfies: 0,
        }
    }

    pub(super) fn visit(&self) -> u32 {
        self.visit
    }

    /// Nobody comes any more.
    pub(super) fn peaceful(&self) -> bool {
        self.visits_left == 0
    }

    pub(super) fn everybody_left(&self) -> bool {
        self.visits_left == 0 && self.slot.is_none()
    }
}

impl Customer {
    /// Somebody new, or somebody who comes back with the same code.
    fn arriving(seed: u64, visit: u32, chance: &mut Chance, before: Option<&Reference>) -> Self {
        let kind = if chance.percent(88) {
            chance.one_of(&["N", "Y", "Y"], "N")
        } else {
            // Codes that the simulated bank answers again and again, or once.
            let codes = ["9301-", "9302-ONCE-", "9300-", "1900-FACE-", "2001-", "1302-", "1399-"];
            chance.one_of(&codes, "N")
        };
        let consents = if chance.percent(20) { "-CONSENT" } else { "" };
        let reference = before
            .filter(|_| chance.percent(40))
            .cloned()
            .or_else(|| Reference::parse(&format!("SIM-{kind}{seed}-{visit}{consents}")).ok());
        let card = if chance.percent(85) {
            Card::Somchai
        } else {
            chance.one_of(&Card::ALL, Card::Somchai)
        };
        Self {
            card,
            reference: reference.expect("a code of the simulated bank's form"),
            presence: Presence::Here,
            consent: Consent::Given,
            touch: Touch::Once,
            pace: if chance.percent(15) { Pace::Slow } else { Pace::Quick },
            looks: 0,
        }
    }

    fn think(&self, chance: &mut Chance) -> Duration {
        match self.pace {
            Pace::Quick => chance.millis(700, 6_000),
            Pace::Slow => chance.millis(5_000, 38_000),
        }
    }
}

impl Day {
    /// The customer looks at the screen and does what it says.
    pub(super) fn look(&mut self, visit: u32) {
        if visit != self.world.visit || self.world.visits_left == 0 {
            return;
        }
        self.world.customer.looks += 1;
        if self.world.customer.looks > LOOKS_MOST {
            self.world.customer.presence = Presence::Gone;
        }
        let stage = self.kiosk.session.stage();
        if self.world.customer.presence == Presence::Gone {
            return self.somebody_clears(stage);
        }
        if stage == Stage::Result {
            if self.chance.percent(COPY_WANTED_PERCENT) {
                self.touch(|| Event::CopyWanted);
            }
            return self.next_visit();
        }
        if self.kiosk.session.view().idle_warning.is_some() {
            self.touch(|| Event::StillHere);
        }
        self.act();
        let after = {
            let Self { world, chance, .. } = self;
            world.customer.think(chance)
        };
        self.plan(after, Happening::Look(visit));
    }

    /// The customer has gone: once the screen is free, a forgotten card is taken out and the next one comes.
    fn somebody_clears(&mut self, stage: Stage) {
        if matches!(stage, Stage::Idle | Stage::Result) {
            return self.next_visit();
        }
        let visit = self.world.visit;
        self.plan(Duration::from_secs(20), Happening::Look(visit));
    }

    fn next_visit(&mut self) {
        let Self { world, chance, .. } = self;
        world.visits_left -= 1;
        world.visit += 1;
        let next = Customer::arriving(
            world.seed,
            world.visit,
            chance,
            Some(&world.customer.reference.clone()),
        );
        world.customer = next;
        let (visit, left) = (world.visit, world.visits_left);
        let out = self.chance.millis(500, 8_000);
        self.plan(out, Happening::CardCleared);
        if left > 0 {
            let after = self.chance.millis(10_000, 200_000);
            self.plan(after, Happening::Look(visit));
        } else {
            self.peace();
        }
    }

    fn act(&mut self) {
        match self.doing() {
            Doing::Stay => {
                self.watch.chose_to_wait();
                self.touch(|| Event::KeepWaiting);
            }
            Doing::Stop => self.touch(|| Event::Cancelled),
            Doing::Start => self.touch(|| Event::Started),
            Doing::ShowCode => self.show_code(),
            Doing::MoveCard if self.world.slot.is_some() => self.pull_card(),
            Doing::MoveCard => self.insert_card(self.world.customer.card),
            Doing::Answer(kinds) => self.answer(&kinds),
            Doing::Confirm(postal_code, english_name) => self.touch(|| Event::Confirmed {
                postal_code,
                mobile: None,
                english_name: english_name.clone(),
            }),
            Doing::Wait => {}
        }
    }

    fn doing(&mut self) -> Doing {
        let present = self.kiosk.session.view().card == CardStatus::Present;
        match self.kiosk.session.view().screen {
            Screen::Attract if present || self.world.slot.is_some() => Doing::MoveCard,
            Screen::Attract => match self.chance.below(3) {
                0 => Doing::Start,
                1 => Doing::MoveCard,
                _ => Doing::ShowCode,
            },
            Screen::Scan { .. } => Doing::ShowCode,
            Screen::InsertCard { .. } => Doing::MoveCard,
            Screen::Consents { texts } => {
                Doing::Answer(texts.iter().map(|text| text.kind.clone()).collect())
            }
            Screen::Confirm { postal, english_name, .. } => {
                let postal = match postal {
                    PostalChoice::One(_) => None,
                    PostalChoice::Several(codes) => codes.first().copied(),
                    PostalChoice::Unknown => PostalCode::parse("10110").ok(),
                };
                let keyed = english_name == EnglishNameSource::Keyed;
                let name = keyed.then(|| EnglishName::parse("Somchai", "Jaidee").ok()).flatten();
                Doing::Confirm(postal, name)
            }
            Screen::Busy { .. } => match self.chance.below(3) {
                0 => Doing::Stay,
                1 => Doing::Stop,
                _ => Doing::Wait,
            },
            Screen::Reading { .. }
            | Screen::Checking { .. }
            | Screen::CheckingDopa { .. }
            | Screen::Selfie { .. }
            | Screen::Sending { .. }
            | Screen::Result { .. }
            | Screen::OutOfService { .. } => Doing::Wait,
        }
    }

    fn answer(&mut self, kinds: &[String]) {
        let consent = self.world.customer.consent;
        if consent == Consent::Given {
            kinds.iter().for_each(|kind| self.watch.agreed(kind));
        }
        let count = kinds.len();
        self.touch(|| Event::ConsentsAnswered(vec![consent; count]));
    }

    fn show_code(&mut self) {
        if self.kiosk.session.needs().code {
            let reference = self.world.customer.reference.clone();
            self.touch(|| Event::ReferenceRead(reference.clone()));
        }
    }

    /// A touch comes once, or twice.
    fn touch(&mut self, event: impl Fn() -> Event) {
        self.take(event());
        if self.world.customer.touch == Touch::Twice {
            self.take(event());
        }
    }

    // --- card ---

    fn insert_card(&mut self, card: Card) {
        self.world.slot = Some(card);
        if self.world.reader == Reader::There {
            self.take(Event::CardInserted);
        }
    }

    pub(super) fn pull_card(&mut self) {
        if self.world.slot.take().is_some() && self.world.reader == Reader::There {
            self.forget_card_orders();
            let sending = self.kiosk.session.stage() == Stage::Submit;
            if sending && self.conduct == Conduct::CardForgotten {
                return;
            }
            self.take(Event::CardRemoved);
        }
    }

    /// After a boot, or when the reader is back: whatever lies in it is seen for the first time.
    pub(super) fn reader_is_seen(&mut self) {
        self.world.reader = Reader::There;
        self.resume();
        if self.world.slot.is_some() {
            self.take(Event::CardInserted);
        }
    }

    pub(super) fn order_card(&mut self, order: Order) {
        let Some(card) = self.world.slot.filter(|_| self.world.reader == Reader::There) else {
            return;
        };
        self.world.orders += 1;
        self.owe_card();
        if let Some(kind) = self.world.trouble.take() {
            if kind != CardKind::Hung {
                let after = self.chance.millis(50, 2_000);
                self.card_says(after, CardFact::Failed(kind.fault()));
            }
            return;
        }
        let citizen = card.citizen();
        match order {
            Order::Identity => {
                let identity = self.looked_at(citizen.identity);
                identity.chip_number.as_str().clone_into(&mut self.world.chip);
                let after = self.chance.millis(300, 1_500);
                self.card_says(after, CardFact::Identity(identity));
            }
            Order::Card(identity) => {
                let same = citizen.identity == identity;
                if !same {
                    let after = self.chance.millis(100, 500);
                    return self.card_says(after, CardFact::Failed(CardFault::Swapped));
                }
                let after = self.chance.millis(500, 2_500);
                self.card_says(after, CardFact::Citizen(Box::new(citizen)));
                let after = after + self.chance.millis(1_000, 4_000);
                self.card_says(after, CardFact::Photo(person::photo()));
            }
        }
    }

    /// A defect: whatever lies there, a new look at it sees the card that was read.
    fn looked_at(&mut self, identity: Identity) -> Identity {
        let anew = !matches!(self.kiosk.session.stage(), Stage::Idle | Stage::Gather);
        if anew && self.conduct == Conduct::LooksAway {
            return self.world.read.clone().unwrap_or(identity);
        }
        self.world.read = Some(identity.clone());
        identity
    }

    fn card_says(&mut self, after: Duration, fact: CardFact) {
        let (life, order) = (self.kiosk.life, self.world.orders);
        self.plan(after, Happening::Card { life, order, fact: Box::new(fact) });
    }

    pub(super) fn card_answers(&mut self, order: u64, fact: CardFact) {
        if order != self.world.orders {
            return;
        }
        match &fact {
            CardFact::Citizen(_) => self.owe_card(),
            CardFact::Identity(_) | CardFact::Photo(_) | CardFact::Failed(_) => {
                self.kiosk.card_due = None;
            }
        }
        self.take(match fact {
            CardFact::Identity(identity) => Event::IdentityRead(identity),
            CardFact::Citizen(citizen) => Event::CitizenRead(citizen),
            CardFact::Photo(photo) => Event::PhotoRead(photo),
            CardFact::Failed(fault) => Event::CardFailed(fault),
        });
    }

    /// Answers to what was ordered so far are nobody's.
    pub(super) fn forget_card_orders(&mut self) {
        self.world.orders += 1;
        self.kiosk.card_due = None;
    }

    /// Whose card lies in a reader that sees it.
    pub(super) fn lies_there(&self) -> Option<Identity> {
        let card = self.world.slot.filter(|_| self.world.reader == Reader::There)?;
        Some(card.citizen().identity)
    }

    pub(super) fn chip_last_read(&self) -> String {
        self.world.chip.clone()
    }

    // --- camera, printer ---

    /// As the agent: the camera is turned to what the journey wants to see.
    pub(super) fn look_with_the_camera(&mut self) {
        let wanted = self.kiosk.session.needs().selfie;
        match (wanted, self.kiosk.camera_since) {
            (true, None) => {
                self.kiosk.camera_since = Some(self.now);
                let here = self.world.customer.presence == Presence::Here;
                if here && self.world.camera == Camera::Works {
                    self.world.selfies = self.world.selfies.wrapping_add(1);
                    let (life, number) = (self.kiosk.life, self.world.selfies);
                    let after = self.chance.millis(1_500, 9_000);
                    self.plan(after, Happening::Selfie { life, number });
                }
            }
            (false, Some(_)) => self.kiosk.camera_since = None,
            (true, Some(_)) | (false, None) => {}
        }
        if self.conduct == Conduct::ConsentNotAsked {
            self.answer_unasked();
        }
    }

    pub(super) fn selfie_taken(&mut self, number: u8) {
        if number == self.world.selfies && self.kiosk.session.needs().selfie {
            self.kiosk.camera_since = None;
            self.take(Event::SelfieTaken(person::selfie(number)));
        }
    }

    pub(super) fn print(&mut self) {
        let printed = self.world.printer == Printer::Works;
        self.note(format_args!("a slip is {}", if printed { "printed" } else { "not printed" }));
    }

    // --- what goes wrong with people and what they hold ---

    pub(super) fn strike_hands(&mut self, fault: Fault) {
        match fault {
            Fault::Card(kind) => self.card_trouble(kind),
            Fault::WrongCode if self.kiosk.session.needs().code => {
                self.take(Event::WrongCodeRead(WrongCode::Payment));
            }
            Fault::SecondCode if self.kiosk.session.needs().code => {
                let reference = Reference::parse(&format!("SIM-N{}-OTHER", self.world.seed));
                if let Ok(reference) = reference {
                    self.take(Event::ReferenceRead(reference));
                }
            }
            Fault::CameraFails => self.take(Event::CameraFailed),
            Fault::CameraSilent => {
                self.world.camera = Camera::Silent;
                self.world.selfies = self.world.selfies.wrapping_add(1);
            }
            Fault::PrinterFails => self.world.printer = Printer::Empty,
            Fault::WalksAway => self.customer().presence = Presence::Gone,
            Fault::PullsCard => {
                if self.chance.percent(50) {
                    self.customer().presence = Presence::Gone;
                }
                self.pull_card();
            }
            Fault::SwapsCard => self.swap_card(),
            Fault::DoubleTap => self.customer().touch = Touch::Twice,
            Fault::Mashes => self.mash(),
            Fault::Cancels => self.take(Event::Cancelled),
            Fault::RefusesConsent => self.customer().consent = Consent::Refused,
            _ => {}
        }
    }

    fn card_trouble(&mut self, kind: CardKind) {
        match kind {
            CardKind::Gone | CardKind::ServiceDown => {
                self.world.reader = Reader::Gone;
                self.forget_card_orders();
                self.take(Event::CardFailed(kind.fault()));
                let after = self.chance.millis(500, 30_000);
                self.plan(after, Happening::ReaderBack);
            }
            // A reading under way ends with it; otherwise the next one does.
            kind if self.kiosk.card_due.is_some() => {
                self.world.orders += 1;
                if kind != CardKind::Hung {
                    self.card_says(Duration::ZERO, CardFact::Failed(kind.fault()));
                }
            }
            kind => {
                self.world.trouble = Some(kind);
                self.take(Event::CardFailed(kind.fault()));
            }
        }
    }

    /// Another card, quicker than anybody looks, or not.
    fn swap_card(&mut self) {
        let other = if self.chance.percent(50) { Card::Somying } else { Card::SomchaisOther };
        if self.world.slot.is_none() {
            return;
        }
        // A reader that reads says so at once; one that is away does not see it.
        if self.kiosk.card_due.is_some() && self.chance.percent(50) {
            self.world.slot = Some(other);
            self.world.orders += 1;
            self.card_says(Duration::ZERO, CardFact::Failed(CardFault::Swapped));
        } else {
            self.pull_card();
            self.insert_card(other);
        }
    }

    fn mash(&mut self) {
        for _ in 0..6 {
            let event = match self.chance.below(6) {
                0 => Event::Started,
                1 => Event::StillHere,
                2 => Event::LanguageChosen(Language::English),
                3 => Event::Confirmed { postal_code: None, mobile: None, english_name: None },
                4 => Event::ConsentsAnswered(Vec::new()),
                _ => Event::Tick,
            };
            self.take(event);
        }
    }

    /// A defect: whoever is there is taken to have agreed.
    fn answer_unasked(&mut self) {
        let texts = match self.kiosk.session.view().screen {
            Screen::Consents { texts } => texts.len(),
            _ => return,
        };
        self.take(Event::ConsentsAnswered(vec![Consent::Given; texts]));
    }
}
