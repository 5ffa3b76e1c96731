//! `courant-eval urls`: measures canonical URLs against published lists and on the addresses of
//! real stories.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use courant_dedup::canonicalize;

use crate::report::Report;

mod stories;
mod vectors;

/// The duration of the speed test. It is long enough that the clock's resolution and the first
/// calls do not matter.
const MEASURED_FOR: Duration = Duration::from_secs(1);

/// Measures on the data sets in `data`. `misses` prints each disagreement with its reason.
///
/// # Errors
/// Fails if a data set is absent or cannot be read.
pub(crate) fn measure(data: &Path, misses: bool) -> Result<Report> {
    let mut report = Report::default();
    for list in vectors::lists(data)? {
        let told = list.compare();
        report.state(format!("{}: of {} vectors", list.name, list.vectors.len()), told.share());
        report.state(format!("{}: merged further", list.name), told.merged.len() as f64);
        if misses {
            println!("{told}");
        }
    }
    let stories = stories::read(data)?;
    stories::judge(&stories, misses, &mut report);
    report.state("URLs of stories per second and core", urls_per_second(&stories));
    Ok(report)
}

fn urls_per_second(stories: &[stories::Story]) -> f64 {
    let start = Instant::now();
    let mut done = 0_u32;
    while start.elapsed() < MEASURED_FOR {
        for story in stories {
            done += u32::from(std::hint::black_box(canonicalize(&story.url)).is_ok());
        }
    }
    f64::from(done) / start.elapsed().as_secs_f64()
}
