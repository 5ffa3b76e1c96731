//! Who wrote what, when and where: from JSON-LD, meta elements and the page.

use courant_article::PublishedAt;
use dom_query::Document;
use url::Url;

use super::structured::Structured;
use super::tidy;
use crate::date::published_at;

const MAX_TITLE_CHARS: usize = 500;
const MAX_NAME_CHARS: usize = 120;
const MAX_AUTHORS: usize = 20;
const MAX_META: usize = 1000;

const PUBLISHED_META: [&str; 17] = [
    "article:published_time",
    "article:published:time",
    "og:article:published_time",
    "og:published_time",
    "datepublished",
    "parsely-pub-date",
    "sailthru.date",
    "cxenseparse:recs:publishtime",
    "publishdate",
    "publish-date",
    "pubdate",
    "dc.date.issued",
    "dcterms.created",
    "dc.date",
    "article.published",
    "date",
    "article:published",
];
const AUTHOR_META: [&str; 7] = [
    "author",
    "article:author",
    "parsely-author",
    "sailthru.author",
    "dc.creator",
    "byl",
    "citation_author",
];
/// What stands between a headline and the site's name.
const TITLE_SEPARATORS: [&str; 7] = [" | ", " - ", " – ", " — ", " · ", " :: ", " » "];

/// A page's metadata, tidied.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    pub(super) title: String,
    pub(super) authors: Vec<String>,
    pub(super) published_at: Option<PublishedAt>,
    pub(super) language: Option<String>,
    pub(super) site_name: Option<String>,
    pub(super) canonical_url: Option<String>,
    pub(super) noindex: bool,
    /// `og:type`, lower-case.
    pub(super) declared_type: Option<String>,
}

impl Metadata {
    /// Structured data first, then meta elements, then what readers see.
    pub(super) fn read(document: &Document, structured: &Structured, url: &Url) -> Self {
        let meta = Meta::read(document);
        let site_name = site_name(&meta, structured);
        Self {
            title: title(document, &meta, structured, site_name.as_deref()),
            authors: authors(document, &meta, structured),
            published_at: published(document, &meta, structured, url),
            language: language(document, &meta, structured),
            canonical_url: canonical(document, &meta, url),
            noindex: is_noindex(&meta),
            declared_type: meta.get("og:type").map(str::to_lowercase),
            site_name,
        }
    }
}

/// The meta elements: `property`, `name` or `itemprop` in lower case, content.
struct Meta(Vec<(String, String)>);

impl Meta {
    fn read(document: &Document) -> Self {
        let mut fields = Vec::new();
        for element in document.select("meta[content]").iter().take(MAX_META) {
            let content = element.attr_or("content", "").trim().to_owned();
            for key in ["property", "name", "itemprop", "http-equiv"] {
                if let Some(name) = element.attr(key).filter(|_| !content.is_empty()) {
                    fields.push((name.trim().to_lowercase(), content.clone()));
                }
            }
        }
        Self(fields)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |field| field.0 == name).map(|field| field.1.as_str())
    }
}

fn site_name(meta: &Meta, structured: &Structured) -> Option<String> {
    let name = meta
        .get("og:site_name")
        .or(structured.publisher.as_deref())
        .or(meta.get("application-name"))?;
    Some(tidy(name, MAX_NAME_CHARS)).filter(|name| !name.is_empty())
}

fn title(document: &Document, meta: &Meta, structured: &Structured, site: Option<&str>) -> String {
    let headings = document.select("h1");
    let only_heading = (headings.length() == 1).then(|| tidy(&headings.text(), MAX_TITLE_CHARS));
    let head = document.select_single("head title").text().to_string();
    let declared =
        [structured.headline.as_deref(), meta.get("og:title"), meta.get("twitter:title")];
    let titles = declared.into_iter().chain([only_heading.as_deref(), Some(&head)]).flatten();
    let mut titles =
        titles.map(|title| tidy(title, MAX_TITLE_CHARS)).filter(|title| !title.is_empty());
    let title = titles.next().unwrap_or_default();
    match only_heading.as_deref() {
        Some(heading) if is_title_with_more(&title, heading) => heading.to_owned(),
        _ => without_site(&title, site).to_owned(),
    }
}

/// Whether `title` is the heading with a section or a site behind it.
fn is_title_with_more(title: &str, heading: &str) -> bool {
    let rest = title.strip_prefix(heading).filter(|_| !heading.is_empty());
    rest.is_some_and(|rest| TITLE_SEPARATORS.iter().any(|separator| rest.starts_with(separator)))
}

/// The headline without ` | Site` behind it.
fn without_site<'a>(title: &'a str, site: Option<&str>) -> &'a str {
    let last = TITLE_SEPARATORS
        .iter()
        .filter_map(|separator| title.rsplit_once(separator))
        .min_by_key(|parts| parts.1.len());
    match last {
        Some((headline, name)) if site.is_some_and(|site| is_same_name(name, site)) => {
            headline.trim()
        }
        _ => title,
    }
}

/// Whether two names differ in case, spaces and a domain's ending at most.
fn is_same_name(one: &str, other: &str) -> bool {
    let plain = |name: &str| -> String {
        let name = name.to_lowercase();
        let name = name.split_once(".co").map_or(name.as_str(), |parts| parts.0);
        name.chars().filter(|c| c.is_alphanumeric()).collect()
    };
    plain(one) == plain(other)
}

/// Persons before the publisher, who is the author only where nobody else is.
fn authors(document: &Document, meta: &Meta, structured: &Structured) -> Vec<String> {
    let publishers = [structured.publisher.as_deref(), meta.get("og:site_name")];
    let is_publisher =
        |name: &String| publishers.iter().flatten().any(|publisher| is_same_name(name, publisher));
    let persons = |names: Vec<String>| {
        Some(names.into_iter().filter(|name| !is_publisher(name)).collect::<Vec<_>>())
    };
    let declared = || names_in(AUTHOR_META.iter().flat_map(|name| meta.all(name)));
    let structured = names_in(structured.authors.iter().map(String::as_str));
    let found = |names: &Vec<String>| !names.is_empty();
    persons(structured.clone())
        .filter(found)
        .or_else(|| persons(declared()).filter(found))
        .or_else(|| persons(shown_authors(document)).filter(found))
        .or_else(|| Some(structured).filter(found))
        .unwrap_or_else(declared)
}

fn shown_authors(document: &Document) -> Vec<String> {
    let selected = document
        .select("[rel~='author'], [itemprop='author'] [itemprop='name'], .author-name, .byline a");
    let texts: Vec<_> = selected.iter().take(MAX_AUTHORS).map(|element| element.text()).collect();
    names_in(texts.iter().map(AsRef::as_ref))
}

/// The names in `texts`, each once; addresses, notes and slugs are none.
fn names_in<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in texts.flat_map(|text| split_names(&tidy(text, 4 * MAX_NAME_CHARS))) {
        let is_short = name.chars().count() <= MAX_NAME_CHARS && names.len() < MAX_AUTHORS;
        if is_short && is_name(&name) && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn is_name(name: &str) -> bool {
    let is_slug = name.contains('-') && !name.contains(' ') && name.to_lowercase() == name;
    !name.is_empty() && !is_slug && !name.contains("://") && !name.contains('@')
}

/// Names joined by commas or words for "and"; notes in brackets go.
fn split_names(text: &str) -> Vec<String> {
    let start = text.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("by "));
    let mut text = if start { text[3..].to_owned() } else { text.to_owned() };
    for joint in [" and ", " und ", " og ", " och ", " et ", " & ", ";", "|"] {
        text = text.replace(joint, ",");
    }
    text.split(',')
        .map(|name| name.split('(').next().unwrap_or_default().trim().to_owned())
        .collect()
}

fn published(
    document: &Document,
    meta: &Meta,
    structured: &Structured,
    url: &Url,
) -> Option<PublishedAt> {
    let by_structure = structured.published.as_deref().and_then(published_at);
    let by_meta = || PUBLISHED_META.iter().flat_map(|name| meta.all(name)).find_map(published_at);
    let by_element = || {
        let times = document.select(
            "[itemprop~='datePublished'], time[pubdate], article time[datetime], main time[datetime], time[datetime]",
        );
        times.iter().take(20).find_map(|time| {
            let shown = || published_at(&time.text());
            ["datetime", "content"]
                .iter()
                .find_map(|key| published_at(&time.attr(key)?))
                .or_else(shown)
        })
    };
    by_structure.or_else(by_meta).or_else(by_element).or_else(|| date_in(url))
}

/// The date of `/2024/03/05/`, as many sites put it into their addresses.
fn date_in(url: &Url) -> Option<PublishedAt> {
    let segments: Vec<&str> = url.path_segments()?.collect();
    let is_number =
        |text: &str, width: usize| text.len() == width && text.bytes().all(|c| c.is_ascii_digit());
    segments.windows(3).find_map(|parts| {
        let is_date = is_number(parts[0], 4) && is_number(parts[1], 2) && is_number(parts[2], 2);
        is_date.then(|| published_at(&parts.join("-"))).flatten()
    })
}

fn language(document: &Document, meta: &Meta, structured: &Structured) -> Option<String> {
    let element = document.select_single("html");
    let declared =
        element.attr("lang").or_else(|| element.attr("xml:lang")).map(|tag| tag.to_string());
    [
        declared,
        structured.language.clone(),
        meta.get("content-language").map(str::to_owned),
        meta.get("og:locale").map(str::to_owned),
        meta.get("language").map(str::to_owned),
    ]
    .into_iter()
    .flatten()
    .find_map(|tag| iso_639_1(&tag))
}

/// The language of a tag such as `en-GB`, codes that were replaced in their new
/// form. Tags of three letters have no ISO 639-1 code worth guessing.
fn iso_639_1(tag: &str) -> Option<String> {
    let code = tag.trim().split(['-', '_', ',', ' ']).next()?.to_ascii_lowercase();
    let is_code = code.len() == 2 && code.bytes().all(|c| c.is_ascii_lowercase());
    is_code.then(|| match code.as_str() {
        "iw" => "he".into(),
        "in" => "id".into(),
        "ji" => "yi".into(),
        _ => code,
    })
}

fn canonical(document: &Document, meta: &Meta, url: &Url) -> Option<String> {
    let link = document.select_single("link[rel~='canonical'][href]").attr("href");
    let declared =
        link.map(|href| href.to_string()).or_else(|| meta.get("og:url").map(str::to_owned))?;
    let absolute = url.join(declared.trim()).ok()?;
    matches!(absolute.scheme(), "http" | "https").then(|| absolute.into())
}

fn is_noindex(meta: &Meta) -> bool {
    meta.all("robots").flat_map(|content| content.split(',')).any(|word| {
        let word = word.trim();
        word.eq_ignore_ascii_case("noindex") || word.eq_ignore_ascii_case("none")
    })
}
