//! The languages of the table, and the origins of their statistics.

use courant_text::language::Script;

/// One language in one script.
pub(super) struct Language {
    /// ISO 639-1.
    pub(super) code: &'static str,
    pub(super) script: Script,
    pub(super) source: Source,
}

/// The origin of a language's statistics.
pub(super) enum Source {
    /// The model of this name in `lingua`.
    Lingua(&'static str),
    /// The statistics of `langidentify`, which come from Wikipedia.
    Wikipedia,
    /// The Universal Declaration of Human Rights, by the name of its file.
    Declaration(&'static str),
    /// A declaration, and a model of `lingua` that knows only letters without vowel signs.
    Devanagari(&'static str, &'static str),
}

use Script::{Arab, Cyrl, Deva, Ethi, Hebr, Latn};
use Source::{Declaration, Devanagari, Lingua, Wikipedia};

const fn language(code: &'static str, script: Script, source: Source) -> Language {
    Language { code, script, source }
}

/// All languages. Serbian in Latin letters is computed from Serbian in Cyrillic letters.
pub(super) const LANGUAGES: [Language; 83] = [
    language("af", Latn, Lingua("afrikaans")),
    language("ak", Latn, Declaration("aka_asante")),
    language("am", Ethi, Wikipedia),
    language("ar", Arab, Lingua("arabic")),
    language("az", Latn, Lingua("azerbaijani")),
    language("be", Cyrl, Lingua("belarusian")),
    language("bg", Cyrl, Lingua("bulgarian")),
    language("bs", Latn, Lingua("bosnian")),
    language("ca", Latn, Lingua("catalan")),
    language("cs", Latn, Lingua("czech")),
    language("cy", Latn, Lingua("welsh")),
    language("da", Latn, Lingua("danish")),
    language("de", Latn, Lingua("german")),
    language("en", Latn, Lingua("english")),
    language("eo", Latn, Lingua("esperanto")),
    language("es", Latn, Lingua("spanish")),
    language("et", Latn, Lingua("estonian")),
    language("eu", Latn, Lingua("basque")),
    language("fa", Arab, Lingua("persian")),
    language("fi", Latn, Lingua("finnish")),
    language("fr", Latn, Lingua("french")),
    language("ga", Latn, Lingua("irish")),
    language("ha", Latn, Declaration("hau_NG")),
    language("he", Hebr, Lingua("hebrew")),
    language("hi", Deva, Devanagari("hindi", "hin")),
    language("hr", Latn, Lingua("croatian")),
    language("hu", Latn, Lingua("hungarian")),
    language("id", Latn, Lingua("indonesian")),
    language("ig", Latn, Declaration("ibo")),
    language("is", Latn, Lingua("icelandic")),
    language("it", Latn, Lingua("italian")),
    language("jv", Latn, Declaration("jav")),
    language("kk", Cyrl, Lingua("kazakh")),
    language("ku", Latn, Declaration("kmr")),
    language("ky", Cyrl, Declaration("kir")),
    language("la", Latn, Lingua("latin")),
    language("lg", Latn, Lingua("ganda")),
    language("ln", Latn, Declaration("lin")),
    language("lt", Latn, Lingua("lithuanian")),
    language("lv", Latn, Lingua("latvian")),
    language("mg", Latn, Declaration("plt")),
    language("mi", Latn, Lingua("maori")),
    language("mk", Cyrl, Lingua("macedonian")),
    language("mn", Cyrl, Lingua("mongolian")),
    language("mr", Deva, Devanagari("marathi", "mar")),
    language("ms", Latn, Lingua("malay")),
    language("mt", Latn, Declaration("mlt")),
    language("ne", Deva, Declaration("nep")),
    language("nl", Latn, Lingua("dutch")),
    language("nn", Latn, Lingua("nynorsk")),
    language("no", Latn, Lingua("bokmal")),
    language("om", Latn, Wikipedia),
    language("pl", Latn, Lingua("polish")),
    language("ps", Arab, Wikipedia),
    language("pt", Latn, Lingua("portuguese")),
    language("ro", Latn, Lingua("romanian")),
    language("ru", Cyrl, Lingua("russian")),
    language("rw", Latn, Declaration("kin")),
    language("sk", Latn, Lingua("slovak")),
    language("sl", Latn, Lingua("slovene")),
    language("sn", Latn, Lingua("shona")),
    language("so", Latn, Lingua("somali")),
    language("sq", Latn, Lingua("albanian")),
    language("sr", Cyrl, Lingua("serbian")),
    language("st", Latn, Lingua("sotho")),
    language("sv", Latn, Lingua("swedish")),
    language("sw", Latn, Lingua("swahili")),
    language("tg", Cyrl, Declaration("tgk")),
    language("ti", Ethi, Wikipedia),
    language("tk", Latn, Declaration("tuk_latn")),
    language("tl", Latn, Lingua("tagalog")),
    language("tn", Latn, Lingua("tswana")),
    language("tr", Latn, Lingua("turkish")),
    language("ts", Latn, Lingua("tsonga")),
    language("ug", Arab, Declaration("uig_arab")),
    language("uk", Cyrl, Lingua("ukrainian")),
    language("ur", Arab, Lingua("urdu")),
    language("uz", Latn, Declaration("uzn_latn")),
    language("vi", Latn, Lingua("vietnamese")),
    language("xh", Latn, Lingua("xhosa")),
    language("yi", Hebr, Declaration("ydd")),
    language("yo", Latn, Lingua("yoruba")),
    language("zu", Latn, Lingua("zulu")),
];
