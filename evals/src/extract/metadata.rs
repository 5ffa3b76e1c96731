//! Compares titles, authors and dates with those that people, or a publisher's own parser, read on
//! the page.
//!
//! Titles and authors agree if they are the same without case, accents, punctuation, spaces and
//! words for "and". Dates agree if the day is the same, and also the minute if the truth names an
//! instant (`fundus-publishers`). Pages whose true field is empty are counted apart, because the
//! sets leave fields empty that the page has.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use courant_extract::Page;
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use url::Url;

use crate::report::Report;

/// A page with its true fields.
pub(crate) struct MetadataCase {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) html: PathBuf,
    /// The main text.
    pub(crate) text: String,
    /// Pieces of text that an extractor must find. `without` has those that it must not find.
    pub(crate) with: Vec<String>,
    pub(crate) without: Vec<String>,
    title: Option<String>,
    authors: Option<String>,
    date: Option<String>,
}

impl MetadataCase {
    /// Returns the expected title (0), authors (1) or date (2).
    pub(crate) fn truth(&self, field: usize) -> Option<&str> {
        [&self.title, &self.authors, &self.date][field].as_deref()
    }
}

/// Agreement on one field, counted apart for even and odd pages.
#[derive(Default)]
struct Tally {
    agreed: [f64; 2],
    count: [f64; 2],
    /// Pages without a true value. `left_empty` counts those of them where nothing was found.
    empty: f64,
    left_empty: f64,
}

/// Measures every set under `data`. `misses` prints each disagreement.
pub(crate) fn measure(data: &Path, misses: bool) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let wcxb = tallies("wcxb", &wcxb_articles(data)?, misses)?;
    let goals = [("title", 0.895, 0.95), ("authors", 0.83, 0.88), ("date", 0.865, 0.95)];
    for (tally, (field, at_least, aim)) in wcxb.iter().zip(goals) {
        report.judge(format!("wcxb-dev articles: {field}"), tally.share(), at_least, aim);
        tally.state_details(&mut report, &format!("wcxb-dev articles: {field}"));
    }
    let others = [("trafilatura-eval", trafilatura(data)?), ("fundus-publishers", fundus(data)?)];
    for (set, cases) in others {
        for (tally, field) in tallies(set, &cases, misses)?.iter().zip(["title", "authors", "date"])
        {
            report.state(format!("{set}: {field}"), tally.share());
            tally.state_details(&mut report, &format!("{set}: {field}"));
        }
    }
    Ok(report)
}

impl Tally {
    fn note(&mut self, at: usize, truth: Option<bool>, is_found: bool) {
        match truth {
            Some(agrees) => {
                self.agreed[at % 2] += f64::from(u8::from(agrees));
                self.count[at % 2] += 1.0;
            }
            None => {
                self.empty += 1.0;
                self.left_empty += f64::from(u8::from(!is_found));
            }
        }
    }

    fn share(&self) -> f64 {
        self.agreed.iter().sum::<f64>() / self.count.iter().sum::<f64>()
    }

    fn state_details(&self, report: &mut Report, name: &str) {
        for (half, at) in [("even", 0), ("odd", 1)] {
            report.state(format!("{name}, {half} pages"), self.agreed[at] / self.count[at]);
        }
        if self.empty > 0.0 {
            let all = self.agreed.iter().sum::<f64>() + self.left_empty;
            let count = self.count.iter().sum::<f64>() + self.empty;
            report.state(format!("{name}, empty where truth is"), all / count);
        }
    }
}

fn tallies(set: &str, cases: &[MetadataCase], misses: bool) -> anyhow::Result<[Tally; 3]> {
    let mut tallies = <[Tally; 3]>::default();
    for (at, case) in cases.iter().enumerate() {
        let page = extract(case)?;
        let date = page.published_at.as_ref().map(ToString::to_string);
        let found = [Some(page.title.clone()), Some(page.authors.join(", ")), date];
        let truth = [&case.title, &case.authors, &case.date];
        for (field, ((truth, found), tally)) in
            truth.into_iter().zip(found).zip(&mut tallies).enumerate()
        {
            let found = found.filter(|found| !found.is_empty());
            let agrees = truth.as_ref().map(|truth| agrees(field, truth, found.as_deref()));
            if misses && agrees == Some(false) {
                let name = ["title", "authors", "date"][field];
                println!("{set} {at} {} {name}: {truth:?} found {found:?}", case.name);
            }
            tally.note(at, agrees, found.is_some());
        }
    }
    Ok(tallies)
}

fn extract(case: &MetadataCase) -> anyhow::Result<Page> {
    let html = std::fs::read(&case.html)
        .with_context(|| format!("cannot read {}", case.html.display()))?;
    let url = Url::parse(&case.url).with_context(|| format!("invalid url {}", case.url))?;
    // A page that cannot be read has empty fields, which count as misses.
    Ok(courant_extract::page(&html, None, &url).unwrap_or_default())
}

/// Returns true if a found value agrees with the truth. Fields 0 and 1 are texts. Field 2 is a
/// date, and its truth may include the time.
pub(crate) fn agrees(field: usize, truth: &str, found: Option<&str>) -> bool {
    let found = found.unwrap_or_default();
    match field {
        0 => folded(truth) == folded(found),
        1 => without_and(&folded(truth)) == without_and(&folded(found)),
        _ if instant(truth).is_some() => instant(truth) == instant(found),
        _ => truth.get(..10).unwrap_or(truth) == found.get(..10).unwrap_or_default(),
    }
}

fn folded(text: &str) -> String {
    let plain = text.nfkd().filter(|c| !is_combining_mark(*c));
    let plain = plain.filter(|c| c.is_alphanumeric() || c.is_whitespace());
    let plain: String = plain.flat_map(char::to_lowercase).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn without_and(names: &str) -> String {
    names.split(' ').filter(|word| *word != "and").collect::<Vec<_>>().join(" ")
}

/// Returns the minutes since 1970 of an RFC 3339 time, which may have a space in place of its "T".
fn instant(text: &str) -> Option<i64> {
    let time: courant_article::PublishedAt = text.replace(' ', "T").parse().ok()?;
    (time.as_str().len() > 10).then(|| time.unix_seconds().div_euclid(60))
}

fn json(path: &Path) -> anyhow::Result<Value> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is no JSON", path.display()))
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn texts(value: &Value) -> Vec<String> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|text| text.as_str().map(str::to_owned))
        .collect()
}

/// Returns the files of a folder with this extension, sorted.
fn files(folder: &Path, extension: &str) -> anyhow::Result<Vec<PathBuf>> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

pub(crate) fn wcxb_articles(data: &Path) -> anyhow::Result<Vec<MetadataCase>> {
    let dev = data.join("wcxb-dev/dev");
    let mut cases = Vec::new();
    for path in files(&dev.join("ground-truth"), "json")? {
        let all = json(&path)?;
        if all["_internal"]["page_type"]["primary"] != "article" {
            continue;
        }
        let truth = &all["ground_truth"];
        cases.push(MetadataCase {
            name: stem(&path),
            url: text(&all["url"]).unwrap_or_else(|| "http://localhost/".into()),
            html: dev.join(format!("html/{}.html", stem(&path))),
            text: text(&truth["main_content"]).unwrap_or_default(),
            with: Vec::new(),
            without: Vec::new(),
            title: text(&truth["title"]),
            authors: text(&truth["author"]),
            date: text(&truth["publish_date"]).filter(|date| date.len() == 10),
        });
    }
    Ok(cases)
}

pub(crate) fn trafilatura(data: &Path) -> anyhow::Result<Vec<MetadataCase>> {
    let folder = data.join("trafilatura-eval");
    let all = json(&folder.join("evaldata.json"))?;
    let mut cases = Vec::new();
    for (url, truth) in all.as_object().context("evaldata.json is no object")? {
        let file = text(&truth["file"]).context("a page without a file")?;
        let html = ["cache", "eval"].map(|part| folder.join(part).join(&file));
        let Some(html) = html.into_iter().find(|path| path.exists()) else { continue };
        cases.push(MetadataCase {
            name: file,
            url: url.clone(),
            html,
            text: String::new(),
            with: texts(&truth["with"]),
            without: texts(&truth["without"]),
            title: text(&truth["title"]),
            authors: text(&truth["author"]),
            date: text(&truth["date"]),
        });
    }
    Ok(cases)
}

/// Returns the true texts of fundus by the names of their pages. `dir`: the folder of the set.
pub(crate) fn fundus_texts(dir: &Path) -> anyhow::Result<HashMap<String, String>> {
    let cases = fundus(dir.parent().unwrap_or(dir))?;
    Ok(cases.into_iter().map(|case| (case.name, case.text)).collect())
}

/// Reads the pages of fundus. The true values of a publisher are in the order of its pages.
fn fundus(data: &Path) -> anyhow::Result<Vec<MetadataCase>> {
    let mut countries: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(data.join("fundus-publishers/pages"))? {
        countries.push(entry?.path());
    }
    countries.sort();
    let mut cases = Vec::new();
    for country in countries {
        let about = json(&country.join("meta.info"))?;
        let pages = files(&country, "html")?;
        for publisher in files(&country, "json")? {
            let versions = json(&publisher)?;
            let start = format!("{}_", stem(&publisher));
            let own = pages.iter().filter(|page| {
                stem(page)
                    .strip_prefix(&start)
                    .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
            });
            for (page, truth) in
                own.zip(versions.as_object().into_iter().flat_map(|all| all.values()))
            {
                cases.push(fundus_case(page, truth, &about));
            }
        }
    }
    Ok(cases)
}

/// Returns the summary, and the headings and paragraphs of each section.
fn body_text(body: &Value) -> String {
    let mut pieces = texts(&body["summary"]);
    for section in body["sections"].as_array().into_iter().flatten() {
        pieces.extend(texts(&section["headline"]));
        pieces.extend(texts(&section["paragraphs"]));
    }
    pieces.join("\n\n")
}

fn fundus_case(page: &Path, truth: &Value, about: &Value) -> MetadataCase {
    let names = truth["authors"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let names: Vec<&str> = names.collect();
    let url = text(&about[format!("{}.html.gz", stem(page))]["url"]);
    MetadataCase {
        name: stem(page),
        url: url.unwrap_or_else(|| "http://localhost/".into()),
        html: page.to_owned(),
        text: body_text(&truth["body"]),
        with: Vec::new(),
        without: Vec::new(),
        title: text(&truth["title"]),
        authors: Some(names.join(", ")).filter(|names| !names.is_empty()),
        date: text(&truth["publishing_date"]),
    }
}
