//! Random words such as stand on cards: names with the punctuation of real ones, and dates of the Buddhist Era.

use rand::RngExt as _;
use rand::rngs::StdRng;

const THAI_PREFIXES: [&str; 10] =
    ["นาย", "นาง", "น.ส.", "ด.ช.", "ด.ญ.", "ร.ต.อ.", "ว่าที่ ร.ต. (หญิง)", "พระครู", "ม.ร.ว.", "จ.ส.อ."];
const ENGLISH_PREFIXES: [&str; 7] =
    ["Mr.", "Mrs.", "Miss", "Master", "Pol.Capt.", "Acting Sub Lt.", "M.R."];
/// What joins two words of one name.
const JOINTS: [&str; 5] = [" ", "-", "'", ". ", "/"];
const CONSONANTS: &str = "กขคฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรฤลวศษสหฬอฮ";
const VOWELS_IN_FRONT: &str = "เแโใไ";
const VOWELS_BEHIND: &str = "ะัาำิีึืุู็์ๆฯ";
const TONES: &str = "่้๊๋";

/// One of several.
pub fn one<'a, T: ?Sized>(chance: &mut StdRng, of: &[&'a T]) -> &'a T {
    of[chance.random_range(0..of.len())]
}

/// One case in so many.
pub fn rarely(chance: &mut StdRng, one_in: u32) -> bool {
    chance.random_ratio(1, one_in)
}

fn letter(chance: &mut StdRng, of: &str) -> char {
    let letters: Vec<char> = of.chars().collect();
    letters[chance.random_range(0..letters.len())]
}

/// A Thai word of at most so many letters, at least one.
pub fn thai(chance: &mut StdRng, letters_max: usize) -> String {
    let mut word = String::new();
    let mut letters = 0;
    loop {
        let mut syllable = String::new();
        if rarely(chance, 4) {
            syllable.push(letter(chance, VOWELS_IN_FRONT));
        }
        syllable.push(letter(chance, CONSONANTS));
        if !rarely(chance, 3) {
            syllable.push(letter(chance, VOWELS_BEHIND));
        }
        if rarely(chance, 3) {
            syllable.push(letter(chance, TONES));
        }
        let more = syllable.chars().count();
        if letters > 0 && letters + more > letters_max {
            return word;
        }
        // Cut to size: a first syllable has four letters at most.
        word.extend(syllable.chars().take(letters_max));
        letters += more;
        if letters >= letters_max || rarely(chance, 5) {
            return word;
        }
    }
}

fn latin(chance: &mut StdRng, letters_max: usize) -> String {
    let count = chance.random_range(1..=letters_max.min(14));
    let small = |chance: &mut StdRng| char::from(chance.random_range(b'a'..=b'z'));
    let rest: String = (1..count).map(|_| small(chance)).collect();
    format!("{}{rest}", char::from(chance.random_range(b'A'..=b'Z')))
}

/// In which letters a name is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Letters {
    Thai,
    Latin,
}

/// A part of a name with at most so many bytes on the card; sometimes of two words.
pub fn name_part(chance: &mut StdRng, letters: Letters, bytes_max: usize) -> String {
    let word = |chance: &mut StdRng, most| match letters {
        Letters::Thai => thai(chance, most),
        Letters::Latin => latin(chance, most),
    };
    if bytes_max > 8 && rarely(chance, 5) {
        let half = (bytes_max - 4) / 2;
        let first = word(chance, half);
        let joint = one(chance, &JOINTS);
        return format!("{first}{joint}{}", word(chance, half));
    }
    word(chance, bytes_max)
}

pub fn prefix(chance: &mut StdRng, letters: Letters) -> &'static str {
    match letters {
        Letters::Thai => one(chance, &THAI_PREFIXES),
        Letters::Latin => one(chance, &ENGLISH_PREFIXES),
    }
}

/// A day of the Gregorian calendar: year, month, day.
pub fn day(chance: &mut StdRng, years: std::ops::Range<u32>) -> [u32; 3] {
    let (year, month) = (chance.random_range(years), chance.random_range(1..=12));
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let february = if leap { 29 } else { 28 };
    // The last day of a month is where calendars differ.
    let last = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
    let day = if rarely(chance, 8) { last } else { chance.random_range(1..=last) };
    [year, u32::try_from(month).unwrap(), day]
}

/// As the card writes it.
pub fn buddhist([year, month, day]: [u32; 3]) -> String {
    format!("{:04}{month:02}{day:02}", year + 543)
}

/// As the record has it.
pub fn gregorian([year, month, day]: [u32; 3]) -> String {
    format!("{year:04}-{month:02}-{day:02}")
}

/// So many digits.
pub fn digits(chance: &mut StdRng, count: usize) -> String {
    (0..count).map(|_| char::from(chance.random_range(b'0'..=b'9'))).collect()
}
