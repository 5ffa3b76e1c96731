//! Devices, and the vector operations that run on them.
//!
//! Everything compiles and is tested without CUDA. What decides is pure: presets,
//! budgets, the ladder of [`operation`], the choice of [`hybrid`]. What needs a
//! device stands in a few files: [`cuda`], [`libraries`], [`stream::cuda`], the two
//! operations' `device` and the NVML part of [`collect`], which load their libraries at
//! run time and say why where they cannot.

pub mod cgroup;
pub mod clock;
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
pub mod spreading;
pub mod stream;

pub use config::{Config, ConfigError};
