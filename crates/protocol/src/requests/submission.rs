//! E3 and E6: everything about the customer, with or without a selfie (§4, §7).
//!
//! The two differ in what surrounds the customer's data: E6 has no reference, no time and no selfie.

use std::fmt;

use citizen::Photo;
use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{
    consent::ConsentAnswer,
    customer::CustomerData,
    dialect::{OptionalEmpty, SelfieFormat, UnaskedConsents},
    field::Field,
    input::{Place, Selfie},
    plaintext::{Picture, Plaintext},
    reference::Reference,
    time::BankTime,
};

/// What E2 said about a selfie.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum FaceCompare {
    /// `Y`.
    Required,
    /// `N`, or nothing: no biometric without a stated need.
    #[default]
    NotRequired,
}

/// The selfie's part in a submission: where one is required, there is no way to build one without it.
#[derive(Clone, Eq, PartialEq)]
pub enum Face {
    /// [`FaceCompare::Required`], or code 9300 asked for it.
    Required(Selfie),
    /// [`FaceCompare::NotRequired`]: no selfie key goes out.
    NotRequired,
}

impl fmt::Debug for Face {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Required(_) => "Required(‹redacted›)",
            Self::NotRequired => "NotRequired",
        })
    }
}

/// What a submission is made of, besides the selfie. Debug redacts it.
#[derive(Clone, Eq, PartialEq)]
pub struct SubmissionParts {
    /// The reference as scanned.
    pub reference: Reference,
    /// When the customer confirmed; the same for every retry.
    pub confirmed_at: BankTime,
    /// The customer's data, which also say chip and request number.
    pub customer: CustomerData,
    /// The photo from the chip.
    pub photo: Photo,
    /// The answers to E2's consents; empty when none was shown.
    pub consents: Vec<ConsentAnswer>,
    /// Where this happened.
    pub place: Place,
}

impl fmt::Debug for SubmissionParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubmissionParts(‹redacted›)")
    }
}

/// E3: the customer's data for one reference, which it uses up.
#[derive(Clone, Eq, PartialEq)]
pub struct Submission {
    parts: SubmissionParts,
    face: Face,
}

impl Submission {
    /// Puts a submission together.
    #[must_use]
    pub const fn new(parts: SubmissionParts, face: Face) -> Self {
        Self { parts, face }
    }

    /// What it ends.
    #[must_use]
    pub const fn reference(&self) -> &Reference {
        &self.parts.reference
    }

    /// The JSON to seal.
    #[must_use]
    pub fn plaintext(&self) -> Plaintext {
        Plaintext::of(self)
    }
}

impl fmt::Debug for Submission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Submission(‹redacted›)")
    }
}

impl Serialize for Submission {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let SubmissionParts { reference, confirmed_at, customer, photo, consents, place } =
            &self.parts;
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("transactionRef", reference.as_str())?;
        object.serialize_entry("transactionDateTime", &confirmed_at.transaction_stamp())?;
        card_and_place(&mut object, customer, photo, place)?;
        let consents_go_along = match (&self.face, customer.dialect().unasked_consents) {
            (Face::Required(_), _) => true,
            (Face::NotRequired, UnaskedConsents::Send) => !consents.is_empty(),
            (Face::NotRequired, UnaskedConsents::Omit) => false,
        };
        if consents_go_along {
            object.serialize_entry("customerConsents", consents)?;
        }
        if let Face::Required(selfie) = &self.face {
            let format = match customer.dialect().selfie_format {
                SelfieFormat::Jpg => "JPG",
                SelfieFormat::Jpeg => "JPEG",
            };
            object.serialize_entry("customerSelfieImage", &Picture(selfie.bytes()))?;
            object.serialize_entry("customerSelfieImageFormat", format)?;
        }
        object.end()
    }
}

/// E6: the DOPA check, a service of its own that knows no reference (Doubt D33).
#[derive(Clone, Eq, PartialEq)]
pub struct DopaCheck {
    customer: CustomerData,
    photo: Photo,
    consents: Vec<ConsentAnswer>,
    place: Place,
}

impl DopaCheck {
    /// Puts a check together; the answers are those to E5's consents.
    #[must_use]
    pub const fn new(
        customer: CustomerData,
        photo: Photo,
        consents: Vec<ConsentAnswer>,
        place: Place,
    ) -> Self {
        Self { customer, photo, consents, place }
    }

    /// The JSON to seal.
    #[must_use]
    pub fn plaintext(&self) -> Plaintext {
        Plaintext::of(self)
    }
}

impl fmt::Debug for DopaCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DopaCheck(‹redacted›)")
    }
}

impl Serialize for DopaCheck {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        card_and_place(&mut object, &self.customer, &self.photo, &self.place)?;
        object.serialize_entry("customerConsents", &self.consents)?;
        object.end()
    }
}

/// What E3 and E6 have in common, in the order of both samples.
fn card_and_place<M: SerializeMap>(
    object: &mut M,
    customer: &CustomerData,
    photo: &Photo,
    place: &Place,
) -> Result<(), M::Error> {
    let chip_number = customer.identity().chip_number.as_str();
    object.serialize_entry(Field::ChipNumber.name(), chip_number)?;
    object.serialize_entry(Field::Bp1Number.name(), customer.bp1_number().as_str())?;
    object.serialize_entry("customerImage", &Picture(photo.bytes()))?;
    let codes = [(Field::BranchId, place.branch_id()), (Field::TerminalId, place.terminal_id())];
    for (field, code) in codes {
        if !code.is_empty() || customer.dialect().optional_empty == OptionalEmpty::Empty {
            object.serialize_entry(field.name(), code)?;
        }
    }
    object.serialize_entry("customerData", customer)
}

#[cfg(test)]
mod tests {
    use citizen::{
        Address, BirthDate, Bp1Number, ChipNumber, Citizen, CitizenId, Date, Expiry, Identity,
        Name, PostalCode, Sex, Text,
    };
    use serde_json::Value;

    use super::{
        BankTime, ConsentAnswer, CustomerData, DopaCheck, Face, Photo, Place, Reference, Selfie,
        Submission, SubmissionParts, UnaskedConsents,
    };
    use crate::{consent::Consent, customer::CustomerInput, dialect::Dialect};

    fn parts(dialect: &Dialect, consents: Vec<ConsentAnswer>) -> SubmissionParts {
        let text = |value: &str| Text::new(value.to_owned());
        let name = |prefix, first, last| Name {
            prefix: text(prefix),
            first: text(first),
            middle: Text::default(),
            last: text(last),
        };
        let citizen = Citizen {
            identity: Identity {
                citizen_id: CitizenId::parse("1111111111119").unwrap(),
                chip_number: ChipNumber::parse("6300c10e142f28a1").unwrap(),
            },
            bp1_number: Bp1Number::parse("10994078500").unwrap(),
            thai_name: name("นาย", "สมชาย", "ใจดี"),
            english_name: name("Mr.", "Somchai", "Jaidee"),
            birth_date: BirthDate::Year(1981),
            sex: Sex::Male,
            issue_date: None,
            expiry: Expiry::On(Date::new(2029, 5, 1).unwrap()),
            address: Address {
                sub_district: text("ในเมือง"),
                district: text("เมืองขอนแก่น"),
                province: text("ขอนแก่น"),
                ..Address::default()
            },
        };
        let input = CustomerInput {
            postal_code: PostalCode::parse("40000").unwrap(),
            mobile: None,
            english_name: None,
        };
        SubmissionParts {
            reference: Reference::parse("BAYMK191200001").unwrap(),
            confirmed_at: BankTime::from_millis(0),
            customer: CustomerData::prepare(&citizen, &input, dialect).unwrap(),
            photo: Photo::new(vec![0xFF, 0xD8, 0xFF, 0xD9]).unwrap(),
            consents,
            place: Place::default(),
        }
    }

    fn answer() -> ConsentAnswer {
        let kind = "103".to_owned();
        ConsentAnswer { kind, version: "2.00.00".to_owned(), consent: Consent::Given }
    }

    fn selfie() -> Face {
        Face::Required(Selfie::new(vec![0xFF, 0xD8, 0xFF, 0xD9]).unwrap())
    }

    /// The keys after `customerData`.
    #[track_caller]
    fn check(dialect: &Dialect, consents: &[ConsentAnswer], face: Face, expected: &[&str]) {
        let submission = Submission::new(parts(dialect, consents.to_vec()), face);
        let sent: Value = serde_json::from_slice(&submission.plaintext()).unwrap();
        let optional = ["customerConsents", "customerSelfieImage", "customerSelfieImageFormat"];
        let present: Vec<_> = optional.into_iter().filter(|key| sent.get(key).is_some()).collect();
        assert_eq!(present, expected);
    }

    #[test]
    fn a_selfie_and_consents_go_together_when_required() {
        let all = ["customerConsents", "customerSelfieImage", "customerSelfieImageFormat"];
        check(&Dialect::default(), &[answer()], selfie(), &all);
        check(&Dialect::default(), &[], selfie(), &all);
    }

    #[test]
    fn without_need_there_is_no_selfie_key() {
        check(&Dialect::default(), &[], Face::NotRequired, &[]);
        check(&Dialect::default(), &[answer()], Face::NotRequired, &["customerConsents"]);
        let omit = Dialect { unasked_consents: UnaskedConsents::Omit, ..Dialect::default() };
        check(&omit, &[answer()], Face::NotRequired, &[]);
    }

    #[test]
    fn the_stamp_is_the_moment_of_the_confirmation() {
        let submission = Submission::new(parts(&Dialect::default(), Vec::new()), Face::NotRequired);
        let sent: Value = serde_json::from_slice(&submission.plaintext()).unwrap();
        assert_eq!(sent["transactionDateTime"], "19700101070000");
        assert_eq!(sent["customerImage"], "/9j/2Q==");
    }

    #[test]
    fn requests_print_nothing() {
        let parts = parts(&Dialect::default(), vec![answer()]);
        let dopa = DopaCheck::new(
            parts.customer.clone(),
            parts.photo.clone(),
            parts.consents.clone(),
            Place::default(),
        );
        let printed = format!("{dopa:?} {parts:?} {:?}", selfie());
        assert_eq!(
            printed,
            "DopaCheck(‹redacted›) SubmissionParts(‹redacted›) Required(‹redacted›)"
        );
        let submission = Submission::new(parts, Face::NotRequired);
        assert_eq!(format!("{submission:?}"), "Submission(‹redacted›)");
    }
}
