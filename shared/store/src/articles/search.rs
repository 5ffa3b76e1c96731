//! The answers to a search and to the question for related articles, from what either
//! back end finds.

use std::collections::HashMap;
use std::sync::Arc;

use courant_article::{ArticleId, Embedding};
use courant_vectors::RowSet;

use super::batch::check_dimension;
use super::fusion::{Fused, fuse};
use super::query::{CANDIDATES, SearchMode, SearchQuery, Terms};
use super::record::{Candidate, FoundArticle, Neighbour, SearchHit, StoredArticle};
use super::snippet::snippet;
use super::{postgres, sqlite};
use crate::database::{Backend, Database};
use crate::error::Error;
use crate::related;
use crate::sqlite::blocking;

pub(super) async fn article(db: &Database, id: ArticleId) -> Result<Option<StoredArticle>, Error> {
    match &db.backend {
        Backend::Sqlite(file) => file.read(move |connection| sqlite::article(connection, id)).await,
        Backend::Postgres(server) => {
            server.run(async |client| postgres::article(client, id).await).await
        }
    }
}

pub(super) async fn answer(db: &Database, query: &SearchQuery) -> Result<Vec<SearchHit>, Error> {
    let terms = Terms::parse(&query.text);
    let text = match query.mode {
        SearchMode::Vector => Vec::new(),
        SearchMode::Hybrid | SearchMode::Text => matching(db, &terms).await?,
    };
    let nearest = match (query.mode, &query.vector) {
        (SearchMode::Text, _) | (SearchMode::Hybrid, None) => Vec::new(),
        (SearchMode::Vector, None) => return Err(Error::NoVector),
        (SearchMode::Vector | SearchMode::Hybrid, Some(vector)) => near(db, vector).await?,
    };
    let mut ranked = match query.mode {
        SearchMode::Vector => by_cosine(&nearest),
        SearchMode::Hybrid | SearchMode::Text => {
            fuse(&text, &nearest.iter().map(|(id, _)| *id).collect::<Vec<_>>())
        }
    };
    ranked.truncate(query.limit.min(CANDIDATES));
    let found = found(db, &ranked).await?;
    Ok(hits(&ranked, found, &terms))
}

pub(super) async fn related(
    db: &Database,
    id: ArticleId,
    limit: usize,
) -> Result<Option<Vec<SearchHit>>, Error> {
    let Some(record) = article(db, id).await? else {
        return Ok(None);
    };
    let names = related::names(&record.analysis.entities);
    let (nearest, named) = tokio::try_join!(near(db, &record.vector), matching(db, &names))?;
    let ids = related::candidates(id, &nearest, &named);
    if ids.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let candidates = candidates(db, ids).await?;
    let mut ranked = blocking(move || Ok(related::rank(&record, &nearest, candidates))).await?;
    ranked.truncate(limit.min(CANDIDATES));
    let found = found(db, &ranked).await?;
    Ok(Some(hits(&ranked, found, &Terms::default())))
}

async fn matching(db: &Database, terms: &Terms) -> Result<Vec<ArticleId>, Error> {
    if terms.wanted.is_empty() {
        return Ok(Vec::new());
    }
    match &db.backend {
        Backend::Sqlite(file) => {
            let terms = terms.clone();
            file.read(move |connection| sqlite::matching(connection, &terms)).await
        }
        Backend::Postgres(server) => {
            server.run(async |client| postgres::matching(client, terms).await).await
        }
    }
}

/// The candidates of a search by meaning.
async fn near(db: &Database, vector: &Embedding) -> Result<Vec<(ArticleId, f32)>, Error> {
    let nearest = nearest(db, vector, CANDIDATES, None).await?;
    Ok(nearest.into_iter().map(|near| (near.id, near.cosine)).collect())
}

/// The nearest articles; none for a vector of zeros, which has no direction.
pub(super) async fn nearest(
    db: &Database,
    vector: &Embedding,
    limit: usize,
    among: Option<Arc<RowSet>>,
) -> Result<Vec<Neighbour>, Error> {
    check_dimension(vector.dimension(), db.dimension)?;
    if limit == 0 || vector.as_slice().iter().all(|value| *value == 0.0) {
        return Ok(Vec::new());
    }
    match &db.backend {
        Backend::Sqlite(file) => {
            let vector = vector.clone();
            let work = move |connection: &_, resident: &_| {
                sqlite::nearest(connection, resident, &vector, limit, among.as_deref())
            };
            file.scan(work).await
        }
        Backend::Postgres(_) if among.is_some() => Err(Error::Unnumbered),
        Backend::Postgres(server) => {
            let found = server.run(async |client| postgres::nearest(client, vector, limit).await);
            let near = |(id, cosine)| Neighbour { id, number: None, cosine };
            Ok(found.await?.into_iter().map(near).collect())
        }
    }
}

async fn candidates(db: &Database, ids: Vec<ArticleId>) -> Result<Vec<Candidate>, Error> {
    match &db.backend {
        Backend::Sqlite(file) => {
            file.read(move |connection| sqlite::candidates(connection, &ids)).await
        }
        Backend::Postgres(server) => {
            server.run(async |client| postgres::candidates(client, &ids).await).await
        }
    }
}

async fn found(db: &Database, ranked: &[Fused]) -> Result<Vec<FoundArticle>, Error> {
    if ranked.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<ArticleId> = ranked.iter().map(|candidate| candidate.id).collect();
    match &db.backend {
        Backend::Sqlite(file) => file.read(move |connection| sqlite::found(connection, &ids)).await,
        Backend::Postgres(server) => {
            server.run(async |client| postgres::found(client, &ids).await).await
        }
    }
}

fn by_cosine(nearest: &[(ArticleId, f32)]) -> Vec<Fused> {
    let fused = |((id, score), rank): (&(ArticleId, f32), u32)| Fused {
        id: *id,
        score: *score,
        text_rank: None,
        vector_rank: Some(rank),
    };
    nearest.iter().zip(1..).map(fused).collect()
}

/// Joins ranks and articles, in the order of the ranks. An article that was not
/// found is left out.
fn hits(ranked: &[Fused], found: Vec<FoundArticle>, terms: &Terms) -> Vec<SearchHit> {
    let mut by_id: HashMap<_, _> = found.into_iter().map(|found| (found.id, found)).collect();
    let joined = ranked.iter().filter_map(|rank| Some((rank, by_id.remove(&rank.id)?)));
    joined.map(|(rank, found)| hit(rank, found, terms)).collect()
}

fn hit(rank: &Fused, found: FoundArticle, terms: &Terms) -> SearchHit {
    SearchHit {
        id: found.id,
        snippet: snippet(&found.body, terms),
        url: found.url,
        title: found.title,
        site_name: found.site_name,
        published_at: found.published_at,
        language: found.language,
        score: rank.score,
        text_rank: rank.text_rank,
        vector_rank: rank.vector_rank,
        syndicated_of: found.syndicated_of,
    }
}
