//! How one life goes and ends: who comes, what the bank makes of it, what the network does, and the kill.
//!
//! Everything is drawn, so a seed says it all. A kill at a transition gets a customer who comes by there.

use std::time::Duration;

use simulator::bank::{Cut, Endpoint, Fault, Kind};

use crate::chance::Chance;

/// A transition that does not come within this time does not come in this life.
const PATIENCE: Duration = Duration::from_millis(2_500);
/// The same where a selfie is taken, on a busy machine.
const SELFIE_PATIENCE: Duration = Duration::from_secs(8);
/// A life that ends by chance ends within this time; a whole journey takes about as long.
const LIFE_MOST_MS: usize = 900;
/// The same where a selfie is taken: looking for a face takes its time.
const SELFIE_LIFE_MOST_MS: usize = 2_700;
/// After a transition the kill comes at once, or within this time.
const LATER_MOST_US: usize = 2_000;
/// Customers with a selfie where the kill does not ask for one, of a hundred: they take three times as long.
const SELFIES_PERCENT: usize = 6;

/// So often a life shows how the journey before it ended, of a hundred.
const HERE_KEPT_PERCENT: usize = 10;

/// A moment of a life, by a line of the log.
pub struct Point {
    pub name: &'static str,
    /// What the line holds.
    words: &'static [&'static str],
    /// So often the line comes before.
    before: u32,
    /// Who comes by there; anybody if empty.
    errands: &'static [Errand],
    /// Which of its submits meets the fault of the network.
    submit: u32,
}

/// What the customer came for, as the reference tells the simulated bank.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Errand {
    /// No face is compared.
    Plain,
    /// A selfie is wanted from the start, and found good.
    Face,
    /// No selfie is wanted, and then it is (9300).
    FaceAfterAll,
    /// The first selfie is found to be somebody else (9301).
    FaceRefusedOnce,
    /// The card is out of date: a failure is reported.
    Expired,
}

const NO_SELFIE: &[Errand] = &[Errand::Plain];
const SELFIES: &[Errand] = &[Errand::Face, Errand::FaceAfterAll, Errand::FaceRefusedOnce];
const TWO_BODIES: &[Errand] = &[Errand::FaceAfterAll, Errand::FaceRefusedOnce];
const SELFIE: &[&str] = &[r#""stage":"selfie""#];

const POINTS: [Point; 22] = [
    Point::of("the page is served", &["the page is served"]),
    Point::of("gather", &[r#""stage":"gather""#]),
    Point::of("validate", &[r#""stage":"validate""#]),
    Point::of("consent", &[r#""stage":"consent""#]),
    Point::of("read", &[r#""stage":"read""#]),
    Point::of("confirm", &[r#""stage":"confirm""#]),
    Point::of("dopa", &[r#""stage":"dopa""#]),
    Point::of("submit", &[r#""stage":"submit""#]).only(NO_SELFIE),
    Point::of("prepared", &["journaled: a body is prepared"]).only(NO_SELFIE),
    Point::of("attempt begins", &["journaled: an attempt begins"]).only(NO_SELFIE),
    Point::of("answered", &["the bank answered", "submit"]).only(NO_SELFIE),
    Point::of("answer journaled", &["journaled: the answer"]).only(NO_SELFIE),
    Point::of("outbox attempt begins", &["journaled: the outbox begins an attempt"])
        .only(&[Errand::Expired, Errand::Plain]),
    Point::of("settled by the outbox", &[r#""settled""#]).only(&[Errand::Expired, Errand::Plain]),
    Point::of("compaction", &["the journal is being compacted"]),
    Point::of("result", &[r#""stage":"result""#]).only(NO_SELFIE),
    // From here on with a selfie.
    Point::of("selfie", SELFIE).only(SELFIES),
    Point::of("another selfie is asked for", &["the bank did not say 0000", "930"])
        .after_an_answer()
        .only(TWO_BODIES),
    Point::of("refusal journaled", &["journaled: the answer"]).after_an_answer().only(TWO_BODIES),
    Point::of("recapture", SELFIE).again().only(&[Errand::FaceRefusedOnce]),
    Point::of("another body is prepared", &["journaled: a body is prepared"])
        .again()
        .only(TWO_BODIES),
    Point::of("its attempt begins", &["journaled: an attempt begins"]).again().only(TWO_BODIES),
];
/// Where in them the selfies begin.
const SELFIE_POINTS_FROM: usize = 16;

impl Point {
    const fn of(name: &'static str, words: &'static [&'static str]) -> Self {
        Self { name, words, before: 0, errands: &[], submit: 0 }
    }

    /// The second time.
    const fn again(self) -> Self {
        Self { before: 1, ..self.after_an_answer() }
    }

    /// The first submit is answered: the network's fault waits for the second.
    const fn after_an_answer(self) -> Self {
        Self { submit: 1, ..self }
    }

    const fn only(self, errands: &'static [Errand]) -> Self {
        Self { errands, ..self }
    }
}

/// How one life goes and ends.
pub struct Plan {
    pub reference: String,
    pub card: &'static str,
    pub fault: Option<Fault>,
    pub here: Here,
    pub death: Death,
}

/// That a customer was here when the life before ended: with it, that journey's end is on the screen first, and no
/// journey begins before the card is taken out.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Here {
    Kept,
    /// As by a cut of the power; nothing waits until it is on the disk.
    Lost,
}

#[derive(Clone, Copy)]
pub enum Death {
    After(Duration),
    /// Where the point does not come within the patience, the life ends there.
    At {
        point: &'static Point,
        later: Duration,
        patience: Duration,
    },
}

impl Plan {
    pub fn draw(number: u32, chance: &mut Chance) -> Self {
        let death = Death::draw(chance);
        let errand = match death {
            Death::At { point: Point { errands: [first, rest @ ..], .. }, .. } => {
                let drawn = chance.below(rest.len() + 1).checked_sub(1);
                drawn.and_then(|index| rest.get(index)).unwrap_or(first)
            }
            _ => Errand::draw(chance),
        };
        let fault = match chance.below(10) {
            0 => Some(Kind::Cut(Cut::AfterBody)),
            1 | 2 => Some(Kind::Cut(Cut::BeforeAnswer)),
            3 => Some(Kind::Cut(Cut::InsideAnswer)),
            4 => Some(Kind::Latency(Duration::from_millis(150))),
            _ => None,
        };
        let submit = match death {
            Death::At { point, .. } => point.submit,
            Death::After(_) => 0,
        };
        let fault = fault.map(|kind| Fault::new(kind).at(Endpoint::Submit).after(submit).times(1));
        let reference = format!("SIM-{}-KILL-{number:06}", errand.words());
        let here = if chance.percent(HERE_KEPT_PERCENT) { Here::Kept } else { Here::Lost };
        Self { reference, card: errand.card(), fault, here, death: death.for_errand(*errand) }
    }

    pub fn told(&self) -> String {
        let death = match self.death {
            Death::After(time) => format!("{time:?}"),
            Death::At { point, later, .. } => format!("{} + {later:?}", point.name),
        };
        format!("{} with {}, {:?}, killed at {death}", self.reference, self.card, self.fault)
    }
}

impl Errand {
    fn draw(chance: &mut Chance) -> &'static Self {
        if chance.percent(SELFIES_PERCENT) {
            SELFIES.get(chance.below(SELFIES.len())).unwrap_or(&Self::Face)
        } else if chance.percent(15) {
            &Self::Expired
        } else {
            &Self::Plain
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Plain | Self::Expired => "0000",
            Self::Face => "0000-FACE",
            Self::FaceAfterAll => "9300-ONCE-CONSENT",
            Self::FaceRefusedOnce => "9301-ONCE",
        }
    }

    fn card(self) -> &'static str {
        if self == Self::Expired { "expired" } else { "somchai" }
    }
}

impl Death {
    fn draw(chance: &mut Chance) -> Self {
        if chance.percent(40) {
            return Self::After(Duration::from_millis(u64::from(number(
                chance.below(LIFE_MOST_MS),
            ))));
        }
        // Selfies take their time: their own points get a tenth of the lives, not a third.
        let (plain, selfies) = POINTS.split_at(SELFIE_POINTS_FROM);
        let points = if chance.percent(16) { selfies } else { plain };
        let point = points.get(chance.below(points.len())).unwrap_or(&POINTS[0]);
        let later = if chance.percent(50) { 0 } else { chance.below(LATER_MOST_US) };
        let later = Duration::from_micros(u64::from(number(later)));
        Self::At { point, later, patience: PATIENCE }
    }

    /// A longer journey is met as evenly as a short one.
    fn for_errand(self, errand: Errand) -> Self {
        match self {
            Self::After(time) if SELFIES.contains(&errand) => {
                Self::After(time * number(SELFIE_LIFE_MOST_MS) / number(LIFE_MOST_MS))
            }
            Self::At { point, later, .. } if SELFIES.contains(&errand) => {
                Self::At { point, later, patience: SELFIE_PATIENCE }
            }
            other => other,
        }
    }
}

/// Counts the lines of one life until its moment has come, once.
pub struct Wait {
    awaited: Option<(&'static Point, Duration)>,
    before: u32,
}

impl Wait {
    pub fn of(death: Death) -> Self {
        match death {
            Death::At { point, later, .. } => {
                Self { awaited: Some((point, later)), before: point.before }
            }
            Death::After(_) => Self { awaited: None, before: 0 },
        }
    }

    /// How long after this line the kill comes, if it is the line.
    pub fn ends_with(&mut self, line: &str) -> Option<Duration> {
        let (point, later) = self.awaited?;
        if !point.words.iter().all(|word| line.contains(word)) {
            return None;
        }
        if self.before > 0 {
            self.before -= 1;
            return None;
        }
        self.awaited = None;
        Some(later)
    }
}

fn number(drawn: usize) -> u32 {
    u32::try_from(drawn).unwrap_or(0)
}
