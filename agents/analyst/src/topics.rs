//! Topics without training: an article is about what its vector lies near to.
//!
//! Every topic is a mixture of facets, each a sentence with a vector. The share
//! of a topic is the mean of `exp(cosine / temperature)` over its facets, so
//! that one near facet suffices and a topic gains nothing by having many. On
//! 600 BBC articles of five topics the first of all 17 was right for 0.79, and
//! the first among the five for 0.92; with one vector per topic 0.57 and 0.87.

use courant_article::{Embedding, Embeddings, IPTC_TOPICS, IptcTopic, ModelRef, Topic};

use crate::{Absent, AnalystError, Config};

/// The vectors of the 17 topics' facets.
#[derive(Clone, Debug)]
pub struct Topics {
    encoder: ModelRef,
    /// One list for each of [`IPTC_TOPICS`], in its order; none is empty.
    facets: Vec<Vec<Embedding>>,
    dimension: usize,
}

impl Topics {
    /// The texts to embed for [`Topics::new`], in its order: about 80 short
    /// sentences.
    pub fn definitions() -> impl Iterator<Item = &'static str> {
        IPTC_TOPICS.iter().flat_map(IptcTopic::facets)
    }

    /// Takes what `encoder` made of [`Topics::definitions`].
    ///
    /// # Errors
    /// [`AnalystError::DefinitionCount`] or [`AnalystError::DefinitionVector`]
    /// where a facet would have no vector: a score for it would be invented.
    pub fn new(encoder: ModelRef, vectors: Vec<Embedding>) -> Result<Self, AnalystError> {
        let needed = Self::definitions().count();
        if vectors.len() != needed {
            return Err(AnalystError::DefinitionCount { got: vectors.len(), needed });
        }
        let dimension = vectors[0].dimension();
        let mut vectors = vectors.into_iter();
        let mut facets = Vec::with_capacity(IPTC_TOPICS.len());
        for topic in &IPTC_TOPICS {
            let own: Vec<_> = vectors.by_ref().take(topic.facets().count()).collect();
            if own.iter().any(|v| v.dimension() != dimension || !has_direction(v)) {
                return Err(AnalystError::DefinitionVector { code: topic.code });
            }
            facets.push(own);
        }
        Ok(Self { encoder, facets, dimension })
    }

    /// What scores: the head's name, and in its version the encoder.
    pub(crate) fn model(&self) -> ModelRef {
        ModelRef {
            name: "iptc-zero-shot".into(),
            version: format!("1+{}:{}", self.encoder.name, self.encoder.version),
            precision: self.encoder.precision.clone(),
            provider: "cpu".into(),
        }
    }

    /// All 17 by falling score; the scores add up to 1.
    ///
    /// # Errors
    /// [`Absent`] where the encoder does not cover the language, the article has
    /// no vector, or its vector comes from another encoder.
    pub(crate) fn score(
        &self,
        language: Option<&str>,
        embeddings: &Embeddings,
        config: &Config,
    ) -> Result<Vec<Topic>, Absent> {
        check_language(language, &config.topic_languages)?;
        self.check_encoder(embeddings)?;
        let scores = self.shares(&embeddings.vector, config.topic_temperature);
        let mut topics: Vec<Topic> = IPTC_TOPICS.iter().zip(scores).map(topic).collect();
        topics.sort_by(|a, b| b.score.total_cmp(&a.score));
        Ok(topics)
    }

    /// Each topic's share, in the order of [`IPTC_TOPICS`]. The greatest cosine is
    /// subtracted first: no exponential overflows, and the sum is not zero.
    fn shares(&self, vector: &Embedding, temperature: f32) -> Vec<f32> {
        let cosines: Vec<Vec<f32>> = self
            .facets
            .iter()
            .map(|facets| facets.iter().map(|facet| facet.cosine(vector)).collect())
            .collect();
        let greatest = cosines.iter().flatten().copied().fold(f32::NEG_INFINITY, f32::max);
        let nearness = |cosine: &f32| ((cosine - greatest) / temperature).exp();
        let mut shares: Vec<f32> = cosines
            .iter()
            .map(|facets| facets.iter().map(nearness).sum::<f32>() / facets.len() as f32)
            .collect();
        let sum: f32 = shares.iter().sum();
        shares.iter_mut().for_each(|share| *share /= sum);
        shares
    }

    /// Vectors of two encoders share no space. Another precision of the same
    /// model does: cosine 0.99 and more, measured.
    fn check_encoder(&self, embeddings: &Embeddings) -> Result<(), Absent> {
        if !has_direction(&embeddings.vector) {
            return Err(Absent::NoVector);
        }
        let (ours, theirs) = (&self.encoder, &embeddings.model);
        let same_weights = ours.precision != theirs.precision || ours.version == theirs.version;
        let same_space = self.dimension == embeddings.vector.dimension();
        if ours.name == theirs.name && same_weights && same_space {
            return Ok(());
        }
        Err(Absent::OtherEncoder { definitions: described(ours), article: described(theirs) })
    }
}

fn check_language(language: Option<&str>, covered: &[String]) -> Result<(), Absent> {
    if covered.is_empty() {
        return Ok(());
    }
    let language = language.ok_or(Absent::LanguageUnknown)?;
    if covered.iter().any(|code| code == language) {
        return Ok(());
    }
    Err(Absent::LanguageNotCovered { language: language.to_owned() })
}

fn described(model: &ModelRef) -> String {
    format!("{}:{}", model.name, model.version)
}

fn has_direction(vector: &Embedding) -> bool {
    let squares: f32 = vector.as_slice().iter().map(|v| v * v).sum();
    squares.is_finite() && squares > 0.0
}

fn topic((known, score): (&IptcTopic, f32)) -> Topic {
    Topic { code: known.code.to_owned(), label: known.label.to_owned(), score }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DIMENSION: usize = 128;

    fn encoder(version: &str, precision: &str) -> ModelRef {
        ModelRef {
            name: "encoder".into(),
            version: version.into(),
            precision: precision.into(),
            provider: "cpu".into(),
        }
    }

    /// A vector that points along one axis.
    fn axis(index: usize) -> Embedding {
        let mut values = vec![0.0; DIMENSION];
        values[index] = 1.0;
        Embedding::from_unit(values)
    }

    /// Every facet along an axis of its own.
    fn topics() -> Topics {
        let vectors = (0..Topics::definitions().count()).map(axis).collect();
        Topics::new(encoder("a", "fp32"), vectors).unwrap()
    }

    fn article(vector: Embedding) -> Embeddings {
        Embeddings {
            model: encoder("a", "fp32"),
            vector,
            chunks: Vec::new(),
            sentences: Vec::new(),
        }
    }

    fn score(vector: Embedding) -> Result<Vec<Topic>, Absent> {
        topics().score(Some("en"), &article(vector), &Config::default())
    }

    #[test]
    fn all_topics_come_by_falling_score_and_add_up_to_one() {
        let sport = Topics::definitions().position(|text| text.contains("Tennis")).unwrap();
        let found = score(axis(sport)).unwrap();
        assert_eq!(found.len(), IPTC_TOPICS.len());
        assert_eq!((found[0].code.as_str(), found[0].label.as_str()), ("medtop:15000000", "sport"));
        assert!(found.is_sorted_by(|a, b| a.score >= b.score));
        let sum: f32 = found.iter().map(|topic| topic.score).sum();
        assert!((sum - 1.0).abs() < 1e-5, "{sum}");
    }

    #[test]
    fn a_topic_gains_nothing_by_having_many_facets() {
        let found = score(axis(DIMENSION - 1)).unwrap();
        assert!(found.iter().all(|topic| (topic.score - 1.0 / 17.0).abs() < 1e-6));
    }

    #[test]
    fn a_cold_temperature_gives_all_to_the_nearest_and_stays_finite() {
        let config = Config { topic_temperature: 0.001, ..Config::default() };
        let found = topics().score(Some("en"), &article(axis(0)), &config).unwrap();
        assert_eq!(found[0].score, 1.0);
        assert!(found.iter().all(|topic| topic.score.is_finite()));
    }

    #[test]
    fn what_the_encoder_does_not_cover_gets_no_topics() {
        let topics = topics();
        let config = Config::default();
        let german = topics.score(Some("de"), &article(axis(0)), &config);
        assert_eq!(german, Err(Absent::LanguageNotCovered { language: "de".into() }));
        let unknown = topics.score(None, &article(axis(0)), &config);
        assert_eq!(unknown, Err(Absent::LanguageUnknown));
        let all = Config { topic_languages: Vec::new(), ..config };
        assert!(topics.score(None, &article(axis(0)), &all).is_ok());
    }

    #[test]
    fn an_article_without_a_vector_gets_no_topics() {
        for values in [vec![], vec![0.0; DIMENSION], vec![f32::NAN; DIMENSION]] {
            assert_eq!(score(Embedding::from_unit(values)), Err(Absent::NoVector));
        }
    }

    #[test]
    fn another_encoder_is_refused_and_another_precision_is_not() {
        let topics = topics();
        let config = Config::default();
        let with = |model| Embeddings { model, ..article(axis(0)) };
        assert!(topics.score(Some("en"), &with(encoder("b", "int8")), &config).is_ok());
        let retrained = topics.score(Some("en"), &with(encoder("b", "fp32")), &config);
        assert!(matches!(retrained, Err(Absent::OtherEncoder { .. })), "{retrained:?}");
        let shorter = topics.score(Some("en"), &article(Embedding::from_unit(vec![1.0])), &config);
        assert!(matches!(shorter, Err(Absent::OtherEncoder { .. })), "{shorter:?}");
    }

    #[test]
    fn definitions_need_a_usable_vector_each() {
        let needed = Topics::definitions().count();
        let few = Topics::new(encoder("a", "fp32"), vec![axis(0)]).unwrap_err();
        assert_eq!(few, AnalystError::DefinitionCount { got: 1, needed });
        let mut vectors: Vec<_> = (0..needed).map(axis).collect();
        vectors[needed - 1] = Embedding::from_unit(vec![0.0; DIMENSION]);
        let empty = Topics::new(encoder("a", "fp32"), vectors).unwrap_err();
        assert_eq!(empty, AnalystError::DefinitionVector { code: "medtop:17000000" });
    }

    proptest! {
        #[test]
        fn the_shares_of_any_vector_add_up_to_one(
            values in prop::collection::vec(-1.0_f32..1.0, DIMENSION),
            temperature in 0.001_f32..=1.0,
        ) {
            let config = Config { topic_temperature: temperature, ..Config::default() };
            let article = article(Embedding::normalized(values));
            let found = topics().score(Some("en"), &article, &config).unwrap();
            let sum: f32 = found.iter().map(|topic| topic.score).sum();
            prop_assert!((sum - 1.0).abs() < 1e-5, "{}", sum);
            prop_assert!(found.iter().all(|topic| (0.0..=1.0).contains(&topic.score)));
        }
    }
}
