//! The `[analyst]` section.

use std::path::PathBuf;

use courant_config::{Ranged, Ranges, range};
use courant_inference::ClassifierConfig;
use courant_service::{Agent, Ports};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::AnalystError;

/// The names by which requests call the heads that come with Courant.
pub(crate) const BUILT_IN: [&str; 2] = ["sentiment", "topics"];

/// The analyst's name and ports.
pub const AGENT: Agent = Agent {
    name: "analyst",
    service_name: "courant-analyst",
    ports: Ports { http: 9103, grpc: 9203 },
};

/// The analysis of articles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Articles analyzed at the same time, 1 to 64. One takes a few
    /// milliseconds of one core.
    pub concurrency: usize,
    /// From 0 to 1: below this confidence the language is called unknown, unless the
    /// text's function words confirm it. A language that the page declares and the
    /// text does not contradict is always told.
    pub language_min_confidence: f64,
    /// ISO 639-1 codes of the languages whose vectors carry meaning; articles in
    /// others get no topics. An empty list covers all, known or not: for
    /// multilingual encoders. The default encoder learned from English alone. A
    /// trained topic head covers the languages that it learned from instead.
    pub topic_languages: Vec<String>,
    /// ISO 639-1 codes of the languages in which names are told; articles in
    /// others get no entities. An empty list covers all, known or not. The head
    /// that comes with Courant learned from English alone.
    pub entity_languages: Vec<String>,
    /// From 0.001 to 1: how sharply the topics' scores differ. A lower one
    /// gives the best topic more; the order never changes.
    pub topic_temperature: f32,
    /// The file of a topic head that `courant models train topics` wrote; without
    /// one, that promoted in `heads`; without either, the topics' descriptions are
    /// used untrained.
    pub topic_head: Option<PathBuf>,
    /// The file of a sentiment head; without one, that promoted in `heads`; without
    /// either, the head for the default encoder that comes with Courant is used.
    pub sentiment_head: Option<PathBuf>,
    /// The folder in which `courant models promote` keeps heads. `courant run` takes
    /// `models` in its data folder.
    pub heads: Option<PathBuf>,
    /// Key phrases per article, 0 to 10.
    pub max_key_phrases: usize,
    /// Sentences per summary, 0 to 3.
    pub max_summary_sentences: usize,
    /// Classifiers of the user's own. Those for sentiment, topics and entities take
    /// the place of what comes with Courant, each in its languages.
    pub classifiers: Vec<ClassifierConfig>,
    /// The most megabytes of classifiers in memory, 0 to 1,048,576; counted as the
    /// size of their files times their sessions. Where another is needed, the least
    /// recently used one is given up.
    pub models_mb: u32,
    /// HTTP and gRPC requests to classify texts in hand at once, 1 to 1024; further
    /// ones are refused as overload.
    pub requests: usize,
    /// Seconds after which such a request is given up, 1 to 600.
    pub request_timeout_s: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            concurrency: 2,
            language_min_confidence: 0.5,
            topic_languages: vec!["en".into()],
            entity_languages: vec!["en".into()],
            topic_temperature: 0.05,
            topic_head: None,
            sentiment_head: None,
            heads: None,
            max_key_phrases: 10,
            max_summary_sentences: 3,
            classifiers: Vec::new(),
            models_mb: 2_048,
            requests: 64,
            request_timeout_s: 30,
        }
    }
}

impl Config {
    /// Checks every range.
    ///
    /// # Errors
    /// [`AnalystError::Range`] names the first value outside.
    pub fn validate(&self) -> Result<(), AnalystError> {
        Ok(range::check("analyst", self)?)
    }
}

impl Ranged for Config {
    fn ranges(&self, ranges: &mut Ranges) {
        ranges.within("concurrency", self.concurrency, 1..=64);
        ranges.within("language_min_confidence", self.language_min_confidence, 0.0..=1.0);
        ranges.within("topic_temperature", self.topic_temperature, 0.001..=1.0);
        ranges.within("max_key_phrases", self.max_key_phrases, 0..=10);
        ranges.within("max_summary_sentences", self.max_summary_sentences, 0..=3);
        languages(ranges, "topic_languages", &self.topic_languages);
        languages(ranges, "entity_languages", &self.entity_languages);
        ranges.within("models_mb", self.models_mb, 0..=1 << 20);
        ranges.within("requests", self.requests, 1..=1024);
        ranges.within("request_timeout_s", self.request_timeout_s, 1..=600);
        for classifier in &self.classifiers {
            ranges.table(&format!("classifiers[{}]", classifier.name), &Own(classifier));
        }
    }
}

/// A classifier beside the built-in ones.
struct Own<'a>(&'a ClassifierConfig);

impl Ranged for Own<'_> {
    fn ranges(&self, ranges: &mut Ranges) {
        self.0.ranges(ranges);
        let name = &self.0.name;
        let is_free = !BUILT_IN.contains(&name.as_str());
        ranges.rule("name", name, "none of the built-in", is_free);
        languages(ranges, "languages", &self.0.languages);
    }
}

fn languages(ranges: &mut Ranges, key: &str, codes: &[String]) {
    let wrong = codes.iter().find(|code| !is_iso_639_1(code));
    let shown = wrong.map_or("right", String::as_str);
    ranges.rule(key, format_args!("{shown:?}"), "a list of ISO 639-1 codes", wrong.is_none());
}

fn is_iso_639_1(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|b| b.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classifiers(one: ClassifierConfig) -> Config {
        Config { classifiers: vec![one], ..Config::default() }
    }

    #[test]
    fn the_defaults_are_valid() {
        assert!(Config::default().validate().is_ok());
    }

    #[test]
    fn a_value_out_of_range_is_named() {
        let wrong = [
            ("concurrency", Config { concurrency: 0, ..Config::default() }),
            (
                "language_min_confidence",
                Config { language_min_confidence: 1.5, ..Config::default() },
            ),
            ("topic_temperature", Config { topic_temperature: 0.0, ..Config::default() }),
            ("topic_temperature", Config { topic_temperature: f32::NAN, ..Config::default() }),
            ("max_key_phrases", Config { max_key_phrases: 11, ..Config::default() }),
            ("max_summary_sentences", Config { max_summary_sentences: 4, ..Config::default() }),
            (
                "topic_languages",
                Config { topic_languages: vec!["eng".into()], ..Config::default() },
            ),
            (
                "entity_languages",
                Config { entity_languages: vec!["English".into()], ..Config::default() },
            ),
            ("models_mb", Config { models_mb: u32::MAX, ..Config::default() }),
            ("requests", Config { requests: 0, ..Config::default() }),
            ("request_timeout_s", Config { request_timeout_s: 601, ..Config::default() }),
            (
                "classifiers[sentiment].name",
                classifiers(ClassifierConfig::new("sentiment", "folder")),
            ),
            (
                "classifiers[own].languages",
                classifiers(ClassifierConfig {
                    languages: vec!["eng".into()],
                    ..ClassifierConfig::new("own", "folder")
                }),
            ),
        ];
        for (expected, config) in wrong {
            let error = config.validate().unwrap_err();
            let AnalystError::Range(error) = error else { panic!("{error}") };
            assert_eq!(error.key, format!("analyst.{expected}"), "{error}");
        }
    }

    #[test]
    fn a_classifier_needs_a_name_and_a_model_and_no_more() {
        let json = r#"{"classifiers": [{"name": "own", "model": "folder"}]}"#;
        let config: Config = serde_json::from_str(json).unwrap();
        assert_eq!(config, classifiers(ClassifierConfig::new("own", "folder")));
        assert!(config.validate().is_ok());
        let wrong = r#"{"classifiers": [{"name": "own", "model": "folder", "lables": {}}]}"#;
        assert!(serde_json::from_str::<Config>(wrong).is_err());
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let error = serde_json::from_str::<Config>(r#"{"temprature": 1}"#).unwrap_err();
        assert!(error.to_string().contains("temprature"), "{error}");
    }
}
