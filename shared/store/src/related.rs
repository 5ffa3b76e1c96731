//! Articles related to one: near to it in meaning, and telling of the same
//! people, places, topics and stories.
//!
//! Around each article a small graph is built, of itself, the candidates, and what
//! they are about. Activation spreads over it from the article: much reaches those
//! that share what few others have.

use std::collections::{BTreeMap, HashMap, HashSet};

use courant_article::{ArticleId, Entity, EntityKind};
use courant_vectors::{Edge, Graph, Spreading, SpreadingScratch, dot};

use crate::articles::fusion::Fused;
use crate::articles::query::Terms;
use crate::articles::record::{Candidate, StoredArticle, Subjects};

/// Names of the article whose holders are candidates.
const ASKED_NAMES: usize = 8;
/// Names of an article that count.
const NAMES: usize = 32;
/// Topics below twice what each of the 17 would have if all were equal say nothing.
const CLEAR_TOPIC: f32 = 2.0 / 17.0;
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

/// Finds articles that hold a name of an article, by the names it holds most often.
pub(crate) fn names(entities: &[Entity]) -> Terms {
    let counted = counted(entities);
    Terms::phrases(counted.iter().take(ASKED_NAMES).map(|((_, name), _)| name.as_str()))
}

/// Each of the articles found once, and not the one that they are to be related to.
pub(crate) fn candidates(
    id: ArticleId,
    nearest: &[(ArticleId, f32)],
    named: &[ArticleId],
) -> Vec<ArticleId> {
    let mut seen = HashSet::from([id]);
    let all = nearest.iter().map(|(id, _)| id).chain(named);
    all.filter(|id| seen.insert(**id)).copied().collect()
}

/// The candidates without copies of the article's text, best first; equal scores by
/// id, so that both back ends answer in the same order.
pub(crate) fn rank(
    record: &StoredArticle,
    nearest: &[(ArticleId, f32)],
    mut others: Vec<Candidate>,
) -> Vec<Fused> {
    others.retain(|other| other.content_hash != record.article.content_hash);
    others.sort_by_key(|other| other.id);
    let near: HashMap<ArticleId, (u32, f32)> =
        (1..).zip(nearest).map(|(rank, (id, cosine))| (*id, (rank, *cosine))).collect();
    let shared = shared(record, &others);
    let fused = |(other, shared): (&Candidate, f32)| {
        let (vector_rank, cosine) = match near.get(&other.id) {
            Some((rank, cosine)) => (Some(*rank), *cosine),
            None => (None, dot(record.vector.as_slice(), &other.vector)),
        };
        Fused { id: other.id, score: cosine + SHARED * shared, text_rank: None, vector_rank }
    };
    let mut ranked: Vec<Fused> = others.iter().zip(shared).map(fused).collect();
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.id.cmp(&b.id)));
    ranked
}

/// The activation of each of `others`: 0 to 1.
fn shared(record: &StoredArticle, others: &[Candidate]) -> Vec<f32> {
    let subjects = Subjects {
        topics: record.analysis.topics.clone(),
        entities: record.analysis.entities.clone(),
    };
    let article = &record.article;
    let mut web = Web::new(others.len() + 1);
    let of_others = others.iter().map(|other| (other.id, other.syndicated_of, &other.subjects));
    let all: Vec<_> =
        std::iter::once((article.id, article.syndicated_of, &subjects)).chain(of_others).collect();
    let firsts: HashSet<ArticleId> = all.iter().filter_map(|(_, first, _)| *first).collect();
    for (node, (id, first, subjects)) in all.iter().enumerate() {
        web.add(node, subjects);
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
    fn add(&mut self, article: usize, subjects: &'a Subjects) {
        for ((kind, name), times) in counted(&subjects.entities).into_iter().take(NAMES) {
            self.join(article, Subject::Name(kind, name), 1.0 + (times as f32).ln());
        }
        for topic in subjects.topics.iter().filter(|topic| topic.score >= CLEAR_TOPIC) {
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
