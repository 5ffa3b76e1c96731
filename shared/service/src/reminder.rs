//! Telling of a trouble in the log: when it comes, each minute while it stays, and when it is
//! over; not at every try.

use std::time::Duration;

use tokio::time::Instant;

/// The interval after which a trouble that stays is told again.
const REMINDER: Duration = Duration::from_secs(60);

/// The trouble that was told last, if it stays.
#[derive(Debug, Default)]
pub struct Reminder {
    told: Option<(String, Instant)>,
}

impl Reminder {
    /// Notes that there is a trouble, and returns true if it is to be told now: it is a new
    /// one, or was told a minute ago.
    pub fn is_due(&mut self, trouble: &str) -> bool {
        let is_fresh = |(told, at): &(String, Instant)| told == trouble && at.elapsed() < REMINDER;
        if self.told.as_ref().is_some_and(is_fresh) {
            return false;
        }
        self.told = Some((trouble.to_owned(), Instant::now()));
        true
    }

    /// Notes that there is no trouble, and returns true if there was one.
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
