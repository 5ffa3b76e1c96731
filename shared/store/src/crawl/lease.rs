//! Leases: the right to ask a registered domain, which one crawler has at a time.

use std::time::Duration;

/// The right to ask one registered domain. It ends by the store's own time; its holder
/// counts from before it asked for it, and so never counts on longer.
///
/// A write that rests on a lease is refused when another epoch has begun.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lease {
    /// The registered domain.
    pub domain: String,
    /// The crawler that has it: a name that no other process has or had.
    pub holder: String,
    /// Grows each time that the domain is taken.
    pub epoch: i64,
}

/// A lease that was had just now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenLease {
    /// The lease.
    pub lease: Lease,
    /// The pause between two requests that the former holder kept; zero where it is not
    /// known.
    pub delay: Duration,
}

/// The state of a crawler's leases and of those beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Renewal {
    /// The domains whose leases were renewed; the others were lost.
    pub kept: Vec<String>,
    /// Crawlers that live, this one included.
    pub crawlers: usize,
    /// Domains that are held by any of them.
    pub domains: usize,
}
