//! The circumstances in which a page is read.

use courant_article::PublishedAt;

/// The greatest offset from UTC. A date without a zone, or with a wrong one, may seem to lie so
/// far in the future.
const MAX_ZONE_S: i64 = 14 * 3_600;

/// The knowledge about a page beside its bytes and its address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Context {
    /// When the page was fetched, Unix milliseconds; `None` if that is not known. A date that
    /// lies later is refused.
    pub fetched_at_ms: Option<i64>,
    /// True if a feed or news sitemap lists the page with a title and a date, which speaks for
    /// an article.
    pub is_listed: bool,
}

impl Context {
    /// Returns true unless `date` lies in the future, as far as zones can tell.
    pub fn allows(self, date: &PublishedAt) -> bool {
        self.fetched_at_ms.is_none_or(|fetched_at_ms| {
            date.unix_seconds() <= fetched_at_ms.div_euclid(1_000).saturating_add(MAX_ZONE_S)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_in_the_future_is_refused_unless_a_zone_explains_it() {
        let noon = Context { fetched_at_ms: Some(1_709_640_000_000), ..Context::default() }; // 2024-03-05T12:00Z
        let allows = |date: &str| noon.allows(&date.parse().unwrap());
        assert!(allows("2024-03-05") && allows("2024-03-06") && allows("2024-03-06T01:00:00Z"));
        assert!(!allows("2024-03-07") && !allows("2024-03-06T03:00:00Z") && !allows("2031-03-03"));
        assert!(Context::default().allows(&"2031-03-03".parse().unwrap()));
    }
}
