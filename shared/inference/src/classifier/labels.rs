//! The names of a classifier's outputs: in Courant's words where its task has
//! such. Checked when it is loaded.

use courant_article::IPTC_TOPICS;

use super::config::{ClassifierConfig, ClassifierTask};
use crate::model::Pooling;

/// The way to read a graph's scores.
#[derive(Debug)]
pub(super) enum Reading {
    Sequence(Labels),
    Tokens(Tags),
}

/// The labels of a text as a whole.
#[derive(Debug)]
pub(super) struct Labels {
    pub(super) names: Vec<String>,
    /// The place in `names` of each output.
    pub(super) of: Vec<usize>,
    /// Every label is true or false by itself.
    pub(super) is_multi_label: bool,
}

/// The labels of words.
#[derive(Debug)]
pub(super) struct Tags {
    pub(super) names: Vec<String>,
    /// True where spans of the name are told.
    pub(super) kept: Vec<bool>,
    /// The tag of each output.
    pub(super) tags: Vec<Tag>,
}

/// The meaning of a label for a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag {
    /// A place in [`Tags::names`]; none is outside.
    pub(super) name: Option<usize>,
    /// The word begins a span.
    pub(super) begins: bool,
    /// The word goes on with a span.
    pub(super) goes_on: bool,
}

impl Reading {
    /// `labels`: as `config.json` calls them.
    ///
    /// # Errors
    /// Says why they do not fit the configured task.
    pub(super) fn new(
        config: &ClassifierConfig,
        pooling: Pooling,
        labels: &[String],
        is_multi_label: bool,
    ) -> Result<Self, String> {
        let is_of_words = pooling == Pooling::Tokens;
        match config.task {
            ClassifierTask::Sentiment | ClassifierTask::Topics if is_of_words => {
                return Err("it labels words, the task needs labels of whole texts".into());
            }
            ClassifierTask::Sentiment | ClassifierTask::Topics if is_multi_label => {
                return Err("its labels do not exclude each other, those of the task do".into());
            }
            ClassifierTask::Entities if !is_of_words => {
                return Err("it labels whole texts, the task needs labels of words".into());
            }
            _ => {}
        }
        if is_of_words {
            return Tags::new(config, labels).map(Self::Tokens);
        }
        Labels::new(config, labels, is_multi_label).map(Self::Sequence)
    }
}

impl Labels {
    fn new(
        config: &ClassifierConfig,
        labels: &[String],
        is_multi_label: bool,
    ) -> Result<Self, String> {
        check_renamed(config, |key| labels.iter().any(|label| label == key))?;
        let mut found = Self { names: Vec::new(), of: Vec::new(), is_multi_label };
        for label in labels {
            let renamed = config.labels.get(label).unwrap_or(label);
            let name = match config.task {
                ClassifierTask::Sentiment => sentiment(renamed).map(str::to_owned),
                ClassifierTask::Topics => topic(renamed).map(str::to_owned),
                ClassifierTask::Entities | ClassifierTask::Other => Some(renamed.clone()),
            };
            let name = name.ok_or_else(|| {
                format!("nothing is known of its label {label:?}: say in `labels` what it means")
            })?;
            found.of.push(place(&mut found.names, name));
        }
        found.check_complete(config.task)?;
        Ok(found)
    }

    fn check_complete(&self, task: ClassifierTask) -> Result<(), String> {
        let has = |name: &str| self.names.iter().any(|found| found == name);
        let missing = match task {
            ClassifierTask::Sentiment => {
                ["negative", "positive"].into_iter().find(|name| !has(name))
            }
            ClassifierTask::Topics => {
                IPTC_TOPICS.iter().map(|topic| topic.code).find(|code| !has(code))
            }
            ClassifierTask::Entities | ClassifierTask::Other => None,
        };
        missing.map_or(Ok(()), |name| Err(format!("no label of it means {name}")))
    }
}

impl Tags {
    fn new(config: &ClassifierConfig, labels: &[String]) -> Result<Self, String> {
        let is_label = |key: &str| {
            labels.iter().any(|label| label == key || split(label).is_some_and(|it| it.1 == key))
        };
        check_renamed(config, is_label)?;
        let mut found = Self { names: Vec::new(), kept: Vec::new(), tags: Vec::new() };
        for label in labels {
            let renamed = config.labels.get(label).unwrap_or(label);
            let tag = found.tag(config, renamed);
            found.tags.push(tag);
        }
        if !found.kept.contains(&true) {
            return Err("no label of it means person, organization or location".into());
        }
        Ok(found)
    }

    fn tag(&mut self, config: &ClassifierConfig, label: &str) -> Tag {
        let Some((prefix, kind)) = split(label) else {
            return Tag { name: None, begins: false, goes_on: false };
        };
        let kind = config.labels.get(kind).map_or(kind, String::as_str);
        let known = entity(kind).filter(|_| config.task == ClassifierTask::Entities);
        let name = place(&mut self.names, known.unwrap_or(kind).to_owned());
        if name == self.kept.len() {
            self.kept.push(known.is_some() || config.task != ClassifierTask::Entities);
        }
        let begins = matches!(prefix, Some('B' | 'S' | 'U'));
        Tag { name: Some(name), begins, goes_on: prefix.is_some() && !begins }
    }
}

/// The place of `name`, which is added where it is new.
fn place(names: &mut Vec<String>, name: String) -> usize {
    let found = names.iter().position(|known| *known == name);
    found.unwrap_or_else(|| {
        names.push(name);
        names.len() - 1
    })
}

/// Every renamed label must be one of the model's: else a typing error would pass.
fn check_renamed(config: &ClassifierConfig, is_label: impl Fn(&str) -> bool) -> Result<(), String> {
    match config.labels.keys().find(|key| !is_label(key)) {
        Some(key) => Err(format!("`labels` says what {key:?} means, which is no label of it")),
        None => Ok(()),
    }
}

/// The prefix and type of a label such as `B-PER`; a label without a prefix is all
/// type. `None` for `O`.
fn split(label: &str) -> Option<(Option<char>, &str)> {
    if label == "O" {
        return None;
    }
    let mut characters = label.chars();
    match (characters.next(), characters.next()) {
        (Some(prefix @ ('B' | 'I' | 'E' | 'S' | 'L' | 'U')), Some('-' | '_')) => {
            Some((Some(prefix), &label[2..]))
        }
        _ => Some((None, label)),
    }
}

fn sentiment(label: &str) -> Option<&'static str> {
    match label.to_lowercase().as_str() {
        "negative" | "neg" => Some("negative"),
        "neutral" | "neu" => Some("neutral"),
        "positive" | "pos" => Some("positive"),
        _ => None,
    }
}

fn topic(label: &str) -> Option<&'static str> {
    let is = |known: &str| known.eq_ignore_ascii_case(label);
    let found = IPTC_TOPICS.iter().find(|topic| is(topic.code) || is(topic.label));
    found.map(|topic| topic.code)
}

/// The names of types in the data sets that classifiers learn from.
fn entity(kind: &str) -> Option<&'static str> {
    match kind.to_lowercase().as_str() {
        "per" | "person" => Some("person"),
        "org" | "organization" | "organisation" | "corp" | "corporation" | "company" | "grp"
        | "group" => Some("organization"),
        "loc" | "location" | "gpe" | "fac" | "facility" => Some("location"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(task: ClassifierTask, labels: &[(&str, &str)]) -> ClassifierConfig {
        let labels = labels.iter().map(|&(from, to)| (from.to_owned(), to.to_owned())).collect();
        ClassifierConfig { task, labels, ..ClassifierConfig::new("own", "folder") }
    }

    fn owned(labels: &[&str]) -> Vec<String> {
        labels.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn several_labels_may_mean_one() {
        let renamed = [("1 star", "negative"), ("2 stars", "negative"), ("3 stars", "positive")];
        let config = config(ClassifierTask::Sentiment, &renamed);
        let labels = Labels::new(&config, &owned(&["1 star", "2 stars", "3 stars"]), false);
        let labels = labels.unwrap();
        assert_eq!(labels.names, ["negative", "positive"]);
        assert_eq!(labels.of, [0, 0, 1]);
    }

    #[test]
    fn a_label_that_means_nothing_for_the_task_is_refused() {
        let refused = |config: &ClassifierConfig, labels: &[&str]| {
            Labels::new(config, &owned(labels), false).unwrap_err()
        };
        let plain = config(ClassifierTask::Sentiment, &[]);
        assert!(refused(&plain, &["LABEL_0", "POS"]).contains("\"LABEL_0\""));
        assert_eq!(refused(&plain, &["NEG", "neutral"]), "no label of it means positive");
        let typing_error = config(ClassifierTask::Sentiment, &[("LABLE_0", "negative")]);
        assert!(refused(&typing_error, &["NEG", "POS"]).contains("LABLE_0"));
        assert!(
            refused(&config(ClassifierTask::Topics, &[]), &["sport", "weather"])
                .contains("medtop:")
        );
    }

    #[test]
    fn every_topic_may_be_called_by_code_or_by_name() {
        let names = IPTC_TOPICS.iter().enumerate();
        let labels: Vec<String> = names
            .map(|(at, topic)| if at % 2 == 0 { topic.code } else { topic.label }.to_owned())
            .collect();
        let labels = Labels::new(&config(ClassifierTask::Topics, &[]), &labels, false).unwrap();
        assert!(labels.names.iter().zip(IPTC_TOPICS).all(|(name, topic)| *name == topic.code));
    }

    #[test]
    fn types_of_names_become_ours_and_others_are_kept_out() {
        let labels = owned(&["O", "B-PER", "I-PER", "B-GPE", "I-LOC", "B-MISC", "S_ORG"]);
        let tags = Tags::new(&config(ClassifierTask::Entities, &[]), &labels).unwrap();
        assert_eq!(tags.names, ["person", "location", "MISC", "organization"]);
        assert_eq!(tags.kept, [true, true, false, true]);
        assert_eq!(tags.tags[0], Tag { name: None, begins: false, goes_on: false });
        assert_eq!(tags.tags[4], Tag { name: Some(1), begins: false, goes_on: true });
        assert_eq!(tags.tags[6], Tag { name: Some(3), begins: true, goes_on: false });
        let renamed =
            Tags::new(&config(ClassifierTask::Entities, &[("MISC", "ORG")]), &labels).unwrap();
        assert_eq!(renamed.names, ["person", "location", "organization"]);
    }

    #[test]
    fn a_task_that_the_graph_cannot_do_is_refused() {
        let labels = owned(&["O", "B-PER"]);
        let new = |task, pooling, is_multi| {
            Reading::new(&config(task, &[]), pooling, &labels, is_multi).map(drop)
        };
        assert!(
            new(ClassifierTask::Sentiment, Pooling::Tokens, false).unwrap_err().contains("words")
        );
        assert!(
            new(ClassifierTask::Topics, Pooling::Sequence, true).unwrap_err().contains("exclude")
        );
        assert!(
            new(ClassifierTask::Entities, Pooling::Sequence, false).unwrap_err().contains("texts")
        );
        assert!(new(ClassifierTask::Other, Pooling::Tokens, false).is_ok());
    }
}
