//! What the bank does with an opened body: each endpoint over the ledger, up to the answer.
//! Gateway, envelope and table come before it; [`Clerk`] alone is the bank of a simulation without them.

use serde_json::{Map, Value, json};

use super::code::Code;
use super::consents::{self, FOR_DOPA};
use super::endpoint::Endpoint;
use super::finding::Refusal;
use super::identifier;
use super::ledger::{Ledger, Outcome, Selfie, Stage, SubmitFacts};
use super::reference::{Face, Work};
use super::reply::Reply;

/// What a request comes to, unless it is refused.
pub(super) enum Decided {
    Reply(Reply),
    Forced(Code),
}

/// A bank that is nothing but its ledger: bodies come to it opened, and as often as a test wants.
#[derive(Default)]
pub(crate) struct Clerk {
    ledger: Ledger,
}

impl Clerk {
    /// Does what is asked; the body of the success, or the code.
    pub(crate) fn serve(&mut self, endpoint: Endpoint, body: &Value) -> Result<Vec<u8>, Code> {
        let ledger = &mut self.ledger;
        let decided = match endpoint {
            Endpoint::ValidateQr => validate(ledger, body),
            Endpoint::Submit => submit(ledger, body),
            Endpoint::ReportFailure => report_failure(ledger, text(body, "/reference"), body),
            Endpoint::CheckDopa => check_dopa(ledger, body),
            Endpoint::Consents | Endpoint::Token => show_consents(FOR_DOPA_PATH),
        };
        match decided {
            Ok(Decided::Reply(reply)) => Ok(reply.body),
            Ok(Decided::Forced(code)) => Err(code),
            Err(refusal) => Err(refusal.code),
        }
    }

    /// Lets a code that is answered without a reason have its effect on a reference.
    pub(crate) fn suffer(&mut self, reference: &str, code: Code) {
        self.ledger.suffer(reference, code);
    }

    /// Where a reference stands.
    pub(crate) fn stage(&self, reference: &str) -> Option<Stage> {
        self.ledger.stage(reference)
    }
}

pub(super) fn validate(ledger: &mut Ledger, body: &Value) -> Result<Decided, Refusal> {
    let reference = text(body, "/reference");
    let outcome = ledger.validate(reference, text(body, "/identifier"))?;
    let validated = match outcome {
        Outcome::Forced(code) => return Ok(Decided::Forced(code)),
        Outcome::Done(validated) => validated,
    };
    let face_compare = match validated.face {
        Face::Required => "Y",
        Face::NotRequired => "N",
    };
    let mut data = Map::from_iter([
        ("reference".to_owned(), identifier::uuid().into()),
        ("ref1".to_owned(), "KMA-2026-000001".into()),
        ("ref2".to_owned(), "CUSTOMER-000001".into()),
        ("ref3".to_owned(), "E-KYC".into()),
        ("faceCompare".to_owned(), face_compare.into()),
        ("channelCode".to_owned(), "KMA".into()),
    ]);
    if !validated.consents.is_empty() {
        data.insert("consents".to_owned(), consents::as_json(validated.consents));
    }
    Ok(Decided::Reply(Reply::diis(0, data.into())))
}

pub(super) fn submit(ledger: &mut Ledger, body: &Value) -> Result<Decided, Refusal> {
    let picture = body.get("customerSelfieImage").is_some();
    let format = body.get("customerSelfieImageFormat").is_some();
    let facts = SubmitFacts {
        citizen_id: text(body, "/customerData/citizenId"),
        consents: body.get("customerConsents"),
        selfie: match (picture, format) {
            (true, true) => Selfie::Present,
            (false, false) => Selfie::Absent,
            (true, false) | (false, true) => Selfie::Half,
        },
    };
    let reference = text(body, "/transactionRef");
    let outcome = ledger.submit(reference, &facts)?;
    Ok(decided(outcome, json!({"transactionRef": identifier::uuid()})))
}

pub(super) fn report_failure(
    ledger: &mut Ledger,
    reference: &str,
    body: &Value,
) -> Result<Decided, Refusal> {
    let outcome = ledger.fail(reference, text(body, "/identifier"))?;
    Ok(decided(outcome, json!({"reference": identifier::uuid()})))
}

pub(super) fn check_dopa(ledger: &mut Ledger, body: &Value) -> Result<Decided, Refusal> {
    let citizen_id = text(body, "/customerData/citizenId");
    let forced = ledger.check_dopa(citizen_id);
    if let Some(forced) = forced.filter(|forced| forced.work == Work::LeftUndone) {
        return Ok(Decided::Forced(forced.code));
    }
    consents::judge(body.get("customerConsents"), FOR_DOPA)?;
    Ok(forced.map_or_else(
        || Decided::Reply(Reply::diis(0, json!({"transactionRef": identifier::uuid()}))),
        |forced| Decided::Forced(forced.code),
    ))
}

fn decided(outcome: Outcome<()>, data: Value) -> Decided {
    match outcome {
        Outcome::Done(()) => Decided::Reply(Reply::diis(0, data)),
        Outcome::Forced(code) => Decided::Forced(code),
    }
}

/// The end of E5's path.
const FOR_DOPA_PATH: &str = "/alternativeSource/consents/dopa";

/// §6: "Currently the available value of {ref} in url is 'dopa'."
pub(super) fn show_consents(path: &str) -> Result<Decided, Refusal> {
    if !path.ends_with(FOR_DOPA_PATH) {
        return Err(Refusal::diis(9400, "ref", "dopa", "another text"));
    }
    let data = json!({"ref": "dopa", "consents": consents::as_json(FOR_DOPA)});
    Ok(Decided::Reply(Reply::diis(0, data)))
}

/// A text that `inspect` has found to be there.
fn text<'a>(body: &'a Value, pointer: &str) -> &'a str {
    body.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
