//! The names of parameters that do not choose what is read. The long lists are in
//! `data`, one name on each line, so that none is lost with a comma; the tests try
//! each name alone.

use std::sync::LazyLock;

/// Tells a lower-case name that only trackers use.
pub(super) fn is_tracker(name: &str) -> bool {
    TRACKERS.binary_search(&name).is_ok()
        || TRACKER_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Tells a name that names a referrer on some sites and chooses what is shown
/// on others: the value decides.
pub(super) fn is_referrer(name: &str) -> bool {
    REFERRERS.binary_search(&name).is_ok()
}

/// Tells a word for a place where readers come from.
pub(super) fn is_channel(word: &str) -> bool {
    CHANNELS.binary_search(&word).is_ok()
}

/// Tells a name that, as a flag, says that a feed led here.
pub(super) fn is_feed_flag(name: &str) -> bool {
    matches!(name, "rss" | "rssfeed" | "from_rss" | "fromrss")
}

/// Tells a name that, as a flag, asks for the AMP or the mobile page.
pub(super) fn is_switch(name: &str) -> bool {
    SWITCHES.binary_search(&name).is_ok()
}

/// Tells a name that chooses a form of the page, on some sites.
pub(super) fn is_view(name: &str) -> bool {
    VIEWS.binary_search(&name).is_ok()
}

/// The entries of a list: one on each line, comments behind `#`.
fn entries(text: &'static str) -> Vec<&'static str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// Sorted.
static TRACKERS: LazyLock<Vec<&str>> =
    LazyLock::new(|| entries(include_str!("../../data/trackers.txt")));
static TRACKER_PREFIXES: LazyLock<Vec<&str>> =
    LazyLock::new(|| entries(include_str!("../../data/tracker_prefixes.txt")));
/// Sorted.
static REFERRERS: LazyLock<Vec<&str>> =
    LazyLock::new(|| entries(include_str!("../../data/referrers.txt")));
/// Sorted.
static CHANNELS: LazyLock<Vec<&str>> =
    LazyLock::new(|| entries(include_str!("../../data/channels.txt")));

/// Lower-case and sorted; `hs_amp` is HubSpot's.
const SWITCHES: [&str; 7] = ["_amp", "amp", "hs_amp", "is_amp", "isamp", "mobile", "noamp"];

/// Lower-case and sorted.
const VIEWS: [&str; 12] = [
    "device",
    "display",
    "format",
    "layout",
    "mode",
    "output",
    "outputtype",
    "platform",
    "template",
    "tmpl",
    "version",
    "view",
];

#[cfg(test)]
mod tests {
    use super::super::significant_query;
    use super::*;

    #[test]
    fn lists_are_sorted_and_have_each_name_once() {
        for list in [&TRACKERS, &TRACKER_PREFIXES, &REFERRERS, &CHANNELS] {
            assert!(!list.is_empty() && list.is_sorted_by(|one, other| one < other), "{list:?}");
        }
        assert!(SWITCHES.is_sorted());
        assert!(VIEWS.is_sorted());
    }

    #[test]
    fn each_tracking_name_alone_is_removed() {
        for name in TRACKERS.iter().chain(&*TRACKER_PREFIXES) {
            assert_eq!(significant_query("/view.php", &format!("{name}=1")), None, "{name}");
            let upper = name.to_ascii_uppercase();
            let kept = significant_query("/view.php", &format!("id=1&{upper}=x"));
            assert_eq!(kept.as_deref(), Some("?id=1"), "{name}");
        }
    }

    #[test]
    fn each_referrer_is_removed_with_each_channel_only() {
        for name in &*REFERRERS {
            for channel in &*CHANNELS {
                let query = format!("id=1&{name}={channel}");
                assert_eq!(significant_query("/", &query).as_deref(), Some("?id=1"), "{query}");
            }
            let query = format!("{name}=1234");
            assert_eq!(significant_query("/", &query), Some(format!("?{query}")));
        }
    }
}
