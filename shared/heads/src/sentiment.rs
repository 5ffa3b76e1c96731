//! Sentiment of sentences: negative, neutral or positive.
//!
//! Two regressions add up: one on the sentence's vector and on words of praise
//! and blame, one on the sentence's hashed n-grams. Each is fitted by itself: a
//! common fit let the many n-grams drown the vector. The weight of the second and
//! the temperature of the sum come from examples that neither had seen.

mod lexicon;
mod passage;
mod words;

use crate::calibrate;
use crate::file::{EncoderRef, HeadError, HeadFile, TrainingData, fold};
use crate::shipped::{ENGLISH_SENTIMENT, MULTILINGUAL, MULTILINGUAL_SENTIMENT};
use crate::softmax::{Fit, Row, Softmax, SparseExample, softmax};

use lexicon::Lexicon;
pub use passage::SentimentPassage;

/// The name that the head's file states.
pub const NAME: &str = "news-sentiment";
/// The classes in the order of [`courant_article::Sentiment::probabilities`].
pub const LABELS: [&str; 3] = ["negative", "neutral", "positive"];

/// Chosen, as [`LEXICON_SCALE`], by cross-validation within the four fifths that
/// the head learns from: macro-F1 0.670 there, half or twice as much 0.666.
const DENSE: Fit = Fit { penalty: 3e-4, max_steps: 150 };
const N_GRAMS: Fit = Fit { penalty: 7e-5, max_steps: 80 };
/// The vector's values are small, about 1/20: they count as much as the lexicon's
/// only when they are scaled.
const LEXICON_SCALE: f32 = 0.5;
/// The number of parts of the examples: one part sets weight and temperature.
const PARTS: u32 = 5;

/// Returns the file of the head that comes with Courant for the encoder of this name, or that for
/// `all-MiniLM-L6-v2`: a head says which encoder it reads. `courant-eval train-heads` wrote them.
pub fn shipped(encoder: &str) -> &'static str {
    if encoder == MULTILINGUAL { MULTILINGUAL_SENTIMENT } else { ENGLISH_SENTIMENT }
}

/// One or a few sentences with their sentiment.
#[derive(Clone, Debug, PartialEq)]
pub struct SentimentExample {
    /// The vector of the text.
    pub vector: Vec<f32>,
    /// The text itself.
    pub text: String,
    /// An index into [`LABELS`].
    pub class: usize,
}

/// The sentiment head, ready to use.
#[derive(Clone, Debug)]
pub struct SentimentHead {
    file: HeadFile,
    features: Features,
    dense: Softmax,
    n_grams: Softmax,
}

/// The extractor of a sentence's features.
#[derive(Clone, Debug)]
struct Features {
    lexicon: Lexicon,
    dimension: usize,
}

impl Features {
    fn new(dimension: usize) -> Self {
        Self { lexicon: Lexicon::new(), dimension }
    }

    fn dense_inputs(&self) -> usize {
        self.dimension + lexicon::FEATURES
    }

    /// Dense features and n-grams. Indices of a longer vector would run into the
    /// lexicon's: they are cut.
    fn of(&self, vector: &[f32], text: &str) -> (Row, Row) {
        let words = words::words(text);
        let lexical = self.lexicon.features(&words).map(|value| LEXICON_SCALE * value);
        let values = vector.iter().copied().take(self.dimension);
        let mut dense: Row = (0..).zip(values).collect();
        dense.extend((self.dimension as u32..).zip(lexical));
        (dense, words::n_grams(&words))
    }
}

impl SentimentHead {
    /// Makes a head from its file.
    ///
    /// # Errors
    /// [`HeadError`] says what is wrong with it.
    pub fn from_file(file: HeadFile) -> Result<Self, HeadError> {
        file.check_labels(&LABELS)?;
        let features = Features::new(file.encoder.dimension);
        let regression = |name: &str, inputs: usize| {
            let weights = file.weights(name, [LABELS.len(), inputs + 1])?;
            let found = Softmax::from_weights(LABELS.len(), inputs, &weights);
            found.ok_or_else(|| HeadError::Weights(name.to_owned()))
        };
        let dense = regression("dense", features.dense_inputs())?;
        let n_grams = regression("n-grams", words::BUCKETS)?;
        Ok(Self { file, features, dense, n_grams })
    }

    /// Trains a head. The texts of the examples decide which of them set weight and
    /// temperature, so that the same examples give the same head.
    ///
    /// # Errors
    /// [`HeadError::NoExamples`] if there are too few examples.
    pub fn train(
        examples: &[SentimentExample],
        encoder: EncoderRef,
        data: TrainingData,
    ) -> Result<Self, HeadError> {
        let features = Features::new(encoder.dimension);
        let rows: Vec<Rows> = examples.iter().map(|example| Rows::of(&features, example)).collect();
        let (seen, unseen): (Vec<&Rows>, Vec<&Rows>) = rows.iter().partition(|rows| !rows.judges);
        if seen.is_empty() || unseen.is_empty() {
            return Err(HeadError::NoExamples);
        }
        let (weight, temperature) = Pair::fit(&features, &seen).balance(&unseen);
        let all = Pair::fit(&features, &rows.iter().collect::<Vec<_>>());
        let labels = LABELS.map(str::to_owned).to_vec();
        let mut file = HeadFile::new(NAME, encoder, &["en"], labels, data);
        let shape = |inputs| [LABELS.len(), inputs + 1];
        let dense = all.dense.weights(1.0 / temperature);
        file.set_weights("dense", shape(features.dense_inputs()), &dense);
        let n_grams = all.n_grams.weights(weight / temperature);
        file.set_weights("n-grams", shape(words::BUCKETS), &n_grams);
        Self::from_file(file)
    }

    /// Returns the head's file: its encoder, data, scores and weights.
    pub fn file(&self) -> &HeadFile {
        &self.file
    }

    /// Returns the head's file, to add scores to it.
    pub fn file_mut(&mut self) -> &mut HeadFile {
        &mut self.file
    }

    /// Returns the probabilities of [`LABELS`] for one sentence and its vector.
    pub fn sentence(&self, vector: &[f32], text: &str) -> [f32; 3] {
        let (dense, n_grams) = self.features.of(vector, text);
        let dense = self.dense.logits(&dense);
        let n_grams = self.n_grams.logits(&n_grams);
        let sums: Vec<f64> = dense.iter().zip(&n_grams).map(|(a, b)| a + b).collect();
        let shares = softmax(&sums);
        [shares[0] as f32, shares[1] as f32, shares[2] as f32]
    }

    /// Returns the probabilities for a text: the mean over its sentences, weighted by their
    /// lengths in words. `None` if there are no words.
    pub fn text<'t>(
        &self,
        sentences: impl IntoIterator<Item = (&'t [f32], &'t str)>,
    ) -> Option<[f32; 3]> {
        let mut sums = [0.0_f32; 3];
        let mut all = 0.0;
        for (vector, text) in sentences {
            let length = text.split_whitespace().count() as f32;
            all += length;
            for (sum, share) in sums.iter_mut().zip(self.sentence(vector, text)) {
                *sum += length * share;
            }
        }
        (all > 0.0).then(|| sums.map(|sum| sum / all))
    }
}

/// An example's features for both regressions.
struct Rows {
    dense: SparseExample,
    n_grams: SparseExample,
    /// True if the example is of the part that sets weight and temperature.
    judges: bool,
}

impl Rows {
    fn of(features: &Features, example: &SentimentExample) -> Self {
        let (dense, n_grams) = features.of(&example.vector, &example.text);
        let class = example.class;
        Self {
            dense: SparseExample { row: dense, class },
            n_grams: SparseExample { row: n_grams, class },
            judges: fold(&example.text, 1, PARTS) == 0,
        }
    }
}

/// Both regressions, each fitted by itself.
struct Pair {
    dense: Softmax,
    n_grams: Softmax,
}

impl Pair {
    fn fit(features: &Features, rows: &[&Rows]) -> Self {
        let dense: Vec<&SparseExample> = rows.iter().map(|rows| &rows.dense).collect();
        let n_grams: Vec<&SparseExample> = rows.iter().map(|rows| &rows.n_grams).collect();
        Self {
            dense: Softmax::fit(LABELS.len(), features.dense_inputs(), &dense, DENSE),
            n_grams: Softmax::fit(LABELS.len(), words::BUCKETS, &n_grams, N_GRAMS),
        }
    }

    /// The weight of the n-grams and the temperature of the sum that make the
    /// classes of unseen rows most probable.
    fn balance(&self, unseen: &[&Rows]) -> (f64, f64) {
        let logits: Vec<(Vec<f64>, Vec<f64>, usize)> = unseen
            .iter()
            .map(|rows| {
                let dense = self.dense.logits(&rows.dense.row);
                (dense, self.n_grams.logits(&rows.n_grams.row), rows.dense.class)
            })
            .collect();
        let tried = (0..=30).map(|step| {
            let weight = f64::from(step) / 20.0;
            let sums: Vec<(Vec<f64>, usize)> = logits
                .iter()
                .map(|(a, b, class)| {
                    (a.iter().zip(b).map(|(a, b)| a + weight * b).collect(), *class)
                })
                .collect();
            let temperature = calibrate::temperature(&sums);
            (calibrate::loss(&sums, temperature), weight, temperature)
        });
        let best = tried.min_by(|a, b| a.0.total_cmp(&b.0)).expect("31 weights were tried");
        (best.1, best.2)
    }
}

#[cfg(test)]
mod tests;
