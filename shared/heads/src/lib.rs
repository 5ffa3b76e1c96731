//! Small models on the encoder's vectors, trained here: sentiment, topics and
//! entities. Pure: no runtime, no network, and the same input gives the same
//! output.

pub mod calibrate;
pub mod entities;
pub mod file;
pub mod lbfgs;
pub mod matrix;
pub mod metrics;
pub mod sentiment;
pub mod softmax;
pub mod topics;
