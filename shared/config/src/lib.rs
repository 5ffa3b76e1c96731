//! Layered configuration. Flags override the environment, which overrides `courant.toml`, which
//! overrides the defaults of each section's type.
//!
//! This crate knows the names of the sections, but not their content. An unknown section is
//! always an error. Each agent reads only its own sections, and refuses unknown keys in them.

pub mod range;
pub mod reference;
mod secret;
mod shown;
mod wording;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::{Table, Value};

pub use range::{RangeError, Ranged, Ranges};
pub use secret::Secret;
pub use shown::shown;
pub use wording::in_plain_words;

/// Every section of `courant.toml`.
pub const SECTIONS: [&str; 14] = [
    "telemetry",
    "service",
    "access",
    "bus",
    "store",
    "cache",
    "inference",
    "gpu",
    "crawler",
    "gateway",
    "search",
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
    /// An error in a file or in variables of the environment.
    #[error("{origin}: {error}")]
    At {
        /// The file, and the variables that override the section.
        origin: String,
        /// The fault.
        error: Box<Error>,
    },
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
    /// The file and the variables that the values of a section come from, by the section's name.
    origins: BTreeMap<String, Vec<String>>,
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
                let section = key.split('.').next().unwrap_or_default();
                document.origins.entry(section.to_owned()).or_default().push(name);
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
        let file = path.display().to_string();
        let origins = sections.keys().map(|name| (name.clone(), vec![file.clone()])).collect();
        let document = Self { sections, origins };
        let at_file = |error| Error::At { origin: file, error: Box::new(error) };
        document.check_names().map_err(at_file)?;
        Ok(document)
    }

    fn check_names(&self) -> Result<(), Error> {
        for (name, value) in &self.sections {
            if !value.is_table() {
                return Err(Error::NoSection(name.clone()));
            }
            if !SECTIONS.contains(&name.as_str()) {
                return Err(Error::UnknownSection(name.clone()));
            }
        }
        Ok(())
    }

    /// Adds the places that the values of `section` come from to an error of it.
    fn at_origin(&self, section: &str, error: Error) -> Error {
        match self.origins.get(section) {
            Some(origins) => Error::At { origin: origins.join(", "), error: Box::new(error) },
            None => error,
        }
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
        let values: Result<T, toml::de::Error> = table.try_into();
        let values = values.map_err(|error| {
            let message = in_plain_words(&error.to_string());
            self.at_origin(name, Error::Section { section: name, message })
        })?;
        range::check(name, &values).map_err(|error| self.at_origin(name, error.into()))?;
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
