//! Signs for and against an article, as numbers of similar size.

use dom_query::Document;
use url::Url;

use super::address;
use crate::page::content::Content;
use crate::page::metadata::Metadata;

const MAX_SCRIPTS: usize = 32;

/// The meanings of the numbers in [`Signs`], in their order.
pub const SIGNS: [&str; 37] = [
    "json-ld article",
    "json-ld news article or blog posting",
    "json-ld product or offer",
    "json-ld forum or questions",
    "json-ld listing",
    "json-ld page only",
    "json-ld organization, service or software",
    "og:type article",
    "og:type website",
    "og:type product",
    "published",
    "author",
    "article:published_time",
    "url article",
    "url forum",
    "url product",
    "url listing",
    "url documentation",
    "url service",
    "url depth",
    "url slug words",
    "url year",
    "url query",
    "text length",
    "share of the page's text",
    "link density",
    "share in long paragraphs",
    "paragraphs",
    "share in lists and tables",
    "share in code",
    "headings per paragraph",
    "prices",
    "comments",
    "alike containers",
    "documentation generator",
    "buying",
    "one article element",
];

/// One number for each of [`SIGNS`].
pub type Signs = [f64; SIGNS.len()];

pub(in crate::page) fn of(
    document: &Document,
    url: &Url,
    metadata: &Metadata,
    content: &Content,
) -> Signs {
    let types = json_ld_types(document);
    let has = |names: &[&str]| number(types.iter().any(|name| names.contains(&name.as_str())));
    let declared = metadata.declared_type.as_deref().unwrap_or_default();
    let is_article = types.iter().any(|name| name.ends_with("Article") || name == "BlogPosting");
    let [url_article, url_forum, url_product, url_listing, url_documentation, url_service] =
        address::kinds(url).map(number);
    let meta = |selector: &str| number(document.select_single(selector).exists());
    let facts = &content.facts;
    [
        number(is_article),
        has(&["NewsArticle", "BlogPosting", "ReportageNewsArticle", "LiveBlogPosting"]),
        has(&["Product", "Offer", "AggregateOffer", "ProductGroup"]),
        has(&["DiscussionForumPosting", "QAPage", "Question", "Answer", "Comment"]),
        has(&["CollectionPage", "ItemList", "SearchResultsPage", "OfferCatalog"]),
        number(!types.is_empty() && !is_article) * has(&["WebPage", "WebSite"]),
        has(&["Service", "SoftwareApplication", "LocalBusiness", "WebApplication", "FAQPage"]),
        number(declared.contains("article")),
        number(declared == "website"),
        number(declared.contains("product")),
        number(metadata.published_at.is_some()),
        number(!metadata.authors.is_empty()),
        meta("meta[property='article:published_time']"),
        url_article,
        url_forum,
        url_product,
        url_listing,
        url_documentation,
        url_service,
        (address::depth(url) as f64 / 3.0).min(2.0),
        (address::slug_words(url) as f64 / 4.0).min(2.0),
        number(address::has_year(url)),
        number(url.query().is_some()),
        (content.chars as f64).max(1.0).log10() - 3.0,
        facts.share_of_page,
        content.link_density,
        facts.share_in_long,
        (facts.paragraphs as f64).max(1.0).log10(),
        facts.share_in_lists,
        facts.share_in_code,
        (facts.headings as f64 / facts.paragraphs.max(1) as f64).min(2.0),
        (facts.prices as f64 / 5.0).min(2.0),
        number(facts.has_comments),
        (facts.alike as f64 / 5.0).min(2.0),
        number(is_generated_documentation(document)),
        number(facts.is_for_sale),
        number(document.select("article").length() == 1),
    ]
}

fn number(is_so: bool) -> f64 {
    f64::from(u8::from(is_so))
}

/// Returns the values of `@type` at any depth. They are found without parsing, so that a broken
/// script gives them, too.
fn json_ld_types(document: &Document) -> Vec<String> {
    let mut types = Vec::new();
    for script in document.select("script[type*='ld+json']").iter().take(MAX_SCRIPTS) {
        let text = script.text();
        for rest in text.split("\"@type\"").skip(1) {
            let value = rest.trim_start().strip_prefix(':').unwrap_or_default().trim_start();
            let end = if value.starts_with('[') { value.find(']') } else { value.find([',', '}']) };
            let names = value[..end.unwrap_or(0)].split('"').skip(1).step_by(2);
            types.extend(
                names.map(|name| name.rsplit(['/', ':']).next().unwrap_or(name).to_owned()),
            );
        }
    }
    types
}

/// Returns true if the page names a generator of manuals.
fn is_generated_documentation(document: &Document) -> bool {
    let generator = document.select_single("meta[name='generator']").attr_or("content", "");
    let generator = generator.to_lowercase();
    ["docusaurus", "mkdocs", "sphinx", "gitbook", "vitepress", "vuepress", "docutils", "doxygen", "mediawiki", "javadoc", "rustdoc", "antora"]
        .iter()
        .any(|name| generator.contains(name))
        || document.select_single("meta[name='docsearch:version'], meta[name='docsearch:language'], [data-md-component], .rst-content, .theme-doc-markdown").exists()
}
