//! The sources of an article's values, between messages and domain types.

use courant_article::{Evidence, Origin};

use crate::v1;

impl From<Evidence> for v1::Evidence {
    fn from(evidence: Evidence) -> Self {
        Self {
            title: number(evidence.title),
            authors: number(evidence.authors),
            published_at: number(evidence.published_at),
            language: number(evidence.language),
            section: number(evidence.section),
            is_article: number(evidence.is_article),
        }
    }
}

/// An origin that a later version knows, and this one does not, is left out.
impl From<v1::Evidence> for Evidence {
    fn from(evidence: v1::Evidence) -> Self {
        Self {
            title: origin(evidence.title()),
            authors: origin(evidence.authors()),
            published_at: origin(evidence.published_at()),
            language: origin(evidence.language()),
            section: origin(evidence.section()),
            is_article: origin(evidence.is_article()),
        }
    }
}

fn number(origin: Option<Origin>) -> i32 {
    let origin = match origin {
        None => v1::Origin::Unspecified,
        Some(Origin::Guessed) => v1::Origin::Guessed,
        Some(Origin::Shown) => v1::Origin::Shown,
        Some(Origin::Listed) => v1::Origin::Listed,
        Some(Origin::Declared) => v1::Origin::Declared,
    };
    origin.into()
}

fn origin(origin: v1::Origin) -> Option<Origin> {
    match origin {
        v1::Origin::Unspecified => None,
        v1::Origin::Guessed => Some(Origin::Guessed),
        v1::Origin::Shown => Some(Origin::Shown),
        v1::Origin::Listed => Some(Origin::Listed),
        v1::Origin::Declared => Some(Origin::Declared),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_origin_survives_the_bus() {
        let evidence = Evidence {
            title: Some(Origin::Declared),
            authors: Some(Origin::Shown),
            published_at: Some(Origin::Listed),
            language: None,
            section: Some(Origin::Guessed),
            is_article: Some(Origin::Listed),
        };
        assert_eq!(Evidence::from(v1::Evidence::from(evidence)), evidence);
        assert_eq!(Evidence::from(v1::Evidence { title: 99, ..Default::default() }).title, None);
    }
}
