//! The tables, as both back ends have them.

/// The newest version of the tables.
pub(super) const VERSION: i64 = 1;

/// A record: its kind, and itself as JSON.
pub(super) struct Row {
    pub(super) kind: String,
    pub(super) body: String,
}
