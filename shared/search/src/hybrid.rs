//! A search by words and by vectors.

use std::collections::HashSet;
use std::sync::Arc;

use courant_article::{ArticleId, Embedding};
use courant_store::RowSet;

use crate::answer::{CANDIDATES, Question};
use crate::columns::ArticleName;
use crate::error::Error;
use crate::fusion::{Candidate, Fused, behind, fuse};
use crate::ranked::{self, Scored, WordMatches, candidate, candidates};
use crate::search::{Search, blocking};

impl Search {
    /// Fuses the best of both lists, and appends the others that words found. A candidate of one
    /// list gets its score by the other search, too. `words` gains the scores by words.
    pub(crate) async fn fused(
        &self,
        question: &Question,
        vector: &Embedding,
        words: &mut WordMatches,
        near: Vec<Candidate>,
    ) -> Result<Vec<Fused>, Error> {
        let text = candidates(&words.best);
        let (first, rest) = text.split_at(text.len().min(CANDIDATES));
        let found: HashSet<ArticleId> = near.iter().map(|near| near.name.id).collect();
        let mut vectors = near;
        vectors.extend(self.cosines(vector, first, &found).await?);

        let known: HashSet<ArticleId> = text.iter().map(|text| text.name.id).collect();
        let unread: Vec<ArticleName> =
            vectors.iter().map(|near| near.name).filter(|name| !known.contains(&name.id)).collect();
        let scored = self.words_of(question, unread).await?;
        let (read, rest): (Vec<_>, Vec<_>) =
            rest.iter().copied().partition(|text| found.contains(&text.name.id));
        let others = scored.iter().map(|scored| Candidate { rank: None, ..candidate(scored, 0) });
        let texts: Vec<Candidate> = first.iter().copied().chain(read).chain(others).collect();
        words.best.extend(scored);

        let mut fused = fuse(&texts, &vectors, words.best_possible);
        let least = fused.last().map_or(0.0, |last| last.score);
        fused.extend(behind(&rest, words.best_possible, least));
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
        let near = self.store.articles().nearest(vector, missing.len(), among).await?;
        let scored = near.iter().filter_map(|near| {
            let candidate = missing.iter().find(|candidate| candidate.name.id == near.id)?;
            Some(Candidate { name: candidate.name, score: near.cosine, rank: None })
        });
        Ok(scored.collect())
    }

    async fn words_of(
        &self,
        question: &Question,
        names: Vec<ArticleName>,
    ) -> Result<Vec<Scored>, Error> {
        let (index, query) = (Arc::clone(&self.index), question.query.clone());
        blocking(move || ranked::score_by_words(&index, &query, &names)).await
    }
}
