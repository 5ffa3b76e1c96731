//! Sequence and token classifiers that the user configures.
//!
//! A text is cut into windows of the model's length. A sequence classifier's result is the mean
//! over its windows, weighted by their tokens. The windows of a token classifier overlap, and
//! each word is labelled in the window in which it lies farthest from the edge.

mod cache;
mod classify;
mod config;
mod cross_encoder;
mod decode;
mod files;
mod labels;
mod metrics;

pub use cache::{ClassifierCache, ClassifierLease};
pub use classify::{Classified, Classifier, Findings, Label, LabelledSpan};
pub use config::{ClassifierConfig, ClassifierTask};
pub(crate) use cross_encoder::CrossEncoder;
