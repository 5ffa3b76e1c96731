//! The choice of blocks by rules, before the trees decide.

use super::choose::Choice;
use super::outline::Outline;
use super::score::Scores;

/// The blocks that the rules keep, and the data that they were chosen by.
#[derive(Debug)]
pub(super) struct ByRules {
    pub(super) outline: Outline,
    pub(super) scores: Scores,
    pub(super) choice: Choice,
    pub(super) kept: Vec<usize>,
    /// The blocks that the rules surely leave out.
    pub(super) refused: Vec<usize>,
}
