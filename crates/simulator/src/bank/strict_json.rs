//! JSON as the gateway reads it: no name twice in one object (−28), nothing before or after.
//! What the names are is left to `gate` and `inspect`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use thiserror::Error;

/// Why a text is not taken for JSON.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub(super) enum JsonFault {
    #[error("not JSON")]
    Malformed,
    #[error("a name twice in one object")]
    DuplicateName,
}

/// Reads one JSON value from UTF-8 without a byte order mark.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, JsonFault> {
    let node: Node = serde_json::from_slice(bytes).map_err(|_| JsonFault::Malformed)?;
    node.into_value()
}

/// A value whose objects still hold every name they were written with.
enum Node {
    Leaf(Value),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    /// Depth is bounded by `serde_json`'s own limit of 128.
    fn into_value(self) -> Result<Value, JsonFault> {
        match self {
            Self::Leaf(value) => Ok(value),
            Self::List(nodes) => {
                nodes.into_iter().map(Self::into_value).collect::<Result<_, _>>().map(Value::Array)
            }
            Self::Object(pairs) => {
                let mut object = Map::new();
                for (name, node) in pairs {
                    if object.insert(name, node.into_value()?).is_some() {
                        return Err(JsonFault::DuplicateName);
                    }
                }
                Ok(Value::Object(object))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Leaf(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Leaf(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Leaf(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element()? {
            list.push(element);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = entries.next_entry()? {
            pairs.push(pair);
        }
        Ok(Node::Object(pairs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<(), JsonFault>) {
        assert_eq!(parse(text.as_bytes()).map(drop), expected);
    }

    #[test]
    fn a_name_twice_is_found_at_any_depth() {
        check(r#"{"a":1,"a":1}"#, Err(JsonFault::DuplicateName));
        check(r#"{"a":[{"b":{"c":1,"d":2,"c":3}}]}"#, Err(JsonFault::DuplicateName));
        check(r#"{"a":1,"\u0061":2}"#, Err(JsonFault::DuplicateName));
        check(r#"{"a":{"b":1},"c":{"b":1}}"#, Ok(()));
    }

    #[test]
    fn only_whole_json_is_taken() {
        for text in ["", "{", r#"{"a":1,}"#, "{} {}", "\u{feff}{}", r#"{"a" 1}"#] {
            check(text, Err(JsonFault::Malformed));
        }
        check(" [null, true, -1, 1.5, \"ก\"] ", Ok(()));
    }

    #[test]
    fn values_survive_the_reading() {
        let text = r#"{"a":[1,-2,0.5,"ก",null,true,{"b":""}]}"#;
        assert_eq!(parse(text.as_bytes()), Ok(serde_json::from_str(text).unwrap()));
    }
}
