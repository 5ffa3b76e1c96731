//! The inputs that wait for a session, their batches, and their results.

pub(crate) mod answer;
pub(crate) mod input;
pub(crate) mod queue;
pub(crate) mod waiting;
