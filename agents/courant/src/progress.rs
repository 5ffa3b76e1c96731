//! Prints the progress of a round in one line.

use std::io::IsTerminal;
use std::time::Duration;

use courant_telemetry::Meters;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::figures::Figures;
use crate::output::note;

const ON_A_TERMINAL: Duration = Duration::from_millis(200);
const IN_A_LOG: Duration = Duration::from_secs(2);

/// Prints progress until it is finished. It prints to standard error, because standard output is
/// for results.
pub(crate) struct Progress {
    done: CancellationToken,
    task: JoinHandle<()>,
}

impl Progress {
    pub(crate) fn start(crawl: courant_crawler::Progress, meters: Meters) -> Self {
        let done = CancellationToken::new();
        let terminal = std::io::stderr().is_terminal();
        let (pause, end) = if terminal { (ON_A_TERMINAL, "\r") } else { (IN_A_LOG, "\n") };
        let task = tokio::spawn({
            let done = done.clone();
            async move {
                let mut last = String::new();
                while !done.is_cancelled() {
                    tokio::select! {
                        () = tokio::time::sleep(pause) => {}
                        () = done.cancelled() => {}
                    }
                    let line = line(&crawl, &meters);
                    if line != last {
                        note(format_args!("{line:<78}{end}"));
                        last = line;
                    }
                }
                if terminal {
                    noteln!("");
                }
            }
        });
        Self { done, task }
    }

    /// Prints the last line and ends.
    pub(crate) async fn finish(self) {
        self.done.cancel();
        drop(self.task.await);
    }
}

fn line(crawl: &courant_crawler::Progress, meters: &Meters) -> String {
    let report = crawl.report();
    let figures = Figures::parse(&meters.render().unwrap_or_default());
    let stored =
        figures.sum("courant_messages_total", &[("agent", "storage"), ("outcome", "acknowledged")]);
    let embedded = figures
        .sum("courant_messages_total", &[("agent", "embedder"), ("outcome", "acknowledged")]);
    format!(
        "{} pages found, {} fetched, {} submitted, {embedded} embedded, {stored} stored",
        report.found, report.fetched, report.submitted
    )
}
