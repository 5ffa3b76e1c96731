//! The search for the nearest rows of a matrix. It runs on a CUDA device if that is faster than
//! the scans of `courant-vectors` on the CPU.

pub mod device;
mod hybrid;

pub use hybrid::{HybridMatrix, NotOnGpu};
