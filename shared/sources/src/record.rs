//! The sources that the crawler is told to follow, kept as notes so that they survive a restart.

use courant_store::{Crawl, Error, Listing, Note, NoteKind};
use serde::{Deserialize, Serialize};

/// The number of notes in one read.
const NOTES_AT_ONCE: usize = 1_000;

/// A source that the crawler is told to follow: by its configuration, or by a request while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowedSource {
    /// The address of the feed, sitemap, site or list.
    pub url: String,
    /// True if the configuration of a crawler names it. Such a source ends with
    /// [`Self::until_ms`], unless its crawler records it again.
    pub configured: bool,
    /// True if nobody looks at it for now.
    pub paused: bool,
    /// Words by which people find it.
    pub tags: Vec<String>,
    /// The time at which it was first recorded, in Unix milliseconds.
    pub added_at_ms: i64,
    /// The time at which the record ends, in Unix milliseconds; [`Listing::NEVER_MS`] if a request
    /// added it.
    pub until_ms: i64,
}

/// The body of a note.
#[derive(Serialize, Deserialize)]
struct Body {
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    configured: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    paused: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    added_at_ms: i64,
}

impl FollowedSource {
    /// Returns a source that a request added at `added_at_ms`.
    pub fn added(url: String, tags: Vec<String>, added_at_ms: i64) -> Self {
        let (configured, paused, until_ms) = (false, false, Listing::NEVER_MS);
        Self { url, configured, paused, tags, added_at_ms, until_ms }
    }

    fn note(&self) -> Note {
        let body = Body {
            configured: self.configured,
            paused: self.paused,
            tags: self.tags.clone(),
            added_at_ms: self.added_at_ms,
        };
        Note {
            kind: NoteKind::Source,
            name: self.url.clone(),
            domain: String::new(),
            // Texts, numbers and truth values can always be written as JSON.
            body: serde_json::to_string(&body).ok(),
            until_ms: self.until_ms,
        }
    }

    fn of(note: Note) -> Result<Self, Error> {
        let (url, until_ms) = (note.name, note.until_ms);
        let body = serde_json::from_str(note.body.as_deref().unwrap_or_default());
        let body = body.map_err(|error| Error::Corrupt(format!("the source {url}: {error}")))?;
        let Body { configured, paused, tags, added_at_ms } = body;
        Ok(Self { url, configured, paused, tags, added_at_ms, until_ms })
    }
}

/// The records of sources in the crawler's part of a store.
#[derive(Clone)]
pub struct Sources {
    crawl: Crawl,
}

impl Sources {
    /// The most sources that a store keeps.
    pub const MOST: usize = 10_000;

    /// Reads and writes the records in `crawl`.
    pub fn of(crawl: Crawl) -> Self {
        Self { crawl }
    }

    /// Returns the sources whose record has not ended at `now_ms` (Unix milliseconds), at most
    /// [`Self::MOST`], by their URLs.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn all(&self, now_ms: i64) -> Result<Vec<FollowedSource>, Error> {
        let mut sources = Vec::new();
        let mut last: Option<String> = None;
        while sources.len() < Self::MOST {
            let notes = self.crawl.notes(NoteKind::Source, last.as_deref(), NOTES_AT_ONCE).await?;
            let Some(end) = notes.last() else { break };
            last = Some(end.name.clone());
            for note in notes.into_iter().filter(|note| note.until_ms > now_ms) {
                sources.push(FollowedSource::of(note)?);
            }
        }
        sources.truncate(Self::MOST);
        sources.sort_by(|one, other| one.url.cmp(&other.url));
        Ok(sources)
    }

    /// Returns the source at `url` if its record has not ended at `now_ms`.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn get(&self, url: &str, now_ms: i64) -> Result<Option<FollowedSource>, Error> {
        let note = self.crawl.note(NoteKind::Source, url).await?;
        let note = note.filter(|note| note.until_ms > now_ms);
        note.map(FollowedSource::of).transpose()
    }

    /// Records sources. Of several with one URL, the last one counts.
    ///
    /// # Errors
    /// A failure of the store. Nothing was recorded.
    pub async fn record(&self, sources: &[FollowedSource]) -> Result<(), Error> {
        let notes: Vec<Note> = sources.iter().map(FollowedSource::note).collect();
        self.crawl.record_notes(&[], &notes).await
    }

    /// Deletes the record of a source, and the timetable's records of `listings`.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn forget(&self, url: &str, listings: &[String]) -> Result<(), Error> {
        let (kind, name, domain) = (NoteKind::Source, url.to_owned(), String::new());
        let note = Note { kind, name, domain, body: None, until_ms: 0 };
        self.crawl.record_notes(&[], &[note]).await?;
        self.crawl.forget_listings(listings).await
    }
}

#[cfg(test)]
mod tests {
    use courant_store::{Access, Store};
    use courant_telemetry::{Clock, Meters};

    use super::*;

    #[tokio::test]
    async fn sources_are_kept_until_they_end_or_are_forgotten_with_their_listings() {
        let folder = tempfile::tempdir().unwrap();
        let (config, meters) = (courant_store::Config::default(), Meters::new("test").unwrap());
        let (path, meter) = (folder.path().join("store.db"), meters.meter());
        let store = Store::sqlite(&path, Access::ReadWrite, &config, Clock::fixed(9), &meter);
        let crawl = store.await.unwrap().crawl();
        let sources = Sources::of(crawl.clone());
        let tags = vec!["Ö \"B\"".to_owned()];
        let added = FollowedSource::added("https://a.com/feed".into(), tags, 5);
        let url = "https://b.com/".to_owned();
        let ending = FollowedSource { url, configured: true, until_ms: 9, ..added.clone() };
        sources.record(&[added.clone(), ending.clone()]).await.unwrap();
        let paused = FollowedSource { paused: true, ..added };
        sources.record(std::slice::from_ref(&paused)).await.unwrap();
        assert_eq!(sources.all(8).await.unwrap(), [paused.clone(), ending]);
        assert_eq!(sources.all(9).await.unwrap(), std::slice::from_ref(&paused));
        assert_eq!(sources.get("https://b.com/", 9).await.unwrap(), None);
        let listing = Listing { url: paused.url.clone(), ..Listing::default() };
        crawl.record_listing(&[], &listing).await.unwrap();
        sources.forget(&paused.url, std::slice::from_ref(&paused.url)).await.unwrap();
        assert_eq!(sources.all(9).await.unwrap(), []);
        assert_eq!(crawl.listing(&paused.url).await.unwrap(), None);
    }
}
