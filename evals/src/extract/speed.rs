//! Measures the time that a page takes on one thread.

use std::time::Duration;

use crate::report::Report;

pub(crate) fn measure(report: &mut Report, mut times: Vec<Duration>) {
    if times.is_empty() {
        return;
    }
    times.sort();
    let per_second = times.len() as f64 / times.iter().sum::<Duration>().as_secs_f64();
    let percentile = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1000.0;
    report.state("pages/s on one thread", per_second);
    report.state("a page, p50 in ms", percentile(50));
    report.state("a page, p99 in ms", percentile(99));
    report.state("a page, longest in ms", percentile(100));
}
