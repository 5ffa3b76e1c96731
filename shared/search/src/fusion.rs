//! The scores by words and by vectors become one.
//!
//! The score of an article is the cosine of its vector, on the scale of its encoder
//! ([`CosineScale`]), plus [`WORDS`] times the share of the query that its words match: its score by
//! words, divided by the best score that the query allows. A rare name makes up much of that, a
//! common digit nearly nothing, and a query whose words are in no article gives words no say, so
//! that translations are found by their vectors. Fusion by rank gives both lists the same say,
//! whatever they matched.

use std::collections::HashMap;

use courant_article::ArticleId;

use crate::answer::Recency;
use crate::columns::ArticleName;

/// The worth of an article that matches all words, in units of the cosine.
const WORDS: f32 = 1.0;

/// The scale of an encoder's cosines. Those of `all-MiniLM-L6-v2` count as they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct CosineScale {
    /// The cosine that counts nothing: that of texts which have nothing in common.
    floor: f32,
    /// The factor of the rest.
    factor: f32,
}

impl CosineScale {
    const PLAIN: Self = Self { floor: 0.0, factor: 1.0 };
    /// All cosines of e5 are above 0.7. Scaled to the range of the others, its vectors have their
    /// say beside the words.
    const CROWDED: Self = Self { floor: 0.7, factor: 4.0 };

    /// Returns the scale of the cosines of the encoder of this name.
    pub(crate) fn of(encoder: Option<&str>) -> Self {
        let is_crowded = encoder.is_some_and(|name| name.to_lowercase().contains("e5-"));
        if is_crowded { Self::CROWDED } else { Self::PLAIN }
    }

    fn scaled(self, cosine: f32) -> f32 {
        (cosine - self.floor) * self.factor
    }
}

/// An article that one of the searches found, or that was scored because the other found it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) name: ArticleName,
    pub(crate) score: f32,
    /// The place in the list, from 1; `None` if the search did not find it.
    pub(crate) rank: Option<u32>,
}

/// An article's places in the lists, from 1, and the score that follows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fused {
    pub(crate) name: ArticleName,
    pub(crate) score: f32,
    pub(crate) text_score: Option<f32>,
    pub(crate) cosine: Option<f32>,
    pub(crate) text_rank: Option<u32>,
    pub(crate) vector_rank: Option<u32>,
    /// The weight of its age, if ages count.
    pub(crate) age_weight: Option<f32>,
}

/// The list that an article comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Text,
    Vector,
}

/// Fuses two lists, best first; equal scores by id. `best_possible` is the best score by words that
/// the query allows.
pub(crate) fn fuse(
    text: &[Candidate],
    vector: &[Candidate],
    best_possible: f32,
    scale: CosineScale,
) -> Vec<Fused> {
    let mut by_id: HashMap<ArticleId, Fused> = HashMap::new();
    for (side, list) in [(Side::Text, text), (Side::Vector, vector)] {
        for candidate in list {
            let fused = by_id.entry(candidate.name.id).or_insert_with(|| unscored(candidate.name));
            take(fused, side, candidate);
        }
    }
    let mut fused: Vec<Fused> = by_id.into_values().collect();
    for fused in &mut fused {
        let words = share(fused.text_score.unwrap_or_default(), best_possible);
        let near = fused.cosine.map_or(0.0, |cosine| scale.scaled(cosine));
        fused.score = near + WORDS * words;
    }
    fused.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.name.id.cmp(&b.name.id)));
    fused
}

/// Returns one list alone, with its own scores.
pub(crate) fn single(list: &[Candidate], side: Side) -> Vec<Fused> {
    let one = |candidate: &Candidate| {
        let mut fused = Fused { score: candidate.score, ..unscored(candidate.name) };
        take(&mut fused, side, candidate);
        fused
    };
    list.iter().map(one).collect()
}

/// Returns the articles that words found behind the candidates, in their order. Their scores go on
/// below `least`, that of the last candidate.
pub(crate) fn behind(list: &[Candidate], best_possible: f32, least: f32) -> Vec<Fused> {
    let first = list.first().map_or(0.0, |candidate| candidate.score);
    let mut rest = single(list, Side::Text);
    for fused in &mut rest {
        fused.score = least - WORDS * share(first - fused.score, best_possible);
    }
    rest
}

/// Weighs each score by the age of its article, and sorts by the new scores.
pub(crate) fn weigh_by_age(list: &mut [Fused], recency: Recency) {
    for fused in list.iter_mut() {
        let weight = recency.weight(fused.name.time_ms);
        fused.score *= weight;
        fused.age_weight = Some(weight);
    }
    list.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.name.id.cmp(&b.name.id)));
}

/// The part of the query that a score by words stands for, 0 to 1.
fn share(score: f32, best_possible: f32) -> f32 {
    if best_possible > 0.0 { score / best_possible } else { 0.0 }
}

fn unscored(name: ArticleName) -> Fused {
    Fused {
        name,
        score: 0.0,
        text_score: None,
        cosine: None,
        text_rank: None,
        vector_rank: None,
        age_weight: None,
    }
}

fn take(fused: &mut Fused, side: Side, candidate: &Candidate) {
    let (score, rank) = match side {
        Side::Text => (&mut fused.text_score, &mut fused.text_rank),
        Side::Vector => (&mut fused.cosine, &mut fused.vector_rank),
    };
    (*score, *rank) = (Some(candidate.score), candidate.rank);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(scores: &[(u8, f32)]) -> Vec<Candidate> {
        let candidate = |((id, score), rank): (&(u8, f32), u32)| {
            let id = ArticleId::from_bytes([*id; 16]);
            let name = ArticleName { id, number: 0, cluster: 0, time_ms: 0 };
            Candidate { name, score: *score, rank: Some(rank) }
        };
        scores.iter().zip(1..).map(candidate).collect()
    }

    fn order(fused: &[Fused]) -> Vec<u8> {
        fused.iter().map(|fused| fused.name.id.as_bytes()[0]).collect()
    }

    #[test]
    fn an_article_that_matches_the_whole_query_leads() {
        let fused = fuse(
            &list(&[(1, 9.0), (2, 1.0)]),
            &list(&[(2, 0.6), (1, 0.3)]),
            10.0,
            CosineScale::PLAIN,
        );
        assert_eq!(order(&fused), [1, 2]);
        assert_eq!((fused[0].text_rank, fused[0].vector_rank), (Some(1), Some(2)));
    }

    #[test]
    fn a_word_that_is_little_of_the_query_does_not_outweigh_the_meaning() {
        let fused =
            fuse(&list(&[(1, 1.0)]), &list(&[(2, 0.6), (1, 0.2)]), 20.0, CosineScale::PLAIN);
        assert_eq!(order(&fused), [2, 1]);
        assert_eq!((fused[0].text_score, fused[0].cosine), (None, Some(0.6)));
    }

    #[test]
    fn equal_scores_stand_by_id_and_no_words_weigh_nothing() {
        let fused = fuse(&[], &list(&[(2, 0.5), (1, 0.5)]), 0.0, CosineScale::PLAIN);
        assert_eq!(order(&fused), [1, 2]);
        assert_eq!(fused[0].score, 0.5);
    }

    #[test]
    fn cosines_that_crowd_have_the_same_say() {
        let (text, vector) = (list(&[(1, 1.0)]), list(&[(2, 0.88), (1, 0.78)]));
        let name = "multilingual-e5-small";
        assert_eq!(order(&fuse(&text, &vector, 5.0, CosineScale::of(Some(name)))), [2, 1]);
        assert_eq!(order(&fuse(&text, &vector, 5.0, CosineScale::of(None))), [1, 2]);
    }

    #[test]
    fn scores_behind_the_candidates_go_on_below_theirs() {
        let rest = behind(&list(&[(1, 4.0), (2, 3.0)]), 10.0, 0.5);
        assert_eq!(order(&rest), [1, 2]);
        assert_eq!((rest[0].score, rest[0].text_score), (0.5, Some(4.0)));
        assert!(rest[1].score < 0.5);
    }
}
