//! Measures the verdict that decides if a page is an article, and writes the numbers behind it.

use std::io::Write;

use anyhow::Result;
use serde_json::json;

use super::pages::{ReadPage, WcxbPage};
use crate::report::Report;

const KINDS: [&str; 6] = ["forum", "product", "collection", "listing", "documentation", "service"];

pub(crate) fn measure(
    report: &mut Report,
    wcxb: Option<&[WcxbPage]>,
    fundus: Option<&[ReadPage]>,
    misses: bool,
) {
    if let Some(pages) = wcxb {
        if misses {
            pages.iter().filter(|page| !is_right(page)).for_each(list);
        }
        let articles = share_right(pages.iter().filter(|page| is_article(page)));
        let others = share_right(pages.iter().filter(|page| !is_article(page)));
        let balanced = f64::midpoint(articles, others);
        report.judge("wcxb-dev, article or not, balanced accuracy", balanced, 0.94, 0.955);
        report.state("wcxb-dev, articles recognized", articles);
        for kind in KINDS {
            let pages = pages.iter().filter(|page| page.page_type == kind);
            report.state(format!("wcxb-dev, {kind} recognized as no article"), share_right(pages));
        }
    }
    if let Some(pages) = fundus {
        let missed = pages.iter().filter(|sample| !sample.page.is_article);
        let recall = 1.0 - missed.clone().count() as f64 / pages.len() as f64;
        report.state("fundus-publishers, articles recognized (goal 0.98)", recall);
        missed.filter(|_| misses).for_each(|sample| println!("{}: article", sample.name));
    }
}

/// Writes the numbers that decide on a page, as one line. The trees are learnt from these lines
/// (`evals/trees`).
pub(crate) fn write_signs(
    out: &mut impl Write,
    set: &str,
    sample: &ReadPage,
    page_type: &str,
) -> Result<()> {
    let Some(signs) = sample.signs() else { return Ok(()) };
    let (names, values): (Vec<&str>, Vec<f32>) = signs.into_iter().unzip();
    let page = json!({
        "set": set, "name": sample.name, "host": sample.host, "type": page_type, "names": names,
        "signs": values,
    });
    Ok(writeln!(out, "{page}")?)
}

fn is_article(page: &WcxbPage) -> bool {
    page.page_type == "article"
}

fn is_right(page: &WcxbPage) -> bool {
    is_article(page) == page.sample.page.is_article
}

fn share_right<'a>(pages: impl Iterator<Item = &'a WcxbPage>) -> f64 {
    let right: Vec<bool> = pages.map(is_right).collect();
    right.iter().filter(|right| **right).count() as f64 / right.len() as f64
}

fn list(page: &WcxbPage) {
    println!("{}: {}, but said otherwise", page.sample.name, page.page_type);
}
