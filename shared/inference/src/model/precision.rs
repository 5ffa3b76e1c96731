//! The precision of a model's numbers.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Error;

/// The numbers of a model's large multiplications.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32-bit floats: the reference.
    #[default]
    Fp32,
    /// 16-bit floats, for GPUs.
    Fp16,
    /// 8-bit integers, about twice as fast on CPUs. The range of the rounded values depends on
    /// the run, so every text runs alone: else its vector would depend on the other texts in
    /// the batch.
    Int8,
    /// 8-bit integers with fixed ranges from `courant models calibrate`, as TensorRT needs
    /// them. A vector does not depend on its batch.
    #[serde(rename = "int8-static")]
    Int8Static,
}

impl Precision {
    /// Returns the name in records and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fp32 => "fp32",
            Self::Fp16 => "fp16",
            Self::Int8 => "int8",
            Self::Int8Static => "int8-static",
        }
    }

    /// Refuses what this processor would compute wrongly: without VNNI, ONNX
    /// Runtime adds pairs of 8-bit products in 16 bits, which overflow.
    pub(crate) fn check_processor(self) -> Result<(), Error> {
        let rounds = matches!(self, Self::Int8 | Self::Int8Static);
        if !rounds || multiplies_bytes_exactly() {
            return Ok(());
        }
        let reason = "int8 needs a processor with VNNI (or ARM's dot product)".into();
        Err(Error::inference("precision", reason))
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(target_arch = "x86_64")]
fn multiplies_bytes_exactly() -> bool {
    std::arch::is_x86_feature_detected!("avx512vnni")
        || std::arch::is_x86_feature_detected!("avxvnni")
}

#[cfg(not(target_arch = "x86_64"))]
fn multiplies_bytes_exactly() -> bool {
    true
}
