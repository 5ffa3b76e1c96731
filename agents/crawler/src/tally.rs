//! Counts every page and source once in the report, the metrics and the status.

use std::time::Duration;

use courant_bus::Settled;
use courant_service::Control;

use crate::error::Fruitless;
use crate::metrics::Metrics;
use crate::outcome::{Ended, Outcome};
use crate::progress::{Progress, Report};

/// Counts the pages and sources of a crawl.
#[derive(Clone)]
pub(crate) struct Tally {
    pub(crate) progress: Progress,
    pub(crate) metrics: Metrics,
    pub(crate) control: Control,
}

impl Tally {
    /// Counts a page that was queued. `queued` is the number of all queued pages.
    pub(crate) fn found(&self, queued: usize) {
        self.progress.count(|report| report.found += 1);
        self.metrics.frontier(queued);
    }

    /// Counts a page that was found and finished without a queue.
    pub(crate) fn found_and_settled(&self, ended: &Result<Outcome, Ended>) {
        self.progress.count(|report| report.found += 1);
        self.settle(ended);
    }

    /// Counts the outcome of a page that was found.
    pub(crate) fn settle(&self, ended: &Result<Outcome, Ended>) {
        self.progress.count(|report| count(report, ended));
        let (outcome, reason, settled) = match ended {
            Ok(outcome) => (outcome.as_str(), "", Settled::Acknowledged),
            Err(Ended::Refused(refusal)) => ("refused", refusal.as_str(), Settled::Dead),
            Err(Ended::Failed(failure)) => {
                ("failed", failure.as_str(), Settled::Retried(Duration::ZERO))
            }
            Err(Ended::Elsewhere | Ended::Interrupted) => return,
        };
        self.metrics.page(outcome, reason);
        self.control.count(settled);
        self.control.detail("pages", self.progress.report().to_string());
    }

    /// Records the result of a round over a source.
    pub(crate) fn source(&self, source: &str, round: Result<(), Fruitless>) {
        match round {
            Ok(()) => self.progress.count(|report| {
                report.source_errors.remove(source);
            }),
            Err(Fruitless::NotFetched(Ended::Elsewhere | Ended::Interrupted)) => {}
            Err(problem) => {
                tracing::warn!(source, %problem, "a source brings no pages");
                self.progress.count(|report| {
                    report.source_errors.insert(source.to_owned(), problem.to_string());
                });
            }
        }
    }
}

fn count(report: &mut Report, ended: &Result<Outcome, Ended>) {
    match ended {
        Ok(Outcome::Submitted) => report.submitted += 1,
        Ok(Outcome::NotModified) => report.not_modified += 1,
        Ok(Outcome::Known) => report.skipped_known += 1,
        Ok(Outcome::HandedOver) => report.handed_over += 1,
        Err(Ended::Refused(refusal)) => *report.refused.entry(refusal.as_str()).or_default() += 1,
        Err(Ended::Failed(failure)) => *report.failed.entry(failure.as_str()).or_default() += 1,
        Err(Ended::Elsewhere | Ended::Interrupted) => {}
    }
}
