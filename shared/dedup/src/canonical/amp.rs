//! Accelerated Mobile Pages: copies of an article under other addresses.
//!
//! Caches and viewers by <https://amp.dev/documentation/guides-and-tutorials/learn/amp-caches-and-cors/amp-cache-urls/>
//! and <https://developers.google.com/amp/cache/overview>; markers in paths as
//! the AMP plug-ins of content management systems write them.

use courant_article::public_suffix_of;
use url::Url;

use crate::slug::is_distinctive;

/// Domains below which an AMP cache gives each publisher a host.
const CACHES: [&str; 3] = ["cdn.ampproject.org", "bing-amp.com", "amp.cloudflare.com"];

/// Kinds of documents that caches serve: content, viewer, web package.
const KINDS: [&str; 3] = ["c", "v", "wp"];

/// Segments that mark an AMP page.
const MARKERS: [&str; 2] = ["amp", "amphtml"];

/// The file that an AMP page is in the folder of its article.
const MARKER_FILE: &str = "amp.html";

/// Last segments below which `amp` is a word that is looked up.
const LISTINGS: [&str; 16] = [
    "author",
    "category",
    "categories",
    "dictionary",
    "glossary",
    "keyword",
    "keywords",
    "label",
    "search",
    "tag",
    "tags",
    "term",
    "terms",
    "topic",
    "topics",
    "wiki",
];

/// The address of the article that an AMP cache or Google's AMP viewer shows.
pub(super) fn origin(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    let path = url.path().trim_start_matches('/');
    let wrapped = if is_cache(host) {
        let (kind, wrapped) = path.split_once('/')?;
        KINDS.contains(&kind).then_some(wrapped)?
    } else {
        path.strip_prefix("amp/").filter(|_| is_google(host))?
    };
    let (scheme, wrapped) = match wrapped.strip_prefix("s/") {
        Some(wrapped) => ("https", wrapped),
        None => ("http", wrapped),
    };
    let is_host = wrapped.split('/').next().is_some_and(|host| host.contains('.'));
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    is_host.then(|| format!("{scheme}://{wrapped}{query}"))
}

fn is_cache(host: &str) -> bool {
    CACHES.iter().any(|cache| {
        host.strip_suffix(cache).is_some_and(|prefix| prefix.is_empty() || prefix.ends_with('.'))
    })
}

pub(super) fn is_google(host: &str) -> bool {
    let name = host.strip_prefix("www.").unwrap_or(host);
    name.strip_prefix("google.").is_some_and(|suffix| public_suffix_of(name) == Some(suffix))
}

/// The segments of a path without what marks the AMP page of an article.
pub(super) fn without_markers(mut segments: Vec<String>) -> Vec<String> {
    while segments.last().is_some_and(String::is_empty) {
        segments.pop();
    }
    while let Some(at) = marker(&segments) {
        segments.remove(at);
    }
    if let Some(last) = segments.last_mut()
        && let Some(plain) = plain_file(last)
    {
        *last = plain;
    }
    segments
}

/// Returns the index of the segment that is a marker: behind the article, before the whole
/// path, or before an unmistakable article. Elsewhere `amp` may be a word of the site.
fn marker(segments: &[String]) -> Option<usize> {
    let is_marker = |segment: &String| MARKERS.iter().any(|m| m.eq_ignore_ascii_case(segment));
    let (last, before) = segments.split_last()?;
    if is_marker(last) || last == MARKER_FILE {
        return is_article(before).then_some(before.len());
    }
    let first_is_marker = is_marker(&segments[0]) && segments.len() > 2;
    let inner = before.iter().position(is_marker).filter(|_| is_distinctive(last));
    first_is_marker.then_some(0).or(inner)
}

fn is_article(segments: &[String]) -> bool {
    segments.last().is_some_and(|last| {
        let is_listing = LISTINGS.contains(&last.as_str());
        let is_named =
            last.contains(['-', '_', '.', '%']) || last.contains(|c: char| c.is_ascii_digit());
        !is_listing && (is_named || segments.len() > 1)
    })
}

/// `story.html` for `story.amp.html`, `story` for `story.amp`, and
/// `articleView.html` for `articleViewAmp.html`.
fn plain_file(name: &str) -> Option<String> {
    if let Some(plain) = plain_stem(name) {
        return Some(plain.to_owned());
    }
    let (stem, extension) = name.rsplit_once('.')?;
    let plain = plain_stem(stem)
        .or_else(|| stem.ends_with("ViewAmp").then(|| &stem[..stem.len() - "Amp".len()]))?;
    Some(format!("{plain}.{extension}"))
}

/// A stem without the ending that marks an AMP page. Behind a hyphen or an
/// underscore it may be a word of a headline, but for an article's number.
fn plain_stem(stem: &str) -> Option<&str> {
    let behind_mark = [".amp", "~amp", "!amp"].iter().find_map(|end| stem.strip_suffix(end));
    let behind_number = || stem.strip_suffix("-amp").filter(|plain| ends_with_number(plain));
    let behind_id = || stem.strip_suffix("_amp").filter(|plain| digits(plain) >= 5);
    let plain = behind_mark.or_else(behind_number).or_else(behind_id)?;
    (!plain.trim_matches('.').is_empty()).then_some(plain)
}

fn digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

fn ends_with_number(text: &str) -> bool {
    let last = text.rsplit(['-', '_']).next().unwrap_or_default();
    digits(last) >= 5 && digits(last) == last.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin_of(url: &str) -> Option<String> {
        origin(&Url::parse(url).unwrap())
    }

    fn plain(path: &str) -> String {
        without_markers(path.split('/').map(str::to_owned).collect()).join("/")
    }

    #[test]
    fn caches_and_viewers_show_another_page() {
        let page = Some("https://a.example/b?c=1".to_owned());
        for url in [
            "https://a-example.cdn.ampproject.org/c/s/a.example/b?c=1",
            "https://a-example.cdn.ampproject.org/v/s/a.example/b?c=1",
            "https://cdn.ampproject.org/c/s/a.example/b?c=1",
            "https://a-example.bing-amp.com/c/s/a.example/b?c=1",
            "https://www.google.com/amp/s/a.example/b?c=1",
            "https://www.google.co.uk/amp/s/a.example/b?c=1",
        ] {
            assert_eq!(origin_of(url), page, "{url}");
        }
        let insecure = origin_of("https://a-example.cdn.ampproject.org/c/a.example/b");
        assert_eq!(insecure.as_deref(), Some("http://a.example/b"));
    }

    #[test]
    fn other_pages_show_themselves() {
        for url in [
            "https://a-example.cdn.ampproject.org/i/s/a.example/b.png",
            "https://cdn.ampproject.org/v0.js",
            "https://notcdn.ampproject.org.example/c/s/a.example/b",
            "https://www.google.com/amp/about",
            "https://www.google.com/search?q=amp",
            "https://google.example.com/amp/s/a.example/b",
            "https://a.example/amp/s/b.example/c",
        ] {
            assert_eq!(origin_of(url), None, "{url}");
        }
    }

    #[test]
    fn markers_go() {
        for (path, expected) in [
            ("2024/05/mayor-opens-bridge/amp", "2024/05/mayor-opens-bridge"),
            ("news/story/amp/", "news/story"),
            ("story-1/amphtml", "story-1"),
            ("amp/news/story", "news/story"),
            ("news/amp/uk-politics-12345678", "news/uk-politics-12345678"),
            ("news/story-1.amp", "news/story-1"),
            ("news/story.amp.html", "news/story.html"),
            ("posts/story-1/amp.html", "posts/story-1"),
            ("News/Read/Amp/A2025051516330004328", "News/Read/A2025051516330004328"),
            ("news/bridge-100~amp.html", "news/bridge-100.html"),
            ("news/bridge-1.4445845!amp", "news/bridge-1.4445845"),
            ("news/bridge-3700095-amp", "news/bridge-3700095"),
            ("news/bridge-20260425-nts_amp.html", "news/bridge-20260425-nts.html"),
            ("news/articleViewAmp.html", "news/articleView.html"),
        ] {
            assert_eq!(plain(path), expected, "{path}");
        }
    }

    #[test]
    fn words_stay() {
        for path in [
            "amp",
            "amp/intro",
            "glossary/amp",
            "en/glossary/amp",
            "guitars/amp",
            "guitars/amp/review",
            "best-guitar-amp",
            "best-guitar-amp.html",
            "best_guitar_amp.html",
            "top-2024-amp",
            "camp/a-b-c",
            ".amp",
            "..amp",
        ] {
            assert_eq!(plain(path), path);
        }
    }
}
