//! Articles as answers show them, which are the same in HTTP and MCP.

use std::collections::BTreeMap;

use courant_api::articles::{ArticleView, CopyView, EvidenceView, Explanation, Found};
use courant_article::Evidence;
use courant_search::Hit;
use courant_store::StoredArticle;

/// The rule of the fusion in words.
const FUSION: &str = "cosine + text_score / the best text_score that the words allow";
/// The rule of a re-ranked article.
const RERANKED: &str = "relevance + the best score of cosine and words";

/// Shows a hit, with the parts of its score if `explain` is true.
pub(super) fn found(hit: Hit, explain: bool) -> Found {
    let ranked = hit.ranked;
    let explanation = ranked.filter(|_| explain).map(|ranked| Explanation {
        text_score: ranked.text_score,
        cosine: ranked.cosine,
        age_weight: ranked.age_weight,
        relevance: ranked.relevance,
        rule: if ranked.relevance.is_some() { RERANKED } else { FUSION }.to_owned(),
    });
    Found {
        id: hit.id.to_string(),
        url: hit.url,
        title: hit.title.text,
        site_name: hit.site_name,
        published_at: hit.published_at.map(String::from),
        language: hit.language,
        score: ranked.map(|ranked| ranked.score),
        text_rank: ranked.and_then(|ranked| ranked.text_rank),
        vector_rank: ranked.and_then(|ranked| ranked.vector_rank),
        snippet: hit.snippet.text,
        title_highlights: hit.title.highlights,
        snippet_highlights: hit.snippet.highlights,
        syndicated_of: hit.syndicated_of.map(|id| id.to_string()),
        copies: ranked.map_or(0, |ranked| ranked.copies),
        relaxed: ranked.is_some_and(|ranked| ranked.is_relaxed),
        explanation,
    }
}

/// Shows a stored article, without its copies.
pub(super) fn article_view(record: StoredArticle) -> ArticleView {
    let language = record.language().map(str::to_owned);
    let article = record.article;
    ArticleView {
        id: article.id.to_string(),
        revision: article.revision.0,
        url: article.url,
        title: article.title,
        authors: article.authors,
        published_at: article.published_at.map(String::from),
        language,
        site_name: article.site_name,
        truncated: article.text.is_truncated(),
        text_truncated: article.text.is_truncated(),
        text: Some(article.text.as_str().to_owned()),
        source: article.source,
        decision: article.decision.to_string(),
        syndicated_of: article.syndicated_of.map(|id| id.to_string()),
        copies: Vec::new(),
        image: article.page.image,
        tags: article.page.tags,
        section: article.page.section,
        modified_at: article.page.modified_at.map(String::from),
        paywalled: article.page.paywalled,
        outer_id: article.page.outer_id,
        feed: article.feed,
        evidence: evidence_view(article.evidence),
        stored_at: record.stored_at.to_string(),
        model: record.model.into(),
        analysis: record.analysis,
    }
}

/// Shows a hit as a copy of another article.
pub(super) fn copy_view(hit: Hit) -> CopyView {
    CopyView {
        id: hit.id.to_string(),
        url: hit.url,
        title: hit.title.text,
        site_name: hit.site_name,
        published_at: hit.published_at.map(String::from),
    }
}

/// A time of the index, RFC 3339; the number itself where no calendar has it.
pub(super) fn rfc_3339(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |time| time.to_string())
}

fn evidence_view(evidence: Evidence) -> BTreeMap<String, EvidenceView> {
    evidence.values().map(|(name, source)| (name.to_owned(), EvidenceView { source })).collect()
}
