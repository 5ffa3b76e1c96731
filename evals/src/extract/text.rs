//! Computes the word F1 of the main text.

use std::collections::HashMap;

use super::pages::{ReadPage, ReadabilityPage, WcxbPage};
use crate::report::Report;

/// The F1 below which a page is listed as a miss.
const LISTED_BELOW: f64 = 0.9;

/// The agreement of the words of a text with the expected words, in any order.
#[derive(Clone, Copy)]
struct Agreement {
    precision: f64,
    recall: f64,
}

impl Agreement {
    fn of(text: &str, expected: &str) -> Self {
        let (text, expected) = (words(text), words(expected));
        let shared: usize = text
            .iter()
            .map(|(word, count)| (*count).min(expected.get(word).copied().unwrap_or(0)))
            .sum();
        let share = |words: &HashMap<String, usize>| match words.values().sum::<usize>() {
            0 => 0.0,
            all => shared as f64 / all as f64,
        };
        Self { precision: share(&text), recall: share(&expected) }
    }

    fn f1(self) -> f64 {
        let sum = self.precision + self.recall;
        if sum == 0.0 { 0.0 } else { 2.0 * self.precision * self.recall / sum }
    }
}

/// Counts the words of a text: runs of letters, digits and underscores, in lower case.
fn words(text: &str) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    let is_apart = |c: char| !(c.is_alphanumeric() || c == '_');
    for word in text.split(is_apart).filter(|word| !word.is_empty()) {
        *counts.entry(word.to_lowercase()).or_insert(0) += 1;
    }
    counts
}

pub(crate) fn measure_wcxb(report: &mut Report, pages: &[WcxbPage], misses: bool) {
    let of_type = |kind: &str| {
        let pages = pages.iter().filter(|page| page.page_type == kind && !page.text.is_empty());
        agreements(
            pages.map(|page| (&page.sample, page.text.as_str())),
            misses && kind == "article",
        )
    };
    let all = of_type("article");
    let articles = f1_scores(&all);
    report.judge("wcxb-dev articles, word F1 (trafilatura: 0.936)", mean(&articles), 0.962, 0.972);
    let precision: Vec<f64> = all.iter().map(|agreement| agreement.precision).collect();
    let recall: Vec<f64> = all.iter().map(|agreement| agreement.recall).collect();
    report.judge("wcxb-dev articles, precision of the words", mean(&precision), 0.958, 0.975);
    report.judge("wcxb-dev articles, recall of the words", mean(&recall), 0.975, 0.980);
    for (half, name) in ["even", "odd"].into_iter().enumerate() {
        let half: Vec<f64> = articles.iter().skip(half).step_by(2).copied().collect();
        report.state(format!("wcxb-dev articles, word F1 of the {name} pages"), mean(&half));
    }
    for kind in ["forum", "product", "collection", "listing", "documentation", "service"] {
        report.state(format!("wcxb-dev, word F1, {kind}"), mean(&f1_scores(&of_type(kind))));
    }
}

pub(crate) fn measure_readability(report: &mut Report, pages: &[ReadabilityPage], misses: bool) {
    let all = agreements(pages.iter().map(|page| (&page.sample, page.text.as_str())), misses);
    report.state("mozilla-readability, word F1", mean(&f1_scores(&all)));
}

/// Compares each page with the expected text. `misses` lists the pages with a low F1.
fn agreements<'a>(
    pages: impl Iterator<Item = (&'a ReadPage, &'a str)>,
    misses: bool,
) -> Vec<Agreement> {
    let mut all: Vec<(&ReadPage, Agreement)> = pages
        .map(|(sample, expected)| (sample, Agreement::of(&sample.page.text, expected)))
        .collect();
    let agreements = all.iter().map(|(_, agreement)| *agreement).collect();
    if misses {
        all.sort_by(|one, other| one.1.f1().total_cmp(&other.1.f1()));
        for (sample, agreement) in all.iter().take_while(|page| page.1.f1() < LISTED_BELOW) {
            let Agreement { precision, recall } = agreement;
            println!("{}: precision {precision:.3}, recall {recall:.3}", sample.name);
        }
    }
    agreements
}

fn f1_scores(agreements: &[Agreement]) -> Vec<f64> {
    agreements.iter().map(|agreement| agreement.f1()).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_compared_without_case_and_order() {
        assert_eq!(Agreement::of("One, two; TWO!", "two one two").f1(), 1.0);
        let half = Agreement::of("one two three four", "one two");
        assert_eq!((half.precision, half.recall), (0.5, 1.0));
        assert_eq!(Agreement::of("", "one").f1(), 0.0);
    }
}
