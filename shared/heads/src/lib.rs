//! Small models on the encoder's vectors, trained here: sentiment, topics and
//! entities. Pure but for the [`registry`], which keeps heads in a folder: no
//! runtime, no network, and the same input gives the same output.

mod calibrate;
pub mod entities;
pub mod file;
mod head;
pub mod labelled;
mod lbfgs;
pub mod matrix;
pub mod metrics;
pub mod registry;
mod sentences;
pub mod sentiment;
mod shipped;
mod softmax;
pub mod topics;

pub use head::{Head, HeadTask};
pub use sentences::sentences;
