//! Reads bodies and parameters into types, with errors that name the part and say what it takes,
//! in words of the interface rather than of a parser.

use serde::Deserializer;
use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde_json::{Map, Value};

use crate::fault::{Fault, clipped, one_of};
use crate::unique::UniqueValue;

/// Reads a JSON body.
///
/// # Errors
/// The first fault, with its place.
pub fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    let UniqueValue(value) =
        serde_json::from_slice(bytes).map_err(|error| no_json(bytes, &error))?;
    T::deserialize(Node { value: &value, is_text: false })
}

/// Reads the query of a URL. A parameter may be given once.
///
/// # Errors
/// The first fault, with the name of the parameter.
pub fn from_query<T: DeserializeOwned>(query: &str) -> Result<T, Fault> {
    let mut parameters = Map::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if parameters.insert(name.to_string(), Value::String(value.into_owned())).is_some() {
            return Err(Fault::new("is given twice").within(&clipped(&name)));
        }
    }
    T::deserialize(Node { value: &Value::Object(parameters), is_text: true })
}

fn no_json(bytes: &[u8], error: &serde_json::Error) -> Fault {
    if bytes.trim_ascii().is_empty() {
        return Fault::new("the body is empty; it takes JSON");
    }
    if error.is_data() {
        return Fault::new(error.to_string());
    }
    let (line, column) = (error.line(), error.column());
    let fault = if error.is_eof() { "ends too early" } else { "is no JSON" };
    Fault::new(format!("the body {fault} at line {line}, column {column}"))
}

/// A value, and whether it is of a URL, where everything is text.
#[derive(Clone, Copy)]
struct Node<'a> {
    value: &'a Value,
    is_text: bool,
}

impl Node<'_> {
    fn takes(self, expected: &str) -> Fault {
        let found = match self.value {
            Value::Array(_) => "a list".to_owned(),
            Value::Object(_) => "an object".to_owned(),
            value => clipped(&value.to_string()),
        };
        Fault::new(format!("takes {expected}, not {found}"))
    }

    /// Parses a parameter of a URL; `None` if this is no text of one, or does not parse.
    fn parsed<T: std::str::FromStr>(self) -> Option<T> {
        self.value.as_str().filter(|_| self.is_text)?.parse().ok()
    }
}

/// Implements methods for whole numbers.
macro_rules! whole {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            self.whole(visitor)
        }
    )*};
}

impl<'a> Node<'a> {
    fn whole<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if let Some(number) = self.value.as_u64().or_else(|| self.parsed()) {
            return visitor.visit_u64(number);
        }
        match self.value.as_i64().or_else(|| self.parsed()) {
            Some(number) => visitor.visit_i64(number),
            None => Err(self.takes("a whole number")),
        }
    }

    fn real<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value.as_f64().or_else(|| self.parsed()) {
            Some(number) => visitor.visit_f64(number),
            None => Err(self.takes("a number")),
        }
    }

    fn items(self) -> Result<Items<'a>, Fault> {
        match self.value {
            Value::Array(items) => {
                Ok(Items { rest: items.iter(), index: 0, is_text: self.is_text })
            }
            _ => Err(self.takes("a list")),
        }
    }

    fn members(self) -> Result<Members<'a>, Fault> {
        match self.value {
            Value::Object(members) => {
                Ok(Members { rest: members.iter(), value: None, is_text: self.is_text })
            }
            _ => Err(self.takes("an object")),
        }
    }
}

impl<'de> Deserializer<'de> for Node<'_> {
    type Error = Fault;

    whole! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) if number.is_f64() => self.real(visitor),
            Value::Number(_) => self.whole(visitor),
            Value::String(text) => visitor.visit_str(text),
            Value::Array(_) => visitor.visit_seq(self.items()?),
            Value::Object(_) => visitor.visit_map(self.members()?),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value.as_bool().or_else(|| self.parsed()) {
            Some(value) => visitor.visit_bool(value),
            None => Err(self.takes("true or false")),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.real(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.real(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value {
            Value::String(text) => visitor.visit_str(text),
            _ => Err(self.takes("a text")),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_seq(self.items()?)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_map(self.members()?)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_map(self.members()?)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.value {
            Value::String(word) => {
                let word: StrDeserializer<'_, Fault> = word.as_str().into_deserializer();
                visitor.visit_enum(word)
            }
            _ => Err(self.takes(&one_of(words))),
        }
    }

    serde::forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

struct Items<'a> {
    rest: std::slice::Iter<'a, Value>,
    index: usize,
    is_text: bool,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        let Some(value) = self.rest.next() else { return Ok(None) };
        let item = seed.deserialize(Node { value, is_text: self.is_text });
        let item = item.map_err(|fault| fault.within(&self.index.to_string()))?;
        self.index += 1;
        Ok(Some(item))
    }
}

struct Members<'a> {
    rest: serde_json::map::Iter<'a>,
    /// The member whose name was read.
    value: Option<(&'a str, &'a Value)>,
    is_text: bool,
}

impl<'de> MapAccess<'de> for Members<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        let Some((name, value)) = self.rest.next() else { return Ok(None) };
        self.value = Some((name, value));
        let name: StrDeserializer<'_, Fault> = name.as_str().into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let (name, value) = self.value.take().ok_or_else(|| Fault::new("has no value"))?;
        let read = seed.deserialize(Node { value, is_text: self.is_text });
        read.map_err(|fault| fault.within(&clipped(name)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Order {
        #[default]
        Newest,
        Oldest,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Asked {
        limit: Option<usize>,
        small: u8,
        wait: f64,
        order: Order,
        explain: bool,
        tags: Vec<String>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Filtered {
        k: Option<usize>,
        #[serde(flatten)]
        others: BTreeMap<String, String>,
    }

    #[test]
    fn parameters_are_read_by_their_types() {
        let asked: Asked = from_query("limit=5&wait=0.5&order=oldest&explain=true").unwrap();
        let expected = Asked {
            limit: Some(5),
            wait: 0.5,
            order: Order::Oldest,
            explain: true,
            ..Asked::default()
        };
        assert_eq!(asked, expected);
        let filtered: Filtered = from_query("k=3&site=a.example&lang=d%65").unwrap();
        assert_eq!((filtered.k, filtered.others["lang"].as_str()), (Some(3), "de"));
    }

    #[test]
    fn a_wrong_parameter_is_named_with_what_it_takes() {
        for (query, expected) in [
            ("limit=abc", "limit takes a whole number, not \"abc\""),
            ("limit=-1", "limit takes no number such as -1"),
            ("small=300", "small takes no number such as 300"),
            ("wait=soon", "wait takes a number, not \"soon\""),
            ("order=best", "order takes newest or oldest, not \"best\""),
            ("explain=1", "explain takes true or false, not \"1\""),
            ("tags=a", "tags takes a list, not \"a\""),
            ("limit=1&limit=2", "limit is given twice"),
            (
                "lim=1",
                "lim is an unknown field; known are limit, small, wait, order, explain, tags",
            ),
        ] {
            assert_eq!(from_query::<Asked>(query).unwrap_err().to_string(), expected);
        }
        assert_eq!(
            from_query::<Filtered>("k=abc").unwrap_err().to_string(),
            "k takes a whole number, not \"abc\""
        );
    }

    #[test]
    fn a_wrong_body_is_told_with_its_place() {
        for (body, pointer, expected) in [
            (r#"{"limit": "5"}"#, "/limit", "limit takes a whole number, not \"5\""),
            (r#"{"tags": ["a", 7]}"#, "/tags/1", "tags.1 takes a text, not 7"),
            (r#"{"order": {}}"#, "/order", "order takes newest or oldest, not an object"),
            (r#"{"wait": [1]}"#, "/wait", "wait takes a number, not a list"),
            ("[]", "", "takes an object, not a list"),
            ("{", "", "the body ends too early at line 1, column 1"),
            ("{]", "", "the body is no JSON at line 1, column 2"),
            (" ", "", "the body is empty; it takes JSON"),
        ] {
            let fault = from_json::<Asked>(body.as_bytes()).unwrap_err();
            assert_eq!((fault.pointer().as_str(), fault.to_string().as_str()), (pointer, expected));
        }
    }

    proptest! {
        #[test]
        fn no_input_is_a_panic(text in ".{0,60}") {
            let _read = from_query::<Asked>(&text);
            let _filtered = from_query::<Filtered>(&text);
            let _body = from_json::<Asked>(text.as_bytes());
        }
    }
}
