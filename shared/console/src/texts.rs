//! The words of the console, in the languages that it speaks.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

/// The languages by their codes, with their messages; the first is for readers of others.
const LANGUAGES: [(&str, &str); 2] =
    [("en", include_str!("../locales/en.ftl")), ("de", include_str!("../locales/de.ftl"))];

static ALL: LazyLock<Vec<Texts>> =
    LazyLock::new(|| LANGUAGES.iter().map(|(code, source)| Texts::read(code, source)).collect());

/// The messages of one language.
pub(crate) struct Texts {
    /// ISO 639-1.
    pub(crate) language: &'static str,
    bundle: FluentBundle<FluentResource>,
}

impl Texts {
    /// Returns the messages of `language`; `None` if the console does not speak it.
    pub(crate) fn of(language: &str) -> Option<&'static Self> {
        ALL.iter().find(|texts| texts.language == language)
    }

    /// Returns the messages of the first of the languages in `Accept-Language` that the console
    /// speaks.
    pub(crate) fn accepted(languages: &str) -> &'static Self {
        let codes = languages.split(',').map(|part| part.split([';', '-']).next().unwrap_or(""));
        codes.map(str::trim).find_map(Self::of).unwrap_or(&ALL[0])
    }

    /// Returns the codes of all languages.
    pub(crate) fn languages() -> impl Iterator<Item = &'static str> {
        LANGUAGES.iter().map(|(code, _)| *code)
    }

    fn read(language: &'static str, source: &str) -> Self {
        let id: LanguageIdentifier = language.parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![id]);
        // Pages isolate strangers' texts by elements.
        bundle.set_use_isolating(false);
        // A part that cannot be read is missing in the tests, which compare the languages.
        let resource = match FluentResource::try_new(source.to_owned()) {
            Ok(resource) | Err((resource, _)) => resource,
        };
        bundle.add_resource_overriding(resource);
        Self { language, bundle }
    }

    /// Returns a message without variables.
    pub(crate) fn say(&self, id: &str) -> String {
        self.message(id, None)
    }

    /// Returns a message about a number of things, `$count`.
    pub(crate) fn count(&self, id: &str, count: &u64) -> String {
        let mut values = FluentArgs::new();
        values.set("count", FluentValue::from(*count));
        values.set("shown", self.number(count));
        self.message(id, Some(&values))
    }

    /// Returns a message about something, `$name`.
    pub(crate) fn with(&self, id: &str, name: &str) -> String {
        let mut values = FluentArgs::new();
        values.set("name", FluentValue::from(name));
        self.message(id, Some(&values))
    }

    /// Returns the message of a word of the interface, such as a state; the word itself if
    /// the console has no other.
    pub(crate) fn word(&self, group: &str, word: &str) -> String {
        let id = format!("{group}-{}", word.replace(['.', '_', ' '], "-"));
        if self.has(&id) { self.say(&id) } else { word.to_owned() }
    }

    /// Returns true if there is such a message.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.bundle.get_message(id).is_some_and(|message| message.value().is_some())
    }

    /// Returns a number with its thousands set apart.
    pub(crate) fn number(&self, number: &u64) -> String {
        let mark = if self.language == "de" { '.' } else { ',' };
        let digits = number.to_string();
        let mut written = String::with_capacity(digits.len() + digits.len() / 3);
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                written.push(mark);
            }
            written.push(digit);
        }
        written
    }

    fn message(&self, id: &str, values: Option<&FluentArgs<'_>>) -> String {
        let pattern = self.bundle.get_message(id).and_then(|message| message.value());
        let Some(pattern) = pattern else { return id.to_owned() };
        self.bundle.format_pattern(pattern, values, &mut Vec::new()).into_owned()
    }
}

#[cfg(test)]
mod tests;
