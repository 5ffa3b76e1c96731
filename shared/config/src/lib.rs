//! Layered configuration. Flags override the environment, which overrides `courant.toml`, which
//! overrides the defaults of each section's type.
//!
//! This crate knows the names of the sections, but not their content. An unknown section is
//! always an error. Each agent reads only its own sections, and refuses unknown keys in them.

pub mod range;
pub mod reference;
mod secret;

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::{Table, Value};

pub use range::{RangeError, Ranged, Ranges};
pub use secret::Secret;

/// Every section of `courant.toml`.
pub const SECTIONS: [&str; 12] = [
    "telemetry",
    "service",
    "bus",
    "store",
    "cache",
    "inference",
    "gpu",
    "crawler",
    "gateway",
    "embedder",
    "analyst",
    "storage",
];

const DEFAULT_FILE: &str = "courant.toml";
const ENVIRONMENT_PREFIX: &str = "COURANT__";

/// The reasons why a configuration cannot be used. Each message is one line.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The given file cannot be read.
    #[error("cannot read the configuration {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{path} is not TOML: {message}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The parser's message, with the line.
        message: String,
    },
    /// A section that no agent has.
    #[error("unknown section [{0}]; the sections are {list}", list = SECTIONS.join(", "))]
    UnknownSection(String),
    /// A top-level key outside all sections.
    #[error("{0:?} stands outside the sections; the sections are {list}", list = SECTIONS.join(", "))]
    NoSection(String),
    /// An environment variable that names no key.
    #[error("{0} names no key; write {ENVIRONMENT_PREFIX}SECTION__KEY")]
    Variable(String),
    /// A key or value that the owner of the section refuses.
    #[error("in section [{section}]: {message}")]
    Section {
        /// The section.
        section: &'static str,
        /// The fault, naming the key.
        message: String,
    },
    /// A value out of its range.
    #[error(transparent)]
    Range(#[from] RangeError),
}

/// The merged layers, before any section is read.
#[derive(Clone, Debug, Default)]
pub struct Document {
    sections: Table,
}

impl Document {
    /// Reads `path`, or `courant.toml` in the working folder if it exists, and applies
    /// `environment` over it. Opens no other file.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn load(
        path: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Error> {
        let fallback = Path::new(DEFAULT_FILE);
        let mut document = match path {
            Some(path) => Self::read(path)?,
            None if fallback.exists() => Self::read(fallback)?,
            None => Self::default(),
        };
        for (name, value) in environment {
            if let Some(key) = name.strip_prefix(ENVIRONMENT_PREFIX) {
                let key = key.to_lowercase().replace("__", ".");
                let misnamed = |_| Error::Variable(name.clone());
                document.set(&key, scalar(&value)).map_err(misnamed)?;
            }
        }
        Ok(document)
    }

    fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| Error::Read { path: path.to_owned(), source })?;
        let sections: Table = text.parse().map_err(|e: toml::de::Error| {
            let line = e.span().map_or(0, |span| text[..span.start].matches('\n').count() + 1);
            Error::Syntax {
                path: path.to_owned(),
                message: format!("line {line}: {}", e.message()),
            }
        })?;
        for (name, value) in &sections {
            if !value.is_table() {
                return Err(Error::NoSection(name.clone()));
            }
            if !SECTIONS.contains(&name.as_str()) {
                return Err(Error::UnknownSection(name.clone()));
            }
        }
        Ok(Self { sections })
    }

    /// Returns true if any layer sets `key`, such as `bus.url`.
    pub fn has(&self, key: &str) -> bool {
        let mut parts = key.split('.');
        let section = parts.next().and_then(|section| self.sections.get(section));
        section.and_then(|section| parts.try_fold(section, |value, name| value.get(name))).is_some()
    }

    /// Sets one value, which overrides all layers. `key` is a path such as `bus.url`. For
    /// flags.
    ///
    /// # Errors
    /// [`Error::UnknownSection`] or [`Error::NoSection`].
    pub fn set(&mut self, key: &str, value: impl Into<Value>) -> Result<(), Error> {
        let mut parts = key.split('.');
        let section = parts.next().unwrap_or_default();
        if !SECTIONS.contains(&section) {
            return Err(Error::UnknownSection(section.to_owned()));
        }
        let mut path: Vec<&str> = parts.collect();
        let Some(last) = path.pop() else {
            return Err(Error::NoSection(key.to_owned()));
        };
        let mut table = &mut self.sections;
        for name in std::iter::once(section).chain(path) {
            let entry = table.entry(name).or_insert_with(|| Value::Table(Table::new()));
            table = entry.as_table_mut().ok_or_else(|| Error::NoSection(key.to_owned()))?;
        }
        table.insert(last.to_owned(), value.into());
        Ok(())
    }

    /// Returns one section as the type of its owner. An absent section has all defaults.
    ///
    /// # Errors
    /// [`Error::Section`] naming the key that is unknown or wrong, or [`Error::Range`]
    /// naming the first value that is out of its range.
    pub fn section<T: DeserializeOwned + Ranged>(&self, name: &'static str) -> Result<T, Error> {
        let table = self.sections.get(name).cloned().unwrap_or_else(|| Value::Table(Table::new()));
        let values: T = table.try_into().map_err(|e: toml::de::Error| Error::Section {
            section: name,
            message: e.to_string().split_whitespace().collect::<Vec<_>>().join(" "),
        })?;
        range::check(name, &values)?;
        Ok(values)
    }
}

/// A number, a truth value or an array where the text is one in TOML, else the
/// text itself. Quotes make a text of anything.
fn scalar(text: &str) -> Value {
    let parsed =
        format!("value = {text}").parse::<Table>().ok().and_then(|mut t| t.remove("value"));
    parsed.unwrap_or_else(|| Value::String(text.to_owned()))
}

#[cfg(test)]
mod tests;
