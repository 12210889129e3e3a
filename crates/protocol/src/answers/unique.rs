//! JSON in which no name comes twice: which of two values counts would be anybody's guess.
//!
//! Everything else about JSON is the parser's; bounds of size and depth stand in `classify`.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Reads one value; `None` if it is no JSON, or a name comes twice in one object.
pub(super) fn read(body: &[u8]) -> Option<Value> {
    let mut parser = serde_json::Deserializer::from_slice(body);
    let value = Unique.deserialize(&mut parser).ok()?;
    parser.end().ok().map(|()| value)
}

struct Unique;

impl<'de> DeserializeSeed<'de> for Unique {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without a name that comes twice")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = values.next_element_seed(Self)? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            if object.insert(name, entries.next_value_seed(Self)?).is_some() {
                return Err(A::Error::custom("a name comes twice"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[track_caller]
    fn check(text: &str) {
        assert_eq!(read(text.as_bytes()), serde_json::from_str(text).ok(), "{text}");
    }

    #[test]
    fn what_has_each_name_once_is_read_as_any_parser_reads_it() {
        for text in [
            r#"{"a":1,"b":[-2,3.5,1e3,18446744073709551615,"ก\u0e01\n",null,true,{"a":{}}]}"#,
            "\"a\"",
            " [ ] ",
            "null",
            "-0",
        ] {
            check(text);
        }
    }

    #[test]
    fn what_is_no_json_is_none() {
        for text in ["", "{", "{} {}", "[1,]", r#"{"a":1e999}"#, "nul", r#"{1:2}"#] {
            check(text);
        }
    }

    #[test]
    fn a_name_that_comes_twice_in_one_object_is_refused_at_any_depth() {
        for text in [r#"{"a":1,"a":1}"#, r#"{"a":1,"\u0061":2}"#, r#"[{"b":{"a":1,"c":2,"a":3}}]"#]
        {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
        assert!(read(br#"{"a":{"a":1},"b":{"a":1}}"#).is_some());
    }
}
