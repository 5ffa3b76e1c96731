//! Labelled texts as files: one JSON object a line.
//!
//! | for | a line |
//! |---|---|
//! | sentiment | `{"text": "…", "label": "negative"}` (or `neutral`, `positive`) |
//! | topics | `{"text": "…", "label": "medtop:15000000"}` (or `sport`); a `vector` may stand for the text |
//! | entities | `{"text": "…", "spans": [{"start": 0, "end": 8, "kind": "person"}]}`, in code points |
//! | calibration | `{"text": "…"}` |
//! | encoders | `{"sentence1": "…", "sentence2": "…", "score": 4.2}` |
//!
//! Other keys are passed over.

use courant_article::{EntityKind, IPTC_TOPICS, Span};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::entities::NamedSpan;
use crate::file::fold;
use crate::sentiment::LABELS;

/// The number of parts that the texts are divided into: one is held back, to judge by.
const PARTS: u32 = 5;

/// A line that cannot be used, and the reason.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("line {number}: {reason}")]
pub struct LineError {
    /// The number of the line in the file, from 1.
    pub number: usize,
    /// The reason.
    pub reason: String,
}

/// A type that is read from one line of a file.
pub trait LabelledLine: DeserializeOwned {
    /// Says what is wrong with it beyond its form.
    ///
    /// # Errors
    /// The reason.
    fn check(&self) -> Result<(), String>;

    /// Returns the string that decides if the line is held back: equal texts share their fate.
    fn key(&self) -> String;
}

/// A text with its sentiment.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct SentimentLine {
    /// A sentence, or a few.
    pub text: String,
    label: String,
}

/// A text, or its vector, with its topic.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct TopicLine {
    /// An article's text.
    #[serde(default)]
    pub text: String,
    /// As the encoder embeds it, of unit length.
    pub vector: Option<Vec<f32>>,
    #[serde(alias = "topic")]
    label: String,
}

/// A text with its names.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct EntityLine {
    /// A sentence, or more.
    pub text: String,
    spans: Vec<LabelledSpan>,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
struct LabelledSpan {
    start: u32,
    end: u32,
    kind: EntityKind,
}

/// A text alone.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct TextLine {
    /// Any text.
    pub text: String,
}

/// Two texts and their similarity as people judge it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct PairLine {
    /// The one.
    pub sentence1: String,
    /// The other.
    pub sentence2: String,
    /// The similarity. Greater is more similar.
    pub score: f64,
}

impl SentimentLine {
    /// Returns the index in [`LABELS`].
    pub fn class(&self) -> Option<usize> {
        LABELS.iter().position(|label| *label == self.label)
    }
}

impl TopicLine {
    /// Returns the index in [`IPTC_TOPICS`].
    pub fn topic(&self) -> Option<usize> {
        let is_it = |code: &str, label: &str| code == self.label || label == self.label;
        IPTC_TOPICS.iter().position(|topic| is_it(topic.code, topic.label))
    }
}

impl EntityLine {
    /// The names in it.
    pub fn names(&self) -> Vec<NamedSpan> {
        let name = |span: &LabelledSpan| (span.kind, Span { start: span.start, end: span.end });
        self.spans.iter().map(name).collect()
    }
}

impl LabelledLine for SentimentLine {
    fn check(&self) -> Result<(), String> {
        check_text(&self.text)?;
        let known = || format!("the label {:?} is none of {}", self.label, LABELS.join(", "));
        self.class().map(|_| ()).ok_or_else(known)
    }

    fn key(&self) -> String {
        self.text.clone()
    }
}

impl LabelledLine for TopicLine {
    fn check(&self) -> Result<(), String> {
        match &self.vector {
            None => check_text(&self.text)?,
            Some(vector) if vector.iter().any(|value| !value.is_finite()) => {
                return Err("a value of the vector is not finite".into());
            }
            Some(_) => {}
        }
        self.topic().map(|_| ()).ok_or_else(|| format!("the topic {:?} is unknown", self.label))
    }

    fn key(&self) -> String {
        match &self.vector {
            Some(vector) if self.text.is_empty() => format!("{vector:?}"),
            _ => self.text.clone(),
        }
    }
}

impl LabelledLine for EntityLine {
    fn check(&self) -> Result<(), String> {
        check_text(&self.text)?;
        let length = u32::try_from(self.text.chars().count()).unwrap_or(u32::MAX);
        let mut spans = self.spans.clone();
        spans.sort_by_key(|span| span.start);
        if let Some(span) = spans.iter().find(|span| span.start >= span.end || span.end > length) {
            let LabelledSpan { start, end, .. } = span;
            return Err(format!("the span {start} to {end} is not within the text's {length}"));
        }
        match spans.windows(2).find(|pair| pair[1].start < pair[0].end) {
            Some(pair) => Err(format!("two spans overlap at {}", pair[1].start)),
            None => Ok(()),
        }
    }

    fn key(&self) -> String {
        self.text.clone()
    }
}

impl LabelledLine for TextLine {
    fn check(&self) -> Result<(), String> {
        check_text(&self.text)
    }

    fn key(&self) -> String {
        self.text.clone()
    }
}

impl LabelledLine for PairLine {
    fn check(&self) -> Result<(), String> {
        check_text(&self.sentence1)?;
        check_text(&self.sentence2)
    }

    fn key(&self) -> String {
        format!("{}\n{}", self.sentence1, self.sentence2)
    }
}

fn check_text(text: &str) -> Result<(), String> {
    if text.trim().is_empty() { Err("the text is empty".into()) } else { Ok(()) }
}

/// Reads lines. Empty lines are skipped.
///
/// # Errors
/// [`LineError`] names the first invalid line.
pub fn read<L: LabelledLine>(lines: &str) -> Result<Vec<L>, LineError> {
    let parse = |(index, line): (usize, &str)| {
        let wrong = |reason| LineError { number: index + 1, reason };
        let parsed: L = serde_json::from_str(line).map_err(|error| wrong(error.to_string()))?;
        parsed.check().map_err(wrong)?;
        Ok(parsed)
    };
    lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(parse).collect()
}

/// Holds back a fifth of the lines, selected by their texts, and so the same ones in every run.
/// Returns the training lines and the held-back lines.
pub fn divide<L: LabelledLine>(lines: Vec<L>) -> (Vec<L>, Vec<L>) {
    lines.into_iter().partition(|line| fold(&line.key(), 0, PARTS) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason<L: LabelledLine + std::fmt::Debug>(lines: &str) -> LineError {
        read::<L>(lines).unwrap_err()
    }

    #[test]
    fn lines_of_each_kind_are_read() {
        let lines = "{\"text\":\"good\",\"label\":\"positive\",\"more\":1}\n\n";
        assert_eq!(read::<SentimentLine>(lines).unwrap()[0].class(), Some(2));
        let lines = r#"{"text":"a match","topic":"medtop:15000000"}
            {"vector":[1.0],"label":"sport"}"#;
        let topics: Vec<_> = read::<TopicLine>(lines).unwrap();
        assert_eq!(topics[0].topic(), topics[1].topic());
        let line = r#"{"text":"Zoë left","spans":[{"start":0,"end":3,"kind":"person"}]}"#;
        let names = read::<EntityLine>(line).unwrap()[0].names();
        assert_eq!(names, [(EntityKind::Person, Span { start: 0, end: 3 })]);
        let line = r#"{"sentence1":"a","sentence2":"b","score":1}"#;
        assert_eq!(read::<PairLine>(line).unwrap()[0].score, 1.0);
    }

    #[test]
    fn a_wrong_line_is_named_with_what_is_wrong() {
        let good = r#"{"text":"good","label":"positive"}"#;
        let error =
            reason::<SentimentLine>(&format!("{good}\n{{\"text\":\"x\",\"label\":\"fine\"}}"));
        assert_eq!((error.number, error.reason.contains("fine")), (2, true), "{error}");
        let error = reason::<SentimentLine>(r#"{"text":" ","label":"positive"}"#);
        assert_eq!(error.to_string(), "line 1: the text is empty");
        assert!(reason::<TopicLine>(r#"{"text":"x","label":"gossip"}"#).reason.contains("gossip"));
        assert!(reason::<TopicLine>("nonsense").reason.contains("expected"));
    }

    #[test]
    fn spans_beyond_the_text_and_overlapping_ones_are_refused() {
        let line = |spans: &str| format!(r#"{{"text":"Ann Lee left","spans":[{spans}]}}"#);
        let beyond = line(r#"{"start":0,"end":13,"kind":"person"}"#);
        assert!(reason::<EntityLine>(&beyond).reason.contains("0 to 13"));
        let empty = line(r#"{"start":3,"end":3,"kind":"person"}"#);
        assert!(reason::<EntityLine>(&empty).reason.contains("3 to 3"));
        let both =
            line(r#"{"start":4,"end":7,"kind":"person"},{"start":0,"end":5,"kind":"location"}"#);
        assert!(reason::<EntityLine>(&both).reason.contains("overlap at 4"));
        let other = line(r#"{"start":0,"end":3,"kind":"planet"}"#);
        assert!(reason::<EntityLine>(&other).reason.contains("planet"));
    }

    #[test]
    fn about_a_fifth_is_held_back_and_equal_texts_share_their_fate() {
        let line = |number: usize| format!("{{\"text\":\"text {number}\",\"label\":\"neutral\"}}");
        let lines: Vec<String> = (0..500).chain(0..500).map(line).collect();
        let (seen, held_back) = divide(read::<SentimentLine>(&lines.join("\n")).unwrap());
        assert_eq!(seen.len() + held_back.len(), 1000);
        assert!((150..250).contains(&held_back.len()), "{}", held_back.len());
        assert!(held_back.iter().all(|line| !seen.contains(line)));
    }
}
