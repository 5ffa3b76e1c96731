//! Labelled texts from a file, and their vectors.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, ensure};
use courant_article::{Embeddings, TextKind};
use courant_heads::entities::EntityPassage;
use courant_heads::file::sha256;
use courant_heads::labelled::{self, EntityLine, LabelledLine, SentimentLine, TopicLine};
use courant_heads::metrics::Scores;
use courant_heads::sentiment::SentimentPassage;
use courant_heads::topics::{Facets, TopicExample};
use courant_heads::{Head, HeadTask};
use courant_inference::FrozenEncoder;

/// The largest file of labelled texts that is read, in bytes.
const MAX_BYTES: u64 = 256 << 20;

/// Labelled lines for one task.
pub(super) enum LabelledLines {
    Sentiment(Vec<SentimentLine>),
    Topics(Vec<TopicLine>),
    Entities(Vec<EntityLine>),
}

/// Labelled texts for one task, with the encoder's vectors.
pub(super) enum LabelledTexts {
    Sentiment(Vec<SentimentPassage>),
    Topics(Vec<TopicExample>),
    Entities(Vec<EntityPassage>),
}

/// A file of labelled texts.
pub(super) struct LabelledFile {
    /// The file's name, without its folder.
    pub(super) name: String,
    pub(super) sha256: String,
    /// The lines to train on.
    pub(super) seen: LabelledLines,
    /// The lines to measure with.
    pub(super) held_back: LabelledLines,
}

impl LabelledFile {
    /// Reads a file, and holds back a fifth of its texts.
    pub(super) fn read(path: &Path, task: HeadTask) -> anyhow::Result<Self> {
        let content = content(path)?;
        let divided = match task {
            HeadTask::Sentiment => divide(&content, LabelledLines::Sentiment),
            HeadTask::Topics => divide(&content, LabelledLines::Topics),
            HeadTask::Entities => divide(&content, LabelledLines::Entities),
        };
        let (seen, held_back) = divided.with_context(|| path.display().to_string())?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, sha256: sha256(content.as_bytes()), seen, held_back })
    }

    /// Returns the lines that may measure `heads`: the held-back lines if one of the heads was
    /// trained on this file, else all lines.
    pub(super) fn judging<'h>(self, heads: impl IntoIterator<Item = &'h Head>) -> LabelledLines {
        if heads.into_iter().any(|head| head.data_sha256() == self.sha256) {
            return self.held_back;
        }
        self.seen.joined(self.held_back)
    }
}

/// Returns the text of a file.
pub(super) fn content(path: &Path) -> anyhow::Result<String> {
    let name = path.display();
    let file = File::open(path).with_context(|| format!("cannot read {name}"))?;
    let mut content = String::new();
    let read = file.take(MAX_BYTES + 1).read_to_string(&mut content);
    read.with_context(|| format!("cannot read {name}"))?;
    ensure!(content.len() as u64 <= MAX_BYTES, "{name} is larger than {} MiB", MAX_BYTES >> 20);
    Ok(content)
}

fn divide<L: LabelledLine>(
    content: &str,
    lines: impl Fn(Vec<L>) -> LabelledLines,
) -> anyhow::Result<(LabelledLines, LabelledLines)> {
    let read = labelled::read(content)?;
    ensure!(!read.is_empty(), "it holds no labelled texts");
    let (seen, held_back) = labelled::divide(read);
    Ok((lines(seen), lines(held_back)))
}

impl LabelledLines {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Sentiment(lines) => lines.len(),
            Self::Topics(lines) => lines.len(),
            Self::Entities(lines) => lines.len(),
        }
    }

    /// Joins two sets of lines for the same task. Those of one file always are.
    fn joined(self, other: Self) -> Self {
        match (self, other) {
            (Self::Sentiment(own), Self::Sentiment(other)) => {
                Self::Sentiment([own, other].concat())
            }
            (Self::Topics(own), Self::Topics(other)) => Self::Topics([own, other].concat()),
            (Self::Entities(own), Self::Entities(other)) => Self::Entities([own, other].concat()),
            (own, _) => own,
        }
    }

    /// Adds the encoder's vectors to the lines.
    pub(super) fn embed(&self, encoder: &FrozenEncoder) -> anyhow::Result<LabelledTexts> {
        Ok(match self {
            Self::Sentiment(lines) => LabelledTexts::Sentiment(passages(lines, encoder)?),
            Self::Topics(lines) => LabelledTexts::Topics(examples(lines, encoder)?),
            Self::Entities(lines) => {
                let passage = |line: &EntityLine| {
                    let states = encoder.word_states(&line.text)?.states;
                    Ok(EntityPassage::new(line.text.clone(), line.names(), states))
                };
                LabelledTexts::Entities(lines.iter().map(passage).collect::<anyhow::Result<_>>()?)
            }
        })
    }
}

fn passages(
    lines: &[SentimentLine],
    encoder: &FrozenEncoder,
) -> anyhow::Result<Vec<SentimentPassage>> {
    let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    let passage = |(line, embeddings): (&SentimentLine, Embeddings)| {
        let class = line.class()?;
        Some(SentimentPassage::new(&line.text, class, &embeddings))
    };
    Ok(lines.iter().zip(encoder.documents(&texts)?).filter_map(passage).collect())
}

fn examples(lines: &[TopicLine], encoder: &FrozenEncoder) -> anyhow::Result<Vec<TopicExample>> {
    let dimension = encoder.reference().dimension;
    let without = lines.iter().filter(|line| line.vector.is_none());
    let texts: Vec<&str> = without.map(|line| line.text.as_str()).collect();
    let mut embedded = encoder.documents(&texts)?.into_iter();
    let mut examples = Vec::with_capacity(lines.len());
    for line in lines {
        let vector = match &line.vector {
            Some(vector) => Some(vector.clone()),
            None => embedded.next().map(|embeddings| embeddings.vector.as_slice().to_vec()),
        };
        let (Some(vector), Some(topic)) = (vector, line.topic()) else { continue };
        let found = vector.len();
        ensure!(found == dimension, "a vector has {found} values, the encoder's have {dimension}");
        examples.push(TopicExample { vector, topic });
    }
    Ok(examples)
}

/// Returns the facets of the topics from the vectors of their descriptions.
pub(super) fn descriptions(encoder: &FrozenEncoder) -> anyhow::Result<Facets> {
    let texts = Facets::descriptions().map(str::to_owned).collect();
    let facets = Facets::of_descriptions(&encoder.vectors(texts, TextKind::Document)?);
    facets.context("the encoder gives no vector for each description")
}

impl LabelledTexts {
    /// Returns the scores of a head on these texts. `None` stands for the topics' untrained
    /// descriptions.
    pub(super) fn scores(
        &self,
        head: Option<&Head>,
        encoder: &FrozenEncoder,
    ) -> anyhow::Result<Scores> {
        if let Some(head) = head {
            check_encoder(head, encoder)?;
        }
        let scores = match (self, head) {
            (Self::Sentiment(texts), Some(Head::Sentiment(head))) => head.scores(texts),
            (Self::Topics(texts), Some(Head::Topics(head))) => head.facets().scores(texts),
            (Self::Topics(texts), None) => descriptions(encoder)?.scores(texts),
            (Self::Entities(texts), Some(Head::Entities(head))) => head.scores(texts)?,
            _ => anyhow::bail!("the texts are labelled for another kind of head"),
        };
        Ok(scores)
    }
}

/// Checks that a head was trained with the encoder. A head works with one encoder only.
fn check_encoder(head: &Head, encoder: &FrozenEncoder) -> anyhow::Result<()> {
    let (learned, configured) = (head.encoder().name, &encoder.model().name);
    ensure!(learned == *configured, "{head} learned from {learned}, configured is {configured}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(lines: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), lines).unwrap();
        file
    }

    #[test]
    fn only_what_was_held_back_judges_a_head_that_learned_from_the_file() {
        let line = |number| format!("{{\"text\":\"text {number}\",\"label\":\"neutral\"}}\n");
        let file = file(&(0..50).map(line).collect::<String>());
        let read = || LabelledFile::read(file.path(), HeadTask::Sentiment).unwrap();
        let head = Head::built_in(HeadTask::Sentiment, "").unwrap();
        assert_eq!(read().judging([&head]).len(), 50);
        let mut learned = read();
        learned.sha256 = head.data_sha256().to_owned();
        let held_back = learned.held_back.len();
        assert!((2..25).contains(&held_back), "{held_back}");
        assert_eq!(learned.judging([&head]).len(), held_back);
    }

    #[test]
    fn a_wrong_line_and_an_empty_file_are_named_with_the_file() {
        let error = |lines: &str| {
            let file = file(lines);
            let error = LabelledFile::read(file.path(), HeadTask::Topics).err().unwrap();
            let error = format!("{error:#}");
            assert!(error.contains(&file.path().display().to_string()), "{error}");
            error
        };
        assert!(error("{\"text\":\"x\"}").contains("line 1"));
        assert!(error("\n").contains("no labelled texts"));
    }
}
