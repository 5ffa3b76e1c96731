//! The circumstances in which a page is read.

use courant_article::PublishedAt;

/// The greatest offset from UTC. A date without a zone, or with a wrong one, may seem to lie this
/// far in the future.
const MAX_ZONE_S: i64 = 14 * 3_600;

/// Facts about a page that are in neither its bytes nor its address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Context {
    /// The time at which the page was fetched, in Unix milliseconds; `None` if it is not known.
    /// Later dates are refused.
    pub fetched_at_ms: Option<i64>,
    /// True if a feed or news sitemap lists the page with a title and a date. This is a sign of an
    /// article.
    pub is_listed: bool,
}

impl Context {
    /// Returns true unless `date` lies in the future in every time zone.
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
