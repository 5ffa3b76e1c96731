//! Limits the log lines about a lasting problem: one when it starts, one each minute while it
//! lasts, and one when it ends.

use std::time::Duration;

use tokio::time::Instant;

/// The interval after which a lasting problem is logged again.
const REMINDER: Duration = Duration::from_secs(60);

/// The problem that was logged last, while it lasts.
#[derive(Debug, Default)]
pub struct Reminder {
    told: Option<(String, Instant)>,
}

impl Reminder {
    /// Records a problem, and returns true if it should be logged now: it is new, or was last
    /// logged a minute ago.
    pub fn is_due(&mut self, trouble: &str) -> bool {
        let is_fresh = |(told, at): &(String, Instant)| told == trouble && at.elapsed() < REMINDER;
        if self.told.as_ref().is_some_and(is_fresh) {
            return false;
        }
        self.told = Some((trouble.to_owned(), Instant::now()));
        true
    }

    /// Records that there is no problem, and returns true if there was one.
    pub fn is_over(&mut self) -> bool {
        self.told.take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_trouble_is_told_once_a_minute_until_it_is_over() {
        let mut reminder = Reminder::default();
        assert!(!reminder.is_over(), "there was none");
        assert!(reminder.is_due("full"));
        tokio::time::advance(REMINDER / 2).await;
        assert!(!reminder.is_due("full"), "told already");
        assert!(reminder.is_due("gone"), "another one");
        tokio::time::advance(REMINDER).await;
        assert!(reminder.is_due("gone"));
        assert!(reminder.is_over() && !reminder.is_over());
        assert!(reminder.is_due("gone"), "it came back");
    }
}
