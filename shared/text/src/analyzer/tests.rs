use proptest::prelude::*;

use super::*;

fn written(text: &str, language: &str) -> String {
    let mut found = Vec::new();
    analyze(text, Some(language), |word| found.push(word.written.into_owned()));
    found.join(" ")
}

fn stem_of(word: &str, language: &str) -> String {
    let mut found = String::new();
    analyze(word, Some(language), |word| {
        found = word.stem.unwrap_or(word.written).into_owned();
    });
    found
}

fn matches(query: &str, languages: &[&str], document: &str, language: Option<&str>) -> bool {
    let words = query_words(query, languages);
    let mut found = false;
    analyze(document, language, |word| {
        let is_known = |form: &str| words[0].forms.iter().any(|known| known == form);
        found |= is_known(&word.written) || word.stem.as_deref().is_some_and(is_known);
    });
    found
}

#[test]
fn words_are_those_of_the_table_of_rules() {
    let rows = [
        ("state-of-the-art and/or", "en", "state of the art and or"),
        ("the U.S., the U.S.A. and e.g. that", "en", "the us the usa and eg that"),
        ("end.Next example.com", "en", "end next example com"),
        ("AT&T’s, S&P 500, Johnson&Johnson", "en", "at&t s&p 500 johnson johnson"),
        ("C++ and F#, not B#a", "en", "c++ and f# not b# a"),
        ("#MeToo by @nasa", "en", "metoo by nasa"),
        ("1,000.5 1.000,5 1'000.5", "en", "1000.5 1000.5 1000.5"),
        ("3.14 3,14 0.125 1.5bn 1,234,567", "en", "3.14 3.14 0.125 1.5bn 1234567"),
        ("12.05.2020 10.0.0.1 1,2,3", "en", "12 05 2020 10 0 0 1 1 2 3"),
        ("Obama's Hans’ don’t O’Brien", "en", "obama hans don't obrien"),
        ("Ankara'da", "tr", "ankara"),
        ("l'homme qu’elle aujourd'hui", "fr", "homme elle aujourd'hui"),
        ("dell'arte un’altra", "it", "arte altra"),
        ("Café naïve Ångström", "en", "cafe naive angstrom"),
        ("Αθήνα ΑΘΗΝΑΣ", "el", "αθηνα αθηνασ"),
        ("Ёлка йод", "ru", "елка йод"),
        ("Malmö Café", "sv", "malmö cafe"),
        ("Straße Über", "de", "strasse über"),
        ("ISTANBUL İzmir", "tr", "ıstanbul izmir"),
        ("ﬁne ＡＢＣ ｶﾞ ٣", "en", "fine abc ガ 3"),
        ("مُحَمَّــد أحمد", "ar", "محمد احمد"),
        ("대한민국 은", "ko", "대한 한민 민국 은"),
        ("G20정상회의 12.5조", "ko", "g20 정상 상회 회의 12.5 조"),
        ("中国经济增长", "zh", "中国 经济 增长"),
    ];
    for (text, language, expected) in rows {
        assert_eq!(written(text, language), expected, "{text}");
    }
}

#[test]
fn marked_letters_that_a_language_keeps_are_left_out_of_the_stem() {
    assert_eq!(stem_of("Malmö", "sv"), "malmo");
    assert_eq!(stem_of("Łódź", "pl"), "lodz");
    assert_eq!(stem_of("Việt", "vi"), "viet*");
}

#[test]
fn composed_and_decomposed_text_have_the_same_words() {
    assert_eq!(written("Malmo\u{308} cafe\u{301}", "sv"), "malmö cafe");
    assert_eq!(written("и\u{306}од", "ru"), "йод");
    assert_eq!(written("\u{1112}\u{1161}\u{11ab}국어", "ko"), "한국 국어");
}

#[test]
fn a_query_in_an_unknown_language_matches_a_document_in_each() {
    let all = ["en", "de", "fr", "ru", "sv", "tr"];
    assert!(matches("runs", &all, "running", Some("en")));
    assert!(matches("Häuser", &all, "Haus", Some("de")));
    assert!(matches("Mueller", &all, "Müller", Some("de")));
    assert!(matches("malmo", &all, "Malmö", Some("sv")));
    assert!(matches("Malmö", &all, "Malmo", None));
    assert!(matches("homme", &all, "l'homme", Some("fr")));
    assert!(!matches("Obama", &["nl", "pt", "it"], "ob", Some("de")));
    assert!(matches("ISTANBUL", &all, "istanbul", Some("en")));
}

#[test]
fn a_query_word_starts_with_its_written_form_and_has_no_form_twice() {
    let words = query_words("Running C++", &["en", "de", "en"]);
    assert_eq!(words[0].forms, ["running", "run"]);
    assert_eq!(words[1].forms, ["c++"]);
}

fn asking(query: &str, languages: &[&str]) -> String {
    let words = query_words(query, languages).into_iter().filter(|word| word.asks);
    words.map(|mut word| word.forms.swap_remove(0)).collect::<Vec<_>>().join(" ")
}

#[test]
fn words_of_a_sentence_that_only_ask_are_told() {
    assert_eq!(asking("Who won the election in Ohio", &["en"]), "who");
    assert_eq!(asking("Wann war die Wahl in Sachsen?", &["en", "de"]), "wann");
    assert_eq!(asking("Seçimi kim kazandı?", &["tr"]), "kim");
    assert_eq!(asking("child care funding in Ohio schools", &["en", "ro"]), "");
    assert_eq!(asking("WHO vaccines", &["en"]), "");
    assert_eq!(asking("who did what when?", &["en"]), "");
}

#[test]
fn a_vietnamese_sentence_matches_with_its_marks_but_names_match_without() {
    let forms = |query| query_words(query, &["vi", "en"]).swap_remove(0).forms;
    assert_eq!(forms("Việt Nam công bố chiến lược mới"), ["việt"]);
    assert!(matches("Việt Nam", &["vi", "en"], "Viet Nam", Some("en")));
    assert!(matches("viet nam cong bo", &["vi"], "Việt", Some("vi")));
}

#[test]
fn a_word_that_folding_would_empty_is_a_word_in_no_language_or_in_all() {
    for language in ["en", "fr", "tr", "vi"] {
        assert_eq!(written("d'\u{64b}", language), "d");
        assert_eq!(query_words("\u{64b}\u{64c} a", &[language]).len(), 1);
    }
}

#[test]
fn long_words_are_cut() {
    assert_eq!(written(&"A".repeat(200), "en").len(), MAX_WORD_LETTERS);
    assert_eq!(written(&"é".repeat(200), "en").len(), MAX_WORD_LETTERS);
    assert_eq!(written(&"ß".repeat(200), "en").len(), MAX_WORD_LETTERS);
}

const LANGUAGES: [&str; 40] = [
    "ar", "az", "ca", "cs", "da", "de", "el", "en", "es", "et", "eu", "fa", "fi", "fr", "ga", "hi",
    "hu", "hy", "id", "it", "ja", "ko", "lt", "ne", "nl", "no", "pl", "pt", "ro", "ru", "sr", "sv",
    "ta", "th", "tr", "uk", "vi", "zh", "xx", "en-GB",
];

/// Texts of letters, marks and signs that the rules treat in their own way, among any others.
fn texts() -> impl Strategy<Value = String> {
    let special =
        "[a-zA-Z0-9.,'’&#+@ é\u{301}\u{93c}ßİıςё\u{64b}ةก-๛ก-๛가-힣一-龥ぁ-ヿऀ-ॿЀ-ӿͰ-Ͽ؀-ۿ]{0,60}";
    prop_oneof![any::<String>(), special]
}

proptest! {
    #[test]
    fn every_text_has_words_within_bounds(text in texts(), at in 0..LANGUAGES.len()) {
        let mut end = 0;
        analyze(&text, Some(LANGUAGES[at]), |word| {
            assert!(!word.written.is_empty() && word.written.chars().count() <= MAX_WORD_LETTERS);
            assert_ne!(word.stem.as_deref(), Some(&*word.written));
            assert!(!text[word.span.clone()].is_empty() && word.span.end >= end, "{word:?}");
            end = word.span.end;
        });
    }

    #[test]
    fn every_text_matches_itself_as_a_query(text in texts(), at in 0..LANGUAGES.len()) {
        let query = query_words(&text, &[LANGUAGES[at]]);
        let mut words = query.iter();
        analyze(&text, Some(LANGUAGES[at]), |word| {
            let forms = words.next().map(|word| &*word.forms).unwrap_or_default();
            assert_eq!(forms.first().map(String::as_str), Some(&*word.written));
        });
    }
}
