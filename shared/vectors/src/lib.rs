//! Exact search over rows of unit length, and activation that spreads over a graph, on
//! the CPU.
//!
//! Rows and queries have unit length, so the cosine is the dot product. A scan sees
//! every row; only [`RowFormat::Int8`] gives scores that are not those of the rows as
//! they were given. [`Scan`] is the seam to a scan that runs elsewhere.

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
pub use matrix::{DimensionError, Matrix, RowFormat, Values};
pub use nearest::{Nearest, Scored};
pub use scan::{Place, Scan, on_cpu};
pub use spreading::{Activated, Edge, Graph, GraphError, Scratch, Spreading, SpreadingError};
