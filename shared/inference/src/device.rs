//! The devices that sessions run on: a model's place, its memory, and what is left of it.

pub(crate) mod arena;
pub(crate) mod host;
pub(crate) mod placement;
pub(crate) mod share;
pub(crate) mod watch;
