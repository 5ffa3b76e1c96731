//! Compares the texts that several tools extract from one page. They differ in boilerplate and
//! length, like the copies of several publishers. Two texts of one page should count as one
//! article. Texts of two pages should not.

use std::collections::HashMap;
use std::path::Path;

use courant_article::{ArticleId, CanonicalUrl, Revision};
use courant_dedup::{Ledger, NearConfig};

use super::texts::{Extracted, of_peers, of_rust_tools};
use crate::report::Report;

/// The least number of words. Shorter texts are left out.
const MIN_WORDS: usize = 60;

/// Pairs of pages that have the same article, as checked by a person: the same page under two
/// names, a press release that two publishers print, and an agency's report.
const ONE_ARTICLE: [[&str; 2]; 4] = [
    [
        "hard::heavenlynnhealthy.de.areenburk.html",
        "https://heavenlynnhealthy.de/lieblingslabel-faire-swimwear-von-mymarini-interview-mit-gruenderin-mareen-burk/",
    ],
    [
        "hard::womencantalksports.com.top10.html",
        "http://www.womencantalksports.com/top-10-women-talking-sports/",
    ],
    [
        "https://djz.de/amoklauf-in-heidelberg-rufe-nach-schneller-aufklaerung/",
        "https://www.jagdverband.de/wir-sind-tief-erschuettert",
    ],
    [
        "https://www.24horas.cl/politica/presidente-boric-inicia-gira-por-magallanes-este-miercoles-5287894",
        "https://www.cooperativa.cl/noticias/pais/presidente-boric/presidente-boric-vuelve-a-su-casa-magallanes-este-miercoles-realiza-su/2022-05-04/074527.html",
    ],
];

/// Counts of pairs of texts.
#[derive(Default)]
struct Pairs {
    /// Pairs from one page.
    wanted: usize,
    /// Pairs that are called one article.
    called: usize,
    /// Pairs from one page that are called one article.
    right: usize,
    /// Pairs that are called one article, from two pages that have the same article.
    of_twins: usize,
}

pub(super) fn measure(
    folder: &Path,
    peers: &Path,
    misses: bool,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut texts = of_rust_tools(folder)?;
    texts.extend(of_peers(peers)?);
    texts.retain(|text| text.text.split_whitespace().count() >= MIN_WORDS);
    mix(&mut texts);
    let clusters = clusters(&texts);
    let pairs = count(&texts, &clusters, misses);
    let called = (pairs.called - pairs.of_twins) as f64;
    report.state("texts of pages, by several tools", texts.len() as f64);
    report.state("pairs of one page", pairs.wanted as f64);
    report.state("pairs of two pages that hold one article, left out", pairs.of_twins as f64);
    report.judge("same-article pairs, precision", pairs.right as f64 / called, 0.999, 0.9995);
    report.judge(
        "same-article pairs, recall",
        pairs.right as f64 / pairs.wanted as f64,
        0.96,
        0.985,
    );
    Ok(())
}

/// Mixes the texts, so that no tool always comes first. The order is the same in each run.
fn mix(texts: &mut [Extracted]) {
    texts.sort_by_cached_key(|text| {
        let name = CanonicalUrl::from_canonical(format!("{} {}", text.tool, text.page));
        ArticleId::of(&name)
    });
}

/// Returns, for each text, the first text of its article. Each tool counts as a publisher.
fn clusters(texts: &[Extracted]) -> Vec<usize> {
    let mut ledger = Ledger::new(&NearConfig::default());
    let mut clusters = Vec::new();
    let mut places = HashMap::new();
    for (place, text) in texts.iter().enumerate() {
        let url = CanonicalUrl::from_canonical(format!("https://{}.example/{place}", text.tool));
        places.insert(ArticleId::of(&url), place);
        let verdict = ledger.judge(&url, &text.text, Revision(1)).verdict;
        let first = verdict.of.and_then(|first| places.get(&first)).copied();
        clusters.push(first.unwrap_or(place));
    }
    clusters
}

fn count(texts: &[Extracted], clusters: &[usize], misses: bool) -> Pairs {
    let mut pairs = Pairs::default();
    for_each_pair(texts.iter().map(|text| text.page.as_str()), |a, b| {
        pairs.wanted += 1;
        if clusters[a] == clusters[b] {
            pairs.right += 1;
        } else if misses {
            println!("told apart: {} and {}: {}", texts[a].tool, texts[b].tool, texts[a].page);
        }
    });
    for_each_pair(clusters.iter(), |a, b| {
        pairs.called += 1;
        let [page, other] = [a, b].map(|text| texts[text].page.as_str());
        if are_twins(page, other) {
            pairs.of_twins += 1;
        } else if misses && page != other {
            println!("called one: {page} by {}, {other} by {}", texts[a].tool, texts[b].tool);
        }
    });
    pairs
}

fn are_twins(page: &str, other: &str) -> bool {
    let of = |pair: &[&str; 2]| pair.contains(&page) && pair.contains(&other) && page != other;
    ONE_ARTICLE.iter().any(of)
}

/// Calls `visit` with each pair of places that have the same label.
fn for_each_pair<L: std::hash::Hash + Eq>(
    labels: impl Iterator<Item = L>,
    mut visit: impl FnMut(usize, usize),
) {
    let mut groups: HashMap<L, Vec<usize>> = HashMap::new();
    for (place, label) in labels.enumerate() {
        let group = groups.entry(label).or_default();
        group.iter().for_each(|earlier| visit(*earlier, place));
        group.push(place);
    }
}
