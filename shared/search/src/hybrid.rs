//! A search by words and by vectors.

use std::collections::HashSet;
use std::sync::Arc;

use courant_article::{ArticleId, Embedding};
use courant_store::{RowSet, Span};
use tokio::try_join;

use crate::answer::CANDIDATES;
use crate::blocking::blocking;
use crate::error::Error;
use crate::fusion::{Candidate, CosineScale, Fused, behind, fuse};
use crate::ranked::{Known, Scored, WordSearch, by_vector, candidate, candidates};
use crate::search::Search;

impl Search {
    /// Fuses the best of both lists, and appends the others that words found. A candidate of one
    /// list gets its score by the other search, too.
    pub(crate) async fn fused(
        &self,
        words: &Arc<WordSearch>,
        best: &[Scored],
        vector: &Embedding,
        near: &[(Known, f32)],
    ) -> Result<Vec<Fused>, Error> {
        let text = candidates(best);
        let (first, rest) = text.split_at(text.len().min(CANDIDATES));
        let found: HashSet<ArticleId> = near.iter().map(|(known, _)| known.name.id).collect();
        let read: HashSet<ArticleId> = best.iter().map(|scored| scored.name.id).collect();
        let unread = near.iter().map(|(known, _)| *known);
        let unread: Vec<Known> = unread.filter(|known| !read.contains(&known.name.id)).collect();
        let (cosines, scored) =
            try_join!(self.cosines(vector, first, &found), score(words, unread))?;

        let mut vectors = by_vector(near);
        vectors.extend(cosines);
        let (near_too, rest): (Vec<_>, Vec<_>) =
            rest.iter().copied().partition(|text| found.contains(&text.name.id));
        let others = scored.iter().map(|scored| candidate(scored, None));
        let texts: Vec<Candidate> = first.iter().copied().chain(near_too).chain(others).collect();

        let best_possible = words.best_possible();
        let encoder = self.store.articles().encoder().await?;
        let scale = CosineScale::of(encoder.as_deref());
        let mut fused = fuse(&texts, &vectors, best_possible, scale);
        let least = fused.last().map_or(0.0, |last| last.score);
        fused.extend(behind(&rest, best_possible, least));
        Ok(fused)
    }

    /// The cosines of candidates that the search by vectors did not find.
    async fn cosines(
        &self,
        vector: &Embedding,
        candidates: &[Candidate],
        found: &HashSet<ArticleId>,
    ) -> Result<Vec<Candidate>, Error> {
        let missing: Vec<&Candidate> =
            candidates.iter().filter(|candidate| !found.contains(&candidate.name.id)).collect();
        if missing.is_empty() {
            return Ok(Vec::new());
        }
        let among: RowSet = missing.iter().map(|candidate| candidate.name.number).collect();
        let among = Some(Arc::new(among));
        let near = self
            .store
            .articles()
            .nearest_numbers(vector, missing.len(), Span::ALWAYS, among)
            .await?;
        let scored = near.into_iter().filter_map(|(number, score)| {
            let candidate = missing.iter().find(|candidate| candidate.name.number == number)?;
            Some(Candidate { name: candidate.name, score, rank: None })
        });
        Ok(scored.collect())
    }
}

async fn score(words: &Arc<WordSearch>, articles: Vec<Known>) -> Result<Vec<Scored>, Error> {
    let words = Arc::clone(words);
    blocking(move || words.score(&articles)).await
}
