//! Measures the duplicate check on a wire service. Many of its stories follow one pattern, and many
//! were sent again, corrected or with a new lead.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::Context;
use courant_article::{ArticleId, CanonicalUrl, Revision};
use courant_dedup::{Ledger, NearConfig, NearIndex, Sketch, SketchedText, normalize_text};
use serde::Deserialize;

use crate::report::Report;

const MIN_JACCARD: f64 = 0.5;

#[derive(Deserialize)]
struct Story {
    id: String,
    #[serde(default)]
    body: String,
}

pub(super) fn measure(
    news: &Path,
    pairs: &Path,
    misses: bool,
    report: &mut Report,
) -> anyhow::Result<()> {
    let stories = stories(&news.join("reuters-21578"))?;
    let wanted = natural_pairs(&pairs.join("reuters.tsv"))?;
    let recall = candidate_recall(&stories, &wanted, misses);
    report.judge("pairs with Jaccard >= 0.5 that are candidates", recall, 0.99, 0.999);
    report.state("stories of Reuters", stories.len() as f64);
    report.state("of these, called copies of earlier ones", copies(&stories, misses) as f64);
    Ok(())
}

fn stories(folder: &Path) -> anyhow::Result<Vec<Story>> {
    let mut files: Vec<_> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let mut stories: Vec<Story> = Vec::new();
    for file in files {
        let read: Vec<Story> = serde_json::from_str(&fs::read_to_string(&file)?)
            .with_context(|| format!("in {}", file.display()))?;
        stories.extend(read);
    }
    stories.retain(|story| !story.body.is_empty());
    Ok(stories)
}

fn natural_pairs(file: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    for line in fs::read_to_string(file)?.lines().skip(1) {
        let mut columns = line.split('\t');
        let mut next = || columns.next().with_context(|| format!("too few columns: {line}"));
        let (a, b, jaccard) = (next()?, next()?, next()?.parse::<f64>()?);
        if jaccard >= MIN_JACCARD {
            pairs.push((a.to_owned(), b.to_owned()));
        }
    }
    Ok(pairs)
}

/// Returns the share of pairs whose later story finds the earlier one in the index of all previous
/// stories.
fn candidate_recall(stories: &[Story], wanted: &[(String, String)], misses: bool) -> f64 {
    let mut index = NearIndex::new(&NearConfig::default());
    let mut found: HashMap<&str, Vec<ArticleId>> = HashMap::new();
    for story in stories {
        let Some(sketch) = Sketch::of(&normalize_text(&story.body), 1) else { continue };
        found.insert(&story.id, index.candidates(&sketch));
        let offer = SketchedText { id: name(&story.id), text: 0, site: String::new(), sketch };
        index.insert(&offer, 0);
    }
    let finds = |a: &str, b: &str| found.get(a).is_some_and(|ids| ids.contains(&name(b)));
    let (hits, missed): (Vec<_>, Vec<_>) =
        wanted.iter().partition(|(a, b)| finds(a, b) || finds(b, a));
    if misses {
        missed.iter().for_each(|(a, b)| println!("no candidates: {a} and {b}"));
    }
    hits.len() as f64 / wanted.len() as f64
}

fn name(id: &str) -> ArticleId {
    ArticleId::of(&url(id))
}

fn url(id: &str) -> CanonicalUrl {
    CanonicalUrl::from_canonical(format!("https://wire.example/{id}"))
}

/// Returns the number of stories that the gateway's full rule calls copies.
fn copies(stories: &[Story], misses: bool) -> usize {
    let mut ledger = Ledger::new(&NearConfig::default());
    let names: HashMap<ArticleId, &str> =
        stories.iter().map(|story| (name(&story.id), story.id.as_str())).collect();
    let mut copies = 0;
    for story in stories {
        let judged = ledger.judge(&url(&story.id), &story.body, Revision(1));
        let Some(first) = judged.verdict.of else { continue };
        copies += 1;
        if misses {
            let score = judged.score.unwrap_or_default();
            println!("a copy: {} of {}, {score:.2}", story.id, names.get(&first).unwrap_or(&"?"));
        }
    }
    copies
}
