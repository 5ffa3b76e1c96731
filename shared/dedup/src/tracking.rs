//! Parameters that say where a reader came from, not what is read.

use crate::percent;

/// Prefixes of names that only trackers use.
const TRACKING_PREFIXES: [&str; 7] =
    ["utm_", "mtm_", "matomo_", "pk_campaign", "pk_kwd", "hsa_", "oly_"];

/// Names that only trackers use, lower-case and sorted. `ref`, `source`, `from`
/// and `sort` are missing on purpose: on some site each of them chooses what is
/// shown. One name a line: a list on one line once lost a comma elsewhere, which
/// fused two names so that neither was removed; the tests try each name alone.
const TRACKING_NAMES: [&str; 47] = [
    "__hsfp",
    "__hssc",
    "__hstc",
    "__s",
    "__twitter_impression",
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "_openstat",
    "at_campaign",
    "at_custom1",
    "at_custom2",
    "at_custom3",
    "at_custom4",
    "at_medium",
    "cmpid",
    "dclid",
    "epik",
    "fb_action_ids",
    "fb_action_types",
    "fb_ref",
    "fb_source",
    "fbclid",
    "gaa_at",
    "gaa_n",
    "gaa_sig",
    "gaa_ts",
    "gad_source",
    "gbraid",
    "gclid",
    "gclsrc",
    "igsh",
    "igshid",
    "li_fat_id",
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "msclkid",
    "ns_campaign",
    "ns_mchannel",
    "ref_src",
    "ttclid",
    "twclid",
    "wbraid",
    "xtor",
    "yclid",
];

/// Names of session ids. Some sites name their stories `sid`: they go only with
/// a value that looks like a session.
const SESSION_NAMES: [&str; 6] =
    ["jsessionid", "phpsessid", "session_id", "sessionid", "sid", "sessid"];

/// The query with its `?`, in normal form and without what does not matter;
/// `None` where nothing is left.
pub(crate) fn significant_query(query: &str) -> Option<String> {
    let query = percent::normalized(query);
    let mut parts: Vec<&str> = query.split('&').filter(|part| is_significant(part)).collect();
    // A part without `=` may be a path in disguise, where the order counts.
    if parts.iter().all(|part| part.contains('=')) {
        parts.sort_by_key(|part| name_of(part)); // stable: equal names keep their order
    }
    (!parts.is_empty()).then(|| format!("?{}", parts.join("&")))
}

/// The path without `;jsessionid=…`, which Java servers put at its end.
pub(crate) fn without_session(path: &str) -> String {
    let lower = path.to_ascii_lowercase();
    match lower.rfind(";jsessionid=") {
        Some(at) if is_session_tail(path, at) => path[..at].to_owned(),
        _ => path.to_owned(),
    }
}

/// Whether nothing but a session follows, and no dot segment or second session
/// id is left before it: the result would not be in normal form.
fn is_session_tail(path: &str, at: usize) -> bool {
    let value = &path[at + ";jsessionid=".len()..];
    let last_segment = path[..at].rsplit('/').next().unwrap_or_default();
    looks_like_session(value) && !matches!(last_segment, "." | "..") && !last_segment.contains(';')
}

fn name_of(part: &str) -> &str {
    part.split('=').next().unwrap_or_default()
}

fn is_significant(part: &str) -> bool {
    let name = name_of(part).to_ascii_lowercase();
    let is_tracking = TRACKING_NAMES.binary_search(&name.as_str()).is_ok()
        || TRACKING_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    !part.is_empty() && !is_tracking && !is_session(&name, part)
}

fn is_session(name: &str, part: &str) -> bool {
    let is_named_so = SESSION_NAMES.contains(&name) || name.starts_with("aspsessionid");
    let value = part.split_once('=').map_or("", |(_, value)| value);
    is_named_so && looks_like_session(value)
}

/// At least 16 characters, letters and digits among them, no hyphen: neither a
/// slug nor the number of a story.
fn looks_like_session(value: &str) -> bool {
    let is_word = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'!');
    value.len() >= 16
        && value.bytes().all(is_word)
        && value.bytes().any(|c| c.is_ascii_digit())
        && value.bytes().any(|c| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tracking_name_alone_is_removed() {
        assert!(TRACKING_NAMES.is_sorted());
        for name in TRACKING_NAMES.iter().chain(&TRACKING_PREFIXES) {
            assert_eq!(significant_query(&format!("{name}=1")), None, "{name}");
            let kept = significant_query(&format!("id=1&{name}=x"));
            assert_eq!(kept.as_deref(), Some("?id=1"), "{name}");
        }
    }

    #[test]
    fn names_that_choose_a_page_stay() {
        for name in ["id", "p", "page", "sort", "ref", "source", "story", "lang", "utm"] {
            let query = format!("{name}=7");
            assert_eq!(significant_query(&query), Some(format!("?{query}")), "{name}");
        }
    }

    #[test]
    fn sessions_go_and_story_numbers_stay() {
        assert_eq!(significant_query("PHPSESSID=0a1b2c3d4e5f6a7b8c9d"), None);
        assert_eq!(significant_query("ASPSESSIONIDABCD=ABCDEFGH12345678"), None);
        assert_eq!(significant_query("sid=123456").as_deref(), Some("?sid=123456"));
        let slug = "sid=mayor-opens-bridge-2024";
        assert_eq!(significant_query(slug), Some(format!("?{slug}")));
    }
}
