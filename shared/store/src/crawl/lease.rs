//! Leases: the right to send requests to a registered domain. One crawler has it at a time.

use std::time::Duration;

/// The right to send requests to one registered domain. It ends by the clock of the store. Its
/// holder counts the time from before it requested the lease, and so never relies on it for too
/// long.
///
/// A write that requires a lease is refused once another epoch has begun.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lease {
    /// The registered domain.
    pub domain: String,
    /// The crawler that has the lease. No other process has, or ever had, this name.
    pub holder: String,
    /// A number that grows each time the lease of the domain is taken.
    pub epoch: i64,
}

/// A lease that was just taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenLease {
    /// The lease.
    pub lease: Lease,
    /// The pause between two requests that the former holder used; zero if it is unknown.
    pub delay: Duration,
}

/// The result of renewing the leases of a crawler.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Renewal {
    /// The domains whose leases were renewed; the others were lost.
    pub kept: Vec<String>,
    /// The number of live crawlers, including this one.
    pub crawlers: usize,
    /// The number of domains that any of them holds.
    pub domains: usize,
}
