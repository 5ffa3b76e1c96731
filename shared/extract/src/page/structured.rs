//! What a page says about itself in JSON-LD (schema.org).

use dom_query::Document;
use serde_json::{Map, Value};

const MAX_SCRIPTS: usize = 32;
const MAX_NODES: usize = 500;
const MAX_DEPTH: usize = 8;

type Node = Map<String, Value>;

/// The article of a page's structured data, as text not yet tidied.
#[derive(Debug, Default)]
pub(super) struct Structured {
    /// How many articles are described, references in lists not counted.
    pub(super) article_count: usize,
    /// Whether the page calls itself a collection or a search result.
    pub(super) is_listing: bool,
    pub(super) headline: Option<String>,
    pub(super) authors: Vec<String>,
    pub(super) published: Option<String>,
    pub(super) language: Option<String>,
    pub(super) publisher: Option<String>,
    pub(super) article_body: Option<String>,
}

impl Structured {
    pub(super) fn read(document: &Document) -> Self {
        let mut nodes = Vec::new();
        let scripts = document.select("script[type*='ld+json']");
        for script in scripts.iter().take(MAX_SCRIPTS) {
            if let Some(value) = parse(&script.text()) {
                collect(value, &mut nodes, MAX_DEPTH);
            }
        }
        let articles: Vec<&Node> =
            nodes.iter().filter(|node| is_a(node, is_article_type)).collect();
        let is_listing =
            articles.is_empty() && nodes.iter().any(|node| is_a(node, is_listing_type));
        let found = Self { article_count: articles.len(), is_listing, ..Self::default() };
        match articles.into_iter().max_by_key(|node| richness(node)) {
            Some(article) => found.describe(article, &nodes),
            None => found,
        }
    }

    fn describe(mut self, article: &Node, nodes: &[Node]) -> Self {
        let text = |key: &str| article.get(key).and_then(first_text);
        self.headline = text("headline").or_else(|| text("name"));
        self.published = text("datePublished").or_else(|| text("dateCreated"));
        self.language = text("inLanguage");
        self.article_body = text("articleBody");
        self.authors = ["author", "creator"]
            .iter()
            .filter_map(|key| article.get(*key))
            .map(|value| names(value, nodes))
            .find(|names| !names.is_empty())
            .unwrap_or_default();
        self.publisher =
            article.get("publisher").and_then(|value| names(value, nodes).into_iter().next());
        self
    }
}

/// Strict JSON; where that fails, once more without raw line breaks in strings
/// and without the comment marks that some templates leave around it.
fn parse(text: &str) -> Option<Value> {
    let text = text.trim();
    serde_json::from_str(text).ok().or_else(|| {
        let text = text.trim_start_matches("<!--").trim_start_matches("//<![CDATA[");
        let text = text.trim_start_matches("<![CDATA[").trim().trim_end_matches("-->");
        let text =
            text.trim_end_matches("//]]>").trim_end_matches("]]>").trim().trim_end_matches(';');
        let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        serde_json::from_str(&plain).ok()
    })
}

/// The objects that describe the page itself: not the items of its lists.
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

fn is_a(node: &Node, of_kind: fn(&str) -> bool) -> bool {
    match node.get("@type") {
        Some(Value::String(name)) => of_kind(name),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).any(of_kind),
        _ => false,
    }
}

fn is_article_type(name: &str) -> bool {
    let name = name.rsplit(['/', ':']).next().unwrap_or_default();
    name.ends_with("Article") || matches!(name, "BlogPosting" | "LiveBlogPosting" | "Report")
}

fn is_listing_type(name: &str) -> bool {
    let name = name.rsplit(['/', ':']).next().unwrap_or_default();
    matches!(name, "CollectionPage" | "SearchResultsPage" | "ItemList" | "ProfilePage")
}

/// The one that says most is the page's own: others are teasers.
fn richness(node: &Node) -> usize {
    let keys = ["headline", "datePublished", "author", "articleBody", "publisher", "dateModified"];
    keys.iter().filter(|key| node.contains_key(**key)).count()
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

/// The names of persons or organizations, through references by `@id`.
fn names(value: &Value, nodes: &[Node]) -> Vec<String> {
    match value {
        Value::String(name) => vec![name.clone()],
        Value::Array(values) => values.iter().flat_map(|value| names(value, nodes)).collect(),
        Value::Object(node) => {
            let id = node.get("@id").and_then(Value::as_str);
            let referred = || {
                nodes
                    .iter()
                    .find(|other| id.is_some() && other.get("@id").and_then(Value::as_str) == id)
            };
            match node.get("name").or_else(|| referred()?.get("name")) {
                Some(Value::Array(all)) => all.iter().filter_map(first_text).collect(),
                name => name.and_then(first_text).into_iter().collect(),
            }
        }
        _ => Vec::new(),
    }
}
