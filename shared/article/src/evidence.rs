//! The sources that the values of an article come from.

use serde::{Deserialize, Serialize};

/// The kind of source that a value comes from. A later kind outranks an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// A guess, from the date in the address, the author of a whole feed, or the likeness of the
    /// page to an article.
    Guessed,
    /// A text that readers see on the page: a headline, a byline, a marked date.
    Shown,
    /// A statement of the feed or news sitemap that names the page.
    Listed,
    /// A statement in the page's own metadata.
    Declared,
}

/// The origin of each value of an article. It is `None` if there is no value, or if the sender of
/// the article does not state the origin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Evidence {
    /// The origin of the headline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Origin>,
    /// The origin of the authors' names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authors: Option<Origin>,
    /// The origin of the publishing time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_at: Option<Origin>,
    /// The origin of the language, unless the language was detected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Origin>,
    /// The origin of the section.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub section: Option<Origin>,
    /// The origin of the verdict that the page is an article.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_article: Option<Origin>,
}

impl Evidence {
    /// Returns true if no value has a known origin.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns the name and the origin of each value whose origin is known.
    pub fn values(&self) -> impl Iterator<Item = (&'static str, Origin)> {
        let named = [
            ("title", self.title),
            ("authors", self.authors),
            ("published_at", self.published_at),
            ("language", self.language),
            ("section", self.section),
            ("is_article", self.is_article),
        ];
        named.into_iter().filter_map(|(name, origin)| Some((name, origin?)))
    }
}

/// A value with its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// The source that it comes from.
    pub origin: Origin,
}

impl<T> Sourced<T> {
    /// Returns the candidate with the best origin, and the first of equals.
    pub fn best(candidates: impl IntoIterator<Item = Option<Self>>) -> Option<Self> {
        let better =
            |best: Self, other: Self| if other.origin > best.origin { other } else { best };
        candidates.into_iter().flatten().reduce(better)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_better_origin_outranks_a_weaker_one_and_the_first_of_equals_stays() {
        let of = |value, origin| Some(Sourced { value, origin });
        let best = |candidates| Sourced::best(candidates).map(|found| found.value);
        assert_eq!(best([of(1, Origin::Guessed), of(2, Origin::Listed)]), Some(2));
        assert_eq!(best([of(1, Origin::Declared), of(2, Origin::Listed)]), Some(1));
        assert_eq!(best([of(1, Origin::Shown), of(2, Origin::Shown)]), Some(1));
        assert_eq!(best([None, of(2, Origin::Guessed)]), Some(2));
        assert_eq!(best([None, None]), None);
    }

    #[test]
    fn only_known_origins_are_named() {
        let evidence = Evidence { published_at: Some(Origin::Listed), ..Evidence::default() };
        assert_eq!(evidence.values().collect::<Vec<_>>(), [("published_at", Origin::Listed)]);
        assert!(Evidence::default().is_empty() && !evidence.is_empty());
    }
}
