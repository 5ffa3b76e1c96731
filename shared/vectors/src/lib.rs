//! Search over rows of unit length, and activation that spreads over a graph, on the CPU.
//!
//! Rows and queries have unit length, so the cosine is the dot product. A scan compares every
//! row. Of a [`Matrix`], only [`RowFormat::Int8`] gives approximate scores. [`SignCodes`] keep one
//! bit per value and find candidates, whose exact scores their caller computes; a [`RowSet`] is
//! the filter. [`Scan`] is the trait for scans that run on another device.

mod codes;
mod kernels;
mod lines;
mod matrix;
mod nearest;
mod row_set;
mod rows;
mod scan;
mod search;
mod signs;
mod spreading;

pub use kernels::dot;
pub use matrix::{DimensionError, Matrix, RowFormat, RowValues};
pub use nearest::{NearestRows, ScoredRow};
pub use row_set::RowSet;
pub use scan::{Scan, ScanPlacement, on_cpu};
pub use signs::SignCodes;
pub use spreading::{
    ActivatedNode, Edge, Graph, GraphError, Spreading, SpreadingError, SpreadingScratch,
};
