//! Parameters that say where a reader came from or how the page is shown, not
//! what is read.

use crate::percent::{self, Part};

mod names;
mod parameter;
mod session;

use parameter::name_and_value;

pub(crate) use session::{is_session_segment, without_session};

/// The query with its `?`, in normal form and without what does not matter;
/// `None` where nothing is left. `path` is the page's, in normal form.
pub(crate) fn significant_query(path: &str, query: &str) -> Option<String> {
    let query = percent::normalized(query, Part::Query);
    let parts = query.split('&').map(|part| without_tail(unescaped(part)));
    let parts: Vec<&str> = parts.filter(|part| is_significant(path, part)).collect();
    let mut parts = session::without_sessions(path, parts);
    // A part without `=` may be a path in disguise, where the order counts.
    if parts.iter().all(|part| part.contains('=')) {
        parts.sort_by_key(|part| name_and_value(part).0); // stable: equal names keep their order
    }
    (!parts.is_empty()).then(|| format!("?{}", parts.join("&")))
}

/// `id=7` for `amp;id=7`: the rest of an `&amp;` that nobody decoded.
fn unescaped(mut part: &str) -> &str {
    while let Some(rest) = part.strip_prefix("amp;") {
        part = rest;
    }
    part
}

/// `id=7` for `id=7?utm_source=x`: a tracker put behind a query with a `?` of
/// its own.
fn without_tail(mut part: &str) -> &str {
    while let Some((before, tail)) = part.rsplit_once('?')
        && is_tracking(tail)
    {
        part = before;
    }
    part
}

fn is_significant(path: &str, part: &str) -> bool {
    !part.is_empty() && !is_tracking(part) && !is_presentation(path, part)
}

fn is_tracking(part: &str) -> bool {
    let (name, value) = name_and_value(part);
    let name = name.to_ascii_lowercase();
    let name = name.as_str();
    names::is_tracker(name)
        || (names::is_referrer(name) && names_a_channel(value))
        || (names::is_feed_flag(name) && is_flag(value))
        || is_social_flow(name, value)
}

/// Returns true if the value names the channel that readers come from (`rss`, `fb-share`,
/// `newsletter_daily`): that chooses no article, whatever the site.
fn names_a_channel(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    let mut words = value.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| names::is_channel(word) || word.ends_with("rss"))
}

fn is_flag(value: &str) -> bool {
    ["", "0", "1", "true", "false", "yes", "no", "on", "off"]
        .iter()
        .any(|flag| flag.eq_ignore_ascii_case(value))
}

/// `sf123456789=1`, which a publishing tool adds to what it posts.
fn is_social_flow(name: &str, value: &str) -> bool {
    value == "1"
        && name
            .strip_prefix("sf")
            .is_some_and(|digits| digits.len() >= 6 && digits.bytes().all(|c| c.is_ascii_digit()))
}

/// Parameters that ask for the AMP or the mobile page of the same article.
fn is_presentation(path: &str, part: &str) -> bool {
    let (name, value) = name_and_value(part);
    let (name, value) = (name.to_ascii_lowercase(), value.to_ascii_lowercase());
    let is_switch = names::is_switch(&name);
    (is_switch && (is_flag(&value) || value == "mobile" || value == "amp"))
        || (names::is_view(&name)
            && matches!(value.as_str(), "amp" | "amp-type" | "mobile" | "touch"))
        || (name == "m" && is_flag(&value) && is_dated_page(path))
}

/// `/2024/05/slug.html`, where `m=1` is Blogger's mobile page; elsewhere it may
/// be the first of many articles.
fn is_dated_page(path: &str) -> bool {
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let is_number =
        |text: &str, digits| text.len() == digits && text.bytes().all(|c| c.is_ascii_digit());
    matches!(segments[..], [year, month, page]
        if is_number(year, 4) && is_number(month, 2) && page.ends_with(".html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLUG: &str = "/news/mayor-opens-bridge";

    fn query(query: &str) -> Option<String> {
        significant_query("/view.php", query)
    }

    #[test]
    fn names_that_choose_a_page_stay() {
        for name in ["id", "p", "page", "sort", "ref", "source", "story", "lang", "utm", "sid", "m"]
        {
            assert_eq!(query(&format!("{name}=7")), Some(format!("?{name}=7")));
        }
        for part in [
            "view=amplifier",
            "type=feed",
            "q=twitter",
            "tag=amp",
            "sf12=1",
            "title=rss",
            "mod=social",
        ] {
            assert_eq!(query(part), Some(format!("?{part}")));
        }
    }

    #[test]
    fn a_referrer_goes_where_it_names_a_channel() {
        for part in [
            "ref=rss",
            "cmp=defrss",
            "CMP=share_btn_tw",
            "source=Twitter",
            "origin=rss_blog",
            "smid=fb-share",
            "partner=RSS",
            "rss",
            "rssfeed=true",
            "from_rss=1",
            "sf105634789=1",
        ] {
            assert_eq!(query(&format!("id=7&{part}")).as_deref(), Some("?id=7"), "{part}");
        }
        assert_eq!(query("ref=1234"), Some("?ref=1234".into()));
        assert_eq!(query("rss=politics"), Some("?rss=politics".into()));
    }

    #[test]
    fn the_amp_and_the_mobile_page_are_the_page() {
        for part in [
            "amp",
            "amp=1",
            "hs_amp=true",
            "_amp=true",
            "outputType=amp",
            "view=mobile",
            "mobile=1",
            "noamp=mobile",
        ] {
            assert_eq!(query(&format!("id=7&{part}")).as_deref(), Some("?id=7"), "{part}");
        }
        assert_eq!(significant_query("/2024/05/bridge.html", "m=1"), None);
        assert_eq!(query("m=1").as_deref(), Some("?m=1"));
        assert_eq!(query("amp=marshall").as_deref(), Some("?amp=marshall"));
    }

    #[test]
    fn slips_of_the_pen_are_mended() {
        assert_eq!(query("id=7&amp;utm_medium=x&amp;b=1").as_deref(), Some("?b=1&id=7"));
        assert_eq!(query("id=7?utm_source=x").as_deref(), Some("?id=7"));
        assert_eq!(query("id=7?x").as_deref(), Some("?id=7?x"));
    }

    #[test]
    fn sessions_go_and_story_numbers_stay() {
        const SESSION: &str = "9682993c8daa2c5497996114facdc805";
        for part in
            ["PHPSESSID=1", "ASPSESSIONIDABCD=ABCDEFGH", "CFID=12&CFTOKEN=34", "jsessionid=a!1"]
        {
            assert_eq!(query(part), None, "{part}");
        }
        assert_eq!(query(&format!("t=1&sid={SESSION}")).as_deref(), Some("?t=1"));
        assert_eq!(significant_query(SLUG, &format!("sid={SESSION}")), None);
        let alone = format!("sid={SESSION}");
        let paged = format!("page=2&{alone}");
        for part in [&alone, &paged, "sid=123456", "sid=mayor-opens-bridge-2024", "cfid=12"] {
            assert_eq!(query(part), Some(format!("?{part}")));
        }
    }
}
