//! Analyzes one article. The analysis is pure: the same input gives the same output.

use std::collections::BTreeMap;

use courant_article::{Analysis, Embeddings, Entities, ModelRef, Sentiment, Topic};

use crate::judgements::Judged;
use crate::key_phrases::KeyPhrases;
use crate::sentiment::SentimentScorer;
use crate::{Absent, AnalystError, Config, Judgements, Topics, entities, language, summary};

/// Analyzes articles. All workers share one.
pub struct Analyzer {
    config: Config,
    topics: Topics,
    sentiment: SentimentScorer,
    key_phrases: KeyPhrases,
}

impl Analyzer {
    /// Creates an analyzer. `topics` holds the vectors that the embedder gave the definitions.
    ///
    /// # Errors
    /// [`AnalystError::Range`] if a value of `config` is out of its range. Other errors if a head
    /// that is configured or promoted cannot be used.
    pub fn new(config: Config, topics: Topics) -> Result<Self, AnalystError> {
        config.validate()?;
        let topics = match config.topic_head(&topics.encoder().name)? {
            Some(head) => topics.trained(&head)?,
            None => topics,
        };
        let sentiment = SentimentScorer::new(config.sentiment_head(&topics.encoder().name)?);
        Ok(Self { config, topics, sentiment, key_phrases: KeyPhrases::new() })
    }

    /// Finds the language, topics, sentiment, key phrases, summary and names of one article. An
    /// output that cannot be computed is absent, and [`Analysis::skipped`] gives the reason.
    ///
    /// `embeddings` belong to `text`. Their spans count its code points.
    pub fn analyze(&self, title: &str, text: &str, embeddings: &Embeddings) -> Analysis {
        self.analyze_judged(title, text, None, embeddings, Judgements::default())
    }

    /// Analyzes an article like [`Self::analyze`], but takes the outputs that classifiers have
    /// computed from `judged`.
    ///
    /// `declared` is the language that the page declares, if any.
    pub fn analyze_judged(
        &self,
        title: &str,
        text: &str,
        declared: Option<&str>,
        embeddings: &Embeddings,
        judged: Judgements,
    ) -> Analysis {
        let config = &self.config;
        let mut report = Report::default();
        let language = report.keep(
            "language",
            language::model(),
            language::detect(title, text, declared, config.language_min_confidence),
        );
        let topics = judged.topics.unwrap_or_else(|| {
            self.topics
                .score(language, embeddings, config)
                .map(|found| (found, self.topics.model()))
        });
        let topics = report.keep_judged("topics", topics);
        let sentiment = judged.sentiment.unwrap_or_else(|| {
            self.sentiment
                .score(language, text, embeddings)
                .map(|found| (found, self.sentiment.model(&embeddings.model)))
        });
        let sentiment = report.keep_judged("sentiment", sentiment);
        let key_phrases = report.keep(
            "keyphrases",
            KeyPhrases::model(embeddings),
            self.key_phrases.extract(language, title, text, embeddings, config.max_key_phrases),
        );
        let summary = report.keep(
            "summary",
            summary::model(&embeddings.model),
            summary::summarize(title, text, embeddings, config.max_summary_sentences),
        );
        let entities = match judged.entities {
            Some(judged) => judged.map(|(found, model)| Entities::first(model, found)),
            None => entities::covered(language, embeddings, &config.entity_languages),
        };
        let entities = entities.map(|found| ((found.entities, found.left_out), found.model));
        let (entities, entities_left_out) =
            report.keep_judged("entities", entities).unwrap_or_default();
        Analysis {
            language: language.map(str::to_owned),
            topics: topics.unwrap_or_default(),
            sentiment,
            key_phrases: key_phrases.unwrap_or_default(),
            summary: summary.unwrap_or_default(),
            entities,
            entities_left_out,
            sentences_left_out: embeddings.sentences_left_out,
            skipped: report.skipped,
            models: report.models,
        }
    }
}

/// Single outputs, for texts that are not articles.
impl Analyzer {
    /// Returns the language of an article as ISO 639-1; `None` if it is uncertain. The `declared`
    /// language of the page is used unless the text contradicts it.
    pub fn language(
        &self,
        title: &str,
        text: &str,
        declared: Option<&str>,
    ) -> Option<&'static str> {
        language::detect(title, text, declared, self.config.language_min_confidence).ok()
    }

    pub(crate) fn sentiment_model(&self) -> ModelRef {
        self.sentiment.model(self.topics.encoder())
    }

    pub(crate) fn topic_model(&self) -> ModelRef {
        self.topics.model()
    }

    pub(crate) fn covers_sentiment(&self, language: Option<&str>) -> Result<(), Absent> {
        self.sentiment.check_language(language)
    }

    pub(crate) fn covers_topics(&self, language: Option<&str>) -> Result<(), Absent> {
        self.topics.check_language(language, &self.config)
    }

    pub(crate) fn sentiment_of(
        &self,
        language: Option<&str>,
        text: &str,
        embeddings: &Embeddings,
    ) -> Result<Sentiment, Absent> {
        self.sentiment.score(language, text, embeddings)
    }

    pub(crate) fn topics_of(
        &self,
        language: Option<&str>,
        embeddings: &Embeddings,
    ) -> Result<Vec<Topic>, Absent> {
        self.topics.score(language, embeddings, &self.config)
    }
}

/// The models that ran, and the outputs that are absent, with their reasons.
#[derive(Default)]
struct Report {
    skipped: BTreeMap<String, String>,
    models: Vec<ModelRef>,
}

impl Report {
    /// Records the model of an output, or the reason why the output is absent.
    fn keep<T>(&mut self, output: &str, model: ModelRef, result: Result<T, Absent>) -> Option<T> {
        self.keep_judged(output, result.map(|value| (value, model)))
    }

    fn keep_judged<T>(&mut self, output: &str, result: Judged<T>) -> Option<T> {
        match result {
            Ok((value, model)) => {
                self.models.push(model);
                Some(value)
            }
            Err(absent) => {
                self.skip(output, &absent);
                None
            }
        }
    }

    fn skip(&mut self, output: &str, reason: &Absent) {
        self.skipped.insert(output.to_owned(), reason.to_string());
    }
}

#[cfg(test)]
mod tests {
    use courant_article::{Embedding, Entities, Entity, EntityKind, Sentence, Span};
    use half::f16;

    use super::*;

    const ENGLISH: [&str; 5] = [
        "The town council voted on Tuesday to close the old bridge for a year.",
        "Engineers had found deep cracks in two of the bridge's stone piers.",
        "Buses will take a longer way round through the northern suburbs.",
        "Shops near the old bridge fear that customers will stay away.",
        "The mayor promised that repairs would begin before the winter.",
    ];

    fn encoder() -> ModelRef {
        ModelRef {
            name: "all-MiniLM-L6-v2".into(),
            version: "a".into(),
            precision: "int8".into(),
            provider: "cpu".into(),
        }
    }

    fn analyzer() -> Analyzer {
        let axis = |index: usize| {
            let mut values = vec![0.0; 384];
            values[index] = 1.0;
            Embedding::from_unit(values)
        };
        let vectors: Vec<_> = (0..Topics::definitions().count()).map(axis).collect();
        Analyzer::new(Config::default(), Topics::new(encoder(), &vectors).unwrap()).unwrap()
    }

    fn names() -> Entities {
        let entity = Entity {
            text: "Council".into(),
            kind: EntityKind::Organization,
            span: Span { start: 9, end: 16 },
            score: 0.5,
        };
        let model = ModelRef { name: "entities".into(), ..ModelRef::default() };
        Entities { model, entities: vec![entity], left_out: 0 }
    }

    fn embedded(sentences: &[&str]) -> (String, Embeddings) {
        let vector = Embedding::normalized(vec![1.0; 384]);
        let half: Vec<f16> = vector.as_slice().iter().copied().map(f16::from_f32).collect();
        let mut start = 0;
        let mut place = |sentence: &&str| {
            let end = start + sentence.chars().count() as u32;
            let span = Span { start, end };
            start = end + 1;
            Sentence { span, vector: half.clone() }
        };
        let sentences_found = sentences.iter().map(&mut place).collect();
        let embeddings = Embeddings {
            model: encoder(),
            vector,
            sentences_left_out: 0,
            sentences: sentences_found,
            entities: Ok(names()),
        };
        (sentences.join(" "), embeddings)
    }

    #[test]
    fn an_english_article_gets_everything_but_what_no_model_tells() {
        let (text, embeddings) = embedded(&ENGLISH);
        let analysis = analyzer().analyze("Council closes old bridge", &text, &embeddings);
        assert_eq!(analysis.language.as_deref(), Some("en"));
        assert_eq!(analysis.topics.len(), 17);
        assert_eq!(analysis.summary.len(), 3);
        assert_eq!(analysis.key_phrases[0].text, "bridge");
        assert!(analysis.sentiment.is_some());
        let skipped: Vec<_> =
            analysis.skipped.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert!(skipped.is_empty(), "{skipped:?}");
        assert_eq!(analysis.entities, names().entities);
        let models: Vec<_> = analysis.models.iter().map(|model| model.name.as_str()).collect();
        let ours = ["courant-language", "iptc-zero-shot", "news-sentiment", "key-phrases"];
        assert_eq!(models[..4], ours);
        assert_eq!(models[4..], ["extractive-summary", "entities"]);
        assert_eq!(analysis.models[1].version, "2+all-MiniLM-L6-v2:a");
        assert_eq!(analysis.models[1].precision, "int8");
    }

    #[test]
    fn an_empty_article_gets_reasons_and_no_values() {
        let embeddings = Embeddings {
            model: encoder(),
            vector: Embedding::from_unit(Vec::new()),
            sentences_left_out: 0,
            sentences: Vec::new(),
            entities: Err("the encoder gives no states".into()),
        };
        let analysis = analyzer().analyze("", "", &embeddings);
        let skipped: Vec<_> = analysis.skipped.keys().map(String::as_str).collect();
        assert_eq!(
            skipped,
            ["entities", "keyphrases", "language", "sentiment", "summary", "topics"]
        );
        assert_eq!(analysis, Analysis { skipped: analysis.skipped.clone(), ..Analysis::default() });
    }

    #[test]
    fn names_are_told_only_in_the_languages_that_the_head_learned() {
        let german = [
            "Der Gemeinderat beschloss am Dienstag, die alte Brücke für ein Jahr zu schließen.",
            "Fachleute hatten tiefe Risse in zwei Pfeilern der Brücke gefunden.",
        ];
        let (text, embeddings) = embedded(&german);
        let analysis = analyzer().analyze("Rat schließt Brücke", &text, &embeddings);
        assert!(analysis.entities.is_empty());
        assert_eq!(analysis.skipped["entities"], "names are not told in the language de");
        let config = Config { entity_languages: Vec::new(), ..Config::default() };
        let all = Analyzer::new(config, analyzer().topics).unwrap();
        let analysis = all.analyze("Rat schließt Brücke", &text, &embeddings);
        assert_eq!(analysis.entities, names().entities);
    }

    #[test]
    fn the_same_article_gets_the_same_analysis() {
        let (text, embeddings) = embedded(&ENGLISH);
        let analyzer = analyzer();
        let first = analyzer.analyze("Council closes old bridge", &text, &embeddings);
        assert_eq!(analyzer.analyze("Council closes old bridge", &text, &embeddings), first);
    }

    #[test]
    fn a_setting_out_of_range_is_refused() {
        let config = Config { concurrency: 0, ..Config::default() };
        let topics = analyzer().topics;
        assert!(matches!(Analyzer::new(config, topics), Err(AnalystError::Range(_))));
    }
}
