//! Compares canonical URLs with published lists of addresses and their normal forms.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use anyhow::{Context, Result};
use courant_dedup::canonicalize;
use serde_json::Value;

mod reason;

/// One published list.
pub(super) struct UrlList {
    pub(super) name: &'static str,
    pub(super) vectors: Vec<UrlVector>,
}

/// An address and its normal form in the list; `None` if the list refuses it.
pub(super) struct UrlVector {
    pub(super) input: String,
    pub(super) expected: Option<String>,
}

/// The comparison of the canonical forms with a list.
///
/// The forms are not compared letter by letter: ours begins with `https` and has no `www`.
/// A vector agrees if the address and the list's form of it have one canonical form.
/// `merged` holds the addresses that the list keeps apart and we do not.
pub(super) struct ListComparison {
    name: &'static str,
    agreeing: usize,
    misses: Vec<String>,
    pub(super) merged: Vec<String>,
}

/// Reads all lists: those of urlcanon (its `semantic_precise` is the closest to ours), of
/// crawler-commons, and of the Web Platform Tests.
///
/// # Errors
/// Fails if a file is absent or not in its known form.
pub(super) fn lists(data: &Path) -> Result<Vec<UrlList>> {
    let urlcanon = data.join("url-urlcanon");
    let commons = data.join("robots-sitemaps-crawler-commons");
    let surt = json(&urlcanon.join("surt.json"))?;
    let section = |name: &str| pairs(&surt[name]);
    let name_to_list = |name, vectors| UrlList { name, vectors };
    Ok(vec![
        name_to_list("urlcanon semantic", pairs(&json(&urlcanon.join("semantic_precise.json"))?)),
        name_to_list("urlcanon aggressive", pairs(&json(&urlcanon.join("aggressive.json"))?)),
        name_to_list("urlcanon whatwg", pairs(&json(&urlcanon.join("supplemental_whatwg.json"))?)),
        name_to_list("urlcanon google", section("google")),
        name_to_list("urlcanon archive", section("Canonicalizer.IA")),
        name_to_list("urlcanon archive default", section("Canonicalizer.DefaultIA")),
        name_to_list("urlcanon dots", dots(&json(&urlcanon.join("path_dots.json"))?["special"])),
        name_to_list("urlcanon ipv4", hosts(&json(&urlcanon.join("funky_ipv4.json"))?)),
        name_to_list("urlcanon wpt", wpt(&json(&urlcanon.join("urltestdata.json"))?)),
        name_to_list("crawler-commons", rows(&commons.join("normalizer"))?),
        name_to_list("wpt", wpt(&json(&commons.join("url-utils/wpt-urltestdata.json"))?)),
    ])
}

impl UrlList {
    /// Compares each vector.
    pub(super) fn compare(&self) -> ListComparison {
        let misses: Vec<String> = self.vectors.iter().filter_map(miss).collect();
        let agreeing = self.vectors.len() - misses.len();
        ListComparison { name: self.name, agreeing, misses, merged: merged(&self.vectors) }
    }
}

impl ListComparison {
    /// Returns the share of vectors that agree.
    pub(super) fn share(&self) -> f64 {
        let total = self.agreeing + self.misses.len();
        self.agreeing as f64 / total as f64
    }
}

impl fmt::Display for ListComparison {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}: {} misses", self.name, self.misses.len())?;
        self.misses.iter().try_for_each(|miss| writeln!(out, "  {miss}"))?;
        writeln!(out, "{}: {} merged further", self.name, self.merged.len())?;
        self.merged.iter().try_for_each(|merged| writeln!(out, "  {merged}"))
    }
}

/// Returns the canonical form of the list's form; `None` if it cannot be the URL of an article.
fn theirs(vector: &UrlVector) -> Option<String> {
    let expected = vector.expected.as_deref()?;
    canonicalize(expected).ok().map(|url| url.to_string())
}

fn miss(vector: &UrlVector) -> Option<String> {
    let ours = canonicalize(&vector.input);
    let theirs = theirs(vector);
    if ours.as_ref().ok().map(|url| url.as_str()) == theirs.as_deref() {
        return None;
    }
    let shown = ours.as_ref().map_or_else(ToString::to_string, ToString::to_string);
    let expected = vector.expected.as_deref().unwrap_or("(refused)");
    let reason = reason::of(vector, &ours);
    Some(format!("{reason}: {:?} is {shown:?}, there {expected:?}", vector.input))
}

/// Returns the addresses whose forms differ in the list but have one canonical form.
fn merged(vectors: &[UrlVector]) -> Vec<String> {
    let mut by_form = BTreeMap::<String, Vec<&str>>::new();
    for vector in vectors {
        if let (Some(form), Some(expected)) = (theirs(vector), vector.expected.as_deref()) {
            by_form.entry(form).or_default().push(expected);
        }
    }
    let mut merged = Vec::new();
    for (form, mut expected) in by_form {
        expected.sort_unstable();
        expected.dedup();
        if expected.len() > 1 {
            merged.push(format!("{form} is all of {expected:?}"));
        }
    }
    merged
}

fn json(path: &Path) -> Result<Value> {
    let text = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} is not JSON", path.display()))
}

/// Returns the pairs of an object, without those of other schemes.
fn pairs(object: &Value) -> Vec<UrlVector> {
    let pairs = object.as_object().into_iter().flatten();
    let vectors = pairs.map(|(input, expected)| vector(input.clone(), expected.as_str()));
    vectors.filter(|vector| vector.expected.as_deref().is_some_and(is_absolute)).collect()
}

fn dots(object: &Value) -> Vec<UrlVector> {
    let with_host = |path: &str| format!("https://e.com{path}");
    let pairs = object.as_object().into_iter().flatten();
    pairs
        .map(|(path, expected)| {
            vector(with_host(path), expected.as_str().map(with_host).as_deref())
        })
        .collect()
}

fn hosts(object: &Value) -> Vec<UrlVector> {
    let as_url = |host: &str| format!("http://{host}/");
    let pairs = object.as_object().into_iter().flatten();
    pairs
        .map(|(host, expected)| vector(as_url(host), expected.as_str().map(as_url).as_deref()))
        .collect()
}

/// Returns true if the address is absolute, with http or https.
fn is_absolute(url: &str) -> bool {
    reason::has_http_scheme(url) && url.contains("://")
}

/// Returns the absolute http and https addresses among the Web Platform Tests.
fn wpt(tests: &Value) -> Vec<UrlVector> {
    let tests = tests.as_array().into_iter().flatten();
    tests
        .filter_map(|test| Some((test["input"].as_str()?, test["href"].as_str())))
        .filter(|(input, _)| is_absolute(input))
        .map(|(input, href)| vector(input.to_owned(), href))
        .collect()
}

/// Returns the rows of crawler-commons' normalizer, which have spaces around their values.
fn rows(folder: &Path) -> Result<Vec<UrlVector>> {
    let mut vectors = csv_rows(&folder.join("weirdToNormalizedUrls.csv"))?;
    vectors.extend(csv_rows(&folder.join("invalidUrls.csv"))?);
    Ok(vectors)
}

fn csv_rows(path: &Path) -> Result<Vec<UrlVector>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .from_path(path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    let mut vectors = Vec::new();
    for row in reader.records() {
        let row = row.with_context(|| format!("{} is not CSV", path.display()))?;
        let field = |at| row.get(at).map(str::trim).filter(|field| !field.is_empty());
        vectors.extend(field(0).map(|input| vector(input.to_owned(), field(1))));
    }
    Ok(vectors)
}

fn vector(input: String, expected: Option<&str>) -> UrlVector {
    UrlVector { input, expected: expected.map(str::to_owned) }
}
