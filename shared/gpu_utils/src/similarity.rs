//! The nearest rows of a matrix, on a CUDA device while it is faster there than the
//! scans of `courant-vectors` on the CPU.

pub mod device;
mod hybrid;

pub use hybrid::{HybridMatrix, NotOnGpu};
