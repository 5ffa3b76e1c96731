//! Notes that a crawler needs after it was killed: waiting pages, paused domains, the texts of
//! robots.txt files, and moved sources.
//!
//! Changes are collected and written together, except pauses, which are written at once. If the
//! process is killed, the pages that were found since the last write are lost. Their listing is
//! then looked at again, because a look is recorded only when its pages are finished.

pub(crate) mod writer;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use courant_article::FeedFields;
use courant_store::{Note, NoteKind};
use courant_telemetry::Clock;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use url::Url;

use crate::page::{Hint, Lane, Named, Page, Requested};
use crate::urls::domain_of;

/// Changes within this time are written together.
const TOGETHER: Duration = Duration::from_millis(500);
/// The most notes in one write.
const MAX_BATCH: usize = 1_000;
/// The most memory that unwritten notes may take. Further notes are dropped.
const MAX_UNWRITTEN_BYTES: usize = 64 * 1024 * 1024;
/// The memory that a note takes beside its text.
const NOTE_BYTES: usize = 200;
/// The lifetime of a page's note. A page that is still news after it is found again.
const PAGE_LASTS: Duration = Duration::from_secs(7 * 24 * 3_600);

/// The lifetime of a move. The old address of the source is requested again after it.
const MOVE_LASTS: Duration = Duration::from_secs(180 * 24 * 3_600);

/// Collects notes until they are written.
#[derive(Debug)]
pub(crate) struct Notes {
    clock: Clock,
    unwritten: Mutex<Unwritten>,
    changed: Notify,
    urgent: Notify,
}

#[derive(Debug, Default)]
struct Unwritten {
    /// The latest change of each note.
    notes: HashMap<(NoteKind, String), Note>,
    bytes: usize,
    not_kept: u64,
}

/// A waiting page, as JSON in a note.
#[derive(Debug, Serialize, Deserialize)]
struct Waiting {
    source: String,
    is_news: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    published_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    authors_are_inherited: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    changed_at_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "FeedFields::is_empty")]
    feed: FeedFields,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    requested: Option<Requested>,
}

impl Notes {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, unwritten: Mutex::default(), changed: Notify::new(), urgent: Notify::new() }
    }

    /// Notes that the page waits for its turn.
    pub(crate) fn keep_page(&self, page: &Page) {
        self.change(self.of_page(page));
    }

    /// Returns the note of a waiting page.
    pub(crate) fn of_page(&self, page: &Page) -> Note {
        let waiting = Waiting {
            source: page.source.to_string(),
            is_news: page.lane == Lane::News,
            title: page.hint.title.clone(),
            published_at: page.hint.published_at.as_ref().map(|at| at.as_str().to_owned()),
            language: page.hint.language.clone(),
            authors_are_inherited: page.hint.authors_are_inherited,
            changed_at_ms: page.hint.changed_at_ms,
            feed: page.hint.feed.clone(),
            requested: page.requested.as_deref().cloned(),
        };
        // Strings and numbers can always be written as JSON.
        let body = serde_json::to_string(&waiting).ok();
        self.note(NoteKind::Page, page.url.as_str(), domain_of(&page.url), body, PAGE_LASTS)
    }

    /// Deletes the note of a finished page.
    pub(crate) fn forget_page(&self, url: &Url) {
        let domain = domain_of(url);
        self.change(self.note(NoteKind::Page, url.as_str(), domain, None, Duration::ZERO));
    }

    /// Notes that the domain is paused for the time of `lasts`.
    pub(crate) fn keep_pause(&self, domain: &str, lasts: Duration) {
        let body = Some(String::new());
        self.change(self.note(NoteKind::Pause, domain, domain.to_owned(), body, lasts));
        self.urgent.notify_one();
    }

    /// Notes the robots.txt of an origin, which is valid for `lasts`. `url` is any URL of the
    /// origin.
    pub(crate) fn keep_robots(&self, origin: &str, url: &Url, text: String, lasts: Duration) {
        self.change(self.note(NoteKind::Robots, origin, domain_of(url), Some(text), lasts));
    }

    /// Notes that the source at `url` has moved. `sources/moved.rs` defines the text.
    pub(crate) fn keep_move(&self, url: &Url, text: String) {
        let domain = domain_of(url);
        self.change(self.note(NoteKind::Moved, url.as_str(), domain, Some(text), MOVE_LASTS));
    }

    /// Deletes the note that the source at `url` has moved.
    pub(crate) fn forget_move(&self, url: &Url) {
        let domain = domain_of(url);
        self.change(self.note(NoteKind::Moved, url.as_str(), domain, None, Duration::ZERO));
    }

    /// Returns the present time in Unix milliseconds.
    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.unix_ms()
    }

    /// Returns the time for which a note is still valid; `None` if it has expired.
    pub(crate) fn rest_of(&self, note: &Note) -> Option<Duration> {
        let rest_ms = note.until_ms.saturating_sub(self.clock.unix_ms());
        let rest = u64::try_from(rest_ms).ok().filter(|rest| *rest > 0)?;
        Some(Duration::from_millis(rest))
    }

    /// Waits for a change, and then a short time for more changes, unless one is urgent.
    pub(crate) async fn worth_a_write(&self) {
        self.changed.notified().await;
        // Both ends of the wait mean that it is time to write.
        let _ = tokio::time::timeout(TOGETHER, self.urgent.notified()).await;
    }

    /// Takes the changes for one write.
    pub(crate) fn take(&self) -> Vec<Note> {
        let mut unwritten = self.lock();
        let names: Vec<_> = unwritten.notes.keys().take(MAX_BATCH).cloned().collect();
        let taken: Vec<Note> =
            names.iter().filter_map(|name| unwritten.notes.remove(name)).collect();
        unwritten.bytes = unwritten.bytes.saturating_sub(taken.iter().map(weight).sum());
        let not_kept = std::mem::take(&mut unwritten.not_kept);
        if not_kept > 0 {
            tracing::warn!(not_kept, "notes were dropped: the store is too slow");
        }
        taken
    }

    fn note(
        &self,
        kind: NoteKind,
        name: &str,
        domain: String,
        body: Option<String>,
        lasts: Duration,
    ) -> Note {
        let lasts_ms = i64::try_from(lasts.as_millis()).unwrap_or(i64::MAX);
        let until_ms = self.clock.unix_ms().saturating_add(lasts_ms);
        Note { kind, name: name.to_owned(), domain, body, until_ms }
    }

    fn change(&self, note: Note) {
        let mut unwritten = self.lock();
        let added = weight(&note);
        if unwritten.bytes + added > MAX_UNWRITTEN_BYTES {
            unwritten.not_kept += 1;
            return;
        }
        unwritten.bytes += added;
        let before = unwritten.notes.insert((note.kind, note.name.clone()), note);
        unwritten.bytes = unwritten.bytes.saturating_sub(before.as_ref().map_or(0, weight));
        drop(unwritten);
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Unwritten> {
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn weight(note: &Note) -> usize {
    NOTE_BYTES + 2 * note.name.len() + note.body.as_ref().map_or(0, String::len)
}

/// Returns the page in a note; `None` if the note cannot be read.
pub(crate) fn page(note: &Note) -> Option<Page> {
    let waiting: Waiting = serde_json::from_str(note.body.as_deref()?).ok()?;
    let hint = Hint {
        title: waiting.title,
        published_at: waiting.published_at.and_then(|at| at.parse().ok()),
        language: waiting.language,
        authors_are_inherited: waiting.authors_are_inherited,
        changed_at_ms: waiting.changed_at_ms,
        feed: waiting.feed,
    };
    let lane = if waiting.is_news { Lane::News } else { Lane::Rest };
    let named = Named { url: Url::parse(&note.name).ok()?, hint, lane };
    let requested = waiting.requested.map(Arc::new);
    Some(Page::named_by(Arc::from(waiting.source), named).requested_by(requested))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_700_000_000_000;

    fn notes() -> Notes {
        Notes::new(Clock::fixed(NOW_MS))
    }

    fn found(url: &str) -> Page {
        let hint = Hint {
            title: Some("One & \"two\"".into()),
            published_at: "2024-03-05T09:30:00+02:00".parse().ok(),
            language: Some("en".into()),
            authors_are_inherited: true,
            changed_at_ms: Some(5),
            feed: FeedFields { summary: Some("In short".into()), ..FeedFields::default() },
        };
        let named = Named { url: url.parse().unwrap(), hint, lane: Lane::News };
        let requested = Requested { submission_id: "s-1".into(), ..Requested::default() };
        Page::named_by("https://a.example/feed".into(), named).requested_by(Some(requested.into()))
    }

    #[test]
    fn a_page_is_read_as_it_was_written() {
        let notes = notes();
        let before = found("https://a.example/1");
        notes.keep_page(&before);
        let written = notes.take();
        assert_eq!(written.len(), 1);
        let after = page(&written[0]).unwrap();
        assert_eq!((&after.url, &after.source), (&before.url, &before.source));
        assert_eq!((&after.hint, after.lane), (&before.hint, before.lane));
        assert_eq!(after.requested, before.requested);
        assert!(notes.take().is_empty() && notes.lock().bytes == 0);
    }

    #[test]
    fn the_last_change_of_a_note_is_written_and_nothing_else() {
        let notes = notes();
        let done = found("https://a.example/1");
        notes.keep_page(&done);
        notes.forget_page(&done.url);
        notes.keep_pause("a.example", Duration::from_secs(60));
        notes.keep_pause("a.example", Duration::from_secs(90));
        let mut written = notes.take();
        written.sort_by_key(|note| note.until_ms);
        assert_eq!(written.len(), 2);
        assert_eq!(written[0].body, None);
        assert_eq!(written[1].until_ms, NOW_MS + 90_000);
        assert_eq!(notes.rest_of(&written[1]), Some(Duration::from_secs(90)));
        assert_eq!(notes.rest_of(&written[0]), None);
    }

    #[test]
    fn what_waits_is_bounded() {
        let notes = notes();
        let (url, text) = ("https://a.example/".parse().unwrap(), "x".repeat(1024 * 1024));
        for origin in 0..100 {
            notes.keep_robots(&origin.to_string(), &url, text.clone(), PAGE_LASTS);
        }
        let kept = notes.lock().notes.len();
        assert!((60..64).contains(&kept), "{kept}");
        assert_eq!(notes.take().len(), kept);
        notes.keep_robots("more", &url, text, PAGE_LASTS);
        assert_eq!(notes.take().len(), 1);
    }

    #[test]
    fn a_note_that_makes_no_sense_is_no_page() {
        let note = |name: &str, body: &str| Note {
            kind: NoteKind::Page,
            name: name.into(),
            domain: "a.example".into(),
            body: Some(body.into()),
            until_ms: 0,
        };
        let body = r#"{"source":"x","is_news":false,"more":1}"#;
        assert!(page(&note("https://a.example/", body)).is_some());
        assert!(page(&note("nowhere", body)).is_none());
        assert!(page(&note("https://a.example/", "{}")).is_none());
    }
}
