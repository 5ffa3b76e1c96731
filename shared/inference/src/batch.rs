//! Inputs on their way to a session, the batches that they make up, and their answers.

pub(crate) mod answer;
pub(crate) mod input;
pub(crate) mod queue;
pub(crate) mod waiting;
