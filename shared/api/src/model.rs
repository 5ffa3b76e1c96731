//! The model that computed a result.

use courant_article::ModelRef;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The model that computed a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Model {
    /// The name, such as `all-MiniLM-L6-v2`.
    pub name: String,
    /// The version of its files.
    pub version: String,
    /// `fp32`, `fp16` or `int8`.
    pub precision: String,
    /// `cpu`, `cuda` or `tensorrt`: what really ran.
    pub provider: String,
}

/// The model that computed a vector.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ModelView {
    /// The name, such as `all-MiniLM-L6-v2`.
    pub name: String,
    /// The version of its files.
    pub version: String,
    /// fp32, fp16 or int8.
    pub precision: String,
    /// cpu, cuda or tensorrt: what really ran.
    pub provider: String,
}

impl From<ModelRef> for ModelView {
    fn from(model: ModelRef) -> Self {
        Self {
            name: model.name,
            version: model.version,
            precision: model.precision,
            provider: model.provider,
        }
    }
}
