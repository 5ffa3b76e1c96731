//! Signs in a URL for the kind of its page.

use url::{Url, form_urlencoded};

/// Words of paths and hosts, for each kind of page that they lead to.
const ARTICLE: &[&str] = &[
    "article", "articles", "artikel", "blog", "blogs", "columns", "insight", "insights",
    "magazine", "news", "opinion", "post", "posts", "press", "stories", "story", "guides", "learn",
];
const FORUM: &[&str] = &[
    "answers",
    "board",
    "boards",
    "comments",
    "communities",
    "community",
    "discuss",
    "discussion",
    "discussions",
    "forum",
    "forums",
    "question",
    "questions",
    "showthread",
    "thread",
    "threads",
    "topic",
    "topics",
    "viewtopic",
    "t",
    "r",
    "q",
    "d",
];
const PRODUCT: &[&str] =
    &["buy", "cart", "dp", "item", "itm", "p", "pd", "product", "products", "shop", "sku", "store"];
const LISTING: &[&str] = &[
    "archive",
    "archives",
    "author",
    "browse",
    "c",
    "catalog",
    "categories",
    "category",
    "collection",
    "collections",
    "directory",
    "explore",
    "jobs",
    "list",
    "listing",
    "listings",
    "results",
    "search",
    "section",
    "tag",
    "tags",
    "all",
    "index",
];
const DOCUMENTATION: &[&str] = &[
    "api",
    "doc",
    "docs",
    "documentation",
    "guide",
    "handbook",
    "help",
    "kb",
    "man",
    "manual",
    "reference",
    "sdk",
    "developer",
    "developers",
    "support",
    "wiki",
    "tutorial",
    "tutorials",
    "latest",
    "stable",
];
const SERVICE: &[&str] = &[
    "about",
    "company",
    "contact",
    "features",
    "platform",
    "plans",
    "pricing",
    "services",
    "service",
    "solution",
    "solutions",
    "software",
    "industries",
];

/// The fewest words of a last segment that may be a headline.
const MIN_SLUG_WORDS: usize = 3;
/// The most bytes of an ending such as `.html`.
const MAX_ENDING_BYTES: usize = 5;

/// The number of kinds of pages that [`kinds`] tells apart.
pub(super) const KINDS: usize = 6;

/// Returns, for each kind, true if the host or the path has a word of it.
pub(super) fn kinds(url: &Url) -> [bool; KINDS] {
    let host = url.host_str().unwrap_or_default().to_lowercase();
    let path = url.path().to_lowercase();
    // The last segment is left out. It is the page's own name, and a slug may have any word.
    let folders = path.trim_end_matches('/').rsplit_once('/').map_or("", |parts| parts.0);
    let labels = host.split('.').rev().skip(2);
    let words: Vec<&str> =
        folders.split(['/', '.', '-', '_']).chain(labels).filter(|word| !word.is_empty()).collect();
    [ARTICLE, FORUM, PRODUCT, LISTING, DOCUMENTATION, SERVICE]
        .map(|kind| words.iter().any(|word| kind.contains(word)))
}

/// Returns the number of segments in the path.
pub(super) fn depth(url: &Url) -> usize {
    url.path().split('/').filter(|segment| !segment.is_empty()).count()
}

/// Returns the number of words in the last segment. Headlines there have many.
pub(super) fn slug_words(url: &Url) -> usize {
    let last = url.path().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let escapes = last.matches('%').count() / 12; // a word in a script beyond ASCII
    last.split(['-', '_']).filter(|word| !word.is_empty()).count() + escapes
}

/// Returns the number of words in the last segment, and the share of them that the title has. The
/// share of a segment that is too short for a headline is 0. `title` is in lower case.
pub(super) fn share_in_title(url: &Url, title: &str) -> (usize, f32) {
    let path = url.path().replace(['&', '='], "-");
    let pair = form_urlencoded::parse(path.as_bytes()).next();
    let path = pair.map(|pair| pair.0.to_lowercase()).unwrap_or_default();
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let ending = last.rsplit_once('.').filter(|parts| parts.1.len() <= MAX_ENDING_BYTES);
    let last = ending.map_or(last, |parts| parts.0);
    let of_title: Vec<&str> = words(title).collect();
    let own: Vec<&str> = words(last).filter(|word| word.chars().count() > 2).collect();
    let shared = own.iter().filter(|word| of_title.contains(word)).count();
    let is_long = own.len() >= MIN_SLUG_WORDS;
    (own.len(), if is_long { shared as f32 / own.len() as f32 } else { 0.0 })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Returns true if a part of the path is a year from 1990 to 2099.
pub(super) fn has_year(url: &Url) -> bool {
    let is_year = |segment: &str| {
        segment.len() == 4 && segment.parse().is_ok_and(|year: u32| (1990..2100).contains(&year))
    };
    url.path().split(['/', '-']).any(is_year)
}
