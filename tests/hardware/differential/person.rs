//! A random holder of a random card, all of it lawful: what is written, how it is handed over, what it says.

use rand::RngExt as _;
use rand::rngs::StdRng;
use simulator::card::{Answering, CplcManner, Manner};

use super::address::{self, Written};
use super::image::{self, Draft, hex};
use super::record::Record;
use super::wording::{self, Letters, buddhist, digits, gregorian, one, rarely, thai};

/// What cards answer to reset, by generation: `TH NID 6`, `8`, `9`, `10`, `15`, `17`, `18`.
const ATRS: [&str; 7] = [
    "3B6800005448204E49442036",
    "3B781800005448204E49442038",
    "3B781800005448204E49442039",
    "3B791800005448204E4944203130",
    "3B799600FF5448204E4944203135",
    "3B799600005448204E4944203137",
    "3B799600005448204E4944203138",
];
/// The smallest photo of `tests/cards`: grey, 148 × 178.
const SMALLEST: &str = include_str!("../../cards/tiny-photo.hex");
const PHOTO_BYTES_MAX: usize = 5118;
/// A comment of a JPEG has a length of two bytes, which counts itself.
const COMMENT_BYTES_MAX: usize = 65_533;

/// Rare things, each of which must come up.
pub const KINDS: [&str; 24] = [
    "Bangkok",
    "address of 160 bytes",
    "address of more than 100 bytes",
    "birth in a known month",
    "birth in a known year",
    "blank English name",
    "blank month of birth",
    "capital district without its province",
    "comment with the bytes of an end",
    "data at once",
    "data by 61",
    "data by 6C",
    "for life",
    "issue date unknown",
    "middle name",
    "no family name",
    "padding of NUL",
    "photo of 5118 bytes",
    "photo without a length",
    "photo without a picture",
    "several postal codes",
    "spaces in front",
    "three slots",
    "trok, soi and road",
];

/// The card.
pub struct Person {
    /// How it hands its data over.
    pub manner: Manner,
    image: String,
    record: Record,
    kinds: Vec<&'static str>,
}

impl Person {
    pub fn random(chance: &mut StdRng) -> Self {
        let mut writer = Writer::new(chance);
        writer.holder();
        writer.names();
        writer.dates();
        writer.address();
        writer.photo();
        writer.finish()
    }

    /// The image, in the format of `tests/cards`.
    pub fn image(&self) -> String {
        self.image.clone()
    }

    /// What must be read.
    pub fn record(&self) -> Record {
        self.record.clone()
    }

    /// Which rare things this card has.
    pub fn kinds(&self) -> Vec<&'static str> {
        self.kinds.clone()
    }
}

struct Writer<'c> {
    chance: &'c mut StdRng,
    draft: Draft,
    record: Record,
    kinds: Vec<&'static str>,
}

impl<'c> Writer<'c> {
    fn new(chance: &'c mut StdRng) -> Self {
        let mut kinds = Vec::new();
        let padding = if rarely(chance, 6) { 0 } else { b' ' };
        if padding == 0 {
            kinds.push("padding of NUL");
        }
        Self { chance, draft: Draft::padded_with(padding), record: Record::default(), kinds }
    }

    fn holder(&mut self) {
        let twelve = format!("{}{}", self.chance.random_range(1..=8), digits(self.chance, 11));
        let weighted: u32 = twelve
            .bytes()
            .zip((2..=13).rev())
            .map(|(digit, weight)| u32::from(digit - b'0') * weight)
            .sum();
        self.record.citizen_id = format!("{twelve}{}", (11 - weighted % 11) % 10);
        self.record.sex = if self.chance.random() { '1' } else { '2' };
        self.record.bp1_number = digits(self.chance, 11);
        let behind = if rarely(self.chance, 20) {
            String::new()
        } else {
            format!("/{}", digits(self.chance, 8))
        };
        self.draft.text(image::VERSION, "0003");
        self.draft.text(image::CITIZEN_ID, &self.record.citizen_id);
        self.draft.text(image::SEX, &self.record.sex.to_string());
        self.draft.text(image::REQUEST_NUMBER, &format!("{}{behind}", self.record.bp1_number));
        let office = format!("{}/{}", thai(self.chance, 30), thai(self.chance, 30));
        self.draft.text(image::ISSUING_OFFICE, &office);
        self.draft.text(image::ISSUER_CODE, &digits(self.chance, 13));
        self.draft.text(image::CARD_TYPE, one(self.chance, &["01", "01", "01", "02", ""]));
        self.draft.text(image::NUMBER_UNDER_THE_PHOTO, &digits(self.chance, 14));
    }

    fn names(&mut self) {
        let (text, parts) = self.name(Letters::Thai);
        self.draft.text(image::THAI_NAME, &text);
        self.record.thai_name = parts;
        if rarely(self.chance, 12) {
            self.kinds.push("blank English name");
            self.draft.text(image::ENGLISH_NAME, one(self.chance, &["", "###"]));
        } else {
            let (text, parts) = self.name(Letters::Latin);
            self.draft.text(image::ENGLISH_NAME, &text);
            self.record.english_name = parts;
        }
    }

    /// As written, and its four parts.
    fn name(&mut self, letters: Letters) -> (String, [String; 4]) {
        let chance = &mut *self.chance;
        let prefix = wording::prefix(chance, letters).to_owned();
        let first = wording::name_part(chance, letters, 24);
        let middle =
            if rarely(chance, 6) { wording::name_part(chance, letters, 16) } else { String::new() };
        let last = if rarely(chance, 20) {
            String::new()
        } else {
            wording::name_part(chance, letters, 30)
        };
        let mut text = if middle.is_empty() && rarely(chance, 6) {
            self.kinds.push("three slots");
            format!("{prefix}#{first}#{last}")
        } else {
            format!("{prefix}#{first}#{middle}#{last}")
        };
        if rarely(chance, 15) {
            self.kinds.push("spaces in front");
            text = format!("  {text}");
        }
        if !middle.is_empty() {
            self.kinds.push("middle name");
        }
        if last.is_empty() {
            self.kinds.push("no family name");
        }
        (text, [prefix, first, middle, last])
    }

    fn dates(&mut self) {
        let birth = wording::day(self.chance, 1900..2024);
        let [year, month, _] = birth;
        let (year_text, month_text) = (format!("{:04}", year + 543), format!("{month:02}"));
        let (text, says) = match self.chance.random_range(0..12) {
            0 => (format!("{year_text}{month_text}00"), format!("{year:04}-{month:02}")),
            1 => (format!("{year_text}{month_text}  "), format!("{year:04}-{month:02}")),
            2 => (format!("{year_text}0000"), format!("{year:04}")),
            3 => (format!("{year_text}    "), format!("{year:04}")),
            _ => (buddhist(birth), gregorian(birth)),
        };
        match says.len() {
            4 => self.kinds.push("birth in a known year"),
            7 => self.kinds.push("birth in a known month"),
            _ => {}
        }
        if text.ends_with(' ') {
            self.kinds.push("blank month of birth");
        }
        self.draft.text(image::BIRTH_DATE, &text);
        self.record.birth_date = says;

        let issue = wording::day(self.chance, 2005..2027);
        let unknown = [
            String::new(),
            "00000000".to_owned(),
            format!("{:04}0000", issue[0] + 543),
            format!("{}00", &buddhist(issue)[..6]),
        ];
        let text = if rarely(self.chance, 10) {
            self.kinds.push("issue date unknown");
            unknown[self.chance.random_range(0..unknown.len())].clone()
        } else {
            self.record.issue_date = gregorian(issue);
            buddhist(issue)
        };
        self.draft.text(image::ISSUE_DATE, &text);

        let expiry = wording::day(self.chance, 2010..2037);
        let for_life = rarely(self.chance, 8);
        if for_life {
            self.kinds.push("for life");
        }
        let (text, says) = if for_life {
            ("99999999".to_owned(), "for life".to_owned())
        } else {
            (buddhist(expiry), gregorian(expiry))
        };
        self.draft.text(image::EXPIRY_DATE, &text);
        self.record.expiry = says;
    }

    fn address(&mut self) {
        let Written { text, line, parts, postal_codes, kinds } = address::random(self.chance);
        self.draft.text(image::ADDRESS, &text);
        self.record.address = line;
        self.record.address_parts = parts;
        self.record.postal_codes = postal_codes;
        self.kinds.extend(kinds);
    }

    fn photo(&mut self) {
        let photo = self.jpeg();
        let (offset, room) = image::PHOTO;
        assert!(photo.len() <= room);
        self.draft.bytes(offset, &photo);
        let stated = if rarely(self.chance, 8) {
            self.kinds.push("photo without a length");
            [0, 5119, 0xFFFF][self.chance.random_range(0..3)]
        } else {
            u16::try_from(photo.len()).unwrap()
        };
        self.draft.bytes(image::PHOTO_LENGTH.0, &stated.to_be_bytes());
        self.record.photo = hex(&photo);
    }

    /// A picture with comments of chance in it, of any size that fits; or nothing but such a comment.
    fn jpeg(&mut self) -> Vec<u8> {
        let picture = if rarely(self.chance, 20) {
            self.kinds.push("photo without a picture");
            vec![0xFF, 0xD8, 0xFF, 0xD9]
        } else {
            smallest_photo()
        };
        let most = if rarely(self.chance, 6) {
            PHOTO_BYTES_MAX
        } else {
            self.chance.random_range(picture.len()..=PHOTO_BYTES_MAX)
        };
        if most == PHOTO_BYTES_MAX {
            self.kinds.push("photo of 5118 bytes");
        }
        let room = most - picture.len();
        if room < 4 {
            return picture;
        }
        let mut comment = vec![0; (room - 4).min(COMMENT_BYTES_MAX)];
        self.chance.fill(comment.as_mut_slice());
        if comment.windows(2).any(|pair| pair == [0xFF, 0xD9]) {
            self.kinds.push("comment with the bytes of an end");
        }
        let length = u16::try_from(comment.len() + 2).unwrap().to_be_bytes();
        let (start, rest) = picture.split_at(2);
        [start, &[0xFF, 0xFE], &length, &comment, rest].concat()
    }

    fn finish(mut self) -> Person {
        let chance = &mut *self.chance;
        let mut number = [0; 8];
        chance.fill(number.as_mut_slice());
        let mut chip_data = [0; 45];
        chance.fill(chip_data.as_mut_slice());
        chip_data[..3].copy_from_slice(&[0x9F, 0x7F, 0x2A]);
        chip_data[13..21].copy_from_slice(&number);
        self.record.chip_number = hex(&number).to_lowercase();
        let (answering, kind) = [
            (Answering::T0, "data by 61"),
            (Answering::Corrected, "data by 6C"),
            (Answering::Direct, "data at once"),
        ][chance.random_range(0..3)];
        self.kinds.push(kind);
        let cplc = if chance.random() { CplcManner::Always } else { CplcManner::BeforeSelect };
        let atr = one(chance, &ATRS);
        Person {
            manner: Manner { answering, cplc },
            image: self.draft.finish(atr, &chip_data),
            record: self.record,
            kinds: self.kinds,
        }
    }
}

/// The photo of the smallest card; its rows begin at the photo's offset.
fn smallest_photo() -> Vec<u8> {
    let rows = SMALLEST.lines().filter_map(|line| line.split('#').next()?.split_once(": "));
    let rows = rows.filter(|(offset, _)| {
        let offset = usize::from_str_radix(offset, 16).unwrap();
        (image::PHOTO.0..image::ADDRESS.0).contains(&offset)
    });
    let bytes = rows.flat_map(|(_, row)| row.split_whitespace());
    let mut photo: Vec<u8> = bytes.map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
    // Its last row is filled up with spaces.
    photo.truncate(photo.iter().rposition(|byte| *byte != b' ').unwrap() + 1);
    photo
}
