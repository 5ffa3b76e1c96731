//! An article as a document of the index.

use std::collections::HashSet;

use courant_article::{ArticleId, CanonicalUrl, EntityKind, registered_domain};
use courant_store::ChangedArticle;
use tantivy::TantivyDocument;
use tantivy::schema::Field;

use crate::schema::Fields;
use crate::tokens;

/// The most different names of an article that are counted.
const NAMES: usize = 200;

/// Returns the document of an article.
pub(crate) fn document(fields: &Fields, changed: &ChangedArticle) -> TantivyDocument {
    let article = &changed.article;
    let language = changed.language();
    let mut document = TantivyDocument::new();
    document.add_bytes(fields.id, article.id.as_bytes());
    document.add_u64(fields.number, changed.number.into());
    let (high, low) = halves(article.id);
    document.add_u64(fields.id_high, high);
    document.add_u64(fields.id_low, low);
    document.add_u64(fields.cluster, halves(article.syndicated_of.unwrap_or(article.id)).0);

    let parts = [article.title.as_str(), article.text.as_str()];
    add_words(&mut document, fields.text, parts, language);
    add_words(&mut document, fields.title, [article.title.as_str()], language);
    add_words(&mut document, fields.author, article.authors.iter().map(String::as_str), None);
    add_names(&mut document, fields, changed);

    add_site(&mut document, fields, &article.url);
    document.add_text(fields.source, &article.source);
    if let Some(language) = language {
        document.add_text(fields.language, language);
    }
    for topic in changed.analysis.topics.iter().filter(|topic| topic.is_clear()) {
        document.add_text(fields.topic, &topic.code);
    }
    if let Some(sentiment) = changed.analysis.sentiment {
        document.add_text(fields.sentiment, sentiment.label.as_str());
        document.add_f64(fields.polarity, f64::from(sentiment.polarity()));
    }
    document.add_text(fields.decision, article.decision.as_str());
    let published_ms = article.published_at.as_ref().map(|at| at.unix_seconds() * 1000);
    document.add_i64(fields.time, published_ms.unwrap_or(changed.first_observed_ms));
    document.add_i64(fields.observed, changed.first_observed_ms);
    document.add_bool(fields.has_image, article.page.image.is_some());
    document
}

/// Returns the two halves of an id as numbers.
pub(crate) fn halves(id: ArticleId) -> (u64, u64) {
    let id = u128::from_be_bytes(*id.as_bytes());
    ((id >> 64) as u64, id as u64)
}

/// Returns the id with these halves.
pub(crate) fn whole(high: u64, low: u64) -> ArticleId {
    ArticleId::from_bytes((u128::from(high) << 64 | u128::from(low)).to_be_bytes())
}

fn add_site(document: &mut TantivyDocument, fields: &Fields, url: &str) {
    let site = registered_domain(&CanonicalUrl::from_canonical(url));
    if let Some(host) = host(url).filter(|host| *host != site) {
        document.add_text(fields.host, host);
    }
    document.add_text(fields.site, site);
}

/// Returns the host of an address without its port.
fn host(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    host.split(':').next().filter(|host| !host.is_empty())
}

fn add_names(document: &mut TantivyDocument, fields: &Fields, changed: &ChangedArticle) {
    let mut seen = HashSet::new();
    for (kind, field) in [
        (EntityKind::Person, fields.person),
        (EntityKind::Organization, fields.organization),
        (EntityKind::Location, fields.place),
    ] {
        let of_kind = changed.analysis.entities.iter().filter(|entity| entity.kind == kind);
        let names: Vec<&str> = of_kind.map(|entity| entity.text.as_str()).collect();
        for name in &names {
            let shown = name.split_whitespace().collect::<Vec<_>>().join(" ");
            if seen.len() < NAMES && seen.insert((kind, shown.to_lowercase())) {
                document.add_text(fields.name, format!("{}:{shown}", kind.as_str()));
            }
        }
        add_words(document, field, names, None);
    }
}

/// Adds the words of some parts. Nothing is added if there are none.
fn add_words<'a>(
    document: &mut TantivyDocument,
    field: Field,
    parts: impl IntoIterator<Item = &'a str>,
    language: Option<&str>,
) {
    let joined = tokens::joined(parts, language);
    if !joined.is_empty() {
        document.add_text(field, joined);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_told_from_user_and_port() {
        assert_eq!(host("https://u@news.example.com:8443/a?b"), Some("news.example.com"));
        assert_eq!(host("https://example.com"), Some("example.com"));
        assert_eq!(host("no address"), None);
    }
}
