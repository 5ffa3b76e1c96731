//! Chooses the heads: the one that the configuration names, else the promoted one, else the
//! default of Courant.

use std::path::Path;

use courant_heads::file::HeadFile;
use courant_heads::registry::Registry;
use courant_heads::sentiment::{self, NAME as SENTIMENT, SentimentHead};
use courant_heads::topics::{self, NAME as TOPICS, TopicHead};
use courant_heads::{Head, HeadTask};

use crate::{Absent, AnalystError, Config};

impl Config {
    /// Returns the sentiment head to use with the encoder of this name.
    ///
    /// # Errors
    /// The reason why the configured or promoted head cannot be used.
    pub(crate) fn sentiment_head(&self, encoder: &str) -> Result<SentimentHead, AnalystError> {
        if let Some(file) = named(self.sentiment_head.as_deref(), SENTIMENT)? {
            return Ok(SentimentHead::from_file(file)?);
        }
        match self.promoted(HeadTask::Sentiment)? {
            Some(Head::Sentiment(head)) => Ok(head),
            _ => {
                let shipped = HeadFile::read(sentiment::shipped(encoder), SENTIMENT)?;
                Ok(SentimentHead::from_file(shipped)?)
            }
        }
    }

    /// Returns the topic head to use with the encoder of this name; `None` if the topics'
    /// definitions are used as they are.
    ///
    /// # Errors
    /// The reason why the configured or promoted head cannot be used.
    pub(crate) fn topic_head(&self, encoder: &str) -> Result<Option<TopicHead>, AnalystError> {
        if let Some(file) = named(self.topic_head.as_deref(), TOPICS)? {
            return Ok(Some(TopicHead::from_file(file)?));
        }
        match self.promoted(HeadTask::Topics)? {
            Some(Head::Topics(head)) => Ok(Some(head)),
            _ => {
                let shipped = topics::shipped(encoder).map(|file| HeadFile::read(file, TOPICS));
                Ok(shipped.transpose()?.map(TopicHead::from_file).transpose()?)
            }
        }
    }

    fn promoted(&self, task: HeadTask) -> Result<Option<Head>, AnalystError> {
        match &self.heads {
            Some(folder) => Ok(Registry::at(folder).promoted(task)?),
            None => Ok(None),
        }
    }
}

/// Checks that `head` was trained on the language.
///
/// # Errors
/// [`Absent`] if the language is unknown, or `head` was not trained on it.
pub(crate) fn check_learned(
    head: &'static str,
    learned: &[String],
    language: Option<&str>,
) -> Result<(), Absent> {
    let language = language.ok_or(Absent::LanguageUnknown)?;
    if learned.iter().any(|code| code == language) {
        return Ok(());
    }
    let (learned, language) = (learned.join(", "), language.to_owned());
    Err(Absent::LanguageNotLearned { head, learned, language })
}

fn named(path: Option<&Path>, name: &str) -> Result<Option<HeadFile>, AnalystError> {
    let Some(path) = path else { return Ok(None) };
    Ok(Some(HeadFile::read(&AnalystError::read(path)?, name)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENCODER: &str = "all-MiniLM-L6-v2";

    /// A registry in which another sentiment head than the shipped one is promoted.
    fn promoted() -> (tempfile::TempDir, Config, String) {
        let folder = tempfile::tempdir().unwrap();
        let mut file = HeadFile::read(sentiment::shipped(ENCODER), SENTIMENT).unwrap();
        // The vector's 384 values, 12 of the lexicon and the constant.
        let shape = [3, 384 + 12 + 1];
        file.set_weights("dense", shape, &vec![0.25; shape[0] * shape[1]]);
        let head = Head::Sentiment(SentimentHead::from_file(file).unwrap());
        let registry = Registry::at(folder.path());
        registry.keep(&head).unwrap();
        registry.promote(HeadTask::Sentiment, &head.version(), None, false, 1).unwrap();
        let config = Config { heads: Some(folder.path().to_owned()), ..Config::default() };
        (folder, config, head.version())
    }

    #[test]
    fn a_promoted_head_is_used_until_it_is_rolled_back() {
        let (folder, config, version) = promoted();
        assert_eq!(config.sentiment_head(ENCODER).unwrap().file().version, version);
        assert!(config.topic_head(ENCODER).unwrap().is_none());
        Registry::at(folder.path()).roll_back(HeadTask::Sentiment, 2).unwrap();
        let shipped = Config::default().sentiment_head(ENCODER).unwrap();
        assert_eq!(config.sentiment_head(ENCODER).unwrap().file().version, shipped.file().version);
    }

    #[test]
    fn a_head_that_the_configuration_names_comes_first() {
        let (folder, config, version) = promoted();
        let path = folder.path().join("own.json");
        std::fs::write(&path, sentiment::shipped(ENCODER)).unwrap();
        let config = Config { sentiment_head: Some(path), ..config };
        assert_ne!(config.sentiment_head(ENCODER).unwrap().file().version, version);
    }

    #[test]
    fn a_head_that_cannot_be_read_is_an_error() {
        let path = Some("/nowhere/head.json".into());
        let missing = Config { sentiment_head: path, ..Config::default() }.sentiment_head(ENCODER);
        assert!(matches!(missing.err(), Some(AnalystError::HeadFile { .. })));
        let (folder, config, version) = promoted();
        let path = Registry::at(folder.path()).path(HeadTask::Sentiment, &version);
        std::fs::write(path, "{}").unwrap();
        assert!(matches!(config.sentiment_head(ENCODER).err(), Some(AnalystError::Promoted(_))));
    }
}
