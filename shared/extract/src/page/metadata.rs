//! The metadata of a page, from structured data, meta elements and the text that readers see.

use courant_article::{Evidence, Origin, PublishedAt, Sourced};
use url::Url;

use super::context::Context;
use super::site::{Names, host_names, is_site};
use super::structured::Structured;
use super::survey::{Meta, Survey};
use super::tidy::tidy;
use super::{authors, dates, language, title};
use crate::byline::is_same;
use crate::date::Order;

const MAX_NAME_CHARS: usize = 120;
const MAX_DESCRIPTION_CHARS: usize = 1000;
const MAX_TAGS: usize = 32;
const MAX_TAG_CHARS: usize = 100;

/// A page's metadata, tidied.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    pub(super) title: String,
    /// The description in the meta elements, cut at [`MAX_DESCRIPTION_CHARS`].
    pub(super) description: String,
    pub(super) authors: Vec<String>,
    pub(super) published_at: Option<PublishedAt>,
    pub(super) modified_at: Option<PublishedAt>,
    pub(super) language: Option<String>,
    pub(super) site_name: Option<String>,
    pub(super) section: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) image: Option<String>,
    pub(super) paywalled: bool,
    pub(super) canonical_url: Option<String>,
    pub(super) noindex: bool,
    /// The value of `og:type` in lower case.
    pub(super) declared_type: Option<String>,
    /// The origins of these values. The verdict has no origin here.
    pub(super) evidence: Evidence,
}

impl Metadata {
    /// Reads the metadata of the page at `url`. Relative links are resolved against `base`.
    pub(super) fn read(
        survey: &Survey,
        structured: &Structured,
        url: &Url,
        base: &Url,
        context: Context,
    ) -> Self {
        let sites = site_names(survey, structured, url);
        let is_month_first = language::is_month_first(survey, structured, url.host_str());
        let usual = if is_month_first { Order::MonthFirst } else { Order::DayFirst };
        let order = dates::shown_order(survey).unwrap_or(usual);
        let meta = &survey.meta;
        let section = section(meta, structured);
        let hosts = host_names(url);
        let names = Names { sites: &sites, hosts: &hosts, section: section.as_deref() };
        let Sourced { value: title, origin } = title::title(survey, structured, &names);
        let headline = title::place(survey, &title);
        let asked =
            dates::DatedPage { survey, structured, url, title: &title, headline, order, context };
        let published = dates::published(&asked);
        let authors = authors::authors(survey, structured, headline, &sites);
        let language = language::language(survey, structured);
        let declared = Some(Origin::Declared);
        let evidence = Evidence {
            title: Some(origin).filter(|_| !title.is_empty()),
            authors: authors.as_ref().map(|authors| authors.origin),
            published_at: published.as_ref().map(|date| date.origin),
            language: declared.filter(|_| language.is_some()),
            section: declared.filter(|_| section.is_some()),
            is_article: None,
        };
        Self {
            evidence,
            description: description(meta),
            modified_at: dates::modified(&asked),
            authors: authors.map(|authors| authors.value).unwrap_or_default(),
            published_at: published.map(|date| date.value),
            language,
            site_name: site_name(survey, structured, url),
            section,
            tags: tags(meta, structured),
            image: image(meta, structured, base),
            paywalled: is_paywalled(survey, structured),
            canonical_url: canonical(survey, base),
            noindex: is_noindex(meta),
            declared_type: meta.get("og:type").map(str::to_lowercase),
            title,
        }
    }
}

/// Returns the name that the publisher gives itself. Returns the part of the title that is the
/// site's host name if there is no such name.
fn site_name(survey: &Survey, structured: &Structured, url: &Url) -> Option<String> {
    let host = host_names(url);
    let in_title = || {
        let title = tidy(survey.title.as_deref()?, 4 * MAX_NAME_CHARS);
        let pieces = title.split(['|', '-', '–', '—', '·', '•']).map(str::trim);
        pieces.rev().find(|piece| !piece.is_empty() && is_site(piece, &host)).map(str::to_owned)
    };
    declared_names(survey, structured).find(|name| !name.contains("://")).or_else(in_title)
}

/// Returns all names of the site that may stand in a title or a byline, in no order.
fn site_names(survey: &Survey, structured: &Structured, url: &Url) -> Vec<String> {
    let of_app = survey.meta.get("al:ios:app_name").and_then(name);
    declared_names(survey, structured).chain(of_app).chain(host_names(url)).collect()
}

/// Returns the names that the publisher gives itself, the best first.
fn declared_names<'a>(
    survey: &'a Survey,
    structured: &'a Structured,
) -> impl Iterator<Item = String> + 'a {
    let declared = [
        survey.meta.get("og:site_name"),
        structured.site.as_deref(),
        structured.publisher.as_deref(),
        survey.meta.get("application-name"),
        survey.meta.get("apple-mobile-web-app-title"),
        survey.meta.get("dc.publisher"),
    ];
    declared.into_iter().flatten().filter_map(name)
}

fn name(declared: &str) -> Option<String> {
    Some(tidy(declared, MAX_NAME_CHARS)).filter(|name| !name.is_empty())
}

fn description(meta: &Meta) -> String {
    let mut described = meta.any(&["og:description", "description", "twitter:description"]);
    described.next().map(|text| tidy(text, MAX_DESCRIPTION_CHARS)).unwrap_or_default()
}

fn section(meta: &Meta, structured: &Structured) -> Option<String> {
    let declared = meta.any(&[
        "article:section",
        "og:article:section",
        "parsely-section",
        "sailthru.section",
        "section",
        "category",
    ]);
    let sections = declared.chain(structured.section.as_deref());
    sections.map(|section| tidy(section, MAX_TAG_CHARS)).find(|section| !section.is_empty())
}

/// Returns tags and keywords, each once.
fn tags(meta: &Meta, structured: &Structured) -> Vec<String> {
    let single = meta.any(&["article:tag", "og:article:tag"]).map(str::to_owned);
    let listed = meta.any(&["news_keywords", "parsely-tags", "sailthru.tags", "keywords"]);
    let listed = structured.keywords.iter().map(String::as_str).chain(listed);
    let sources = single.chain(
        listed.flat_map(|list| list.split([',', ';']).map(str::to_owned).collect::<Vec<_>>()),
    );
    let mut tags: Vec<String> = Vec::new();
    for tag in sources.map(|tag| tidy(&tag, MAX_TAG_CHARS)).filter(|tag| !tag.is_empty()) {
        if tags.len() < MAX_TAGS && !tags.iter().any(|known| is_same(known, &tag)) {
            tags.push(tag);
        }
    }
    tags
}

fn image(meta: &Meta, structured: &Structured, base: &Url) -> Option<String> {
    let declared = meta.any(&[
        "og:image",
        "og:image:url",
        "og:image:secure_url",
        "twitter:image",
        "twitter:image:src",
        "parsely-image-url",
        "sailthru.image.full",
    ]);
    declared.chain(structured.image.as_deref()).find_map(|image| absolute(image, base))
}

fn absolute(link: &str, base: &Url) -> Option<String> {
    let absolute = base.join(link.trim()).ok().filter(|_| !link.trim().is_empty())?;
    matches!(absolute.scheme(), "http" | "https").then(|| absolute.into())
}

/// Returns true if the page says that not every reader may read it. It may say so by schema.org,
/// the content tier of Facebook's instant articles, or AMP's subscriptions.
fn is_paywalled(survey: &Survey, structured: &Structured) -> bool {
    let tier = survey.meta.get("article:content_tier");
    structured.is_paid
        || survey.is_for_subscribers
        || tier.is_some_and(|tier| tier.eq_ignore_ascii_case("locked"))
        || survey
            .meta
            .get("isaccessibleforfree")
            .is_some_and(|free| free.eq_ignore_ascii_case("false"))
}

fn canonical(survey: &Survey, base: &Url) -> Option<String> {
    absolute(survey.canonical.as_deref().or_else(|| survey.meta.get("og:url"))?, base)
}

fn is_noindex(meta: &Meta) -> bool {
    meta.all("robots").flat_map(|content| content.split(',')).any(|word| {
        let word = word.trim();
        word.eq_ignore_ascii_case("noindex") || word.eq_ignore_ascii_case("none")
    })
}
