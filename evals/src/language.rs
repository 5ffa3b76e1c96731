//! Measures the share of sentences and articles whose language is detected correctly, among all
//! candidates. A missing answer counts as wrong.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;
use courant_text::language::{self, canonical};
use serde::Deserialize;

use crate::extract::pages;
use crate::report::Report;

pub(crate) mod train;

mod languages;
mod lingua;
mod serbian;
mod statistics;
mod texts;

/// The languages of `masakhanews` whose share must reach a goal.
const JUDGED: [&str; 7] = ["am", "en", "fr", "ha", "om", "so", "sw"];

/// The publishers of `fundus-publishers` whose pages declare English but are in another language,
/// by the start of the page's file name.
const WRONGLY_DECLARED: [(&str, &str); 6] = [
    ("Dizindaba_", "xh"),
    ("EyethuNews_", "zu"),
    ("HabariLeo_", "sw"),
    ("Ilanga_", "zu"),
    ("IsolezweLesiXhosa_", "xh"),
    ("Isolezwe_", "zu"),
];

/// A text whose language is known.
struct Text {
    language: String,
    title: String,
    text: String,
}

#[derive(Deserialize)]
struct Row {
    lang: String,
    #[serde(default)]
    title: String,
    text: String,
}

/// Measures every set under `data`. `misses` prints each text whose language is wrong.
pub(crate) fn measure(data: &Path, misses: bool) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let candidates = language::candidates();
    report.state("candidates", candidates.len() as f64);
    let sentences = rows(&data.join("sib200"))?;
    let right = share(&sentences, misses, "sib200");
    report.judge("sib200: language of sentences", right, 0.98, 0.999);
    let articles = rows(&data.join("masakhanews"))?;
    let (judged, others): (Vec<_>, Vec<_>) =
        articles.into_iter().partition(|text| JUDGED.contains(&text.language.as_str()));
    let right = share(&judged, misses, "masakhanews");
    report.judge("masakhanews (am en fr ha om so sw): articles", right, 0.99, 0.999);
    let others: Vec<_> =
        others.into_iter().filter(|text| candidates.contains(&text.language.as_str())).collect();
    report.state("masakhanews: articles in other candidates", share(&others, false, ""));
    let pages = declared_pages(&data.join("fundus-publishers"))?;
    let right = share(&pages, misses, "fundus-publishers");
    report.judge("fundus-publishers: articles, by their text alone", right, 0.99, 0.999);
    report.state("one core: milliseconds per article", milliseconds(&judged));
    Ok(report)
}

/// Returns the share of texts whose language is detected correctly.
fn share(texts: &[Text], misses: bool, set: &str) -> f64 {
    let right = texts.iter().filter(|text| {
        let found = found(text);
        let right = found.as_deref() == Some(text.language.as_str());
        if misses && !right {
            let start: String = text.text.chars().take(80).collect();
            println!("{set}: {} is called {found:?}: {start}", text.language);
        }
        right
    });
    right.count() as f64 / texts.len() as f64
}

/// Returns the language that the analyst detects without a declared one.
fn found(text: &Text) -> Option<String> {
    let least = courant_analyst::Config::default().language_min_confidence;
    let guess = language::detect(&format!("{}\n{}", text.title, text.text))?;
    (guess.confidence >= least).then(|| guess.language.to_owned())
}

fn milliseconds(texts: &[Text]) -> f64 {
    let start = Instant::now();
    let read = texts.iter().filter_map(|text| language::detect(&text.text)).count();
    1e3 * start.elapsed().as_secs_f64() / read as f64
}

/// Returns the rows of each `<language>.jsonl`.
fn rows(folder: &Path) -> anyhow::Result<Vec<Text>> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .with_context(|| folder.display().to_string())?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
        .collect();
    files.sort();
    let mut texts = Vec::new();
    for file in files {
        for line in fs::read_to_string(file)?.lines() {
            let Row { lang, title, text } = serde_json::from_str(line)?;
            texts.push(Text { language: lang, title, text });
        }
    }
    Ok(texts)
}

/// Returns the pages that declare their language, with the publisher's language if the page is
/// wrong.
fn declared_pages(folder: &Path) -> anyhow::Result<Vec<Text>> {
    let mut texts = Vec::new();
    let mut declared = BTreeMap::<&str, usize>::new();
    for pages::ReadPage { name, page, .. } in pages::fundus(folder)? {
        let Some(language) = page.language.as_deref().and_then(canonical) else { continue };
        let wrong = WRONGLY_DECLARED.iter().find(|(start, _)| name.starts_with(start));
        let language = wrong.map_or(language, |(_, own)| own);
        *declared.entry(language).or_default() += 1;
        texts.push(Text { language: language.to_owned(), title: page.title, text: page.text });
    }
    println!("fundus-publishers declares {declared:?}");
    Ok(texts)
}
