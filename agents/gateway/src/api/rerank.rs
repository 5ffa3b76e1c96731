//! A cross-encoder ranks the best results of a search anew.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use courant_article::ArticleId;
use courant_embedder_client::EmbedError;
use courant_query::Query;
use courant_search::{Hit, Ranked, RankedList};
use tokio::time::Instant;

use super::Api;
use crate::error::ApiError;

/// The results that the cross-encoder reads.
const READ: usize = 50;

impl Api {
    /// Ranks the best of `list` anew if a re-ranker is configured. Where it gives no scores, the
    /// order stays; returns why.
    pub(super) async fn rerank(
        &self,
        list: &mut RankedList,
        query: &Query,
        text: &str,
    ) -> Result<Option<String>, ApiError> {
        if !self.reranks.load(Ordering::Relaxed) || list.articles.len() < 2 {
            return Ok(None);
        }
        let ids: Vec<ArticleId> = list.articles.iter().take(READ).map(|ranked| ranked.id).collect();
        let hits = self.search.hits(query, &ids).await?;
        let passages: Vec<String> = hits.iter().map(passage).collect();
        let deadline = Instant::now() + self.config.embed_timeout();
        let asking = self.embedder.relevance(text, &passages, deadline);
        match self.metrics.agent.timed("rerank", asking).await {
            Ok(scores) => {
                let relevance = hits.iter().map(|hit| hit.id).zip(scores).collect();
                list.articles = reordered(std::mem::take(&mut list.articles), &relevance);
                Ok(None)
            }
            Err(error) => Ok(Some(not_reranked(&error))),
        }
    }
}

fn not_reranked(error: &EmbedError) -> String {
    tracing::warn!(error = error as &dyn std::error::Error, "a search was not re-ranked");
    format!("the results are not re-ranked: {error}")
}

/// The headline, and the part of the text that answers best.
fn passage(hit: &Hit) -> String {
    format!("{}\n{}", hit.title.text, hit.snippet.text)
}

/// Puts the articles with a relevance first, the most relevant first. Their scores lie above all
/// others.
fn reordered(articles: Vec<Ranked>, relevance: &HashMap<ArticleId, f32>) -> Vec<Ranked> {
    let best = articles.first().map_or(0.0, |ranked| ranked.score);
    let (mut read, rest): (Vec<Ranked>, Vec<Ranked>) =
        articles.into_iter().partition(|ranked| relevance.contains_key(&ranked.id));
    for ranked in &mut read {
        let relevance = relevance.get(&ranked.id).copied().unwrap_or_default();
        ranked.relevance = Some(relevance);
        ranked.score = best + relevance;
    }
    read.sort_by(|a, b| b.score.total_cmp(&a.score));
    read.extend(rest);
    read
}
