//! Articles related to one: near to it in meaning, and telling of the same
//! people, places, topics and stories.
//!
//! Around each article a small graph is built, of itself, the candidates, and what
//! they are about. Activation spreads over it from the article: much reaches those
//! that share what few others have.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use courant_article::{ArticleId, Entity, EntityKind, Topic};
use courant_query::Query;
use courant_store::{ArticleSubjects, Neighbour, StoredArticle};
use courant_vectors::{Edge, Graph, Spreading, SpreadingScratch, dot};

use crate::answer::{CANDIDATES, Hit, Ranked};
use crate::blocking::blocking;
use crate::error::Error;
use crate::lists;
use crate::search::Search;

/// Names of the article whose holders are candidates.
const ASKED_NAMES: usize = 8;
/// Names of an article that count.
const NAMES: usize = 32;
/// To an article, to its subjects, and to other articles, twice: over articles
/// that lie between, too.
const SPREADING: Spreading = Spreading { hops: 4, decay: 0.5, threshold: 0.0 };
/// The article, before activation spreads.
const SEED: usize = 0;
/// The most that sharing counts, in units of the cosine.
const SHARED: f32 = 0.2;
/// The activation of which half that much is counted. Who alone shares everything
/// receives about ten times as much.
const HALF: f32 = 0.015;

/// A subject that two articles can share.
#[derive(PartialEq, Eq, Hash)]
enum Subject<'a> {
    Name(EntityKind, String),
    Topic(&'a str),
    /// By the article that had the text first.
    Story(ArticleId),
}

impl Search {
    /// Returns at most `limit` articles that are most related to one, without copies of its text.
    /// `None` if the article is not stored.
    ///
    /// Candidates are articles that are near by vector or contain one of its names. Their score
    /// is the cosine, plus the activation that reaches them through shared names, topics and
    /// stories.
    ///
    /// # Errors
    /// A failure of store or index.
    pub async fn related(&self, id: ArticleId, limit: usize) -> Result<Option<Vec<Hit>>, Error> {
        let articles = self.store.articles();
        let Some(record) = articles.get(id).await? else { return Ok(None) };
        let near = articles.nearest(&record.vector, CANDIDATES, None).await?;
        let (index, names) = (Arc::clone(&self.index), asked_names(&record.analysis.entities));
        let named = blocking(move || lists::naming(&index, &names, CANDIDATES)).await?;
        let others = articles.subjects(&candidates(id, &near, &named)).await?;
        let mut ranked = blocking(move || Ok(rank(&record, &near, others))).await?;
        ranked.truncate(limit);
        let ids: Vec<ArticleId> = ranked.iter().map(|ranked| ranked.id).collect();
        let places: HashMap<ArticleId, Ranked> =
            ranked.into_iter().map(|ranked| (ranked.id, ranked)).collect();
        let hits = self.hits(&Query::everything(), &ids).await?;
        let placed = |hit: Hit| Hit { ranked: places.get(&hit.id).copied(), ..hit };
        Ok(Some(hits.into_iter().map(placed).collect()))
    }
}

/// The names whose holders are candidates: those that stand most often in the text.
fn asked_names(entities: &[Entity]) -> Vec<String> {
    counted(entities).into_iter().take(ASKED_NAMES).map(|((_, name), _)| name).collect()
}

/// Each of the articles found once, and not the one that they are to be related to.
fn candidates(id: ArticleId, near: &[Neighbour], named: &[ArticleId]) -> Vec<ArticleId> {
    let mut seen = HashSet::from([id]);
    let all = near.iter().map(|near| &near.id).chain(named);
    all.filter(|id| seen.insert(**id)).copied().collect()
}

/// The candidates without copies of the article's text, best first; equal scores by id, so that
/// both back ends answer in the same order.
fn rank(
    record: &StoredArticle,
    near: &[Neighbour],
    mut others: Vec<ArticleSubjects>,
) -> Vec<Ranked> {
    others.retain(|other| other.content_hash != record.article.content_hash);
    others.sort_by_key(|other| other.id);
    let near: HashMap<ArticleId, (u32, f32)> =
        (1..).zip(near).map(|(rank, near)| (near.id, (rank, near.cosine))).collect();
    let shared = shared(record, &others);
    let ranked = |(other, shared): (&ArticleSubjects, f32)| {
        let (vector_rank, cosine) = match near.get(&other.id) {
            Some((rank, cosine)) => (Some(*rank), *cosine),
            None => (None, dot(record.vector.as_slice(), &other.vector)),
        };
        Ranked {
            id: other.id,
            score: cosine + SHARED * shared,
            text_score: None,
            cosine: Some(cosine),
            text_rank: None,
            vector_rank,
            age_weight: None,
            relevance: None,
            is_relaxed: false,
            copies: 0,
        }
    };
    let mut ranked: Vec<Ranked> = others.iter().zip(shared).map(ranked).collect();
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.id.cmp(&b.id)));
    ranked
}

/// The activation of each of `others`: 0 to 1.
fn shared(record: &StoredArticle, others: &[ArticleSubjects]) -> Vec<f32> {
    let (article, analysis) = (&record.article, &record.analysis);
    let mut web = Web::new(others.len() + 1);
    let this = (article.id, article.syndicated_of, &analysis.topics, &analysis.entities);
    let of_others =
        others.iter().map(|other| (other.id, other.syndicated_of, &other.topics, &other.entities));
    let all: Vec<_> = std::iter::once(this).chain(of_others).collect();
    let firsts: HashSet<ArticleId> = all.iter().filter_map(|(_, first, ..)| *first).collect();
    for (node, (id, first, topics, entities)) in all.iter().enumerate() {
        web.add(node, topics, entities);
        let story = first.or_else(|| firsts.contains(id).then_some(*id));
        if let Some(story) = story {
            web.join(node, Subject::Story(story), 1.0);
        }
    }
    let received = web.spread();
    received.iter().skip(SEED + 1).take(others.len()).map(|a| a / (a + HALF)).collect()
}

/// Articles, numbered first, and their subjects.
struct Web<'a> {
    articles: usize,
    subjects: HashMap<Subject<'a>, usize>,
    edges: Vec<Edge>,
}

impl<'a> Web<'a> {
    fn new(articles: usize) -> Self {
        Self { articles, subjects: HashMap::new(), edges: Vec::new() }
    }

    /// A name counts by how often it stands in the text, but ever less.
    fn add(&mut self, article: usize, topics: &'a [Topic], entities: &[Entity]) {
        for ((kind, name), times) in counted(entities).into_iter().take(NAMES) {
            self.join(article, Subject::Name(kind, name), 1.0 + (times as f32).ln());
        }
        for topic in topics.iter().filter(|topic| topic.is_clear()) {
            self.join(article, Subject::Topic(&topic.code), topic.score.min(1.0));
        }
    }

    fn join(&mut self, article: usize, subject: Subject<'a>, weight: f32) {
        let next = self.articles + self.subjects.len();
        let to = *self.subjects.entry(subject).or_insert(next);
        self.edges.push(Edge { from: article, to, weight });
    }

    /// Returns the activation that each node received.
    fn spread(&self) -> Vec<f32> {
        let nodes = self.articles + self.subjects.len();
        let graph = Graph::from_edges(nodes, &self.edges).expect("nodes and weights are in range");
        let reached =
            graph.spread(&[(SEED, 1.0)], &SPREADING, nodes, &mut SpreadingScratch::default());
        let mut received = vec![0.0; nodes];
        for activated in reached.expect("the seed is a node") {
            received[activated.node] = activated.activation;
        }
        received
    }
}

/// Names and how often they stand in a text, the most frequent first, equal ones in
/// the order of their letters. Case and white space do not make another name.
fn counted(entities: &[Entity]) -> Vec<((EntityKind, String), usize)> {
    let mut counts: BTreeMap<(EntityKind, String), usize> = BTreeMap::new();
    for entity in entities {
        let words: Vec<String> = entity.text.split_whitespace().map(str::to_lowercase).collect();
        *counts.entry((entity.kind, words.join(" "))).or_default() += 1;
    }
    let mut counted: Vec<_> = counts.into_iter().collect();
    counted.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
    counted
}
