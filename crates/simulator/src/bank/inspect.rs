//! Walks a decrypted body along its table: unknown, missing, mistyped and over-long fields are an invalid
//! schema (9998); a field of the right form with wrong content is a data error (9400).

use jiff::civil::Date;
use serde_json::{Map, Value};

use super::code::Code;
use super::fields::{Field, Need, Shape};
use super::finding::{Finding, Refusal, shown_name};
use super::shape;

/// More list entries than the bank has consents.
const LIST_MAX: usize = 20;

/// Checks a whole body. `today` is the bank's day in Bangkok.
///
/// # Errors
/// The first thing wrong, in the table's order.
pub(super) fn inspect(body: &Value, table: &[Field], today: Date) -> Result<(), Refusal> {
    let object = body
        .as_object()
        .ok_or_else(|| Refusal::diis(9998, "plaintext", "a JSON object", kind(body)))?;
    if let Some(name) = object.keys().find(|name| !table.iter().any(|field| field.name == **name)) {
        return Err(Refusal::diis(
            9998,
            shown_name(name),
            "only names of the document",
            "an unknown field",
        ));
    }
    table.iter().try_for_each(|field| inspect_field(object, field, today))
}

fn inspect_field(object: &Map<String, Value>, field: &Field, today: Date) -> Result<(), Refusal> {
    let Some(value) = object.get(field.name) else {
        return match field.need {
            Need::Required => Err(Refusal::diis(9998, field.name, "a value", "nothing")),
            Need::Optional | Need::Conditional => Ok(()),
        };
    };
    match field.shape {
        Shape::Object(table) => {
            inspect(value, table, today).map_err(|refusal| refusal.within(field.name))
        }
        Shape::List(table) => {
            let list = value
                .as_array()
                .filter(|list| list.len() <= LIST_MAX)
                .ok_or_else(|| Refusal::diis(9998, field.name, "a list", kind(value)))?;
            list.iter()
                .try_for_each(|entry| inspect(entry, table, today))
                .map_err(|refusal| refusal.within(field.name))
        }
        shape => inspect_text(value, field, shape, today),
    }
}

fn inspect_text(value: &Value, field: &Field, shape: Shape, today: Date) -> Result<(), Refusal> {
    let text =
        value.as_str().ok_or_else(|| Refusal::diis(9998, field.name, "a string", kind(value)))?;
    if text.chars().count() > field.limit {
        let expected = format!("at most {} characters", field.limit);
        return Err(Refusal::diis(9998, field.name, expected, "more"));
    }
    if text.is_empty() {
        return match field.need {
            Need::Optional => Ok(()),
            Need::Required | Need::Conditional => {
                Err(Refusal::diis(9400, field.name, "a text", "an empty one"))
            }
        };
    }
    shape::check(text, shape, today)
        .map_err(|mismatch| Finding::new(field.name, mismatch.expected, mismatch.got))
        .map_err(|finding| Refusal::new(Code::Diis(9400), finding))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::json;

    use super::super::fields::{FAILURE, QR_VALIDATION};
    use super::*;

    #[track_caller]
    fn check(body: Value, table: &[Field], expected: Result<(), &str>) {
        let found = inspect(&body, table, date(2026, 11, 23))
            .map_err(|refusal| format!("{} {}", refusal.code, refusal.finding));
        assert_eq!(found, expected.map_err(str::to_owned));
    }

    fn qr(change: impl FnOnce(&mut Map<String, Value>)) -> Value {
        let mut object = Map::from_iter([
            ("reference".to_owned(), json!("SIM-0001")),
            ("identifier".to_owned(), json!("1111111111119")),
            ("namespace".to_owned(), json!("citizen_id")),
        ]);
        change(&mut object);
        Value::Object(object)
    }

    #[test]
    fn a_body_of_the_document_passes() {
        check(qr(|_| ()), QR_VALIDATION, Ok(()));
    }

    #[test]
    fn a_form_that_differs_is_an_invalid_schema() {
        check(
            qr(|body| drop(body.insert("extra".to_owned(), json!("")))),
            QR_VALIDATION,
            Err("9998 extra: expected only names of the document, got an unknown field"),
        );
        check(
            qr(|body| drop(body.remove("reference"))),
            QR_VALIDATION,
            Err("9998 reference: expected a value, got nothing"),
        );
        check(
            qr(|body| drop(body.insert("identifier".to_owned(), json!(1_111_111_111_119_u64)))),
            QR_VALIDATION,
            Err("9998 identifier: expected a string, got a number"),
        );
        check(
            qr(|body| drop(body.insert("reference".to_owned(), json!("A".repeat(56))))),
            QR_VALIDATION,
            Err("9998 reference: expected at most 55 characters, got more"),
        );
        check(json!([]), QR_VALIDATION, Err("9998 plaintext: expected a JSON object, got a list"));
    }

    #[test]
    fn content_that_differs_is_a_data_error() {
        check(
            qr(|body| drop(body.insert("namespace".to_owned(), json!("passport")))),
            QR_VALIDATION,
            Err("9400 namespace: expected citizen_id, got another text"),
        );
        check(
            qr(|body| drop(body.insert("reference".to_owned(), json!("")))),
            QR_VALIDATION,
            Err("9400 reference: expected a text, got an empty one"),
        );
    }

    #[test]
    fn an_object_inside_is_walked_as_well() {
        let body = |detail: Value| json!({"identifier": "1111111111119", "namespace": "citizen_id", "detailError": detail});
        check(body(json!({"code": "01", "message": ""})), FAILURE, Ok(()));
        check(
            body(json!({"code": 1, "message": ""})),
            FAILURE,
            Err("9998 detailError.code: expected a string, got a number"),
        );
        check(
            body(json!({"code": "01", "message": "of 1111111111119"})),
            FAILURE,
            Err("9400 detailError.message: expected a text without a citizen id, got one"),
        );
    }
}
