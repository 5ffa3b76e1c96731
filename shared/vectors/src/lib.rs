//! Exact search over rows of unit length, and activation that spreads over a graph, on
//! the CPU.
//!
//! Rows and queries have unit length, so the cosine is the dot product. A scan compares every
//! row. Only [`RowFormat::Int8`] gives approximate scores. [`Scan`] is the trait for scans that
//! run on another device.

mod codes;
mod kernels;
mod lines;
mod matrix;
mod nearest;
mod rows;
mod scan;
mod search;
mod spreading;

pub use kernels::dot;
pub use matrix::{DimensionError, Matrix, RowFormat, RowValues};
pub use nearest::{NearestRows, ScoredRow};
pub use scan::{Scan, ScanPlacement, on_cpu};
pub use spreading::{
    ActivatedNode, Edge, Graph, GraphError, Spreading, SpreadingError, SpreadingScratch,
};
