//! The name that this process has among crawlers.

use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;

/// A name that no other process has or had: two that believed to be one would ask the
/// same domain at a time.
pub(crate) fn holder() -> String {
    static NAME: OnceLock<String> = OnceLock::new();
    let random = || RandomState::new().hash_one(std::process::id());
    NAME.get_or_init(|| format!("{:016x}{:016x}", random(), random())).clone()
}
