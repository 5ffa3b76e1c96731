//! Reads sets of Universal NER: words in the columns of a treebank, with their labels, and the
//! sentence as it stood before them.

use std::path::Path;

use anyhow::Context;
use courant_article::{EntityKind, Span};
use courant_heads::entities::NamedSpan;
use sha2::{Digest, Sha256};

use super::conll::{NamedSentence, kind};

/// The name of each set, and its treebank. English has no training part.
pub(super) const SETS: [(&str, &str); 8] = [
    ("uner en", "en_ewt"),
    ("uner zh", "zh_gsd"),
    ("uner hr", "hr_set"),
    ("uner da", "da_ddt"),
    ("uner pt", "pt_bosque"),
    ("uner sr", "sr_set"),
    ("uner sk", "sk_snk"),
    ("uner sv", "sv_talbanken"),
];

/// Reads one part, `train` or `dev`, of every set that has it.
pub(super) fn read(folder: &Path, part: &str) -> anyhow::Result<Vec<NamedSentence>> {
    let mut texts = Vec::new();
    for (set, treebank) in SETS {
        let path = folder.join(format!("{treebank}-{part}.iob2"));
        if path.is_file() {
            let content = std::fs::read_to_string(&path);
            texts.extend(parse(set, &content.with_context(|| path.display().to_string())?));
        }
    }
    Ok(texts)
}

/// Takes of each set the sentences with the lowest SHA-256: up to `named` with names, and up to
/// `others` without.
pub(super) fn sample(texts: &[NamedSentence], named: usize, others: usize) -> Vec<NamedSentence> {
    let mut sampled = Vec::new();
    for (set, _) in SETS {
        let mut own: Vec<&NamedSentence> = texts.iter().filter(|text| text.set == set).collect();
        own.sort_by_key(|text| &text.document_sha256);
        let (with, without): (Vec<_>, Vec<_>) =
            own.into_iter().partition(|text| !text.names.is_empty());
        sampled.extend(with.into_iter().take(named).cloned());
        sampled.extend(without.into_iter().take(others).cloned());
    }
    sampled
}

/// Sentences whose words do not stand in their text are left out.
fn parse(set: &'static str, content: &str) -> Vec<NamedSentence> {
    content.split("\n\n").filter_map(|sentence| read_sentence(set, sentence)).collect()
}

fn read_sentence(set: &'static str, lines: &str) -> Option<NamedSentence> {
    let text = lines.lines().find_map(|line| line.strip_prefix("# text = "))?;
    let mut names: Vec<NamedSpan> = Vec::new();
    let mut open: Option<EntityKind> = None;
    let mut behind = 0;
    for line in lines.lines().filter(|line| !line.starts_with('#')) {
        let mut columns = line.split('\t').skip(1);
        let (word, label) = (columns.next()?, columns.next()?);
        let start = behind + text[behind..].find(word)?;
        behind = start + word.len();
        let named = label.split_once('-').and_then(|(at, name)| Some((at, kind(name)?)));
        let span = Span { start: characters(text, start), end: characters(text, behind) };
        match (named, names.last_mut()) {
            (Some(("I", kind)), Some((_, last))) if open == Some(kind) => last.end = span.end,
            (Some((_, kind)), _) => names.push((kind, span)),
            (None, _) => {}
        }
        open = named.map(|(_, kind)| kind);
    }
    let document_sha256 = data_encoding::HEXLOWER.encode(&Sha256::digest(text));
    Some(NamedSentence { set, text: text.to_owned(), names, document_sha256 })
}

fn characters(text: &str, bytes: usize) -> u32 {
    u32::try_from(text[..bytes].chars().count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_where_the_text_has_them() {
        let lines = "# text = Šta kaže Ana Lis iz EU?\n1\tŠta\tO\t-\n2\tkaže\tO\t-\n3\tAna\tB-PER\t-\n\
                     4\tLis\tI-PER\t-\n5\tiz\tO\t-\n6\tEU\tB-ORG\t-\n7\t?\tO\t-";
        let found = read_sentence("uner sr", lines).unwrap();
        let span = |start, end| Span { start, end };
        assert_eq!(
            found.names,
            [(EntityKind::Person, span(9, 16)), (EntityKind::Organization, span(20, 22))]
        );
        assert!(read_sentence("uner sr", "# text = a\n1\tb\tO\t-").is_none());
    }

    #[test]
    fn a_sample_is_the_same_each_time_and_bounded() {
        let text = |at: usize| NamedSentence {
            set: "uner zh",
            text: String::new(),
            names: vec![(EntityKind::Person, Span { start: 0, end: 1 }); at % 2],
            document_sha256: format!("{at:03}"),
        };
        let sampled = sample(&(0..100).map(text).collect::<Vec<_>>(), 3, 2);
        let found: Vec<&str> = sampled.iter().map(|text| text.document_sha256.as_str()).collect();
        assert_eq!(found, ["001", "003", "005", "000", "002"]);
    }
}
