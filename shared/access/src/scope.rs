//! Scopes, and the roles that stand for some of them.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A group of operations that a principal may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Search, count and complete; vectors and labels of texts.
    Search,
    /// Read articles, decisions and sources.
    Read,
    /// Submit articles, and change sources.
    Submit,
    /// Follow events, and see the state of the pipeline and its dead letters.
    Watch,
    /// Everything, with people, tokens, the audit and the control of agents.
    Admin,
    /// Read `/metrics`.
    Metrics,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 6] =
        [Self::Search, Self::Read, Self::Submit, Self::Watch, Self::Admin, Self::Metrics];

    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Read => "read",
            Self::Submit => "submit",
            Self::Watch => "watch",
            Self::Admin => "admin",
            Self::Metrics => "metrics",
        }
    }

    fn bit(self) -> u8 {
        1 << (self as u8)
    }
}

/// A word that names no scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no scope; the scopes are search, read, submit, watch, admin, metrics")]
pub struct UnknownScope(String);

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(word: &str) -> Result<Self, UnknownScope> {
        let known = Self::ALL.into_iter().find(|scope| scope.as_str() == word);
        known.ok_or_else(|| UnknownScope(word.chars().take(40).collect()))
    }
}

/// A set of scopes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// No scope.
    pub const NONE: Self = Self(0);
    /// Every scope.
    pub const ALL: Self = Self(0b11_1111);

    /// Returns true if `scope` is in the set. `admin` holds all others.
    pub fn allow(self, scope: Scope) -> bool {
        self.0 & (scope.bit() | Scope::Admin.bit()) != 0
    }

    /// Returns the members in their order.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.0 & scope.bit() != 0)
    }

    /// Returns true if there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Reads words that commas or spaces separate.
    ///
    /// # Errors
    /// Names the first word that is no scope.
    pub fn parse(words: &str) -> Result<Self, UnknownScope> {
        let words = words.split([',', ' ']).filter(|word| !word.is_empty());
        words.map(Scope::from_str).collect()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |set, scope| set | scope.bit()))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.iter().map(Scope::as_str).collect();
        f.write_str(&words.join(" "))
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Scope>::deserialize(deserializer)?.into_iter().collect())
    }
}

/// The role of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Searches, reads and watches.
    Reader,
    /// Does so, submits articles and changes sources.
    Editor,
    /// Does everything.
    Admin,
}

impl Role {
    /// Returns what the role may do.
    pub fn scopes(self) -> Scopes {
        let reading = [Scope::Search, Scope::Read, Scope::Watch];
        match self {
            Self::Reader => reading.into_iter().collect(),
            Self::Editor => reading.into_iter().chain([Scope::Submit]).collect(),
            Self::Admin => Scopes::ALL,
        }
    }

    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Editor => "editor",
            Self::Admin => "admin",
        }
    }

    /// Returns the role of that name.
    pub fn named(word: &str) -> Option<Self> {
        [Self::Reader, Self::Editor, Self::Admin].into_iter().find(|role| role.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_as_they_are_written_and_admin_holds_all() {
        let scopes = Scopes::parse("search,read submit").unwrap();
        assert_eq!(scopes.to_string(), "search read submit");
        assert!(scopes.allow(Scope::Read) && !scopes.allow(Scope::Admin));
        assert!(!scopes.allow(Scope::Metrics));
        let admin = Scopes::parse("admin").unwrap();
        assert!(Scope::ALL.into_iter().all(|scope| admin.allow(scope)));
        assert!(Scopes::parse("search,delete").unwrap_err().to_string().contains("\"delete\""));
        assert!(Scopes::parse("").unwrap().is_empty());
    }

    #[test]
    fn a_reader_changes_nothing_and_an_editor_rules_nothing() {
        assert!(!Role::Reader.scopes().allow(Scope::Submit));
        assert!(Role::Editor.scopes().allow(Scope::Submit));
        assert!(!Role::Editor.scopes().allow(Scope::Admin));
        assert!(Role::Admin.scopes().allow(Scope::Metrics));
        assert_eq!(Role::named("editor"), Some(Role::Editor));
        assert_eq!(Role::named("root"), None);
    }
}
