//! Devices, and the vector operations that run on them.

pub mod similarity;
