//! Sequence and token classifiers of the user's own.
//!
//! A text becomes windows of the model's length. The probabilities of a sequence
//! classifier's windows are averaged by their tokens; a token classifier's windows
//! overlap, and each word is labelled in the one in which it lies deepest.

mod cache;
mod classify;
mod config;
mod decode;
mod files;
mod labels;
mod metrics;

pub use cache::{Lease, Models};
pub use classify::{Classified, Classifier, Findings, Label, LabelledSpan};
pub use config::{ClassifierConfig, Task};
