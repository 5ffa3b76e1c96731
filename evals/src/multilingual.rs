//! `courant-eval multilingual`: measures what an encoder of many languages carries from one
//! language to the others. `COURANT__INFERENCE__MODEL` names the encoder.
//!
//! `train-languages` adds topics to an encoder: it writes the head for topics, from descriptions
//! and examples. A head covers the languages in which it is measured to reach its floor.

mod args;
mod sentiment;
mod similarity;
mod texts;
mod topics;

use std::path::Path;

use anyhow::Result;
use courant_inference::PrecisionChoice;

use crate::heads::VectorCache;
use crate::report::Report;
pub(crate) use args::{MultilingualArgs, TrainLanguagesArgs};

/// Measures similarity, topics and sentiment on every set that is present.
///
/// # Errors
/// Fails if a set that is present or a head cannot be read.
pub(crate) fn run(data: &Path, args: &MultilingualArgs) -> Result<Report> {
    let mut report = Report::default();
    similarity::measure(&mut report, data, args.most)?;
    let mut vectors = VectorCache::open(data, PrecisionChoice::Auto)?;
    similarity::measure_translations(&mut report, &mut vectors, data, args.most)?;
    topics::measure(&mut report, &mut vectors, data, args)?;
    sentiment::measure(&mut report, &mut vectors, data, args)?;
    Ok(report)
}

/// Makes the head for topics, and measures it.
///
/// # Errors
/// Fails if a set or the examples cannot be read, or the file cannot be written.
pub(crate) fn train(data: &Path, args: &TrainLanguagesArgs) -> Result<Report> {
    let mut vectors = VectorCache::open(data, PrecisionChoice::Auto)?;
    topics::train(&mut vectors, data, args)
}
