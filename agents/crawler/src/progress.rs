//! The figures of a crawl. Every page found is counted in exactly one outcome.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// The counts of everything that was found so far, by outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Pages found in feeds, sitemaps, lists, archives and folders. A URL counts once per round.
    /// This is the sum of `submitted`, `not_modified`, `skipped_known`, `handed_over`, `refused`,
    /// `failed` and [`Report::pending`].
    pub found: u64,
    /// Articles that the bus acknowledged.
    pub submitted: u64,
    /// Pages that their server called unchanged, or whose text has not changed.
    pub not_modified: u64,
    /// Pages that were not fetched, because they are known and were visited recently.
    pub skipped_known: u64,
    /// Pages that were left to another crawler that has their domain.
    pub handed_over: u64,
    /// Pages that were left out, by reason.
    pub refused: BTreeMap<&'static str, u64>,
    /// Pages that could not be fetched this time, by reason.
    pub failed: BTreeMap<&'static str, u64>,
    /// Page bodies that were fetched, for articles and other pages.
    pub fetched: u64,
    /// Feeds, sitemaps and lists that named pages.
    pub lists: u64,
    /// Requests sent, including those for robots.txt and redirects.
    pub requests: u64,
    /// The problem of each source whose last round failed.
    pub source_errors: BTreeMap<String, String>,
}

impl Report {
    /// Returns the number of pages that were found but not finished: they wait, or a shutdown cut
    /// them off.
    pub fn pending(&self) -> u64 {
        self.found.saturating_sub(self.settled())
    }

    fn settled(&self) -> u64 {
        let left_out = self.refused.values().chain(self.failed.values()).sum::<u64>();
        self.submitted + self.not_modified + self.skipped_known + self.handed_over + left_out
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} found: {} submitted, {} not modified, {} known, {} refused, {} failed, {} pending",
            self.found,
            self.submitted,
            self.not_modified,
            self.skipped_known,
            self.refused.values().sum::<u64>(),
            self.failed.values().sum::<u64>(),
            self.pending(),
        )?;
        if self.handed_over > 0 {
            write!(f, ", {} handed over", self.handed_over)?;
        }
        Ok(())
    }
}

/// Shares the figures of a crawler while it runs.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    report: Arc<Mutex<Report>>,
}

impl Progress {
    /// Returns the figures as they are now.
    pub fn report(&self) -> Report {
        self.lock().clone()
    }

    pub(crate) fn count(&self, change: impl FnOnce(&mut Report)) {
        change(&mut self.lock());
    }

    fn lock(&self) -> MutexGuard<'_, Report> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_settled_is_pending() {
        let progress = Progress::default();
        progress.clone().count(|report| {
            report.found = 6;
            report.submitted = 2;
            report.not_modified = 1;
            report.refused.insert("noindex", 1);
            report.failed.insert("timeout", 1);
        });
        let report = progress.report();
        assert_eq!(report.pending(), 1);
        assert_eq!(
            report.to_string(),
            "6 found: 2 submitted, 1 not modified, 0 known, 1 refused, 1 failed, 1 pending"
        );
    }
}
