//! CUDA devices: their choice, memory, streams and kernels, safe runs on them, and the dispatch
//! between CPU and GPU.
//!
//! Everything compiles and is tested without CUDA. The decisions are pure: presets, budgets,
//! the ladder of [`operation`], the choice of [`hybrid`]. The files that need a device are few:
//! [`cuda`], [`libraries`], [`stream`], the matrix of [`similarity::device`] and the NVML part
//! of [`collect`]. They load their libraries at run time, and report the reason if they cannot.

pub mod collect;
mod config;
pub mod cuda;
pub mod device;
pub mod doctor;
pub mod hybrid;
pub mod libraries;
pub mod memory;
pub mod operation;
pub mod similarity;
pub mod stream;

pub use config::Config;
