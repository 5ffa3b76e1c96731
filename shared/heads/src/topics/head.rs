//! Trained facets with their file.

use super::{Facets, TopicExample, TopicFit};
use crate::file::{EncoderRef, HeadError, HeadFile, TrainingData};
use crate::metrics::{Prediction, Scores, classification};

/// The trained facets of the 17 topics.
#[derive(Clone, Debug)]
pub struct TopicHead {
    file: HeadFile,
    facets: Facets,
}

impl TopicHead {
    /// Makes a head from its file.
    ///
    /// # Errors
    /// As [`Facets::from_file`].
    pub fn from_file(file: HeadFile) -> Result<Self, HeadError> {
        let facets = Facets::from_file(&file)?;
        Ok(Self { file, facets })
    }

    /// Trains the facets from `start`, and records in the file how well they classify the
    /// held-back examples.
    ///
    /// # Errors
    /// [`HeadError::NoExamples`] if there are no training or no held-back examples.
    pub fn learn(
        start: &Facets,
        seen: &[TopicExample],
        held_back: &[TopicExample],
        encoder: EncoderRef,
        languages: &[&str],
        data: TrainingData,
    ) -> Result<Self, HeadError> {
        if seen.is_empty() || held_back.is_empty() {
            return Err(HeadError::NoExamples);
        }
        let fitted = start.fitted(seen, TopicFit::default());
        let mut head = Self::from_file(fitted.to_file(encoder, languages, data))?;
        head.file.scores = head.facets.scores(held_back);
        Ok(head)
    }

    /// Returns the head's file: its encoder, data, scores and weights.
    pub fn file(&self) -> &HeadFile {
        &self.file
    }

    /// Returns the facets.
    pub fn facets(&self) -> &Facets {
        &self.facets
    }
}

impl Facets {
    /// Measures how well the most probable topic matches the true one.
    pub fn scores(&self, examples: &[TopicExample]) -> Scores {
        let temperature = TopicFit::default().temperature;
        let told = |example: &TopicExample| {
            Prediction::of(example.topic, &self.shares(&example.vector, temperature))
        };
        classification(self.sizes.len(), &examples.iter().map(told).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::DenseMatrix;

    const DIMENSION: usize = 4;

    /// Topic 1 along axis 1, all others along axis 0.
    fn start() -> Facets {
        let sizes = Facets::iptc_sizes();
        let mut vectors = DenseMatrix::new(DIMENSION);
        for (topic, size) in sizes.iter().enumerate() {
            let mut row = [0.0; DIMENSION];
            row[usize::from(topic == 1)] = 1.0;
            (0..*size).for_each(|_| vectors.push(&row));
        }
        Facets::new(vectors, sizes).unwrap()
    }

    /// Topic 2 along axis 2, topic 3 along axis 3.
    fn examples(count: usize) -> Vec<TopicExample> {
        let example = |number: usize| {
            let topic = 2 + number % 2;
            let mut vector = vec![0.0; DIMENSION];
            vector[topic] = 1.0;
            TopicExample { vector, topic }
        };
        (0..count).map(example).collect()
    }

    fn learn(seen: &[TopicExample], held_back: &[TopicExample]) -> Result<TopicHead, HeadError> {
        let encoder = EncoderRef { name: "encoder".into(), dimension: DIMENSION };
        let data = TrainingData {
            name: "made up".into(),
            sha256: "0".into(),
            examples: seen.len(),
            held_back: held_back.len(),
        };
        TopicHead::learn(&start(), seen, held_back, encoder, &["en"], data)
    }

    #[test]
    fn what_was_held_back_is_told_and_stands_in_the_file() {
        let head = learn(&examples(20), &examples(4)).unwrap();
        assert_eq!(head.file().scores["accuracy"], 1.0);
        assert!(start().scores(&examples(4))["accuracy"] < 1.0);
    }

    #[test]
    fn the_same_examples_give_the_same_bytes() {
        let write = || learn(&examples(20), &examples(4)).unwrap().file().write();
        assert_eq!(write(), write());
    }

    #[test]
    fn examples_are_needed_to_learn_from_and_to_judge_by() {
        assert!(matches!(learn(&[], &examples(4)), Err(HeadError::NoExamples)));
        assert!(matches!(learn(&examples(4), &[]), Err(HeadError::NoExamples)));
    }
}
