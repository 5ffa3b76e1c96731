//! Runs configured classifiers, whose findings replace those of Courant's own models.

use courant_article::{Entity, EntityKind, IPTC_TOPICS, Sentiment, Topic, iptc_label};
use courant_inference::{
    ClassifierCache, ClassifierConfig, ClassifierTask, Error, Findings, Label, LabelledSpan,
    ModelHost, Priority,
};
use opentelemetry::metrics::Meter;

use crate::judgements::{Judged, Judgements};
use crate::{Absent, AnalystError, Analyzer, Config};

/// The configured classifiers. Clones share them.
#[derive(Clone)]
pub struct Classifiers {
    models: ClassifierCache,
}

impl Classifiers {
    /// Prepares the classifiers of `config`. Loads none of them yet.
    ///
    /// # Errors
    /// [`AnalystError::Range`] or [`AnalystError::Classifier`] if a setting is out of its range.
    pub fn new(config: &Config, host: ModelHost, meter: &Meter) -> Result<Self, AnalystError> {
        config.validate()?;
        let models =
            ClassifierCache::new(config.classifiers.clone(), config.models_mb, host, meter)?;
        Ok(Self { models })
    }

    /// Loads every classifier that judges articles, so that a fault shows before the first article
    /// comes.
    ///
    /// # Errors
    /// The error of the first classifier that cannot be loaded.
    pub async fn check(&self) -> Result<(), AnalystError> {
        for config in self.judges() {
            self.models.get(&config.name).await?;
        }
        Ok(())
    }

    /// Returns the classifiers that judge articles, in the order of their names.
    fn judges(&self) -> impl Iterator<Item = &ClassifierConfig> {
        self.models.configs().filter(|config| config.task != ClassifierTask::Other)
    }

    /// Returns the cache that knows all classifiers and holds the loaded ones.
    pub fn models(&self) -> &ClassifierCache {
        &self.models
    }

    /// Returns the findings of the classifiers that cover the article's language. The first by
    /// name is used if several have the same task.
    ///
    /// # Errors
    /// The reason why a classifier could not be loaded or run.
    pub async fn judge(
        &self,
        analyzer: &Analyzer,
        title: &str,
        text: &str,
        declared: Option<&str>,
    ) -> Result<Judgements, Error> {
        if self.judges().next().is_none() {
            return Ok(Judgements::default());
        }
        let language = analyzer.language(title, text, declared);
        Ok(Judgements {
            sentiment: self.of(ClassifierTask::Sentiment, language, text, sentiment).await?,
            topics: self.of(ClassifierTask::Topics, language, text, topics).await?,
            entities: self.of(ClassifierTask::Entities, language, text, entities).await?,
        })
    }

    async fn of<T>(
        &self,
        task: ClassifierTask,
        language: Option<&str>,
        text: &str,
        read: impl FnOnce(Findings) -> T,
    ) -> Result<Option<Judged<T>>, Error> {
        let is_ours =
            |config: &&ClassifierConfig| config.task == task && covers(config, language).is_ok();
        let Some(config) = self.judges().find(is_ours) else { return Ok(None) };
        let classifier = self.models.get(&config.name).await?;
        match classifier.classify(text, Priority::Bulk, None).await {
            Ok(found) => Ok(Some(Ok((read(found.findings), found.model)))),
            Err(Error::EmptyText { .. }) => Ok(Some(Err(Absent::NoWords))),
            Err(error) => Err(error),
        }
    }
}

/// Checks that a classifier covers the language. A classifier without a list of languages covers
/// all.
///
/// # Errors
/// [`Absent`] if the classifier does not cover the language, or the language is unknown.
pub(crate) fn covers(config: &ClassifierConfig, language: Option<&str>) -> Result<(), Absent> {
    if config.languages.is_empty() {
        return Ok(());
    }
    let language = language.ok_or(Absent::LanguageUnknown)?;
    if config.languages.iter().any(|code| code == language) {
        return Ok(());
    }
    Err(Absent::ClassifierLanguage {
        classifier: config.name.clone(),
        covered: config.languages.join(", "),
        language: language.to_owned(),
    })
}

/// Reads the sentiment from the labels. They are the task's labels: that was checked when the
/// classifier was loaded.
fn sentiment(findings: Findings) -> Sentiment {
    let labels = labels(findings);
    let of = |name: &str| labels.iter().find(|it| it.label == name).map_or(0.0, |it| it.score);
    Sentiment::of(["negative", "neutral", "positive"].map(of))
}

fn topics(findings: Findings) -> Vec<Topic> {
    let topic = |Label { label, score }: Label| {
        iptc_label(&label).map(|name| Topic { label: name.to_owned(), code: label, score })
    };
    let found: Vec<Topic> = labels(findings).into_iter().filter_map(topic).collect();
    debug_assert_eq!(found.len(), IPTC_TOPICS.len());
    found
}

fn entities(findings: Findings) -> Vec<Entity> {
    let Findings::Spans(spans) = findings else { return Vec::new() };
    let entity = |found: LabelledSpan| {
        let LabelledSpan { text, label, span, score } = found;
        kind(&label).map(|kind| Entity { text, kind, span, score })
    };
    spans.into_iter().filter_map(entity).collect()
}

fn kind(label: &str) -> Option<EntityKind> {
    match label {
        "person" => Some(EntityKind::Person),
        "organization" => Some(EntityKind::Organization),
        "location" => Some(EntityKind::Location),
        _ => None,
    }
}

fn labels(findings: Findings) -> Vec<Label> {
    match findings {
        Findings::Labels(labels) => labels,
        Findings::Spans(_) => Vec::new(),
    }
}
