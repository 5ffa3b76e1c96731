//! Signs for and against an article, as numbers of similar size.

use courant_article::Origin;
use dom_query::Document;
use url::Url;

use super::address;
use crate::page::content::{Content, Facts};
use crate::page::metadata::Metadata;
use crate::trees::Signs;

const MAX_SCRIPTS: usize = 32;
/// Parts of titles of guides and reviews, which firms write, too.
const GUIDES: [&str; 6] = ["guide", "tips", "best", "review", "trends", " vs"];
/// First words of titles that ask, or that promise an answer.
const QUESTIONS: [&str; 13] = [
    "how", "what", "why", "when", "where", "which", "who", "is", "are", "can", "should", "do",
    "does",
];
/// Words in which a firm speaks of itself.
const OURS: [&str; 3] = ["we", "our", "us"];
/// Words in threads of a forum.
const THREADS: [&str; 6] = ["reply", "replies", "joined", "wrote", "thread", "upvote"];

/// Returns the names and the values of the numbers, always in the same order.
pub(in crate::page) fn of(
    document: &Document,
    url: &Url,
    metadata: &Metadata,
    content: &Content,
) -> Signs {
    let mut signs = Signs::new();
    let mut put = |name: &'static str, value: f32| signs.push((name, value));
    types(&json_ld_types(document), &mut put);
    declared(document, metadata, &mut put);
    address(url, &mut put);
    text(document, content, &mut put);
    facts(&content.facts, &mut put);
    wording(url, metadata, content, &mut put);
    signs
}

fn types(types: &[String], put: &mut impl FnMut(&'static str, f32)) {
    let has = |names: &[&str]| number(types.iter().any(|name| names.contains(&name.as_str())));
    let is_article = types.iter().any(|name| name.ends_with("Article") || name == "BlogPosting");
    put("json-ld article", number(is_article));
    put(
        "json-ld news article or blog posting",
        has(&["NewsArticle", "BlogPosting", "ReportageNewsArticle", "LiveBlogPosting"]),
    );
    put("json-ld product or offer", has(&["Product", "Offer", "AggregateOffer", "ProductGroup"]));
    put(
        "json-ld forum or questions",
        has(&["DiscussionForumPosting", "QAPage", "Question", "Answer", "Comment"]),
    );
    put(
        "json-ld listing",
        has(&["CollectionPage", "ItemList", "SearchResultsPage", "OfferCatalog"]),
    );
    put(
        "json-ld page only",
        number(!types.is_empty() && !is_article) * has(&["WebPage", "WebSite"]),
    );
    put(
        "json-ld organization, service or software",
        has(&["Service", "SoftwareApplication", "LocalBusiness", "WebApplication", "FAQPage"]),
    );
}

fn declared(document: &Document, metadata: &Metadata, put: &mut impl FnMut(&'static str, f32)) {
    let declared = metadata.declared_type.as_deref().unwrap_or_default();
    let meta = |selector: &str| number(document.select_single(selector).exists());
    put("og:type article", number(declared.contains("article")));
    put("og:type website", number(declared == "website"));
    put("og:type product", number(declared.contains("product")));
    put("published", number(metadata.published_at.is_some()));
    put("author", number(!metadata.authors.is_empty()));
    put("article:published_time", meta("meta[property='article:published_time']"));
    put("words of title", words(&metadata.title));
    put("words of description", words(&metadata.description));
    put("section", number(metadata.section.is_some()));
    put("tags", log(metadata.tags.len()));
    put("changed", number(metadata.modified_at.is_some()));
}

fn address(url: &Url, put: &mut impl FnMut(&'static str, f32)) {
    let [url_article, url_forum, url_product, url_listing, url_documentation, url_service] =
        address::kinds(url).map(number);
    put("url article", url_article);
    put("url forum", url_forum);
    put("url product", url_product);
    put("url listing", url_listing);
    put("url documentation", url_documentation);
    put("url service", url_service);
    put("url depth", (address::depth(url) as f32 / 3.0).min(2.0));
    put("url slug words", (address::slug_words(url) as f32 / 4.0).min(2.0));
    put("url year", number(address::has_year(url)));
    put("url query", number(url.query().is_some()));
}

fn text(document: &Document, content: &Content, put: &mut impl FnMut(&'static str, f32)) {
    put("text length", (content.chars as f32).max(1.0).log10() - 3.0);
    put("link density", content.link_density as f32);
    put("documentation generator", number(is_generated_documentation(document)));
    put("one article element", number(document.select("article").length() == 1));
}

fn facts(facts: &Facts, put: &mut impl FnMut(&'static str, f32)) {
    put("share of the page's text", facts.share_of_page as f32);
    put("share in long paragraphs", facts.share_in_long as f32);
    put("paragraphs", (facts.paragraphs as f32).max(1.0).log10());
    put("share in lists and tables", facts.share_in_lists as f32);
    put("share in code", facts.share_in_code as f32);
    put(
        "headings per paragraph",
        (facts.headings as f32 / facts.paragraphs.max(1) as f32).min(2.0),
    );
    put("prices", (facts.prices as f32 / 5.0).min(2.0));
    put("comments", number(facts.has_comments));
    put("alike containers", (facts.alike as f32 / 5.0).min(2.0));
    put("buying", number(facts.is_for_sale));
    put("kept blocks", log(facts.kept));
    put("blocks", log(facts.blocks));
    put("share of the page's links", facts.page_links as f32);
    put("times", log(facts.times));
    put("answers", log(facts.replies));
    put("questions", log(facts.questions));
}

/// Puts the signs in words. Those of the text are English. They say nothing in other languages.
fn wording(
    url: &Url,
    metadata: &Metadata,
    content: &Content,
    put: &mut impl FnMut(&'static str, f32),
) {
    let title = metadata.title.to_lowercase();
    let (words, share) = address::share_in_title(url, &title);
    let first = title.split_whitespace().next().unwrap_or_default();
    put("title in url", share);
    put("no words in url", number(words < 2));
    put("title of a guide", number(GUIDES.iter().any(|word| title.contains(word))));
    put("title asks", number(QUESTIONS.contains(&first)));
    put("colon in title", number(title.contains(':')));
    put("year in title", number(has_year(&title)));
    put("author shown", number(metadata.evidence.authors == Some(Origin::Shown)));
    let (mut all, mut own, mut of_thread) = (0, 0, 0);
    for word in content.text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        all += 1;
        own += usize::from(is_one_of(word, &OURS));
        of_thread += usize::from(is_one_of(word, &THREADS));
    }
    put("words of a firm", (100.0 * own as f32 / all.max(1) as f32).min(5.0));
    put("words of a thread", (of_thread as f32 / 5.0).min(2.0));
}

/// Returns true if a word of the text is a year from 2010 to 2029.
fn has_year(text: &str) -> bool {
    let mut words = text.split(|c: char| !c.is_alphanumeric());
    words.any(|word| word.parse().is_ok_and(|year: u32| (2010..2030).contains(&year)))
}

fn is_one_of(word: &str, words: &[&str]) -> bool {
    words.iter().any(|other| word.eq_ignore_ascii_case(other))
}

/// Returns the logarithm of the number of words.
fn words(text: &str) -> f32 {
    log(text.split_whitespace().count())
}

fn log(number: usize) -> f32 {
    (number as f32 + 1.0).ln()
}

fn number(is_so: bool) -> f32 {
    f32::from(u8::from(is_so))
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
