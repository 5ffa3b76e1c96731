//! Reads sets in the `CoNLL` format: one word and its label per line, an empty line after each
//! sentence, and `-DOCSTART-` before each document.

use courant_article::{EntityKind, Span};
use courant_heads::entities::NamedSpan;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// A sentence as plain text, with its names.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NamedSentence {
    pub(super) set: &'static str,
    pub(super) text: String,
    pub(super) names: Vec<NamedSpan>,
    /// The SHA-256, in hexadecimal, of the words of the sentence's document.
    pub(super) document_sha256: String,
}

type Sentence<'a> = Vec<(&'a str, &'a str)>;

/// Parses a set. `joins` is true if the labels do not show where one name ends and another of the
/// same kind starts.
pub(super) fn parse(
    set: &'static str,
    content: &str,
    joins: bool,
) -> anyhow::Result<Vec<NamedSentence>> {
    let mut texts = Vec::new();
    for document in documents(content, !joins)? {
        let words = document.iter().flatten().map(|(word, _)| *word);
        let document_sha256 = hex(&words.collect::<Vec<_>>().join(" "));
        for sentence in &document {
            let (text, places) = joined(sentence);
            let names = names(sentence, &places);
            let document_sha256 = document_sha256.clone();
            texts.push(NamedSentence { set, text, names, document_sha256 });
        }
    }
    Ok(texts)
}

/// Returns the SHA-256 of texts and their names.
pub(super) fn sha256(texts: &[NamedSentence]) -> String {
    let line = |text: &NamedSentence| format!("{}\t{:?}\n", text.text, text.names);
    hex(&texts.iter().map(line).collect::<String>())
}

fn hex(text: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(text))
}

/// Splits a set into documents. Each tweet is a document. Documents of an encyclopedia have a line
/// before them.
fn documents(content: &str, by_sentence: bool) -> anyhow::Result<Vec<Vec<Sentence<'_>>>> {
    let mut documents = vec![Vec::new()];
    let mut sentence = Sentence::new();
    for line in content.lines().chain([""]) {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let is_mark = columns.first() == Some(&"-DOCSTART-");
        match columns[..] {
            [word, label] if !is_mark => sentence.push((word, label)),
            [_, _] | [] => {
                if !sentence.is_empty() {
                    documents.last_mut().expect("there is one").push(std::mem::take(&mut sentence));
                }
                if is_mark || by_sentence {
                    documents.push(Vec::new());
                }
            }
            // The word consists of characters that count as white space.
            [label] => sentence.push(("\u{fffd}", label)),
            _ => anyhow::bail!("a line is not a word and its label: {line:?}"),
        }
    }
    documents.retain(|document| !document.is_empty());
    Ok(documents)
}

/// Joins the words with the white space of plain text. Also returns the span of each word.
fn joined(sentence: &Sentence<'_>) -> (String, Vec<Span>) {
    let mut text = String::new();
    let mut places = Vec::with_capacity(sentence.len());
    let mut end = 0;
    let mut is_quoted = false;
    let mut before: Option<&str> = None;
    for &(word, _) in sentence {
        let is_spaced = before.is_some_and(|before| {
            let is_inside = if word == "\"" { is_quoted } else { before == "\"" && is_quoted };
            !is_inside && !leans_back(word) && !leans_on(before)
        });
        if is_spaced {
            text.push(' ');
            end += 1;
        }
        is_quoted ^= word == "\"";
        text.push_str(word);
        let start = end;
        end += u32::try_from(word.chars().count()).unwrap_or(u32::MAX);
        places.push(Span { start, end });
        before = Some(word);
    }
    (text, places)
}

/// Returns true if no space stands before the word.
fn leans_back(word: &str) -> bool {
    const WORDS: [&str; 23] = [
        ".", ",", ";", ":", "!", "?", ")", "]", "}", "%", "'", "''", "'s", "'S", "n't", "'m",
        "'re", "'ve", "'ll", "'d", "...", "’", "’s",
    ];
    WORDS.contains(&word)
}

/// Returns true if no space stands after the word.
fn leans_on(word: &str) -> bool {
    matches!(word, "(" | "[" | "{" | "$" | "#" | "``")
}

fn names(sentence: &Sentence<'_>, places: &[Span]) -> Vec<NamedSpan> {
    let mut names: Vec<NamedSpan> = Vec::new();
    let mut open = "";
    for (&(_, label), place) in sentence.iter().zip(places) {
        let (position, kind_name) = label.split_once('-').unwrap_or(("", ""));
        let goes_on = position == "I" && open == kind_name;
        match (kind(kind_name), names.last_mut()) {
            (Some(_), Some((_, span))) if goes_on => span.end = place.end,
            (Some(kind), _) => names.push((kind, *place)),
            (None, _) => {}
        }
        open = kind_name;
    }
    names
}

/// Returns the kind of a label. Companies and other groups are organizations. Works and products
/// are not names here.
pub(super) fn kind(name: &str) -> Option<EntityKind> {
    match name {
        "PER" | "person" => Some(EntityKind::Person),
        "ORG" | "corporation" | "group" => Some(EntityKind::Organization),
        "LOC" | "location" => Some(EntityKind::Location),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(texts: &[NamedSentence]) -> Vec<(EntityKind, String)> {
        let cut = |text: &NamedSentence, span: &Span| {
            let characters = text.text.chars().skip(span.start as usize);
            characters.take((span.end - span.start) as usize).collect()
        };
        let names = texts.iter().flat_map(|text| text.names.iter().map(move |name| (text, name)));
        names.map(|(text, (kind, span))| (*kind, cut(text, span))).collect()
    }

    #[test]
    fn sentences_read_as_plain_text_and_names_keep_their_place() {
        let content =
            "The O\nBBC I-ORG\n's O\n\" O\nZoë I-PER\nLee I-PER\n\" O\n( O\nUK I-LOC\n) O\n. O\n";
        let texts = parse("wikigold", content, true).unwrap();
        assert_eq!(texts[0].text, "The BBC's \"Zoë Lee\" (UK).");
        assert_eq!(
            named(&texts),
            [
                (EntityKind::Organization, "BBC".into()),
                (EntityKind::Person, "Zoë Lee".into()),
                (EntityKind::Location, "UK".into()),
            ]
        );
    }

    #[test]
    fn kinds_that_are_none_of_ours_are_left_out_and_neighbours_stay_apart() {
        let content = "Ann\tB-person\nBob\tB-person\nGo\tB-product\n\t\nX\tB-group\nY\tI-group\n";
        let texts = parse("wnut17", content, false).unwrap();
        assert_eq!(
            named(&texts),
            [
                (EntityKind::Person, "Ann".into()),
                (EntityKind::Person, "Bob".into()),
                (EntityKind::Organization, "X Y".into()),
            ]
        );
        assert_ne!(texts[0].document_sha256, texts[1].document_sha256);
    }

    #[test]
    fn the_sentences_of_a_document_share_its_hash() {
        let content = "-DOCSTART- O\n\na O\n\nb O\n\n-DOCSTART- O\n\nc O\n";
        let texts = parse("wikigold", content, true).unwrap();
        assert_eq!(texts[0].document_sha256, texts[1].document_sha256);
        assert_ne!(texts[1].document_sha256, texts[2].document_sha256);
    }
}
