//! `courant-eval messages`: measures the bytes of an article in each queue. The pages of
//! `fundus-publishers` are read, embedded and analyzed as the agents do it.

use std::path::Path;

use anyhow::Result;
use courant_analyst::{Analyzer, Config};
use courant_article::{
    Article, ArticleId, CanonicalUrl, ContentHash, Decision, Entry, FeedFields, PageFields,
    Revision, Text,
};
use courant_inference::{Config as InferenceConfig, Deps, FrozenEncoder};
use courant_proto::v1;
use prost::Message;

use crate::extract::pages::{ReadPage, fundus};
use crate::heads::topics_of;
use crate::report::Report;

const QUEUES: [&str; 4] =
    ["entry.submitted", "article.accepted", "article.embedded", "article.analyzed"];
/// The time at which the pages were seen, in Unix milliseconds. It has as many digits as a real
/// one.
const OBSERVED_AT_MS: i64 = 1_772_526_600_000;

pub(crate) fn measure(data: &Path) -> Result<Report> {
    let mut report = Report::default();
    let folder = data.join("fundus-publishers");
    if !folder.is_dir() {
        println!("SKIPPED: fundus-publishers is not at {}", data.display());
        return Ok(report);
    }
    let encoder = FrozenEncoder::load(&InferenceConfig::default(), &Deps::resolve())?;
    let analyzer = Analyzer::new(Config::default(), topics_of(&encoder)?)?;
    let pages = fundus(&folder)?;
    let readable = pages.iter().filter(|sample| !sample.page.text.trim().is_empty());
    let entries: Vec<Entry> = readable.map(entry).collect();
    let texts: Vec<&str> = entries.iter().map(|entry| entry.text.as_str()).collect();
    let embedded = encoder.documents(&texts)?;
    let mut sizes: [Vec<usize>; 4] = Default::default();
    for (entry, embeddings) in entries.iter().zip(embedded) {
        let article = article(entry);
        let analysis = analyzer.analyze(&article.title, article.text.as_str(), &embeddings);
        let submitted = v1::Entry::from(entry.clone());
        let accepted = v1::ArticleAccepted::of(article.clone());
        let embedded = v1::ArticleEmbedded::of(article.clone(), embeddings.clone());
        let analyzed = v1::ArticleAnalyzed::of(article, embeddings, analysis);
        let weighed = [
            submitted.encoded_len(),
            accepted.encoded_len(),
            embedded.encoded_len(),
            analyzed.encoded_len(),
        ];
        sizes.iter_mut().zip(weighed).for_each(|(sizes, bytes)| sizes.push(bytes));
    }
    report.state("pages with a text", entries.len() as f64);
    for (queue, mut sizes) in QUEUES.into_iter().zip(sizes) {
        sizes.sort_unstable();
        let mean = sizes.iter().sum::<usize>() as f64 / sizes.len() as f64;
        report.state(format!("{queue}: bytes, mean"), mean);
        report.state("  median", sizes[sizes.len() / 2] as f64);
        report.state("  greatest", sizes[sizes.len() - 1] as f64);
    }
    Ok(report)
}

/// Returns the entry that the crawler would submit for a page.
fn entry(sample: &ReadPage) -> Entry {
    let page = &sample.page;
    Entry {
        submission_id: ContentHash::of_normalized(&page.text).to_string(),
        url: sample.url.to_string(),
        declared_canonical_url: page.canonical_url.clone(),
        title: page.title.clone(),
        authors: page.authors.clone(),
        published_at: page.published_at.clone(),
        language: page.language.clone(),
        site_name: page.site_name.clone(),
        text: Text::new(page.text.clone()),
        observed_at: Revision(OBSERVED_AT_MS),
        source: format!("https://{}/feed", sample.host),
        page: PageFields {
            image: page.image.clone(),
            tags: page.tags.clone(),
            section: page.section.clone(),
            modified_at: page.modified_at.clone(),
            paywalled: page.paywalled,
            outer_id: None,
        },
        feed: FeedFields::default(),
        evidence: page.evidence,
    }
    .bounded()
}

/// Returns the article that the gateway would accept.
fn article(entry: &Entry) -> Article {
    Article {
        id: ArticleId::of(&CanonicalUrl::from_canonical(&entry.url)),
        revision: entry.observed_at,
        url: entry.url.clone(),
        content_hash: ContentHash::of_normalized(entry.text.as_str()),
        title: entry.title.clone(),
        authors: entry.authors.clone(),
        published_at: entry.published_at.clone(),
        declared_language: entry.language.clone(),
        site_name: entry.site_name.clone(),
        text: entry.text.clone(),
        source: entry.source.clone(),
        submission_id: entry.submission_id.clone(),
        decision: Decision::New,
        syndicated_of: None,
        page: entry.page.clone(),
        feed: entry.feed.clone(),
        evidence: entry.evidence,
    }
}
