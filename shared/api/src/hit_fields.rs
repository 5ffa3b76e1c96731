//! The members of a hit that an answer shows.

use std::collections::BTreeSet;

use schemars::schema_for;
use serde_json::Value;

use crate::articles::Found;
use crate::fault::Fault;

/// Members of a hit that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HitFields(BTreeSet<String>);

impl HitFields {
    /// Reads names with commas between.
    ///
    /// # Errors
    /// If a hit has no member of a name; the fault lists the known ones.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let known = known();
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        let mut fields = BTreeSet::from(["id".to_owned()]);
        for name in names {
            if !known.contains(name) {
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                let name: String = name.chars().take(40).collect();
                let message = format!("a hit has no field {name:?}; give {}", known.join(", "));
                return Err(Fault::new(message));
            }
            fields.insert(name.to_owned());
        }
        Ok(Self(fields))
    }

    /// Leaves each hit of an answer with these members and its id.
    pub fn select(&self, answer: &mut Value) {
        let hits = answer.get_mut("hits").and_then(Value::as_array_mut);
        for hit in hits.into_iter().flatten().filter_map(Value::as_object_mut) {
            hit.retain(|name, _| self.0.contains(name));
        }
    }
}

/// The names of all members of a hit.
fn known() -> BTreeSet<String> {
    let schema = schema_for!(Found);
    let members = schema.get("properties").and_then(Value::as_object);
    members.into_iter().flat_map(|members| members.keys().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hit_shows_its_id_and_what_was_asked_for() {
        let fields = HitFields::parse("title, url").unwrap();
        let mut answer = serde_json::json!({
            "total": 1, "hits": [{"id": "a", "title": "b", "url": "c", "snippet": "d"}],
        });
        fields.select(&mut answer);
        let hit = serde_json::json!({"id": "a", "title": "b", "url": "c"});
        assert_eq!(answer, serde_json::json!({"total": 1, "hits": [hit]}));
    }

    #[test]
    fn an_unknown_field_is_named_beside_the_known_ones() {
        let error = HitFields::parse("title,txt").unwrap_err().to_string();
        assert!(error.contains("\"txt\"") && error.contains("snippet"), "{error}");
    }
}
