//! Labelled texts, for training and evaluation.

use courant_article::{Embeddings, Sentence};

use super::{LABELS, SentimentExample, SentimentHead};
use crate::file::{EncoderRef, HeadError, TrainingData};
use crate::metrics::{Prediction, Scores, classification};

/// A labelled text with its sentences' vectors.
#[derive(Clone, Debug, PartialEq)]
pub struct SentimentPassage {
    text: String,
    class: usize,
    sentences: Vec<(Vec<f32>, String)>,
}

impl SentimentPassage {
    /// `class`: an index into [`LABELS`]; `embeddings`: those of `text`.
    pub fn new(text: &str, class: usize, embeddings: &Embeddings) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let sentence = |sentence: &Sentence| {
            let span = sentence.span.start as usize..sentence.span.end as usize;
            let vector = sentence.vector.iter().map(|value| value.to_f32()).collect();
            (vector, chars.get(span).unwrap_or_default().iter().collect())
        };
        let sentences = embeddings.sentences.iter().map(sentence).collect();
        Self { text: text.to_owned(), class, sentences }
    }

    /// Returns the example to learn from: the text with the mean of its sentences' vectors.
    fn example(&self) -> SentimentExample {
        let mut vector = vec![0.0; self.sentences.first().map_or(0, |(vector, _)| vector.len())];
        for (sentence, text) in &self.sentences {
            let words = text.split_whitespace().count() as f32;
            vector.iter_mut().zip(sentence).for_each(|(sum, value)| *sum += words * value);
        }
        let norm = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
        if norm > 0.0 {
            vector.iter_mut().for_each(|value| *value /= norm);
        }
        SentimentExample { vector, text: self.text.clone(), class: self.class }
    }
}

impl SentimentHead {
    /// Trains a head on some texts, and records in its file how well it classifies others.
    ///
    /// # Errors
    /// [`HeadError::NoExamples`] where there are too few of either.
    pub fn learn(
        seen: &[SentimentPassage],
        held_back: &[SentimentPassage],
        encoder: EncoderRef,
        data: TrainingData,
    ) -> Result<Self, HeadError> {
        if held_back.is_empty() {
            return Err(HeadError::NoExamples);
        }
        let examples: Vec<SentimentExample> = seen.iter().map(SentimentPassage::example).collect();
        let mut head = Self::train(&examples, encoder, data)?;
        head.file.scores = head.scores(held_back);
        Ok(head)
    }

    /// Predicts the class of each text in the way the analyst scores articles. `None` for a
    /// text without words.
    pub fn judge(&self, passages: &[SentimentPassage]) -> Vec<Option<Prediction>> {
        let told = |passage: &SentimentPassage| {
            let parts = passage.sentences.iter().map(|(vector, text)| (&vector[..], text.as_str()));
            self.text(parts).map(|shares| Prediction::of(passage.class, &shares))
        };
        passages.iter().map(told).collect()
    }

    /// Measures how well the head classifies texts.
    pub fn scores(&self, passages: &[SentimentPassage]) -> Scores {
        let told: Vec<Prediction> = self.judge(passages).into_iter().flatten().collect();
        classification(LABELS.len(), &told)
    }
}

#[cfg(test)]
mod tests {
    use courant_article::{Embedding, ModelRef, Span};
    use half::f16;

    use super::*;

    /// Two sentences whose vectors point along the axis of the class.
    fn passage(number: usize) -> SentimentPassage {
        let class = number % 3;
        let text = format!("person number {number}. there are some");
        let mut vector = vec![f16::from_f32(0.1); 4];
        vector[class] = f16::from_f32(0.9);
        let middle = text.find(". ").unwrap() as u32 + 1;
        let sentence = |start, end| Sentence { span: Span { start, end }, vector: vector.clone() };
        let embeddings = Embeddings {
            model: ModelRef::default(),
            vector: Embedding::from_unit(vec![0.0; 4]),
            sentences_left_out: 0,
            sentences: vec![sentence(0, middle), sentence(middle + 1, text.len() as u32)],
            entities: Err("not asked for".to_owned()),
        };
        SentimentPassage::new(&text, class, &embeddings)
    }

    fn learned() -> SentimentHead {
        let seen: Vec<_> = (0..90).map(passage).collect();
        let held_back: Vec<_> = (90..120).map(passage).collect();
        let encoder = EncoderRef { name: "encoder".into(), dimension: 4 };
        let data = TrainingData {
            name: "made up".into(),
            sha256: "0".into(),
            examples: seen.len(),
            held_back: held_back.len(),
        };
        SentimentHead::learn(&seen, &held_back, encoder, data).unwrap()
    }

    #[test]
    fn what_was_held_back_is_told_and_stands_in_the_file() {
        let head = learned();
        assert_eq!(head.file().scores["macro_f1"], 1.0);
        assert_eq!(head.judge(&[passage(91)])[0].map(|told| told.class), Some(1));
    }

    #[test]
    fn the_same_texts_give_the_same_bytes() {
        assert_eq!(learned().file().write(), learned().file().write());
    }

    #[test]
    fn without_texts_to_judge_by_nothing_is_learned() {
        let seen: Vec<_> = (0..90).map(passage).collect();
        let file = learned().file().clone();
        let none = SentimentHead::learn(&seen, &[], file.encoder, file.data);
        assert!(matches!(none, Err(HeadError::NoExamples)));
    }
}
