//! The language that a page declares, weighed against its text.

use super::script::Script;
use super::table::Table;
use super::{Guess, Reading, script};

/// The codes of ISO 639-1.
const CODES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch \
    co cr cs cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha \
    he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks \
    ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nd ne ng nl nn no nr \
    nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr \
    ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo \
    za zh zu";

/// Other codes of the languages above: withdrawn ones, and codes of three letters that pages use.
const ALIASES: [(&str, &str); 40] = [
    ("nb", "no"),
    ("iw", "he"),
    ("in", "id"),
    ("ji", "yi"),
    ("jw", "jv"),
    ("mo", "ro"),
    ("sh", "sr"),
    ("tw", "ak"),
    ("fil", "tl"),
    ("nob", "no"),
    ("nno", "nn"),
    ("cmn", "zh"),
    ("yue", "zh"),
    ("zho", "zh"),
    ("chi", "zh"),
    ("ckb", "ku"),
    ("prs", "fa"),
    ("eng", "en"),
    ("deu", "de"),
    ("ger", "de"),
    ("fra", "fr"),
    ("fre", "fr"),
    ("spa", "es"),
    ("por", "pt"),
    ("ita", "it"),
    ("nld", "nl"),
    ("dut", "nl"),
    ("rus", "ru"),
    ("ukr", "uk"),
    ("pol", "pl"),
    ("ara", "ar"),
    ("fas", "fa"),
    ("per", "fa"),
    ("jpn", "ja"),
    ("kor", "ko"),
    ("tur", "tr"),
    ("hin", "hi"),
    ("swa", "sw"),
    ("hau", "ha"),
    ("amh", "am"),
];

/// Languages that are no candidates, each with the candidates that it is mistaken for.
const KIN: [(&str, &[&str]); 27] = [
    // Written in a second script too, which the table does not have.
    ("ku", &["fa", "ug", "ur", "ps", "ar"]),
    ("uz", &["kk", "ky", "tg"]),
    ("an", &["es", "ca"]),
    ("ba", &["kk", "ky"]),
    ("br", &["cy", "fr"]),
    ("co", &["it"]),
    ("dz", &["bo"]),
    ("fo", &["is", "nn", "no", "da"]),
    ("fy", &["nl", "af"]),
    ("gd", &["ga"]),
    ("gl", &["pt", "es"]),
    ("ht", &["fr"]),
    ("ia", &["it", "es", "la"]),
    ("lb", &["de", "nl"]),
    ("nd", &["zu", "xh"]),
    ("nr", &["zu", "xh"]),
    ("oc", &["ca", "es", "fr"]),
    ("os", &["ru"]),
    ("rm", &["it"]),
    ("rn", &["rw"]),
    ("sa", &["hi", "mr", "ne"]),
    ("sc", &["it", "es"]),
    ("sd", &["ur", "fa", "ar", "ps"]),
    ("ss", &["zu", "xh"]),
    ("su", &["id", "jv", "ms"]),
    ("tt", &["kk", "ky"]),
    ("wa", &["fr"]),
];

/// The largest gap to the best language, in nats per letter group, at which a declared language is
/// not contradicted. Close relatives differ by less, other languages by more.
const NEAR: f64 = 0.2;
/// The evidence, in nats, that it takes to contradict a declaration. A short text may not reach it.
const CONTRADICTION: f64 = 4.0;

/// Returns the ISO 639-1 code of a language tag, such as `pt` for `pt-BR` and `no` for `nb`.
/// Returns `None` if the tag names no language.
pub fn canonical(tag: &str) -> Option<&'static str> {
    let primary = tag.trim().split(['-', '_', ',', ';', ' ']).next()?.to_ascii_lowercase();
    let alias = ALIASES.iter().find(|(alias, _)| *alias == primary);
    alias.map(|(_, code)| *code).or_else(|| CODES.split(' ').find(|code| *code == primary))
}

/// Returns the declared language unless the text contradicts it. Returns the text's own language
/// otherwise.
///
/// A text contradicts a language by its script, or if another language explains its letters
/// clearly better. A text that is too short to tell its language contradicts by its script only.
pub fn with_declared(reading: &Reading, declared: Option<&str>) -> Option<Guess> {
    let guess = reading.guess();
    let Some(language) = declared.and_then(canonical) else { return guess };
    let stands = match guess {
        None => reading.letters() > 0 && may_be_written(language, reading.letters.script),
        Some(guess) => guess.language == language || !is_contradicted(reading, guess, language),
    };
    if stands { Some(Guess { language, confidence: 1.0 }) } else { guess }
}

/// Returns the likeliest of `languages`, unless the text contradicts it clearly, or has too few
/// letters.
pub fn likeliest_of<'a>(reading: &Reading, languages: &[&'a str]) -> Option<&'a str> {
    let behind = |language: &&'a str| Some((reading.behind(language)?, *language));
    let all = languages.iter().filter_map(behind);
    let (gap, language) = all.min_by(|a, b| a.0.total_cmp(&b.0))?;
    let is_told = reading.is_enough() && reading.evidence(gap) < CONTRADICTION;
    is_told.then_some(language)
}

fn is_contradicted(reading: &Reading, guess: Guess, language: &str) -> bool {
    match reading.behind(language) {
        Some(gap) => gap > NEAR && reading.evidence(gap) > CONTRADICTION,
        None => {
            !is_kin(language, guess.language) && (is_candidate(language) || !reading.is_foreign())
        }
    }
}

fn is_kin(language: &str, candidate: &str) -> bool {
    KIN.iter().any(|(own, kin)| *own == language && kin.contains(&candidate))
}

fn is_candidate(language: &str) -> bool {
    script::SOLE_LANGUAGES.contains(&language)
        || Table::built_in().languages().any(|known| known == language)
}

/// Returns true unless `language` is known to be written in other scripts only.
fn may_be_written(language: &str, script: Script) -> bool {
    !is_candidate(language) || Table::built_in().has(language, script) || script.writes(language)
}
