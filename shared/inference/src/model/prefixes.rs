//! The prefixes that an encoder was trained to read before its texts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The text that goes before a query and before a document. Both are empty for most encoders.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Prefixes {
    /// Before queries, such as `query: ` for e5.
    pub query: String,
    /// Before articles, and before texts that are compared with them, such as `passage: `.
    pub document: String,
}

/// Families of encoders on the hub whose cards ask for prefixes: a part of the repository's name
/// in small letters, and the prefixes.
const FAMILIES: [(&str, &str, &str); 4] = [
    ("e5-", "query: ", "passage: "),
    ("nomic-embed", "search_query: ", "search_document: "),
    ("bge-small-en", "Represent this sentence for searching relevant passages: ", ""),
    ("arctic-embed", "Represent this sentence for searching relevant passages: ", ""),
];

impl Prefixes {
    /// True if nothing goes before any text.
    pub fn is_empty(&self) -> bool {
        self.query.is_empty() && self.document.is_empty()
    }

    /// Returns the prefixes that the card of `repository` asks for, where they are known.
    pub(crate) fn wanted_by(repository: &str) -> Option<Self> {
        let name = repository.to_lowercase();
        let known = FAMILIES.iter().find(|(family, _, _)| name.contains(family));
        known.map(|(_, query, document)| Self {
            query: (*query).to_owned(),
            document: (*document).to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_known_by_a_part_of_their_name() {
        let wanted = |name| Prefixes::wanted_by(name).map(|prefixes| prefixes.query);
        assert_eq!(wanted("intfloat/multilingual-E5-base").as_deref(), Some("query: "));
        assert_eq!(wanted("nomic-ai/nomic-embed-text-v1.5").as_deref(), Some("search_query: "));
        assert_eq!(wanted("sentence-transformers/all-MiniLM-L6-v2"), None);
    }
}
