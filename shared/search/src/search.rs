//! The search: its index, and the answers that store and index give together.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use courant_article::{Article, ArticleId, Embedding};
use courant_query::{Query, TimeRange};
use courant_store::{ArticleExcerpt, RowSet, Span, Store};
use courant_text::analyzer::QueryWord;
use serde::Serialize;
use tokio::sync::watch;
use tokio::try_join;

use crate::answer::{
    CANDIDATES, Hit, ListPage, Listing, MAX_RANKED, Question, Ranked, RankedList, SearchMode,
};
use crate::blocking::blocking;
use crate::columns::ArticleName;
use crate::counted::{CountRequest, Counts};
use crate::decisions::Decisions;
use crate::error::Error;
use crate::following::{Following, IndexState};
use crate::fusion::{self, Fused, Side};
use crate::index::Index;
use crate::listed::{TimeCollector, TimeCursor};
use crate::passage::Wanted;
use crate::ranked::{Known, Scored, WordSearch, by_vector};
use crate::{lists, ranked};

/// The folder of the decisions, in that of the index.
const DECISIONS: &str = "decisions";

/// Answers questions about the articles of a store. Clones share one index.
#[derive(Clone)]
pub struct Search {
    pub(crate) store: Store,
    pub(crate) index: Arc<Index>,
    decisions: Decisions,
    pub(crate) following: Arc<Mutex<Following>>,
    pub(crate) state: Arc<watch::Sender<IndexState>>,
    /// Set when an article was deleted, until its traces in the files have a time to leave.
    pub(crate) has_deleted: Arc<AtomicBool>,
}

/// The state of an index in a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct IndexCheck {
    /// The articles that it finds.
    pub articles: u64,
    /// Descriptions of the damage. Empty if the index can be used.
    pub problems: Vec<String>,
}

impl Search {
    /// Reads every file of the index in `folder`, also beside the process that keeps it. Returns
    /// `None` if there is no index yet.
    pub fn check_folder(folder: &Path) -> Option<IndexCheck> {
        if !folder.join("meta.json").exists() {
            return None;
        }
        let mut check = IndexCheck::default();
        match Index::read(folder).and_then(|index| {
            index.check()?;
            Ok(index.searcher().num_docs())
        }) {
            Ok(articles) => check.articles = articles,
            Err(error) => check.problems.push(error.to_string()),
        }
        Some(check)
    }

    /// Copies the index in `from` to the folder `to`, also beside the process that keeps it, and
    /// checks the copy. The keeper of the copy goes on from its state. Returns the articles that it
    /// finds, and its bytes.
    ///
    /// # Errors
    /// [`Error::Folder`], [`Error::Index`] or [`Error::Damaged`].
    pub fn copy_folder(from: &Path, to: &Path) -> Result<(u64, u64), Error> {
        let bytes = Index::copy(from, to)?;
        let index = Index::read(to)?;
        index.check()?;
        Ok((index.searcher().num_docs(), bytes))
    }

    /// Opens the index in `folder`, or makes it, for the one process that keeps it. It answers at
    /// once, from what it holds. [`Self::follow`] keeps it in step with the store.
    ///
    /// # Errors
    /// [`Error::InUse`], [`Error::Folder`] or [`Error::Index`].
    pub async fn keep(store: Store, folder: &Path) -> Result<Self, Error> {
        let folder = folder.to_owned();
        let open = move || Ok((Index::keep(&folder)?, Decisions::keep(&folder.join(DECISIONS))?));
        let (index, decisions) = blocking(open).await?;
        Ok(Self::of(store, index, decisions))
    }

    /// Makes an index in memory, which is empty until [`Self::catch_up`] or [`Self::follow`].
    ///
    /// # Errors
    /// [`Error::Index`].
    pub fn in_memory(store: Store) -> Result<Self, Error> {
        Ok(Self::of(store, Index::in_memory()?, Decisions::in_memory()?))
    }

    /// Opens the index in `folder` for some questions. If another process keeps the index, its
    /// state is read. Else it is brought up to date first; in memory, if the folder cannot be
    /// written to and holds no index.
    ///
    /// # Errors
    /// [`Error::Store`] or [`Error::Index`].
    pub async fn open(store: Store, folder: &Path) -> Result<Self, Error> {
        match Self::keep(store.clone(), folder).await {
            Ok(search) => {
                search.catch_up().await?;
                return Ok(search);
            }
            Err(Error::InUse(_) | Error::Folder { .. } | Error::Index(_)) => {}
            Err(error) => return Err(error),
        }
        let path = folder.to_owned();
        if let Ok(index) = blocking(move || Index::read(&path)).await {
            return Ok(Self::of(store, index, Decisions::in_memory()?));
        }
        let search = Self::in_memory(store)?;
        search.catch_up().await?;
        Ok(search)
    }

    fn of(store: Store, index: Index, decisions: Decisions) -> Self {
        let following = Following::of(&index);
        let state = watch::Sender::new(following.state(&index));
        Self {
            store,
            index: Arc::new(index),
            decisions,
            following: Arc::new(Mutex::new(following)),
            state: Arc::new(state),
            has_deleted: Arc::default(),
        }
    }

    /// Returns the store that the index follows.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Returns the decisions on entries. Whoever follows the bus adds them.
    pub fn decisions(&self) -> &Decisions {
        &self.decisions
    }

    /// Returns the articles that answer a question, best first.
    ///
    /// # Errors
    /// [`Error::NoVector`], [`Error::Unsupported`], or a failure of store or index.
    pub async fn rank(&self, question: &Question) -> Result<RankedList, Error> {
        let vector = match (question.mode, &question.vector) {
            (SearchMode::Text, _) | (SearchMode::Hybrid, None) => None,
            (SearchMode::Vector, None) => return Err(Error::NoVector),
            (SearchMode::Vector | SearchMode::Hybrid, Some(vector)) => Some(vector),
        };
        let limit = if question.mode == SearchMode::Vector { 0 } else { MAX_RANKED };
        let observed = span(question.query.observed());
        let (words, best, near) = if question.query.without_loose_words().top_level().is_empty() {
            // The vectors need not wait for the words.
            let by_words = self.best(&question.query, limit);
            let ((words, best), near) = try_join!(by_words, self.near(vector, observed, None))?;
            (words, best, near)
        } else {
            let words = self.prepared(&question.query).await?;
            let near = async { self.near(vector, observed, allowed(&words).await?).await };
            let (best, near) = try_join!(best(&words, limit), near)?;
            (words, best, near)
        };
        let near = known(&words, near).await?;
        let mut fused = match (question.mode, vector) {
            (SearchMode::Vector, _) => fusion::single(&by_vector(&near), Side::Vector),
            (SearchMode::Hybrid, Some(vector)) if !near.is_empty() => {
                self.fused(&words, &best, vector, &near).await?
            }
            _ => fusion::single(&ranked::candidates(&best), Side::Text),
        };
        if let Some(recency) = question.recency {
            fusion::weigh_by_age(&mut fused, recency);
        }
        let by_words = best.iter().filter(|scored| scored.is_strict).map(|scored| scored.name.id);
        let by_vector = near.iter().filter(|(known, _)| known.is_strict);
        let strict = by_words.chain(by_vector.map(|(known, _)| known.name.id)).collect();
        Ok(RankedList { total: words.total(), articles: folded(fused, &strict) })
    }

    async fn prepared(&self, query: &Query) -> Result<Arc<WordSearch>, Error> {
        let (index, query) = (Arc::clone(&self.index), query.clone());
        blocking(move || Ok(Arc::new(WordSearch::prepare(&index, &query)?))).await
    }

    /// Prepares a search by words, and returns the best articles with it.
    async fn best(
        &self,
        query: &Query,
        limit: usize,
    ) -> Result<(Arc<WordSearch>, Vec<Scored>), Error> {
        let words = self.prepared(query).await?;
        let best = best(&words, limit).await?;
        Ok((words, best))
    }

    /// Returns the numbers of the `allowed` articles nearest to a vector, of all if it is `None`,
    /// with their cosines, best first.
    async fn near(
        &self,
        vector: Option<&Embedding>,
        observed: Span,
        allowed: Option<RowSet>,
    ) -> Result<Vec<(u32, f32)>, Error> {
        let Some(vector) = vector else { return Ok(Vec::new()) };
        let (articles, allowed) = (self.store.articles(), allowed.map(Arc::new));
        Ok(articles.nearest_numbers(vector, CANDIDATES, observed, allowed).await?)
    }

    /// Returns a page of articles in the order of their times.
    ///
    /// # Errors
    /// [`Error::Unsupported`], or a failure of store or index.
    pub async fn list(&self, listing: &Listing) -> Result<ListPage, Error> {
        let mut after = listing.after;
        let mut hits = Vec::with_capacity(listing.limit);
        loop {
            let (index, query) = (Arc::clone(&self.index), listing.query.clone());
            let limit = listing.limit - hits.len();
            // One more tells of a next page.
            let collector = TimeCollector { order: listing.order, after, limit: limit + 1 };
            let (total, mut found) =
                blocking(move || lists::by_time(&index, &query, collector)).await?;
            let is_last = found.len() <= limit;
            found.truncate(limit);
            after =
                found.last().map(|(time_ms, name)| TimeCursor { time_ms: *time_ms, id: name.id });
            let ids: Vec<ArticleId> = found.iter().map(|(_, name)| name.id).collect();
            hits.extend(self.hits(&listing.query, &ids).await?);
            if is_last || hits.len() == listing.limit {
                let next = if is_last { None } else { after };
                return Ok(ListPage { total, hits, next });
            }
        }
    }

    /// Returns the number of articles that fulfil all conditions, and a page of their places in the
    /// list, which also name them.
    ///
    /// # Errors
    /// [`Error::Unsupported`], or a failure of the index.
    pub async fn places(&self, listing: &Listing) -> Result<(u64, Vec<TimeCursor>), Error> {
        let (index, query) = (Arc::clone(&self.index), listing.query.clone());
        let Listing { order, after, limit, .. } = *listing;
        let (total, found) =
            blocking(move || lists::by_time(&index, &query, TimeCollector { order, after, limit }))
                .await?;
        let place = |(time_ms, name): (i64, ArticleName)| TimeCursor { time_ms, id: name.id };
        Ok((total, found.into_iter().map(place).collect()))
    }

    /// Counts the articles that fulfil all conditions, by the values of their properties and by
    /// their times.
    ///
    /// # Errors
    /// [`Error::Unsupported`], or a failure of the index.
    pub async fn count(&self, query: &Query, request: &CountRequest) -> Result<Counts, Error> {
        let (index, query, request) = (Arc::clone(&self.index), query.clone(), request.clone());
        blocking(move || lists::counts(&index, &query, &request)).await
    }

    /// Returns true if the article `id` fulfils all conditions.
    ///
    /// # Errors
    /// [`Error::Unsupported`], or a failure of the index.
    pub async fn fulfils(&self, query: &Query, id: ArticleId) -> Result<bool, Error> {
        let (index, query) = (Arc::clone(&self.index), query.clone());
        blocking(move || lists::fulfils(&index, &query, id)).await
    }

    /// Returns at most `limit` other articles with the same text, in the order of their ids.
    ///
    /// # Errors
    /// A failure of store or index.
    pub async fn copies(&self, article: &Article, limit: usize) -> Result<Vec<Hit>, Error> {
        let first = article.syndicated_of.unwrap_or(article.id);
        let index = Arc::clone(&self.index);
        let mut ids = blocking(move || lists::cluster(&index, first)).await?;
        ids.retain(|id| *id != article.id);
        ids.truncate(limit);
        self.hits(&Query::everything(), &ids).await
    }

    /// Returns the stored ones of these articles as hits, in the same order.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn hits(&self, query: &Query, ids: &[ArticleId]) -> Result<Vec<Hit>, Error> {
        let excerpts = self.store.articles().excerpts(ids).await?;
        let (index, query, ids) = (Arc::clone(&self.index), query.clone(), ids.to_vec());
        blocking(move || {
            let words = lists::words(&index, &query)?;
            Ok(in_order(&ids, excerpts, &words))
        })
        .await
    }

    /// Returns at most `limit` hits of a ranked list behind its first `skip` articles, and the
    /// number of articles that are passed with them. Articles that are no longer stored are
    /// passed over.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn page(
        &self,
        query: &Query,
        list: &RankedList,
        skip: usize,
        limit: usize,
    ) -> Result<(Vec<Hit>, usize), Error> {
        let mut hits = Vec::with_capacity(limit);
        let mut at = skip.min(list.articles.len());
        while hits.len() < limit && at < list.articles.len() {
            let end = (at + limit - hits.len()).min(list.articles.len());
            let part = &list.articles[at..end];
            let ids: Vec<ArticleId> = part.iter().map(|ranked| ranked.id).collect();
            let ranked: HashMap<ArticleId, Ranked> =
                part.iter().map(|ranked| (ranked.id, *ranked)).collect();
            let found = self.hits(query, &ids).await?;
            hits.extend(found.into_iter().map(|hit| {
                let ranked = ranked.get(&hit.id).copied();
                Hit { ranked, ..hit }
            }));
            at = end;
        }
        Ok((hits, at))
    }
}

async fn best(words: &Arc<WordSearch>, limit: usize) -> Result<Vec<Scored>, Error> {
    let words = Arc::clone(words);
    blocking(move || words.best(limit)).await
}

/// Returns the articles that fulfil the conditions other than words; `None` if there is none.
async fn allowed(words: &Arc<WordSearch>) -> Result<Option<RowSet>, Error> {
    let words = Arc::clone(words);
    blocking(move || words.allowed()).await
}

/// Returns those of the articles that the index knows.
async fn known(words: &Arc<WordSearch>, near: Vec<(u32, f32)>) -> Result<Vec<(Known, f32)>, Error> {
    if near.is_empty() {
        return Ok(Vec::new());
    }
    let words = Arc::clone(words);
    blocking(move || {
        let numbers: Vec<u32> = near.iter().map(|(number, _)| *number).collect();
        let known = words.known(&numbers)?;
        let with_cosine = |(number, cosine): &(u32, f32)| Some((*known.get(number)?, *cosine));
        Ok(near.iter().filter_map(with_cosine).collect())
    })
    .await
}

/// One article for all copies of a text, the best, with the number of the others.
fn folded(fused: Vec<Fused>, strict: &HashSet<ArticleId>) -> Vec<Ranked> {
    let mut places: HashMap<u64, usize> = HashMap::new();
    let mut list: Vec<Ranked> = Vec::new();
    for fused in fused {
        if let Some(place) = places.get(&fused.name.cluster) {
            list[*place].copies += 1;
            continue;
        }
        if list.len() == MAX_RANKED {
            continue;
        }
        places.insert(fused.name.cluster, list.len());
        list.push(Ranked {
            id: fused.name.id,
            score: fused.score,
            text_score: fused.text_score,
            cosine: fused.cosine,
            text_rank: fused.text_rank,
            vector_rank: fused.vector_rank,
            age_weight: fused.age_weight,
            relevance: None,
            is_relaxed: !strict.contains(&fused.name.id),
            copies: 0,
        });
    }
    list
}

fn in_order(ids: &[ArticleId], excerpts: Vec<ArticleExcerpt>, words: &[QueryWord]) -> Vec<Hit> {
    let wanted = Wanted::of(words);
    let mut by_id: HashMap<ArticleId, ArticleExcerpt> =
        excerpts.into_iter().map(|excerpt| (excerpt.id, excerpt)).collect();
    ids.iter().filter_map(|id| by_id.remove(id)).map(|excerpt| hit(excerpt, &wanted)).collect()
}

fn hit(excerpt: ArticleExcerpt, wanted: &Wanted) -> Hit {
    let language = excerpt.language.as_deref();
    Hit {
        id: excerpt.id,
        title: wanted.marked(&excerpt.title, language),
        snippet: wanted.passage(&excerpt.text, language),
        url: excerpt.url,
        site_name: excerpt.site_name,
        published_at: excerpt.published_at,
        language: excerpt.language,
        syndicated_of: excerpt.syndicated_of,
        ranked: None,
    }
}

fn span(range: TimeRange) -> Span {
    Span {
        from_ms: range.from_ms.unwrap_or(i64::MIN),
        until_ms: range.until_ms.unwrap_or(i64::MAX),
    }
}
