//! Topics as mixtures of facets. Untrained facets are the vectors of sentences that describe a
//! topic. Training moves them.

mod head;

use courant_article::{Embedding, IPTC_TOPICS, IptcTopic};

pub use head::TopicHead;

use crate::file::{EncoderRef, HeadError, HeadFile, TrainingData};
use crate::lbfgs::Lbfgs;
use crate::matrix::DenseMatrix;

/// The name that the file of trained facets states.
pub const NAME: &str = "iptc-topics";
/// The weights that say how many facets each topic has, where these are not the descriptions'.
const SIZES: &str = "sizes";

/// Returns the file of the head that comes with Courant for the encoder of this name. `None` for
/// encoders whose topics are those of the descriptions' vectors.
pub fn shipped(encoder: &str) -> Option<&'static str> {
    (encoder == crate::shipped::MULTILINGUAL).then_some(crate::shipped::MULTILINGUAL_TOPICS)
}

/// The facets of several topics, each a vector.
///
/// A topic's share is the mean of `exp(product / temperature)` over its facets,
/// divided by the sum of all topics' means: one near facet suffices, and a topic
/// gains nothing by having many.
#[derive(Clone, Debug, PartialEq)]
pub struct Facets {
    vectors: DenseMatrix,
    /// The number of facets of each topic, in the vectors' order; at least 1.
    sizes: Vec<usize>,
}

/// An article's vector and its topic's index.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicExample {
    /// Unit length.
    pub vector: Vec<f32>,
    /// Below the number of topics.
    pub topic: usize,
}

/// The settings of the training of facets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TopicFit {
    /// As in [`Facets::shares`].
    pub temperature: f32,
    /// The weight of half the squared distance from the start, in mean losses per example. A
    /// large penalty keeps the facets near their start.
    pub penalty: f64,
    /// The most steps.
    pub max_steps: usize,
}

impl Default for TopicFit {
    fn default() -> Self {
        Self { temperature: 0.05, penalty: 0.1, max_steps: 60 }
    }
}

impl Facets {
    /// Makes facets. `vectors` holds `sizes[topic]` rows per topic, in order. `None` if the
    /// numbers do not add up, or a topic has no facet.
    pub fn new(vectors: DenseMatrix, sizes: Vec<usize>) -> Option<Self> {
        let fits = sizes.iter().sum::<usize>() == vectors.rows() && !sizes.contains(&0);
        fits.then_some(Self { vectors, sizes })
    }

    /// Returns the texts whose vectors [`Self::of_descriptions`] takes, in order.
    pub fn descriptions() -> impl Iterator<Item = &'static str> {
        IPTC_TOPICS.iter().flat_map(IptcTopic::facets)
    }

    /// Makes the untrained facets of [`IPTC_TOPICS`] from the vectors of their descriptions.
    /// `None` if there is not one vector per description, all of one dimension.
    pub fn of_descriptions(vectors: &[Embedding]) -> Option<Self> {
        let dimension = vectors.first()?.dimension();
        let values = vectors.iter().flat_map(|vector| vector.as_slice()).copied().collect();
        let is_even = vectors.iter().all(|vector| vector.dimension() == dimension);
        let rows = DenseMatrix::from_values(dimension, values).filter(|_| is_even)?;
        Self::new(rows, Self::iptc_sizes())
    }

    /// Adds each example to the facets of its topic.
    ///
    /// # Panics
    /// If an example has another dimension, or a topic that there is not.
    pub fn with_examples(&self, examples: &[TopicExample]) -> Self {
        let mut vectors = DenseMatrix::new(self.dimension());
        let mut sizes = self.sizes.clone();
        let mut own = self.vectors.iter();
        for (topic, size) in sizes.iter_mut().enumerate() {
            own.by_ref().take(*size).for_each(|facet| vectors.push(facet));
            for example in examples.iter().filter(|example| example.topic == topic) {
                vectors.push(&example.vector);
                *size += 1;
            }
        }
        assert_eq!(vectors.rows(), self.vectors.rows() + examples.len(), "each topic exists");
        Self { vectors, sizes }
    }

    /// Takes the directions `common` out of the facets, and makes them `length` long.
    ///
    /// Some encoders give all texts nearly the same direction. A facet that has a little more of
    /// it is near to every text. `length` divided by the temperature of [`Self::shares`] is the
    /// sharpness of the shares. It belongs to the encoder, so it is part of the facets.
    pub fn without(&self, common: &[Vec<f32>], length: f32) -> Self {
        let directions = orthonormal(common);
        let mut vectors = DenseMatrix::new(self.dimension());
        for facet in self.vectors.iter() {
            let mut facet: Vec<f64> = facet.iter().copied().map(f64::from).collect();
            directions.iter().for_each(|direction| take_out(direction, &mut facet));
            scale(&mut facet, f64::from(length));
            vectors.push(&facet.iter().map(|value| *value as f32).collect::<Vec<_>>());
        }
        Self { vectors, sizes: self.sizes.clone() }
    }

    /// Returns the number of facets of each of [`IPTC_TOPICS`].
    pub fn iptc_sizes() -> Vec<usize> {
        IPTC_TOPICS.iter().map(|topic| topic.facets().count()).collect()
    }

    /// Values per vector.
    pub fn dimension(&self) -> usize {
        self.vectors.columns()
    }

    /// Returns the share of each topic. The shares add up to 1.
    ///
    /// # Panics
    /// If `vector` has another dimension.
    pub fn shares(&self, vector: &[f32], temperature: f32) -> Vec<f32> {
        assert_eq!(vector.len(), self.dimension(), "the vector is of the facets' space");
        let products = self.vectors.iter().map(|facet| {
            facet.iter().zip(vector).map(|(a, b)| f64::from(a * b)).sum::<f64>()
                / f64::from(temperature)
        });
        let parts = self.parts(&products.collect::<Vec<_>>());
        parts.topics.into_iter().map(|share| share as f32).collect()
    }

    /// Trains the facets on `examples`, starting at their present values and limited by the
    /// penalty.
    pub fn fitted(&self, examples: &[TopicExample], how: TopicFit) -> Self {
        let start: Vec<f64> = self.vectors.iter().flatten().map(|v| f64::from(*v)).collect();
        let search = Lbfgs { max_steps: how.max_steps, gradient_tolerance: 1e-5, memory: 10 };
        let found = search
            .minimize(start.clone(), |at, gradient| self.loss(at, &start, examples, how, gradient));
        let values = found.at.into_iter().map(|value| value as f32).collect();
        let vectors = DenseMatrix::from_values(self.dimension(), values);
        Self {
            vectors: vectors.expect("the search moves values and takes none away"),
            sizes: self.sizes.clone(),
        }
    }

    fn loss(
        &self,
        at: &[f64],
        start: &[f64],
        examples: &[TopicExample],
        how: TopicFit,
        gradient: &mut [f64],
    ) -> f64 {
        let width = self.dimension();
        let warmth = 1.0 / f64::from(how.temperature);
        let share = 1.0 / examples.len().max(1) as f64;
        let mut loss = 0.0;
        for (slope, (at, start)) in gradient.iter_mut().zip(at.iter().zip(start)) {
            *slope = how.penalty * (at - start);
            loss += 0.5 * how.penalty * (at - start) * (at - start);
        }
        for example in examples {
            let products: Vec<f64> = at
                .chunks_exact(width)
                .map(|facet| warmth * crate::matrix::dot(&example.vector, facet))
                .collect();
            let parts = self.parts(&products);
            loss -= share * parts.topics[example.topic].max(f64::MIN_POSITIVE).ln();
            for (facet, (topic, within)) in parts.facets.iter().enumerate() {
                let told = parts.topics[*topic] - f64::from(u8::from(*topic == example.topic));
                let error = share * warmth * within * told;
                let slopes = &mut gradient[facet * width..][..width];
                for (slope, value) in slopes.iter_mut().zip(&example.vector) {
                    *slope += error * f64::from(*value);
                }
            }
        }
        loss
    }

    /// The greatest product is subtracted first: no exponential overflows, and
    /// the sum is not zero.
    fn parts(&self, products: &[f64]) -> Parts {
        let greatest = products.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut topics = Vec::with_capacity(self.sizes.len());
        let mut facets = Vec::with_capacity(products.len());
        let mut rest = products;
        for (topic, size) in self.sizes.iter().enumerate() {
            let (own, others) = rest.split_at(*size);
            rest = others;
            let nearness: Vec<f64> = own.iter().map(|p| (p - greatest).exp()).collect();
            let sum: f64 = nearness.iter().sum();
            let within = |near: &f64| if sum > 0.0 { near / sum } else { 1.0 / *size as f64 };
            facets.extend(nearness.iter().map(|near| (topic, within(near))));
            topics.push(sum / *size as f64);
        }
        let sum: f64 = topics.iter().sum();
        topics.iter_mut().for_each(|share| *share /= sum);
        Parts { topics, facets }
    }

    /// Returns the trained facets of the 17 topics as a file.
    pub fn to_file(&self, encoder: EncoderRef, languages: &[&str], data: TrainingData) -> HeadFile {
        let labels = IPTC_TOPICS.iter().map(|topic| topic.code.to_owned()).collect();
        let mut file = HeadFile::new(NAME, encoder, languages, labels, data);
        let values: Vec<f32> = self.vectors.iter().flatten().copied().collect();
        file.set_weights("facets", [self.vectors.rows(), self.dimension()], &values);
        if self.sizes != Self::iptc_sizes() {
            let sizes: Vec<f32> = self.sizes.iter().map(|size| *size as f32).collect();
            file.set_weights(SIZES, [1, sizes.len()], &sizes);
        }
        file
    }

    /// Trained facets of the 17 topics.
    ///
    /// # Errors
    /// [`HeadError::Labels`] if the topics are others, or an error in the weights.
    pub fn from_file(file: &HeadFile) -> Result<Self, HeadError> {
        file.check_labels(&IPTC_TOPICS.map(|topic| topic.code))?;
        let sizes = match file.weights(SIZES, [1, IPTC_TOPICS.len()]) {
            Ok(sizes) => sizes.into_iter().map(|size| size as usize).collect(),
            Err(HeadError::Missing(_)) => Self::iptc_sizes(),
            Err(error) => return Err(error),
        };
        let dimension = file.encoder.dimension;
        let values = file.weights("facets", [sizes.iter().sum(), dimension])?;
        let vectors = DenseMatrix::from_values(dimension, values)
            .ok_or_else(|| HeadError::Weights("facets".into()))?;
        Self::new(vectors, sizes).ok_or_else(|| HeadError::Weights("facets".into()))
    }
}

/// The directions at right angles to one another that span `vectors`.
fn orthonormal(vectors: &[Vec<f32>]) -> Vec<Vec<f64>> {
    let mut found: Vec<Vec<f64>> = Vec::new();
    for vector in vectors {
        let mut vector: Vec<f64> = vector.iter().copied().map(f64::from).collect();
        found.iter().for_each(|direction| take_out(direction, &mut vector));
        scale(&mut vector, 1.0);
        found.push(vector);
    }
    found
}

fn take_out(direction: &[f64], vector: &mut [f64]) {
    let product: f64 = direction.iter().zip(vector.iter()).map(|(a, b)| a * b).sum();
    vector.iter_mut().zip(direction).for_each(|(value, part)| *value -= product * part);
}

fn scale(vector: &mut [f64], length: f64) {
    let norm = vector.iter().map(|value| value * value).sum::<f64>().sqrt();
    if norm > 0.0 {
        vector.iter_mut().for_each(|value| *value *= length / norm);
    }
}

/// The division of a vector's nearness among topics and facets.
struct Parts {
    /// Each topic's share.
    topics: Vec<f64>,
    /// Each facet's topic, and its share within it.
    facets: Vec<(usize, f64)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three topics of two facets each, along the axes of a space of six.
    fn facets() -> Facets {
        let mut vectors = DenseMatrix::new(6);
        for axis in 0..6 {
            let mut row = [0.0; 6];
            row[axis] = 1.0;
            vectors.push(&row);
        }
        Facets::new(vectors, vec![2; 3]).unwrap()
    }

    /// Between an axis of topic 0 and one of topic 1, a little nearer to the
    /// first, and yet of topic 1.
    fn misread() -> Vec<TopicExample> {
        vec![TopicExample { vector: vec![0.75, 0.0, 0.66, 0.0, 0.0, 0.0], topic: 1 }; 4]
    }

    fn best(facets: &Facets, vector: &[f32]) -> usize {
        let shares = facets.shares(vector, 0.05);
        (0..shares.len()).max_by(|a, b| shares[*a].total_cmp(&shares[*b])).unwrap()
    }

    #[test]
    fn one_near_facet_suffices() {
        let shares = facets().shares(&[0.0, 0.0, 0.0, 1.0, 0.0, 0.0], 0.05);
        assert!(shares[1] > 0.99, "{shares:?}");
        assert!((shares.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn training_moves_the_facets_to_the_examples() {
        let vector = &misread()[0].vector;
        assert_eq!(best(&facets(), vector), 0);
        assert_eq!(best(&facets().fitted(&misread(), TopicFit::default()), vector), 1);
    }

    #[test]
    fn facets_that_must_not_move_stay() {
        let firm = TopicFit { penalty: 1e6, ..TopicFit::default() };
        let start = facets();
        let moved = start.fitted(&misread(), firm);
        let distance = |(a, b): (&f32, &f32)| (a - b).abs();
        let pairs = moved.vectors.iter().flatten().zip(start.vectors.iter().flatten());
        assert!(pairs.map(distance).all(|distance| distance < 1e-3));
    }

    #[test]
    fn examples_become_facets_of_their_topic() {
        let more = facets().with_examples(&misread()[..1]);
        assert_eq!(more.sizes, [2, 3, 2]);
        assert_eq!(best(&facets(), &misread()[0].vector), 0);
        assert_eq!(best(&more, &misread()[0].vector), 1);
    }

    #[test]
    fn a_direction_that_all_texts_share_decides_nothing() {
        let mut vectors = DenseMatrix::new(3);
        [[0.9, 0.1, 0.0], [0.2, 0.0, 0.1]].iter().for_each(|facet| vectors.push(facet));
        let crowded = Facets::new(vectors, vec![1, 1]).unwrap();
        let text = [0.99, 0.0, 0.1];
        assert_eq!(best(&crowded, &text), 0);
        let told = crowded.without(&[vec![2.0, 0.0, 0.0]], 0.5);
        assert_eq!(best(&told, &text), 1);
        for facet in told.vectors.iter() {
            let norm = facet.iter().map(|value| value * value).sum::<f32>().sqrt();
            assert!((norm - 0.5).abs() < 1e-6 && facet[0].abs() < 1e-6);
        }
    }

    #[test]
    fn without_examples_nothing_moves() {
        assert_eq!(facets().fitted(&[], TopicFit::default()), facets());
    }

    #[test]
    fn the_gradient_is_that_of_the_loss() {
        let (facets, examples, how) = (facets(), misread(), TopicFit::default());
        let start: Vec<f64> = facets.vectors.iter().flatten().map(|v| f64::from(*v)).collect();
        let mut at: Vec<f64> = start.iter().map(|value| 0.9 * value + 0.01).collect();
        let mut gradient = vec![0.0; at.len()];
        let mut ignored = gradient.clone();
        facets.loss(&at, &start, &examples, how, &mut gradient);
        for place in [0, 2, 7, 13, 14] {
            at[place] += 1e-6;
            let above = facets.loss(&at, &start, &examples, how, &mut ignored);
            at[place] -= 2e-6;
            let below = facets.loss(&at, &start, &examples, how, &mut ignored);
            at[place] += 1e-6;
            assert!((gradient[place] - (above - below) / 2e-6).abs() < 1e-5, "{place}");
        }
    }

    #[test]
    fn trained_facets_come_back_from_their_file() {
        let sizes = Facets::iptc_sizes();
        let mut vectors = DenseMatrix::new(2);
        (0..sizes.iter().sum()).for_each(|i| vectors.push(&[0.5, (i % 4) as f32]));
        let facets = Facets::new(vectors, sizes).unwrap();
        let encoder = EncoderRef { name: "encoder".into(), dimension: 2 };
        let data = TrainingData {
            name: "made up".into(),
            sha256: String::new(),
            examples: 1,
            held_back: 0,
        };
        let written = facets.to_file(encoder, &["en"], data).write();
        let read = HeadFile::read(&written, NAME).unwrap();
        assert_eq!(Facets::from_file(&read).unwrap(), facets);
        let example = TopicExample { vector: vec![0.25, 1.0], topic: 16 };
        let more = facets.with_examples(&[example]);
        let file = more.to_file(read.encoder, &["en"], read.data);
        assert_eq!(Facets::from_file(&file).unwrap(), more);
    }
}
