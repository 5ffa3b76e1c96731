//! The precision of a model's numbers.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Error;

/// The numbers of a model's large multiplications.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32-bit floats: the reference.
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

/// The configured precision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PrecisionChoice {
    /// [`Precision::Int8`] on a CPU that multiplies bytes exactly, if the model's int8 graph is
    /// measured to be as good as its fp32 graph. Else [`Precision::Fp32`].
    #[default]
    Auto,
    /// This precision on every device.
    #[serde(untagged)]
    Fixed(Precision),
}

impl From<Precision> for PrecisionChoice {
    fn from(precision: Precision) -> Self {
        Self::Fixed(precision)
    }
}

/// The versions of the int8 graphs that [`PrecisionChoice::Auto`] takes. `make eval` measures
/// them: at least 0.995 of the rank correlation of fp32, a mean cosine of at least 0.99 with its
/// vectors, and topics, names and sentiments within half a point.
const AS_GOOD_AS_FP32: [&str; 1] = ["757408745d11"];

impl PrecisionChoice {
    /// Returns the precision on a CPU. `int8_version`: the version of the model's int8 graph.
    pub(crate) fn on_cpu(self, int8_version: Option<&str>) -> Precision {
        match self {
            Self::Fixed(precision) => precision,
            Self::Auto => {
                let is_good = int8_version.is_some_and(|v| AS_GOOD_AS_FP32.contains(&v));
                if is_good && multiplies_bytes_exactly() {
                    Precision::Int8
                } else {
                    Precision::Fp32
                }
            }
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_takes_int8_only_of_a_graph_that_is_known_to_be_as_good() {
        let known = Some(AS_GOOD_AS_FP32[0]);
        let expected = if multiplies_bytes_exactly() { Precision::Int8 } else { Precision::Fp32 };
        assert_eq!(PrecisionChoice::Auto.on_cpu(known), expected);
        assert_eq!(PrecisionChoice::Auto.on_cpu(Some("000000000000")), Precision::Fp32);
        assert_eq!(PrecisionChoice::Auto.on_cpu(None), Precision::Fp32);
        assert_eq!(PrecisionChoice::from(Precision::Fp16).on_cpu(known), Precision::Fp16);
    }

    #[test]
    fn a_choice_is_written_as_auto_or_as_a_precision() {
        let choices = [
            (PrecisionChoice::Auto, "\"auto\""),
            (Precision::Fp32.into(), "\"fp32\""),
            (Precision::Int8Static.into(), "\"int8-static\""),
        ];
        for (choice, written) in choices {
            assert_eq!(serde_json::to_string(&choice).unwrap(), written);
            assert_eq!(serde_json::from_str::<PrecisionChoice>(written).unwrap(), choice);
        }
        assert!(serde_json::from_str::<PrecisionChoice>("\"fp64\"").is_err());
    }
}
