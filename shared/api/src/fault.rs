//! The fault of a request that could not be read.

use std::fmt::{self, Display};

use serde::de::{self, Expected, Unexpected};

/// The longest shown part of a value, in characters.
const SHOWN_CHARS: usize = 60;

/// The place and the kind of a fault. Its text names the place first: "limit takes a whole number,
/// not \"ten\"".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// From the outermost name to the innermost.
    path: Vec<String>,
    detail: String,
}

impl Fault {
    pub(crate) fn new(detail: impl Into<String>) -> Self {
        Self { path: Vec::new(), detail: detail.into() }
    }

    /// Returns the fault as one of a part that `name` holds.
    pub(crate) fn within(mut self, name: &str) -> Self {
        self.path.insert(0, name.to_owned());
        self
    }

    /// Returns the fault, and what the part takes.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Returns the outermost name; `None` if the whole is at fault.
    pub fn name(&self) -> Option<&str> {
        self.path.first().map(String::as_str)
    }

    /// Returns the place as a JSON pointer (RFC 6901); empty for the whole.
    pub fn pointer(&self) -> String {
        let escaped = |name: &String| format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        self.path.iter().map(escaped).collect()
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{} ", self.path.join("."))?;
        }
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("takes {expected}, not {}", clipped(&found.to_string())))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        match found {
            // Expected is the name of a type.
            Unexpected::Signed(number) => Self::new(format!("takes no number such as {number}")),
            Unexpected::Unsigned(number) => Self::new(format!("takes no number such as {number}")),
            found => Self::invalid_type(found, expected),
        }
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::new(format!("has {length} items; it takes {expected}"))
    }

    fn unknown_variant(found: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("takes {}, not {:?}", one_of(expected), clipped(found)))
    }

    fn unknown_field(found: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("is an unknown field; known are {}", expected.join(", "))).within(found)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new("is missing").within(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new("is given twice").within(field)
    }
}

/// Joins names by commas and "or".
pub(crate) fn one_of(names: &[&str]) -> String {
    match names {
        [] => "nothing".to_owned(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// Returns the start of a text.
pub(crate) fn clipped(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN_CHARS).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
