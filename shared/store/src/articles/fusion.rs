//! Two ranked lists become one.

use std::collections::HashMap;

use courant_article::ArticleId;

/// The constant of reciprocal rank fusion (Cormack, Clarke, Büttcher 2009):
/// greater values weaken the lead of the first places.
const K: f32 = 60.0;

/// An article's places in the lists, from 1, and the score that follows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fused {
    pub(crate) id: ArticleId,
    pub(crate) score: f32,
    pub(crate) text_rank: Option<u32>,
    pub(crate) vector_rank: Option<u32>,
}

/// Fuses by the sum of `1 / (60 + rank)`, best first; equal scores by id, so
/// that both back ends answer in the same order.
pub(crate) fn fuse(text: &[ArticleId], vector: &[ArticleId]) -> Vec<Fused> {
    let mut by_id: HashMap<ArticleId, Fused> = HashMap::new();
    for (id, rank) in text.iter().zip(1..) {
        entry(&mut by_id, *id).text_rank = Some(rank);
    }
    for (id, rank) in vector.iter().zip(1..) {
        entry(&mut by_id, *id).vector_rank = Some(rank);
    }
    let mut fused: Vec<Fused> = by_id.into_values().map(scored).collect();
    fused.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.id.cmp(&b.id)));
    fused
}

fn entry(by_id: &mut HashMap<ArticleId, Fused>, id: ArticleId) -> &mut Fused {
    by_id.entry(id).or_insert(Fused { id, score: 0.0, text_rank: None, vector_rank: None })
}

fn scored(fused: Fused) -> Fused {
    let part = |rank: Option<u32>| rank.map_or(0.0, |rank| 1.0 / (K + rank as f32));
    Fused { score: part(fused.text_rank) + part(fused.vector_rank), ..fused }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> ArticleId {
        ArticleId::from_bytes([number; 16])
    }

    #[test]
    fn what_both_lists_hold_comes_first() {
        let fused = fuse(&[id(1), id(2)], &[id(3), id(2)]);
        let order: Vec<_> = fused.iter().map(|f| f.id).collect();
        assert_eq!(order, [id(2), id(1), id(3)]);
        assert_eq!((fused[0].text_rank, fused[0].vector_rank), (Some(2), Some(2)));
        assert!((fused[0].score - 2.0 / 62.0).abs() < 1e-6);
        assert_eq!((fused[1].text_rank, fused[1].vector_rank), (Some(1), None));
    }
}
