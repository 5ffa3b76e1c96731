use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::*;

/// The ids of the messages of a language.
fn ids(source: &str) -> BTreeSet<String> {
    let of_line = |line: &str| line.split_once(" =").map(|(id, _)| id.to_owned());
    let starts = |line: &&str| line.starts_with(|c: char| c.is_ascii_lowercase());
    source.lines().filter(starts).filter_map(of_line).collect()
}

/// The ids that templates and sources ask for.
fn asked() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut asked = BTreeSet::new();
    for folder in ["templates", "src"] {
        for file in fs::read_dir(root.join(folder)).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                continue;
            }
            let text = fs::read_to_string(path).unwrap();
            for call in [".say(\"", ".count(\"", ".with(\""] {
                let parts = text.split(call).skip(1);
                asked.extend(parts.filter_map(|part| Some(part.split_once('"')?.0.to_owned())));
            }
        }
    }
    asked
}

#[test]
fn every_language_can_be_read_and_has_every_text() {
    let (_, english) = LANGUAGES[0];
    for (language, source) in LANGUAGES {
        assert!(FluentResource::try_new(source.to_owned()).is_ok(), "{language}");
        assert_eq!(ids(source), ids(english), "{language}");
        for id in ids(source) {
            assert!(Texts::of(language).unwrap().has(&id), "{language}: {id}");
        }
    }
}

#[test]
fn every_text_that_a_page_asks_for_exists() {
    let known = ids(LANGUAGES[0].1);
    let asked = asked();
    assert!(asked.len() > 100, "{}", asked.len());
    let missing: Vec<&String> = asked.iter().filter(|id| !known.contains(*id)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn numbers_and_languages_are_the_readers() {
    assert_eq!(Texts::accepted("fr, de-AT;q=0.8, en;q=0.5").language, "de");
    assert_eq!(Texts::accepted("").language, "en");
    assert_eq!(Texts::of("de").unwrap().number(&1_234_567), "1.234.567");
    assert_eq!(Texts::of("en").unwrap().number(&999), "999");
}
