//! Activation that spreads over a sparse graph.
//!
//! An article that is looked at is activated; activation flows along weighted
//! edges to the entities and stories it shares with others, and from there to
//! those (Collins & Loftus, 1975; for retrieval, Crestani, 1997). A node divides
//! the activation that it passes on among its edges by their weight, so that an
//! entity that is in every article says little about any (the fan effect,
//! Anderson, 1983).

mod graph;

pub use graph::{Edge, Graph, GraphError};

use crate::nearest::{NearestRows, ScoredRow};

/// The parameters of spreading activation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spreading {
    /// The number of edges to walk from a seed.
    pub hops: usize,
    /// The share of activation that is left after one hop: 0 to 1.
    pub decay: f32,
    /// A node that received less than this in a hop passes no activation on.
    pub threshold: f32,
}

/// A node and the activation that it received, including its own as a seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ActivatedNode {
    /// The node's number.
    pub node: usize,
    /// Above 0; at most the seeds' sum times `hops + 1`.
    pub activation: f32,
}

/// The reasons why activation cannot be spread.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum SpreadingError {
    /// A seed is not a node of the graph.
    #[error("seed {seed} is not among {nodes} nodes")]
    Seed {
        /// The seed.
        seed: usize,
        /// The graph's nodes.
        nodes: usize,
    },
    /// A seed's activation is negative or not finite.
    #[error("the activation {activation} of seed {seed} is not a number from 0")]
    Activation {
        /// The seed.
        seed: usize,
        /// Its activation.
        activation: f32,
    },
    /// The decay is not within 0 and 1.
    #[error("a decay of {0} is not within 0 and 1")]
    Decay(f32),
    /// The threshold is negative or not a number.
    #[error("a threshold of {0} is not a number from 0")]
    Threshold(f32),
}

/// Reusable memory for successive calls, with graphs of any size.
#[derive(Clone, Debug, Default)]
pub struct SpreadingScratch {
    /// Received in all hops.
    total: Vec<f32>,
    /// Received in the last hop.
    pulse: Vec<f32>,
    /// Received in this one.
    next: Vec<f32>,
}

impl Graph {
    /// Returns the `k` nodes that receive the most activation from `seeds`, best first. Nodes
    /// with equal activation are in the order of their numbers. A seed is a node and its
    /// activation; a node that is given twice gets the sum.
    ///
    /// In each hop a node passes on what it received in the hop before, times
    /// the decay, divided among its edges by weight. Nodes are visited in order,
    /// so that the result is always the same, to the bit. A hop takes time for
    /// every node of the graph and for the edges of those that pass on.
    ///
    /// # Errors
    /// [`SpreadingError`] if a seed or a parameter is out of range.
    pub fn spread(
        &self,
        seeds: &[(usize, f32)],
        spreading: &Spreading,
        k: usize,
        scratch: &mut SpreadingScratch,
    ) -> Result<Vec<ActivatedNode>, SpreadingError> {
        spreading.validate(self.len(), seeds)?;
        scratch.sow(self.len(), seeds);
        for _ in 0..spreading.hops {
            if !self.hop(spreading, scratch) {
                break;
            }
        }
        Ok(scratch.best(k))
    }

    /// Returns true if a node passed activation on.
    fn hop(&self, spreading: &Spreading, scratch: &mut SpreadingScratch) -> bool {
        let mut passed = false;
        let next = scratch.next.as_mut_slice();
        next.fill(0.0);
        for (node, pulse) in scratch.pulse.iter().enumerate() {
            if spreading.passes_on(*pulse) {
                passed = true;
                let passed_on = pulse * spreading.decay;
                for arc in self.arcs(node) {
                    next[arc.to as usize] += passed_on * arc.share;
                }
            }
        }
        for (total, received) in scratch.total.iter_mut().zip(next) {
            *total += *received;
        }
        std::mem::swap(&mut scratch.pulse, &mut scratch.next);
        passed
    }
}

impl Spreading {
    /// True if a node that received this much in a hop passes it on.
    #[inline]
    fn passes_on(&self, received: f32) -> bool {
        received > 0.0 && received >= self.threshold
    }

    /// Checks that it can start from `seeds` in a graph of `nodes` nodes.
    fn validate(&self, nodes: usize, seeds: &[(usize, f32)]) -> Result<(), SpreadingError> {
        if !(0.0..=1.0).contains(&self.decay) {
            return Err(SpreadingError::Decay(self.decay));
        }
        if self.threshold.is_nan() || self.threshold < 0.0 {
            return Err(SpreadingError::Threshold(self.threshold));
        }
        for &(seed, activation) in seeds {
            if !activation.is_finite() || activation < 0.0 {
                return Err(SpreadingError::Activation { seed, activation });
            }
            if seed >= nodes {
                return Err(SpreadingError::Seed { seed, nodes });
            }
        }
        Ok(())
    }
}

impl SpreadingScratch {
    /// `seeds` are valid.
    fn sow(&mut self, nodes: usize, seeds: &[(usize, f32)]) {
        for values in [&mut self.pulse, &mut self.next] {
            values.clear();
            values.resize(nodes, 0.0);
        }
        for &(seed, activation) in seeds {
            self.pulse[seed] += activation;
        }
        self.total.clone_from(&self.pulse);
    }

    fn best(&self, k: usize) -> Vec<ActivatedNode> {
        let mut best = NearestRows::new(k.min(self.total.len()));
        for (node, activation) in self.total.iter().enumerate() {
            if *activation > 0.0 {
                best.offer(ScoredRow { row: node, score: *activation });
            }
        }
        let activated = |s: ScoredRow| ActivatedNode { node: s.row, activation: s.score };
        best.into_sorted().into_iter().map(activated).collect()
    }
}

#[cfg(test)]
mod tests;
