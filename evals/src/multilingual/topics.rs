//! Topics in many languages: made from descriptions and examples, judged by language.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use courant_article::IPTC_TOPICS;
use courant_heads::file::{HeadFile, TrainingData, sha256};
use courant_heads::metrics::{Prediction, classification};
use courant_heads::topics::{Facets, NAME, TopicExample, TopicFit, TopicHead, shipped};

use super::args::{MultilingualArgs, TrainLanguagesArgs};
use super::texts::{LanguageTexts, read};
use crate::heads::VectorCache;
use crate::report::Report;

/// The length of the facets: of some tried, the one that is best on the other sets.
const LENGTH: f32 = 0.4;
/// A language is covered if the topic is right, among those of the set, for so many of its texts.
const FLOOR: f64 = 0.6;
/// Texts from which a figure means something.
const ENOUGH: usize = 20;
/// Languages of `masakhanews` with fewer texts are left out of its mean.
const ENOUGH_NEWS: usize = 150;

/// The labels of the sets, with the codes of their topics. Others have no topic of their own.
const LABELS: [(&str, &str); 12] = [
    ("business", "04000000"),
    ("entertainment", "01000000"),
    ("health", "07000000"),
    ("politics", "11000000"),
    ("religion", "12000000"),
    ("science/technology", "13000000"),
    ("sports", "15000000"),
    ("sport", "15000000"),
    ("technology", "13000000"),
    ("tech", "13000000"),
    ("science", "13000000"),
    ("travel", "10000000"),
];

/// A set that judges, and the name of its figure.
const SETS: [&str; 2] = ["masakhanews", "sib200"];

pub(super) fn train(
    vectors: &mut VectorCache,
    data: &Path,
    args: &TrainLanguagesArgs,
) -> Result<Report> {
    let content = std::fs::read_to_string(&args.examples)
        .with_context(|| format!("cannot read {}", args.examples.display()))?;
    let examples = examples(vectors, &content)?;
    let described = Facets::of_descriptions(&vectors.definitions()?);
    let described = described.context("one vector per description")?;
    let common = [mean(examples.iter().map(|example| &example.vector)), usual(vectors, data)?];
    let facets = described.with_examples(&examples).without(&common, LENGTH);
    let mut report = Report::default();
    let figures = figures(vectors, data, args.most, &facets)?;
    state(&mut report, &figures);
    let mut languages: Vec<&str> =
        figures.iter().filter(|f| f.right >= FLOOR).map(language).collect();
    let below = figures.iter().filter(|figure| figure.right < FLOOR).map(language);
    let below: Vec<&str> = below.collect();
    languages.retain(|language| !below.contains(language));
    languages.sort_unstable();
    languages.dedup();
    let training = TrainingData {
        name: "descriptions and examples of Courant; directions of SIB-200".into(),
        sha256: sha256(content.as_bytes()),
        examples: examples.len(),
        held_back: 0,
    };
    let mut file = facets.to_file(vectors.encoder(), &languages, training);
    file.scores = figures.iter().map(|figure| (figure.name(), figure.right)).collect();
    std::fs::write(&args.out, file.write())
        .with_context(|| format!("cannot write {}", args.out.display()))?;
    Ok(report)
}

pub(super) fn measure(
    report: &mut Report,
    vectors: &mut VectorCache,
    data: &Path,
    args: &MultilingualArgs,
) -> Result<()> {
    let encoder = vectors.encoder().name;
    let file = match &args.topics {
        Some(path) => std::fs::read_to_string(path)?,
        None => match shipped(&encoder) {
            Some(file) => file.to_owned(),
            None => return Ok(()),
        },
    };
    let head = TopicHead::from_file(HeadFile::read(&file, NAME)?)?;
    state(report, &figures(vectors, data, args.most, head.facets())?);
    Ok(())
}

/// The share of a language's texts whose topic is right.
struct Figure {
    set: &'static str,
    language: String,
    texts: usize,
    right: f64,
}

impl Figure {
    fn name(&self) -> String {
        format!("{}_{}", self.set, self.language)
    }
}

fn language(figure: &Figure) -> &str {
    &figure.language
}

fn state(report: &mut Report, figures: &[Figure]) {
    for figure in figures {
        let measure = format!("{} {}: topic, among the set's", figure.set, figure.language);
        report.state(measure, figure.right);
    }
    let large = |set: &str| -> Vec<f64> {
        let own = figures.iter().filter(|figure| figure.set == set);
        own.filter(|figure| set == "sib200" || figure.texts >= ENOUGH_NEWS)
            .map(|f| f.right)
            .collect()
    };
    for (set, at_least, aim) in [("masakhanews", 0.72, 0.8), ("sib200", 0.6, 0.7)] {
        let own = large(set);
        if !own.is_empty() {
            let mean = own.iter().sum::<f64>() / own.len() as f64;
            report.judge(format!("{set}: topic, mean of its languages"), mean, at_least, aim);
        }
    }
}

fn figures(
    vectors: &mut VectorCache,
    data: &Path,
    most: usize,
    facets: &Facets,
) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for set in SETS {
        for LanguageTexts { language, texts } in read(data, set, most)? {
            let judged: Vec<(String, usize)> = texts
                .iter()
                .filter_map(|text| {
                    Some((format!("{}\n{}", text.title, text.text), topic(&text.label)?))
                })
                .collect();
            if judged.len() < ENOUGH {
                continue;
            }
            let own: Vec<&str> = judged.iter().map(|(text, _)| text.trim()).collect();
            let embedded = vectors.of(&own)?;
            let mut among: Vec<usize> = judged.iter().map(|(_, topic)| *topic).collect();
            among.sort_unstable();
            among.dedup();
            let told: Vec<Prediction> = embedded
                .iter()
                .zip(&judged)
                .map(|(embedded, (_, topic))| {
                    let shares =
                        facets.shares(embedded.vector.as_slice(), TopicFit::default().temperature);
                    let own: Vec<f32> = among.iter().map(|topic| shares[*topic]).collect();
                    let place = among.iter().position(|known| known == topic);
                    Prediction::of(place.expect("it is among those of the set"), &own)
                })
                .collect();
            let right = classification(among.len(), &told)["accuracy"];
            figures.push(Figure { set, language, texts: judged.len(), right });
        }
    }
    Ok(figures)
}

fn topic(label: &str) -> Option<usize> {
    let (_, code) = LABELS.iter().find(|(known, _)| *known == label)?;
    index(code)
}

fn index(code: &str) -> Option<usize> {
    IPTC_TOPICS.iter().position(|topic| topic.code.strip_prefix("medtop:") == Some(code))
}

/// Reads lines: a code, then sentences of its topic.
fn examples(vectors: &mut VectorCache, content: &str) -> Result<Vec<TopicExample>> {
    let mut topics = Vec::new();
    let mut texts = Vec::new();
    let mut open = None;
    for line in content.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        match (index(line), open) {
            (Some(topic), _) => open = Some(topic),
            (None, Some(topic)) => {
                topics.push(topic);
                texts.push(line);
            }
            (None, None) => anyhow::bail!("a sentence stands before the first code"),
        }
    }
    let counts =
        topics.iter().fold(BTreeMap::new(), |mut counts: BTreeMap<usize, usize>, topic| {
            *counts.entry(*topic).or_default() += 1;
            counts
        });
    ensure!(counts.len() == IPTC_TOPICS.len(), "{} topics have examples", counts.len());
    let embedded = vectors.of(&texts)?;
    let example = |(embedded, topic): (courant_article::Embeddings, usize)| TopicExample {
        vector: embedded.vector.as_slice().to_vec(),
        topic,
    };
    Ok(embedded.into_iter().zip(topics).map(example).collect())
}

/// The mean direction of sentences in many languages.
fn usual(vectors: &mut VectorCache, data: &Path) -> Result<Vec<f32>> {
    /// Sentences of each language: the first ones, which no figure here is about.
    const SENTENCES: usize = 100;
    let mut all = Vec::new();
    for LanguageTexts { texts, .. } in read(data, "sib200", SENTENCES)? {
        let texts: Vec<&str> = texts.iter().map(|text| text.text.trim()).collect();
        all.extend(vectors.of(&texts)?);
    }
    ensure!(!all.is_empty(), "sib200 is needed for the mean direction of texts");
    let all: Vec<Vec<f32>> =
        all.into_iter().map(|embedded| embedded.vector.as_slice().to_vec()).collect();
    Ok(mean(all.iter()))
}

fn mean<'v>(vectors: impl Iterator<Item = &'v Vec<f32>>) -> Vec<f32> {
    let mut sum: Vec<f32> = Vec::new();
    for vector in vectors {
        sum.resize(vector.len(), 0.0);
        sum.iter_mut().zip(vector).for_each(|(sum, value)| *sum += value);
    }
    sum
}
