//! The result of one input.

use courant_article::ModelRef;
use courant_gpu_utils::device::Provider;

/// The vectors of one input, or its scores: the whole's, then one per further row.
pub(crate) type Rows = Vec<Vec<f32>>;

/// The result of one input.
pub(crate) struct InputResult {
    pub(crate) rows: Rows,
    /// The values that its reader kept; empty where it has none.
    pub(crate) words: Vec<f32>,
    /// The provider that ran it: the CPU where its device had no memory for it.
    pub(crate) provider: Provider,
}

/// Returns `model` with the providers that really ran, input by input.
pub(crate) fn ran(model: &ModelRef, providers: impl Iterator<Item = Provider>) -> ModelRef {
    let mut providers: Vec<&str> = providers.map(Provider::as_str).collect();
    providers.sort_unstable();
    providers.dedup();
    match providers.is_empty() {
        true => model.clone(),
        false => ModelRef { provider: providers.join("+"), ..model.clone() },
    }
}

/// The tokens that sessions computed.
#[derive(Clone, Copy, Default)]
pub(crate) struct TokenCounts {
    pub(crate) real: usize,
    pub(crate) padded: usize,
}
