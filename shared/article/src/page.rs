//! The statements of a page and its feed about an article, apart from the text, and their limits in
//! a message. The text has its own limit ([`crate::MAX_TEXT_BYTES`]).

use serde::{Deserialize, Serialize};
use url::Url;

use crate::{Article, Entry, PublishedAt};

/// The most bytes of a URL. A longer URL is no address of an article or a picture.
pub const MAX_URL_BYTES: usize = 4096;
/// The most bytes of a title, site name or source: 2,000 characters of four bytes. Longer ones are
/// cut.
pub const MAX_FIELD_BYTES: usize = 8_000;
/// The most bytes of a feed's summary. Longer ones are cut, since a summary waits in memory with
/// the page that the feed names.
pub const MAX_SUMMARY_BYTES: usize = 2_000;
/// The most authors. Further authors are dropped.
pub const MAX_AUTHORS: usize = 50;
/// The most bytes of an author's name. Longer names are cut.
pub const MAX_AUTHOR_BYTES: usize = 1_000;
/// The most tags of a page, or categories of a feed. Further ones are dropped.
pub const MAX_TAGS: usize = 32;
/// The most bytes of a tag, category or section: 100 characters of four bytes. Longer ones are cut.
pub const MAX_TAG_BYTES: usize = 400;
/// The most bytes of a submission's id.
pub const MAX_SUBMISSION_ID_BYTES: usize = 1_000;
/// The most bytes of a language code. A longer text is no language code.
const MAX_LANGUAGE_BYTES: usize = 35;

/// A page's own statements about its article.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PageFields {
    /// The URL of the lead image, http or https.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Tags and keywords in the page's words and order, at most [`MAX_TAGS`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The section that the page puts the article into, in the page's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    /// The time of the last change, as the page states it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified_at: Option<PublishedAt>,
    /// True if the page declares that not every reader may read all of it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub paywalled: bool,
    /// The submitter's own name for the article, not of the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outer_id: Option<String>,
}

/// The statements of the feed that named a page, as text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FeedFields {
    /// The headline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The summary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Names of the authors, at most [`MAX_AUTHORS`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<String>,
    /// Terms of the categories, at most [`MAX_TAGS`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// The publishing time in the feed's own offset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_at: Option<PublishedAt>,
}

impl PageFields {
    /// Returns the statements within the limits of this module.
    #[must_use]
    pub fn bounded(self) -> Self {
        Self {
            image: self.image.filter(|image| is_on_the_web(image)),
            tags: list(self.tags, MAX_TAGS, MAX_TAG_BYTES),
            section: self.section.and_then(|section| field(section, MAX_TAG_BYTES)),
            outer_id: self.outer_id.and_then(|id| field(id, MAX_SUBMISSION_ID_BYTES)),
            ..self
        }
    }
}

impl FeedFields {
    /// Returns true if no feed said anything.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns the statements within the limits of this module.
    #[must_use]
    pub fn bounded(self) -> Self {
        Self {
            title: self.title.and_then(|title| field(title, MAX_FIELD_BYTES)),
            summary: self.summary.and_then(|summary| field(summary, MAX_SUMMARY_BYTES)),
            authors: list(self.authors, MAX_AUTHORS, MAX_AUTHOR_BYTES),
            categories: list(self.categories, MAX_TAGS, MAX_TAG_BYTES),
            ..self
        }
    }
}

impl Entry {
    /// Returns the entry with its fields within the limits of this module, so that none of them
    /// makes the message too large to send. The text, the URL and the submission's id stay as they
    /// are. The gateway refuses an entry whose URL is too long and does not cut it.
    #[must_use]
    pub fn bounded(self) -> Self {
        Self {
            declared_canonical_url: self
                .declared_canonical_url
                .filter(|url| url.len() <= MAX_URL_BYTES),
            title: cut(self.title, MAX_FIELD_BYTES),
            authors: list(self.authors, MAX_AUTHORS, MAX_AUTHOR_BYTES),
            language: self.language.filter(|code| code.len() <= MAX_LANGUAGE_BYTES),
            site_name: self.site_name.and_then(|name| field(name, MAX_FIELD_BYTES)),
            source: cut(self.source, MAX_FIELD_BYTES),
            page: self.page.bounded(),
            feed: self.feed.bounded(),
            ..self
        }
    }
}

impl Article {
    /// Returns the article with its fields within the limits of this module, as [`Entry::bounded`]
    /// does. The submission's id is cut, too.
    #[must_use]
    pub fn bounded(self) -> Self {
        Self {
            title: cut(self.title, MAX_FIELD_BYTES),
            authors: list(self.authors, MAX_AUTHORS, MAX_AUTHOR_BYTES),
            declared_language: self
                .declared_language
                .filter(|code| code.len() <= MAX_LANGUAGE_BYTES),
            site_name: self.site_name.and_then(|name| field(name, MAX_FIELD_BYTES)),
            source: cut(self.source, MAX_FIELD_BYTES),
            submission_id: cut(self.submission_id, MAX_SUBMISSION_ID_BYTES),
            page: self.page.bounded(),
            feed: self.feed.bounded(),
            ..self
        }
    }
}

/// Returns true for an absolute http or https URL of at most [`MAX_URL_BYTES`].
pub fn is_on_the_web(url: &str) -> bool {
    let is_short = url.len() <= MAX_URL_BYTES;
    is_short && Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

fn cut(mut text: String, most: usize) -> String {
    text.truncate(text.floor_char_boundary(most));
    text
}

/// Cuts a field. Returns `None` if nothing is left.
fn field(text: String, most: usize) -> Option<String> {
    Some(cut(text, most)).filter(|text| !text.is_empty())
}

fn list(mut items: Vec<String>, most: usize, most_bytes: usize) -> Vec<String> {
    items.truncate(most);
    items.into_iter().filter_map(|item| field(item, most_bytes)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_bounded_in_bytes_and_number() {
        let long = "é".repeat(100_000);
        let many = vec![long.clone(); 1_000];
        let entry = Entry {
            title: long.clone(),
            authors: many.clone(),
            language: Some(long.clone()),
            site_name: Some(long.clone()),
            source: long.clone(),
            declared_canonical_url: Some(format!("https://a.example/{long}")),
            page: PageFields {
                image: Some(format!("https://a.example/{long}")),
                tags: many.clone(),
                section: Some(long.clone()),
                ..PageFields::default()
            },
            feed: FeedFields {
                title: Some(long.clone()),
                summary: Some(long),
                authors: many.clone(),
                categories: many,
                published_at: None,
            },
            ..Entry::default()
        };
        let entry = entry.bounded();
        assert_eq!((entry.title.len(), entry.authors.len()), (8_000, 50));
        assert!(entry.authors.iter().all(|name| name.len() == 1_000));
        assert_eq!((&entry.language, &entry.declared_canonical_url), (&None, &None));
        assert_eq!((&entry.page.image, entry.page.tags.len()), (&None, 32));
        let summary = entry.feed.summary.as_ref().unwrap();
        assert_eq!((summary.len(), entry.feed.categories[0].len()), (2_000, 400));
    }

    #[test]
    fn what_is_within_the_limits_stays_as_it_is() {
        let entry = Entry {
            title: "A title".into(),
            authors: vec!["Ann".into()],
            language: Some("en".into()),
            page: PageFields {
                image: Some("https://a.example/1.jpg".into()),
                tags: vec!["bridges".into()],
                section: Some("Local".into()),
                modified_at: "2026-03-04".parse().ok(),
                paywalled: true,
                outer_id: Some("cms-1".into()),
            },
            ..Entry::default()
        };
        assert_eq!(entry.clone().bounded(), entry);
    }

    #[test]
    fn an_image_that_is_no_address_on_the_web_is_dropped() {
        for image in ["javascript:alert(1)", "data:image/png;base64,AA==", "/1.jpg", "1.jpg", ""] {
            let page = PageFields { image: Some(image.into()), ..PageFields::default() };
            assert_eq!(page.bounded().image, None, "{image}");
        }
    }
}
