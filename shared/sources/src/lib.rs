//! The sources of a crawl: their records in the store ([`Sources`]), the times of looks at them
//! ([`next`]), and the registry of those that a crawler follows ([`Followed`]).

mod followed;
mod interval;
mod record;

pub use followed::{Followed, Following};
pub use interval::{Bounds, Look, Next, PublisherLimits, Quiet, next};
pub use record::{FollowedSource, Sources};
