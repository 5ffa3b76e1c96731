//! The script that a text is written in, and the languages that have a script of their own.

use unicode_script::{Script as Unicode, UnicodeScript};

use super::prose::prose;

/// A script, named by its ISO 15924 code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Script {
    /// No letter was seen.
    Unknown,
    /// Latin.
    Latn,
    /// Cyrillic.
    Cyrl,
    /// Arabic.
    Arab,
    /// Devanagari.
    Deva,
    /// Hebrew.
    Hebr,
    /// Ethiopic.
    Ethi,
    /// Bengali.
    Beng,
    /// Han, Hiragana, Katakana and Bopomofo, which are written together.
    Hani,
    /// Hangul.
    Kore,
    /// A script that one language alone uses, by its index in `SOLE`.
    Sole(u8),
}

/// Scripts that one language alone uses.
const SOLE: [(Unicode, &str); 18] = [
    (Unicode::Greek, "el"),
    (Unicode::Armenian, "hy"),
    (Unicode::Georgian, "ka"),
    (Unicode::Thai, "th"),
    (Unicode::Lao, "lo"),
    (Unicode::Myanmar, "my"),
    (Unicode::Khmer, "km"),
    (Unicode::Gujarati, "gu"),
    (Unicode::Gurmukhi, "pa"),
    (Unicode::Tamil, "ta"),
    (Unicode::Telugu, "te"),
    (Unicode::Kannada, "kn"),
    (Unicode::Malayalam, "ml"),
    (Unicode::Oriya, "or"),
    (Unicode::Sinhala, "si"),
    (Unicode::Tibetan, "bo"),
    (Unicode::Thaana, "dv"),
    (Unicode::Mongolian, "mn"),
];

/// The languages that the script alone can tell.
pub(super) const SOLE_LANGUAGES: [&str; 23] = [
    "as", "bn", "bo", "dv", "el", "gu", "hy", "ja", "ka", "km", "kn", "ko", "lo", "ml", "mn", "my",
    "or", "pa", "si", "ta", "te", "th", "zh",
];

/// The least share of kana among the letters of a Japanese text.
const KANA_SHARE: f64 = 0.06;
/// The least share of the letters ৰ and ৱ in an Assamese text. Bengali lacks these letters.
const ASSAMESE_SHARE: f64 = 0.005;
/// The number of letters of an alphabet that say as much as one letter of Han or Hangul.
const WEIGHT: usize = 3;

impl Script {
    /// Returns the script of a letter. Returns `None` for any other character, and for marks that
    /// take the script of the letter before them.
    pub fn of(letter: char) -> Option<Self> {
        if letter.is_ascii() {
            return letter.is_ascii_alphabetic().then_some(Self::Latn);
        }
        match letter.script() {
            Unicode::Latin => Some(Self::Latn),
            Unicode::Cyrillic => Some(Self::Cyrl),
            Unicode::Arabic => Some(Self::Arab),
            Unicode::Devanagari => Some(Self::Deva),
            Unicode::Hebrew => Some(Self::Hebr),
            Unicode::Ethiopic => Some(Self::Ethi),
            Unicode::Bengali => Some(Self::Beng),
            Unicode::Han | Unicode::Hiragana | Unicode::Katakana | Unicode::Bopomofo => {
                Some(Self::Hani)
            }
            Unicode::Hangul => Some(Self::Kore),
            other => (0..).zip(SOLE).find(|(_, sole)| sole.0 == other).map(|(n, _)| Self::Sole(n)),
        }
    }

    /// Returns the script that has this number in a table.
    pub(super) fn from_number(number: u8) -> Option<Self> {
        let all = [Self::Latn, Self::Cyrl, Self::Arab, Self::Deva, Self::Hebr, Self::Ethi];
        all.into_iter().find(|script| script.number() == number)
    }

    pub(super) fn number(self) -> u8 {
        match self {
            Self::Unknown | Self::Beng | Self::Hani | Self::Kore | Self::Sole(_) => 0,
            Self::Latn => 1,
            Self::Cyrl => 2,
            Self::Arab => 3,
            Self::Deva => 4,
            Self::Hebr => 5,
            Self::Ethi => 6,
        }
    }

    /// Returns true if letters stand for sounds, so that a few of them say little.
    pub(super) fn is_alphabet(self) -> bool {
        matches!(self, Self::Unknown | Self::Latn | Self::Cyrl | Self::Arab | Self::Hebr)
    }

    /// Returns true if the script alone can show that a text is in `language`.
    pub(super) fn writes(self, language: &str) -> bool {
        match self {
            Self::Hani => matches!(language, "zh" | "ja"),
            Self::Kore => language == "ko",
            Self::Beng => matches!(language, "bn" | "as"),
            Self::Sole(number) => SOLE.get(usize::from(number)).is_some_and(|s| s.1 == language),
            _ => false,
        }
    }

    /// Returns true for scripts whose languages have large tables.
    pub(super) fn is_well_known(self) -> bool {
        matches!(self, Self::Latn | Self::Cyrl)
    }

    fn weight(self) -> usize {
        if matches!(self, Self::Hani | Self::Kore) { WEIGHT } else { 1 }
    }
}

/// The number of letters in the script that dominates a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Letters {
    pub(super) script: Script,
    pub(super) count: usize,
    kana: usize,
    assamese: usize,
}

impl Letters {
    /// Counts the first `most` letters of `text`.
    pub(super) fn count(text: &str, most: usize) -> Self {
        let mut counts: Vec<(Script, usize)> = Vec::new();
        let (mut kana, mut assamese) = (0, 0);
        for letter in prose(text).filter(|letter| letter.is_alphabetic()).take(most) {
            kana += usize::from(matches!(letter, '\u{3041}'..='\u{30FA}'));
            assamese += usize::from(matches!(letter, 'ৰ' | 'ৱ'));
            let Some(script) = Script::of(letter) else { continue };
            match counts.iter_mut().find(|(known, _)| *known == script) {
                Some((_, count)) => *count += 1,
                None => counts.push((script, 1)),
            }
        }
        let most = counts.into_iter().max_by_key(|(script, count)| script.weight() * count);
        let (script, count) = most.unwrap_or((Script::Unknown, 0));
        Self { script, count, kana, assamese }
    }

    /// Returns the language if the script alone tells it.
    pub(super) fn sole_language(&self) -> Option<&'static str> {
        let share = |part: usize| part as f64 / self.count.max(1) as f64;
        match self.script {
            Script::Hani if share(self.kana) >= KANA_SHARE => Some("ja"),
            Script::Hani => Some("zh"),
            Script::Kore => Some("ko"),
            Script::Beng if share(self.assamese) >= ASSAMESE_SHARE => Some("as"),
            Script::Beng => Some("bn"),
            Script::Sole(number) => SOLE.get(usize::from(number)).map(|sole| sole.1),
            _ => None,
        }
    }
}
