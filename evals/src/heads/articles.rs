//! Reads and scores BBC articles of five topics with extractive reference summaries. The first line
//! of a file is the title.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use courant_analyst::Analyzer;
use courant_article::{Embeddings, Topic};

use super::rouge::rouge_l;
use super::vectors::VectorCache;
use crate::report::Report;

/// The folders, with the IPTC codes of their topics.
const TOPICS: [(&str, &str); 5] = [
    ("business", "medtop:04000000"),
    ("entertainment", "medtop:01000000"),
    ("politics", "medtop:11000000"),
    ("sport", "medtop:15000000"),
    ("tech", "medtop:13000000"),
];
const LEAD: usize = 3;

pub(crate) struct TopicArticle {
    folder: &'static str,
    code: &'static str,
    title: String,
    text: String,
    reference: String,
}

/// Reads all articles by folder and name. Prints a line if the data is absent.
pub(crate) fn read(data: &Path) -> Result<Option<Vec<TopicArticle>>> {
    let dir = data.join("topics-dev");
    if !dir.is_dir() {
        println!("SKIPPED: topics-dev is not at {}", data.display());
        return Ok(None);
    }
    let mut articles = Vec::new();
    for (folder, code) in TOPICS {
        let entries = fs::read_dir(dir.join("articles").join(folder))?;
        let mut names: Vec<_> =
            entries.map(|entry| Ok(entry?.file_name())).collect::<Result<_>>()?;
        names.sort();
        for name in names {
            let whole = text(&dir.join("articles").join(folder).join(&name))?;
            let reference = text(&dir.join("summaries").join(folder).join(&name))?;
            let (title, text) = whole.trim().split_once('\n').context("a title and a text")?;
            let (title, text) = (title.trim().to_owned(), text.trim().to_owned());
            articles.push(TopicArticle { folder, code, title, text, reference });
        }
    }
    Ok(Some(articles))
}

/// Reads a file. Some files are Latin-1, and their bytes that are not UTF-8 do not matter here.
fn text(path: &Path) -> Result<String> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Sums of one folder's articles.
#[derive(Default)]
struct Sums {
    articles: f64,
    among_five: f64,
    among_all: f64,
    rouge: f64,
    lead: f64,
}

impl Sums {
    fn add(&mut self, other: &Self) {
        self.articles += other.articles;
        self.among_five += other.among_five;
        self.among_all += other.among_all;
        self.rouge += other.rouge;
        self.lead += other.lead;
    }
}

pub(crate) fn measure(
    report: &mut Report,
    analyzer: &Analyzer,
    articles: &[TopicArticle],
    vectors: &mut VectorCache,
) -> Result<()> {
    let texts: Vec<&str> = articles.iter().map(|article| article.text.as_str()).collect();
    let embedded = vectors.of(&texts)?;
    let mut folders: BTreeMap<&str, Sums> = BTreeMap::new();
    for (article, embeddings) in articles.iter().zip(&embedded) {
        folders.entry(article.folder).or_default().add(&judged(analyzer, article, embeddings));
    }
    let mut all = Sums::default();
    folders.values().for_each(|sums| all.add(sums));
    let share = |sum: f64| sum / all.articles;
    report.judge("topics-dev, top-1 among the five", share(all.among_five), 0.86, 0.93);
    report.state("  among all 17", share(all.among_all));
    let (rouge, lead) = (share(all.rouge), share(all.lead));
    report.judge("topics-dev, summary, ROUGE-L", rouge, lead, lead + 0.05);
    report.state("  the first three sentences", lead);
    for (folder, sums) in &folders {
        let gain = (sums.rouge - sums.lead) / sums.articles;
        report.state(format!("  {folder}: summary over them"), gain);
        report.state(format!("  {folder}: top-1 among the five"), sums.among_five / sums.articles);
    }
    report.state("  articles", all.articles);
    Ok(())
}

fn judged(analyzer: &Analyzer, article: &TopicArticle, embeddings: &Embeddings) -> Sums {
    let analysis = analyzer.analyze(&article.title, &article.text, embeddings);
    let is_right = |topic: Option<&Topic>| {
        f64::from(u8::from(topic.is_some_and(|topic| topic.code == article.code)))
    };
    let is_of_five = |topic: &&Topic| TOPICS.iter().any(|(_, code)| *code == topic.code);
    let summary: Vec<&str> = analysis.summary.iter().map(|s| s.text.as_str()).collect();
    Sums {
        articles: 1.0,
        among_five: is_right(analysis.topics.iter().find(is_of_five)),
        among_all: is_right(analysis.topics.first()),
        rouge: rouge_l(&summary.join(" "), &article.reference),
        lead: rouge_l(&lead(&article.text, embeddings), &article.reference),
    }
}

fn lead(text: &str, embeddings: &Embeddings) -> String {
    let end = embeddings.sentences.iter().take(LEAD).map(|s| s.span.end as usize).max();
    text.chars().take(end.unwrap_or(0)).collect()
}
