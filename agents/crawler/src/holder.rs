//! The name of this process among the crawlers that share a store.

use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;

/// Returns this process's name, which no other process has or had. Two crawlers with one name
/// would request the same domain at the same time.
pub(crate) fn holder() -> String {
    static NAME: OnceLock<String> = OnceLock::new();
    let random = || RandomState::new().hash_one(std::process::id());
    NAME.get_or_init(|| format!("{:016x}{:016x}", random(), random())).clone()
}
