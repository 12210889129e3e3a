//! The bank's messages both ways, field limits, the envelope, every code and what to do about it.
//!
//! Pure: time and chance are handed in, bytes come out. Sections (§) are those of the bank's document,
//! version 2.2; what it leaves open is decided in `DOUBTS.md`.

mod answers;
mod codes;
mod condition;
mod consent;
mod customer;
mod dialect;
mod endpoint;
mod envelope;
mod field;
mod input;
mod plaintext;
mod public_key;
mod reconcile;
mod reference;
mod requests;
mod ruling;
mod time;

pub use crate::{
    answers::{
        Accepted, BODY_BYTES_MAX, Consents, HttpAnswer, Lifetime, QrValidation, SlipLines, Token,
        read_accepted, read_consents, read_qr_validation, read_token,
    },
    codes::{Row, Scope, ruling, table},
    condition::{Condition, NotACondition, OAuthError, Transport},
    consent::{Consent, ConsentAnswer, ConsentText},
    customer::{CustomerData, CustomerInput},
    dialect::{
        AddressWords, ClientAuth, Code2002, CountryKey, CountryValue, DataFraming, DateForm,
        Dialect, EnglishPrefix, HeaderAlias, HeaderTime, LifelongExpiry, MiddleName, MissingName,
        OptionalEmpty, PartialBirthDate, ReturnedReference, SelfieFormat, TokenApiKey, Trok,
        UnaskedConsents,
    },
    endpoint::{Effect, Endpoint, Paths, Subject, header},
    envelope::{SealError, seal, seal_report},
    field::{Expected, Field, FieldError},
    input::{EnglishName, Mobile, Place, Selfie, SelfieError},
    plaintext::Plaintext,
    public_key::{Found, PublicKey, PublicKeyError},
    reconcile::{Resent, resent},
    reference::{Reference, WrongCode},
    requests::{
        ClientCredentials, DEFAULT_SCOPE, DopaCheck, Face, FaceCompare, FailureReason,
        FailureReport, QrValidationRequest, Submission, SubmissionParts,
    },
    ruling::{Action, Alert, Certainty, Ruling},
    time::BankTime,
};
