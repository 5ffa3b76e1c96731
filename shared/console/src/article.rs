//! One article: its text, and the origin of everything that is said about it.

use askama::Template;
use axum::extract::Path;
use axum::http::Uri;
use axum::response::Response;
use courant_api::Problem;
use courant_api::articles::{ArticleView, Related, Revisions};
use courant_api::decisions::{DecisionView, DecisionsAnswer};
use courant_article::Analysis;
use futures::join;

use crate::ask::Archive;
use crate::card::{Card, Link, article_path, name_path, names, outlet, topics};
use crate::choice::Choice;
use crate::dates::When;
use crate::failure;
use crate::page::{Screen, Shell, answer};
use crate::pieces::{Piece, Place, cut, words_of};
use crate::plain;
use crate::reader::Reader;

const RELATED: &str = "6";

#[derive(Template)]
#[template(path = "article.html")]
struct Page {
    shell: Shell,
    id: String,
    is_marked: bool,
    title: Vec<Piece>,
    outlet: Option<Link>,
    original: Option<String>,
    language: String,
    authors: Vec<String>,
    published: Option<When>,
    modified: Option<When>,
    summary: Vec<Vec<Piece>>,
    paragraphs: Vec<Vec<Piece>>,
    is_truncated: bool,
    is_paywalled: bool,
    topics: Vec<Link>,
    names: Vec<Link>,
    phrases: Vec<Link>,
    sentiment: Option<Sentiment>,
    copies: Vec<Card>,
    related: Vec<Card>,
    versions: usize,
    versions_path: String,
    provenance: Provenance,
}

struct Sentiment {
    label: String,
    /// Per cent of negative, neutral and positive.
    parts: [u32; 3],
}

/// The origin of the article and of its values.
struct Provenance {
    decision: String,
    reasons: Vec<String>,
    shared_passage: Option<String>,
    first: Option<String>,
    observed: When,
    stored: When,
    source: String,
    source_href: Option<String>,
    content_hash: String,
    evidence: Vec<(String, String)>,
    models: Vec<String>,
    skipped: Vec<(String, String)>,
}

/// Shows an article.
pub(crate) async fn show(
    archive: Archive,
    reader: Reader,
    Path(id): Path<String>,
    uri: Uri,
) -> Response {
    let query = Choice::of(&uri, &[]).query;
    match Box::pin(page(&archive, &reader, &id, &query)).await {
        Ok(page) => answer(&page),
        Err(problem) => failure::page(&reader, &problem),
    }
}

async fn page(archive: &Archive, reader: &Reader, id: &str, query: &str) -> Result<Page, Problem> {
    let path = format!("/v1{}", article_path(id));
    let article: ArticleView = archive.get(&path, &[]).await?;
    let (related_path, revisions_path) = (format!("{path}/related"), format!("{path}/revisions"));
    let by_id = [("article", article.id.as_str()), ("limit", "1")];
    let (related, revisions, decisions) = join!(
        archive.get::<Related>(&related_path, &[("k", RELATED)]),
        archive.get::<Revisions>(&revisions_path, &[]),
        archive.get::<DecisionsAnswer>("/v1/decisions", &by_id),
    );
    let (revisions, decision) = (revisions?, decisions?.decisions.into_iter().next());
    let hash = revisions.revisions.first().map(|now| now.content_hash.clone()).unwrap_or_default();
    let text = article.text.as_deref().unwrap_or_default();
    let mut title = cut(&article.title, &words_of(query, &article.title));
    if title.is_empty() {
        title = vec![Piece { text: reader.texts.say("untitled"), ..Piece::default() }];
    }
    let line = plain::line(&article.title);
    Ok(Page {
        shell: Shell::new(
            reader,
            Screen::Other,
            if line.is_empty() { article.id.clone() } else { line },
        ),
        is_marked: reader.has_marked(&article.id),
        title,
        outlet: outlet(&article.url, article.site_name.as_deref()),
        original: plain::web_address(&article.url),
        language: article.language.as_deref().map(plain::line).unwrap_or_default(),
        authors: article.authors.iter().map(|author| plain::line(author)).collect(),
        published: article.published_at.as_deref().map(|time| reader.calendar.when(time)),
        modified: article.modified_at.as_deref().map(|time| reader.calendar.when(time)),
        summary: article.analysis.summary.iter().map(|part| cut(&part.text, &[])).collect(),
        paragraphs: paragraphs(text, query, &article.analysis),
        is_truncated: article.truncated,
        is_paywalled: article.paywalled,
        topics: topics(&article.analysis, reader),
        names: names(&article.analysis).into_iter().take(24).collect(),
        phrases: phrases(&article.analysis),
        sentiment: sentiment(&article.analysis, reader),
        copies: article.copies.iter().map(|copy| Card::of_copy(copy, reader)).collect(),
        related: related?.hits.iter().map(|hit| Card::of(hit, "", reader)).collect(),
        versions: revisions.revisions.len(),
        versions_path: format!("{}/versions", article_path(&article.id)),
        provenance: provenance(&article, decision.as_ref(), hash, reader),
        id: article.id,
    })
}

/// Cuts the text into paragraphs; names lead to their pages, and words of the query are marked.
fn paragraphs(text: &str, query: &str, analysis: &Analysis) -> Vec<Vec<Piece>> {
    let mut places = words_of(query, text);
    places.extend(analysis.entities.iter().map(|entity| Place {
        start: entity.span.start as usize,
        end: entity.span.end as usize,
        href: Some(name_path(entity.kind.as_str(), &plain::line(&entity.text))),
    }));
    let mut start = 0;
    let mut paragraphs = Vec::new();
    for paragraph in text.split('\n') {
        let length = paragraph.chars().count();
        let own: Vec<Place> = places
            .iter()
            .filter(|place| place.start >= start && place.end <= start + length)
            .map(|place| Place {
                start: place.start - start,
                end: place.end - start,
                href: place.href.clone(),
            })
            .collect();
        if !paragraph.trim().is_empty() {
            paragraphs.push(cut(paragraph, &own));
        }
        start += length + 1;
    }
    paragraphs
}

fn phrases(analysis: &Analysis) -> Vec<Link> {
    let phrase = |text: &str| {
        let text = plain::line(text);
        let quoted = format!("\"{}\"", text.replace('"', " "));
        Link { href: crate::ask::with_query("/search", &[("q", &quoted)]), text }
    };
    analysis.key_phrases.iter().take(8).map(|found| phrase(&found.text)).collect()
}

fn sentiment(analysis: &Analysis, reader: &Reader) -> Option<Sentiment> {
    let found = analysis.sentiment?;
    let parts = found.probabilities.map(|share| (share * 100.0).round().clamp(0.0, 100.0) as u32);
    Some(Sentiment { label: reader.texts.word("sentiment", found.label.as_str()), parts })
}

fn provenance(
    article: &ArticleView,
    decision: Option<&DecisionView>,
    content_hash: String,
    reader: &Reader,
) -> Provenance {
    let t = reader.texts;
    let evidence = article.evidence.iter().map(|(value, evidence)| {
        let origin = serde_json::to_value(evidence.source).unwrap_or_default();
        (t.word("value", value), t.word("origin", origin.as_str().unwrap_or_default()))
    });
    let model = |name: &str, version: &str, precision: &str, provider: &str| {
        format!("{} {} · {precision} · {provider}", plain::line(name), plain::line(version))
    };
    let encoder = &article.model;
    let mut models =
        vec![model(&encoder.name, &encoder.version, &encoder.precision, &encoder.provider)];
    for used in &article.analysis.models {
        let used = model(&used.name, &used.version, &used.precision, &used.provider);
        if !models.contains(&used) {
            models.push(used);
        }
    }
    let skipped = article.analysis.skipped.iter();
    Provenance {
        decision: t.word("decision", &article.decision),
        reasons: reasons(article, decision, reader),
        shared_passage: decision
            .and_then(|decision| decision.shared_passage.as_deref())
            .map(plain::line),
        first: article.syndicated_of.as_deref().map(article_path),
        observed: reader.calendar.at_ms(article.revision),
        stored: reader.calendar.when(&article.stored_at),
        source: plain::line(&article.source),
        source_href: plain::web_address(&article.source),
        content_hash,
        evidence: evidence.collect(),
        models,
        skipped: skipped
            .map(|(part, reason)| (t.word("finding", part), plain::line(reason)))
            .collect(),
    }
}

/// The reasons of the decision, as sentences.
fn reasons(article: &ArticleView, decision: Option<&DecisionView>, reader: &Reader) -> Vec<String> {
    let t = reader.texts;
    let mut reasons = Vec::new();
    match decision.and_then(|decision| decision.rule.as_deref()) {
        Some("address") => reasons.push(t.say("reason-address")),
        Some("text") => reasons.push(t.say("reason-text")),
        Some("parts") => reasons.push(t.say("reason-parts")),
        Some("new") => reasons.push(t.say("reason-new")),
        _ if article.decision == "syndicated" => reasons.push(t.say("reason-syndicated")),
        _ if article.decision == "revision" => reasons.push(t.say("reason-revision")),
        _ => reasons.push(t.say("reason-none")),
    }
    if let Some(share) = decision.and_then(|decision| decision.containment) {
        let per_cent = (share * 100.0).round().clamp(0.0, 100.0) as u64;
        reasons.push(t.count("reason-share", &per_cent));
    }
    reasons
}
