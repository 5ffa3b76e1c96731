//! The directives for robots that a page gives itself, in `X-Robots-Tag` or `<meta name=robots>`.

use courant_article::PublishedAt;

use super::product_token;
use crate::date;

/// Directives with a value after a colon. Any other name before a colon is that of a robot.
const WITH_VALUE: [&str; 4] =
    ["max-image-preview", "max-snippet", "max-video-preview", "unavailable_after"];

/// The requests of a page to search engines. Several statements add up: none allows what another
/// forbids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Indexing {
    /// True if the page is not to be stored or shown.
    pub noindex: bool,
    /// True if the page's links are not to be followed.
    pub nofollow: bool,
    /// The time from which the page is not to be shown.
    pub unavailable_after: Option<PublishedAt>,
}

impl Indexing {
    /// Adds one value of the header `X-Robots-Tag`, such as `noindex` or `courant: none, nofollow`.
    /// Only the parts for all robots and for `user_agent` count.
    #[must_use]
    pub fn with_header(mut self, value: &str, user_agent: &str) -> Self {
        let own = product_token(user_agent);
        let (mut is_for_us, mut rest) = (true, value);
        while !rest.is_empty() {
            if let Some((name, behind)) = robot(rest) {
                is_for_us = name == "*" || product_token(&name) == own;
                rest = behind;
            }
            let (part, behind) = rest.split_once(',').unwrap_or((rest, ""));
            if part.trim_start().to_ascii_lowercase().starts_with("unavailable_after:") {
                self.take_date(rest, is_for_us);
            }
            self.take(part, is_for_us);
            rest = behind;
        }
        self
    }

    /// Adds the `content` of `<meta name=…>`. It counts if `name` is `robots` or the product token
    /// of `user_agent`.
    #[must_use]
    pub fn with_meta(self, name: &str, content: &str, user_agent: &str) -> Self {
        let name = name.trim().to_ascii_lowercase();
        if name != "robots" && name != product_token(user_agent) {
            return self;
        }
        self.with_header(content, user_agent)
    }

    fn take(&mut self, directive: &str, is_for_us: bool) {
        let directive = directive.trim().to_ascii_lowercase();
        self.noindex |= is_for_us && matches!(directive.as_str(), "noindex" | "none");
        self.nofollow |= is_for_us && matches!(directive.as_str(), "nofollow" | "none");
    }

    /// Takes a date, which has colons and sometimes a comma after the weekday.
    fn take_date(&mut self, text: &str, is_for_us: bool) {
        let text = text.split_once(':').map_or("", |parts| parts.1);
        let mut commas = text.match_indices(',').map(|(at, _)| at).chain([text.len()]);
        let until = commas.find_map(|end| date::published_at(&text[..end]));
        self.unavailable_after = until.filter(|_| is_for_us).or(self.unavailable_after.take());
    }
}

/// Returns the robot that the next directives are for, and the text after its name. Returns `None`
/// if no robot is named here.
fn robot(text: &str) -> Option<(String, &str)> {
    let (name, behind) = text.split_once(':')?;
    let name = name.trim().to_ascii_lowercase();
    let is_robot = !name.is_empty() && !name.contains(',') && !WITH_VALUE.contains(&name.as_str());
    is_robot.then_some((name, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(value: &str) -> (bool, bool) {
        let said = Indexing::default().with_header(value, "Courant/0.1");
        (said.noindex, said.nofollow)
    }

    #[test]
    fn directives_count_for_all_or_for_us() {
        for (value, expected) in [
            ("", (false, false)),
            ("all", (false, false)),
            ("noindex", (true, false)),
            ("NoIndex, NoFollow", (true, true)),
            ("none", (true, true)),
            ("nofollow , noarchive", (false, true)),
            ("otherbot: noindex", (false, false)),
            ("otherbot: noindex, nofollow", (false, false)),
            ("courant: noindex", (true, false)),
            ("otherbot: noindex, Courant: nofollow", (false, true)),
            ("otherbot: noindex, *: none", (true, true)),
            ("max-snippet: 20, noindex", (true, false)),
            ("otherbot: all, max-snippet: 20, noindex", (false, false)),
            ("unavailable_after: 25 Jun 2030 15:00:00 PST, noindex", (true, false)),
            ("noindexing", (false, false)),
        ] {
            assert_eq!(header(value), expected, "{value}");
        }
    }

    #[test]
    fn values_add_up() {
        let said = Indexing::default()
            .with_header("nofollow", "courant")
            .with_header("noindex", "courant");
        assert!(said.noindex && said.nofollow);
    }

    #[test]
    fn the_date_is_read_however_it_is_written() {
        for value in [
            "unavailable_after: 2030-06-25T15:00:00-08:00",
            "unavailable_after: 25 Jun 2030 15:00:00 PST",
            "unavailable_after: Tuesday, 25-Jun-30 15:00:00 PST, nofollow",
            "courant: unavailable_after: 25 Jun 2030 15:00:00 PST",
        ] {
            let header = Indexing::default().with_header(value, "courant");
            let meta = Indexing::default().with_meta("robots", value, "courant");
            let until = header.unavailable_after.or(meta.unavailable_after).map(String::from);
            assert_eq!(until.as_deref(), Some("2030-06-25T15:00:00-08:00"), "{value}");
        }
    }

    #[test]
    fn a_meta_counts_by_its_name() {
        let said = |name, content| {
            let said = Indexing::default().with_meta(name, content, "courant");
            (said.noindex, said.nofollow)
        };
        assert_eq!(said("robots", "noindex,follow"), (true, false));
        assert_eq!(said("ROBOTS", "NONE"), (true, true));
        assert_eq!(said("Courant", "nofollow"), (false, true));
        assert_eq!(said("otherbot", "none"), (false, false));
        assert_eq!(said("description", "noindex"), (false, false));
    }
}
