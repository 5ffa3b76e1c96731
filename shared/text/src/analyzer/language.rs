//! The rules of each language.

use frostem::{Algorithm, Stemmer};

/// The rules of one language.
pub(super) struct Rules {
    /// The marked letters that the written form keeps.
    pub(super) letters: Letters,
    /// The treatment of an apostrophe.
    pub(super) apostrophe: Apostrophe,
    /// True if the lower case of `I` is `ı`.
    pub(super) has_dotless_i: bool,
    /// The stemmer, if there is one.
    pub(super) stemmer: Option<Stemmer>,
}

/// The marked letters that are letters of their own, so that a word without the mark is another.
#[derive(Clone, Copy)]
pub(super) enum Letters {
    /// Every marked letter.
    All,
    /// The letters of this string.
    Only(&'static str),
}

/// The treatment of an apostrophe inside a word.
#[derive(Clone, Copy)]
pub(super) enum Apostrophe {
    /// `'s` at the end goes.
    Possessive,
    /// One of these articles and pronouns in front goes.
    Elision(&'static [&'static str]),
    /// Everything behind it goes.
    Suffix,
}

impl Letters {
    /// Returns true if a word without marks is another word than one with them.
    pub(super) fn tell_words_apart(self) -> bool {
        matches!(self, Self::All)
    }

    /// Returns true if that holds in `text`, whose writer did not leave the marks out.
    pub(super) fn tell_in(self, text: &str) -> bool {
        self.tell_words_apart() && !text.is_ascii()
    }

    /// Returns true if the written form keeps `letter` as it is.
    pub(super) fn contain(self, letter: char) -> bool {
        match self {
            Self::All => true,
            Self::Only(letters) => letters.contains(letter),
        }
    }
}

impl Rules {
    /// Returns the rules of `language`, or those of any text if it is not known.
    pub(super) fn of(language: Option<&str>) -> Self {
        let code = base_code(language.unwrap_or_default());
        Self {
            letters: letters(code),
            apostrophe: apostrophe(code),
            has_dotless_i: matches!(code, "tr" | "az"),
            stemmer: algorithm(code).map(Stemmer::new),
        }
    }
}

/// Returns the code of a language without its region.
pub(super) fn base_code(language: &str) -> &str {
    language.split(['-', '_']).next().unwrap_or_default()
}

/// Letters that the alphabet of a language counts on their own, and that its readers do not
/// replace by others. Where the alphabet allows several views, Lucene's and Elasticsearch's
/// analyzers decide.
fn letters(code: &str) -> Letters {
    Letters::Only(match code {
        "vi" => return Letters::All,
        "sv" | "fi" => "åäö",
        "da" | "no" | "nb" | "nn" => "æøå",
        "de" => "äöü",
        "et" => "õäöüšž",
        "is" => "áðéíóúýþæö",
        "es" | "gl" | "eu" => "ñ",
        "pl" => "ąćęłńóśźż",
        "cs" | "sk" => "čďěľňôřšťůž",
        "hr" | "sr" | "sl" | "bs" => "čćđšž",
        "hu" => "öőüű",
        "tr" => "çğıöşü",
        "az" => "çəğıöşü",
        "lt" => "ąčęėįšųūž",
        "lv" => "āčēģīķļņšūž",
        "sq" => "çë",
        _ => "",
    })
}

const CATALAN: &[&str] = &["d", "l", "m", "n", "s", "t"];
const FRENCH: &[&str] =
    &["c", "d", "j", "jusqu", "l", "lorsqu", "m", "n", "puisqu", "qu", "quoiqu", "s", "t"];
const ITALIAN: &[&str] = &[
    "agl", "all", "c", "coll", "d", "dagl", "dall", "degl", "dell", "gl", "l", "m", "negl", "nell",
    "s", "sugl", "sull", "t", "un", "v",
];

/// The articles and pronouns are those of Lucene's elision filters.
fn apostrophe(code: &str) -> Apostrophe {
    match code {
        "ca" => Apostrophe::Elision(CATALAN),
        "fr" => Apostrophe::Elision(FRENCH),
        "it" => Apostrophe::Elision(ITALIAN),
        "tr" | "az" => Apostrophe::Suffix,
        _ => Apostrophe::Possessive,
    }
}

fn algorithm(code: &str) -> Option<Algorithm> {
    Some(match code {
        "ar" => Algorithm::Arabic,
        "ca" => Algorithm::Catalan,
        "cs" | "sk" => Algorithm::Czech,
        "da" => Algorithm::Danish,
        "de" => Algorithm::German,
        "el" => Algorithm::Greek,
        "en" => Algorithm::English,
        "es" => Algorithm::Spanish,
        "et" => Algorithm::Estonian,
        "eu" => Algorithm::Basque,
        "fa" => Algorithm::Persian,
        "fi" => Algorithm::Finnish,
        "fr" => Algorithm::French,
        "hi" => Algorithm::Hindi,
        "hu" => Algorithm::Hungarian,
        "hy" => Algorithm::Armenian,
        "id" | "ms" => Algorithm::Indonesian,
        "it" => Algorithm::Italian,
        "lt" => Algorithm::Lithuanian,
        "ne" => Algorithm::Nepali,
        "nl" => Algorithm::Dutch,
        "no" | "nb" | "nn" => Algorithm::Norwegian,
        "pl" => Algorithm::Polish,
        "pt" => Algorithm::Portuguese,
        "ro" => Algorithm::Romanian,
        "ru" => Algorithm::Russian,
        "sr" | "hr" | "bs" => Algorithm::Serbian,
        "sv" => Algorithm::Swedish,
        "ta" => Algorithm::Tamil,
        "tr" => Algorithm::Turkish,
        "uk" => Algorithm::Ukrainian,
        _ => return None,
    })
}
