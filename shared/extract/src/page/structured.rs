//! A page's statements about itself in structured data (schema.org): JSON-LD first, then
//! microdata.

use serde_json::{Map, Value};

use super::json_ld;
use super::likeness::likeness;
use super::survey::Survey;

const MAX_NODES: usize = 500;
const MAX_DEPTH: usize = 8;
const MAX_NAMES: usize = 50;
/// The share of common words from which a headline may be another form of the page's title.
const MIN_LIKENESS: f64 = 0.2;

type Node = Map<String, Value>;

/// The article in a page's structured data, as untidied text.
#[derive(Debug, Default)]
pub(super) struct Structured {
    /// The number of articles that JSON-LD describes, without references in lists.
    pub(super) article_count: usize,
    /// True if the page calls itself a collection or a search result.
    pub(super) is_listing: bool,
    /// True if the page calls itself a live blog.
    pub(super) is_live: bool,
    pub(super) headline: Option<String>,
    /// Names of authors, each of one author as far as the page separates them.
    pub(super) authors: Vec<String>,
    /// Names of organizations among the authors.
    pub(super) organizations: Vec<String>,
    pub(super) published: Option<String>,
    pub(super) modified: Option<String>,
    pub(super) language: Option<String>,
    pub(super) publisher: Option<String>,
    /// The name of the `WebSite`.
    pub(super) site: Option<String>,
    pub(super) section: Option<String>,
    pub(super) keywords: Vec<String>,
    pub(super) image: Option<String>,
    /// True if `isAccessibleForFree` is false.
    pub(super) is_paid: bool,
    pub(super) article_body: Option<String>,
}

impl Structured {
    pub(super) fn read(survey: &Survey) -> Self {
        let mut nodes = Vec::new();
        for value in survey.json_ld.iter().flat_map(|script| json_ld::values(script)) {
            collect(value, &mut nodes, MAX_DEPTH);
        }
        let articles = nodes.iter().filter(|node| is_a(node, is_article_type)).count();
        let is_listing = articles == 0 && nodes.iter().any(|node| is_a(node, is_listing_type));
        let is_live = nodes.iter().any(|node| is_a(node, |kind| kind == "LiveBlogPosting"));
        let mut found = Self { article_count: articles, is_listing, is_live, ..Self::default() };
        found.describe(&nodes);
        let mut items = Vec::new();
        for item in &survey.microdata {
            collect(item.clone(), &mut items, MAX_DEPTH);
        }
        items.retain(|item| !is_of_other_article(item, survey));
        found.describe(&items);
        found
    }

    /// Fills in the fields that are still empty, from the article first and then from the page.
    fn describe(&mut self, nodes: &[Node]) {
        let mut subjects: Vec<&Node> = nodes.iter().filter(|node| weight(node) > 0).collect();
        subjects.sort_by_key(|node| std::cmp::Reverse(weight(node)));
        let site = nodes.iter().find(|node| is_a(node, |kind| kind == "WebSite"));
        fill(&mut self.site, || site?.get("name").and_then(first_text));
        let has_article = subjects.first().is_some_and(|node| is_a(node, is_article_type));
        for (at, node) in subjects.into_iter().enumerate() {
            if at == 0 || !is_a(node, is_article_type) {
                self.describe_by(node, nodes, at > 0 && has_article);
            }
        }
    }

    /// Fills in the fields from one node. `is_around`: the node is the page around an article,
    /// which may have another name.
    fn describe_by(&mut self, node: &Node, nodes: &[Node], is_around: bool) {
        let text = |key: &str| node.get(key).and_then(first_text);
        if !is_around {
            fill(&mut self.headline, || text("headline").or_else(|| text("name")));
            fill(&mut self.article_body, || text("articleBody"));
            self.is_paid |= node.get("isAccessibleForFree").is_some_and(is_false);
        }
        fill(&mut self.published, || {
            ["datePublished", "dateCreated", "uploadDate"].iter().find_map(|key| text(key))
        });
        fill(&mut self.modified, || text("dateModified"));
        fill(&mut self.language, || text("inLanguage"));
        fill(&mut self.section, || text("articleSection"));
        fill(&mut self.image, || {
            ["image", "thumbnailUrl", "primaryImageOfPage"]
                .iter()
                .find_map(|key| image(node.get(*key)?, nodes))
        });
        fill(&mut self.publisher, || {
            node.get("publisher").and_then(|value| names(value, nodes).into_iter().next())
        });
        if self.authors.is_empty() {
            let given = || ["author", "creator"].iter().filter_map(|key| node.get(*key));
            let all = given().map(|value| names(value, nodes)).find(|names| !names.is_empty());
            let persons =
                given().map(|value| names(&persons(value), nodes)).find(|names| !names.is_empty());
            if persons.is_none() && self.organizations.is_empty() {
                self.organizations = all.unwrap_or_default();
            }
            self.authors = persons.unwrap_or_default();
        }
        if self.keywords.is_empty() {
            self.keywords = node.get("keywords").map(texts).unwrap_or_default();
        }
    }
}

fn fill<T>(field: &mut Option<T>, read: impl FnOnce() -> Option<T>) {
    if field.is_none() {
        *field = read();
    }
}

/// Collects the objects that describe the page itself, without the items of its lists.
fn collect(value: Value, nodes: &mut Vec<Node>, depth: usize) {
    if depth == 0 || nodes.len() >= MAX_NODES {
        return;
    }
    match value {
        Value::Array(values) => {
            values.into_iter().for_each(|value| collect(value, nodes, depth - 1));
        }
        Value::Object(mut node) => {
            for key in ["@graph", "mainEntity", "mainEntityOfPage"] {
                node.remove(key).into_iter().for_each(|inner| collect(inner, nodes, depth - 1));
            }
            nodes.push(node);
        }
        _ => {}
    }
}

/// Returns true if an item is an article whose headline none of the page's titles resembles. It is a
/// teaser.
fn is_of_other_article(item: &Node, survey: &Survey) -> bool {
    let headline = ["headline", "name"].iter().find_map(|key| item.get(*key).and_then(first_text));
    let headings = survey.headings.iter().chain(&survey.subheadings);
    let headings = headings.map(|heading| heading.text.as_str());
    let given = survey.title.as_deref().into_iter().chain(survey.meta.get("og:title"));
    let mut titles = given.chain(headings).peekable();
    is_a(item, is_article_type)
        && titles.peek().is_some()
        && headline.is_some_and(|own| titles.all(|title| likeness(&own, title) < MIN_LIKENESS))
}

/// Returns how well a node describes the page, 0 for not at all. The article that says the most is
/// the page's own. Others are teasers.
fn weight(node: &Node) -> usize {
    let kind = match () {
        () if is_a(node, is_article_type) => 100,
        () if is_a(node, is_work_type) => 50,
        () if is_a(node, |kind| kind.ends_with("Page")) => 20,
        () => 0,
    };
    let keys = ["headline", "datePublished", "author", "articleBody", "publisher", "dateModified"];
    kind + if kind > 0 { keys.iter().filter(|key| node.contains_key(**key)).count() } else { 0 }
}

fn is_a(node: &Node, of_kind: fn(&str) -> bool) -> bool {
    let is_kind = |name: &str| of_kind(name.rsplit(['/', ':']).next().unwrap_or_default());
    match node.get("@type") {
        Some(Value::String(name)) => is_kind(name),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).any(is_kind),
        _ => false,
    }
}

fn is_article_type(name: &str) -> bool {
    name.ends_with("Article") || matches!(name, "BlogPosting" | "LiveBlogPosting" | "Report")
}

/// Returns true for works that may be the only subject of a page, with an author and a date.
fn is_work_type(name: &str) -> bool {
    matches!(
        name,
        "CreativeWork" | "Recipe" | "HowTo" | "Review" | "VideoObject" | "PodcastEpisode"
    )
}

fn is_listing_type(name: &str) -> bool {
    matches!(name, "CollectionPage" | "SearchResultsPage" | "ItemList" | "ProfilePage")
}

fn is_false(value: &Value) -> bool {
    match value {
        Value::Bool(free) => !free,
        Value::String(free) => free.trim().eq_ignore_ascii_case("false"),
        _ => false,
    }
}

fn first_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(values) => values.iter().find_map(first_text),
        Value::Object(node) => ["@value", "name", "alternateName"]
            .iter()
            .find_map(|key| node.get(*key).and_then(first_text)),
        _ => None,
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().take(MAX_NAMES).filter_map(first_text).collect(),
        other => first_text(other).into_iter().collect(),
    }
}

/// Returns the node that `@id` refers to.
fn referred<'a>(node: &Node, nodes: &'a [Node]) -> Option<&'a Node> {
    let id = node.get("@id").and_then(Value::as_str)?;
    nodes
        .iter()
        .find(|other| other.len() > 1 && other.get("@id").and_then(Value::as_str) == Some(id))
}

/// Returns the names of persons or organizations, and follows references by `@id`.
fn names(value: &Value, nodes: &[Node]) -> Vec<String> {
    match value {
        Value::String(name) => vec![name.clone()],
        Value::Array(values) => {
            values.iter().take(MAX_NAMES).flat_map(|value| names(value, nodes)).collect()
        }
        Value::Object(node) => {
            let given = named(node).or_else(|| named(referred(node, nodes)?));
            given.map(texts).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// Returns the authors without the organizations.
fn persons(value: &Value) -> Value {
    let is_organization = |value: &Value| {
        let node = value.as_object();
        node.is_some_and(|node| {
            is_a(node, |kind| kind.ends_with("Organization") || kind == "Corporation")
        })
    };
    match value {
        Value::Array(values) => values
            .iter()
            .filter(|value| !is_organization(value))
            .cloned()
            .collect::<Vec<_>>()
            .into(),
        value if is_organization(value) => Value::Null,
        value => value.clone(),
    }
}

fn named(node: &Node) -> Option<&Value> {
    ["name", "alternateName"].iter().find_map(|key| node.get(*key)).filter(|name| match name {
        Value::String(name) => !name.trim().is_empty(),
        Value::Array(_) => true,
        _ => false,
    })
}

fn image(value: &Value, nodes: &[Node]) -> Option<String> {
    match value {
        Value::String(url) => Some(url.clone()).filter(|url| !url.is_empty()),
        Value::Array(values) => values.iter().find_map(|value| image(value, nodes)),
        Value::Object(node) => {
            let own = |node: &Node| {
                ["url", "contentUrl"].iter().find_map(|key| node.get(*key).and_then(first_text))
            };
            own(node).or_else(|| own(referred(node, nodes)?))
        }
        _ => None,
    }
}
