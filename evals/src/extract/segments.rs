//! Computes trafilatura's own measure: the pieces chosen by hand that the text contains.

use super::pages::TrafilaturaPage;
use crate::report::Report;

/// Counts of pieces over all pages, as in `tests/comparison_small.py` of trafilatura.
#[derive(Default, Clone, Copy)]
struct Counts {
    found: usize,
    missed: usize,
    unwanted: usize,
}

impl Counts {
    fn of(page: &TrafilaturaPage) -> Self {
        let text = &page.sample.page.text;
        let found = page.with.iter().filter(|piece| text.contains(*piece)).count();
        let unwanted = page.without.iter().filter(|piece| text.contains(*piece)).count();
        Self { found, missed: page.with.len() - found, unwanted }
    }

    fn sum<'a>(pages: impl Iterator<Item = &'a TrafilaturaPage>) -> Self {
        pages.map(Self::of).fold(Self::default(), |sum, counts| Self {
            found: sum.found + counts.found,
            missed: sum.missed + counts.missed,
            unwanted: sum.unwanted + counts.unwanted,
        })
    }

    fn precision(self) -> f64 {
        self.found as f64 / (self.found + self.unwanted) as f64
    }

    fn recall(self) -> f64 {
        self.found as f64 / (self.found + self.missed) as f64
    }

    fn f_score(self) -> f64 {
        2.0 * self.precision() * self.recall() / (self.precision() + self.recall())
    }
}

pub(crate) fn measure(report: &mut Report, pages: &[TrafilaturaPage], misses: bool) {
    if misses {
        pages.iter().for_each(list);
    }
    let all = Counts::sum(pages.iter());
    report.judge("trafilatura-eval, F (trafilatura 2.2.0: 0.924)", all.f_score(), 0.950, 0.960);
    report.state("trafilatura-eval, precision", all.precision());
    report.state("trafilatura-eval, recall", all.recall());
    for (half, name) in ["even", "odd"].into_iter().enumerate() {
        let counts = Counts::sum(pages.iter().skip(half).step_by(2));
        report.state(format!("trafilatura-eval, F of the {name} pages"), counts.f_score());
    }
}

fn list(page: &TrafilaturaPage) {
    let text = &page.sample.page.text;
    for piece in page.with.iter().filter(|piece| !text.contains(*piece)) {
        println!("{}: missing {piece:?}", page.sample.name);
    }
    for piece in page.without.iter().filter(|piece| text.contains(*piece)) {
        println!("{}: unwanted {piece:?}", page.sample.name);
    }
}
