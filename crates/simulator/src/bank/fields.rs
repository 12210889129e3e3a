//! The fields of the decrypted bodies, endpoint by endpoint, typed from the document's tables and samples.
//! What a shape means is in `shape`; walking a body along a table is in `inspect`.

/// One field of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub name: &'static str,
    /// Most characters, counted as Unicode scalar values; `NO_LIMIT` where the document gives none.
    pub limit: usize,
    pub need: Need,
    pub shape: Shape,
}

/// The document's column "Required".
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Need {
    Required,
    /// May be missing or `""`.
    Optional,
    /// May be missing here; whether it must be there is decided with the reference's state.
    Conditional,
}

/// What the text must be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    Text,
    Exactly(&'static str),
    CitizenId,
    ChipNumber,
    Bp1Number,
    TransactionTime,
    BirthDate,
    IssueDate,
    ExpiryDate,
    MobileNumber,
    PostalCode,
    Moo,
    /// Not beginning with the word that only the card writes in front.
    WithoutPrefix(&'static [&'static str]),
    FullAddress,
    /// Never read from the card, so never filled.
    Empty,
    YesOrNo,
    /// Free text about an error, which has no business with a person's number.
    NoCitizenId,
    CardPhoto,
    Selfie,
    SelfieFormat,
    Object(&'static [Field]),
    List(&'static [Field]),
}

/// For lists, objects and pictures.
pub(super) const NO_LIMIT: usize = usize::MAX;

const fn required(name: &'static str, limit: usize, shape: Shape) -> Field {
    Field { name, limit, need: Need::Required, shape }
}

const fn optional(name: &'static str, limit: usize, shape: Shape) -> Field {
    Field { name, limit, need: Need::Optional, shape }
}

const fn conditional(name: &'static str, limit: usize, shape: Shape) -> Field {
    Field { name, limit, need: Need::Conditional, shape }
}

/// §3.
pub(super) const QR_VALIDATION: &[Field] = &[
    required("reference", 55, Shape::Text),
    required("identifier", 13, Shape::CitizenId),
    required("namespace", 10, Shape::Exactly("citizen_id")),
];

/// §4.
pub(super) const SUBMIT: &[Field] = &[
    required("transactionRef", 55, Shape::Text),
    required("transactionDateTime", 14, Shape::TransactionTime),
    required("chipNo", 20, Shape::ChipNumber),
    required("bp1No", 20, Shape::Bp1Number),
    optional("branchId", 20, Shape::Text),
    optional("terminalId", 20, Shape::Text),
    conditional("customerConsents", NO_LIMIT, Shape::List(CONSENT_ANSWER)),
    required("customerImage", NO_LIMIT, Shape::CardPhoto),
    conditional("customerSelfieImage", NO_LIMIT, Shape::Selfie),
    conditional("customerSelfieImageFormat", 10, Shape::SelfieFormat),
    required("customerData", NO_LIMIT, Shape::Object(CUSTOMER_DATA)),
];

/// §5.
pub(super) const FAILURE: &[Field] = &[
    required("identifier", 13, Shape::CitizenId),
    required("namespace", 10, Shape::Exactly("citizen_id")),
    required("detailError", NO_LIMIT, Shape::Object(DETAIL_ERROR)),
];

/// §5 gives neither type nor length: texts, short enough to be no letter.
const DETAIL_ERROR: &[Field] =
    &[optional("code", 10, Shape::NoCitizenId), optional("message", 200, Shape::NoCitizenId)];

/// §7.
pub(super) const DOPA: &[Field] = &[
    required("customerConsents", NO_LIMIT, Shape::List(CONSENT_ANSWER)),
    required("chipNo", 20, Shape::ChipNumber),
    required("bp1No", 20, Shape::Bp1Number),
    optional("branchId", 20, Shape::Text),
    optional("terminalId", 20, Shape::Text),
    required("customerImage", NO_LIMIT, Shape::CardPhoto),
    required("customerData", NO_LIMIT, Shape::Object(CUSTOMER_DATA)),
];

const CONSENT_ANSWER: &[Field] = &[
    required("type", 20, Shape::Text),
    required("version", 20, Shape::Text),
    required("consent", 1, Shape::YesOrNo),
];

/// §4 and §7, the same table twice.
const CUSTOMER_DATA: &[Field] = &[
    optional("mobile", 10, Shape::MobileNumber),
    required("citizenId", 13, Shape::CitizenId),
    required("prefixTH", 100, Shape::Text),
    required("firstNameTH", 100, Shape::Text),
    required("lastNameTH", 100, Shape::Text),
    required("prefixEN", 100, Shape::Text),
    required("firstNameEN", 100, Shape::Text),
    required("lastNameEN", 100, Shape::Text),
    required("dateOfBirth", 8, Shape::BirthDate),
    optional("religion", 20, Shape::Empty),
    optional("citizenIdCardIssueDate", 8, Shape::IssueDate),
    optional("citizenIdCardExpireDate", 8, Shape::ExpiryDate),
    optional("fullAddress", 200, Shape::FullAddress),
    optional("countryCode", 3, Shape::Exactly("TH")),
    required("zipCode", 5, Shape::PostalCode),
    required("province", 100, Shape::WithoutPrefix(&["จังหวัด"])),
    required("district", 100, Shape::WithoutPrefix(&["อำเภอ", "กิ่งอำเภอ", "เขต"])),
    required("subDistrict", 100, Shape::WithoutPrefix(&["ตำบล", "แขวง"])),
    optional("road", 100, Shape::WithoutPrefix(&["ถนน"])),
    optional("soi", 50, Shape::Text),
    optional("moo", 2, Shape::Moo),
    optional("addrNo", 20, Shape::Text),
];
