//! The language that a page declares.

use super::structured::Structured;
use super::survey::Survey;

/// ISO 639-2 codes of the languages that news is mostly written in, and names
/// that pages give instead of a code.
const OTHER_CODES: [(&str, &str); 50] = [
    ("eng", "en"),
    ("deu", "de"),
    ("ger", "de"),
    ("fra", "fr"),
    ("fre", "fr"),
    ("spa", "es"),
    ("ita", "it"),
    ("por", "pt"),
    ("nld", "nl"),
    ("dut", "nl"),
    ("pol", "pl"),
    ("rus", "ru"),
    ("ukr", "uk"),
    ("swe", "sv"),
    ("dan", "da"),
    ("nor", "no"),
    ("nob", "nb"),
    ("fin", "fi"),
    ("ces", "cs"),
    ("cze", "cs"),
    ("hun", "hu"),
    ("ron", "ro"),
    ("rum", "ro"),
    ("ell", "el"),
    ("gre", "el"),
    ("tur", "tr"),
    ("ara", "ar"),
    ("heb", "he"),
    ("hin", "hi"),
    ("ben", "bn"),
    ("jpn", "ja"),
    ("kor", "ko"),
    ("zho", "zh"),
    ("chi", "zh"),
    ("vie", "vi"),
    ("tha", "th"),
    ("ind", "id"),
    ("msa", "ms"),
    ("afr", "af"),
    ("zul", "zu"),
    ("xho", "xh"),
    ("isl", "is"),
    ("english", "en"),
    ("deutsch", "de"),
    ("german", "de"),
    ("français", "fr"),
    ("french", "fr"),
    ("español", "es"),
    ("spanish", "es"),
    ("italiano", "it"),
];

/// Returns the ISO 639-1 code of the language that the page declares.
pub(super) fn language(survey: &Survey, structured: &Structured) -> Option<String> {
    declared(survey, structured).find_map(iso_639_1)
}

/// Returns true if `3/4/2024` means the fourth of March on this page. It does in the United States,
/// and in English without a country.
pub(super) fn is_month_first(survey: &Survey, structured: &Structured, host: Option<&str>) -> bool {
    let Some(tag) = declared(survey, structured).next() else { return false };
    let tag = tag.to_ascii_lowercase().replace('_', "-");
    let elsewhere = [".uk", ".au", ".nz", ".ie", ".in", ".za", ".eu", ".ng", ".ke", ".sg"];
    let is_elsewhere = host.is_some_and(|host| elsewhere.iter().any(|end| host.ends_with(end)));
    matches!(tag.as_str(), "en" | "en-us") && !is_elsewhere
}

fn declared<'a>(survey: &'a Survey, structured: &'a Structured) -> impl Iterator<Item = &'a str> {
    let tags = [survey.language.as_deref(), structured.language.as_deref()];
    let meta = survey.meta.any(&["content-language", "og:locale", "dc.language", "language"]);
    tags.into_iter().flatten().chain(meta).map(str::trim).filter(|tag| !tag.is_empty())
}

/// Returns the ISO 639-1 code for a tag such as `en-GB` or `eng`. Withdrawn codes become their
/// successors.
pub(crate) fn iso_639_1(tag: &str) -> Option<String> {
    let code = tag.trim().split(['-', '_', ',', ' ', ';']).next()?.to_lowercase();
    let is_code = code.len() == 2 && code.bytes().all(|c| c.is_ascii_lowercase());
    let other = OTHER_CODES.iter().find(|other| other.0 == code).map(|other| other.1);
    match code.as_str() {
        "iw" => Some("he".into()),
        "in" => Some("id".into()),
        "ji" => Some("yi".into()),
        _ if is_code => Some(code),
        _ => other.map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_become_two_letters() {
        for (tag, expected) in [
            ("en", Some("en")),
            ("en-GB", Some("en")),
            ("de_DE", Some("de")),
            ("EN-us", Some("en")),
            ("deu", Some("de")),
            ("English", Some("en")),
            ("iw", Some("he")),
            ("", None),
            ("x-default", None),
            ("qqq", None),
        ] {
            assert_eq!(iso_639_1(tag).as_deref(), expected, "{tag}");
        }
    }
}
