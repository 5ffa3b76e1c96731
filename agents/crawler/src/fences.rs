//! The leases that this crawler holds now. Its writes need them.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use courant_store::Lease;

/// The held leases, by domain. A write needs the lease of its domain, which fences off crawlers
/// that lost it.
#[derive(Debug, Default)]
pub(crate) struct Fences(Mutex<HashMap<String, Lease>>);

impl Fences {
    /// Records that a domain is held.
    pub(crate) fn put(&self, lease: Lease) {
        let mut leases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        leases.insert(lease.domain.clone(), lease);
    }

    /// Records that a lease was given back or lost.
    pub(crate) fn remove(&self, lease: &Lease) {
        let mut leases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if leases.get(&lease.domain) == Some(lease) {
            leases.remove(&lease.domain);
        }
    }

    /// Returns the lease of `domain`, if it is held.
    pub(crate) fn get(&self, domain: &str) -> Option<Lease> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(domain).cloned()
    }

    /// Returns the leases of those `domains` that are held, each once.
    pub(crate) fn of<'a>(&self, domains: impl Iterator<Item = &'a str>) -> Vec<Lease> {
        let leases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let domains: HashSet<&str> = domains.collect();
        domains.into_iter().filter_map(|domain| leases.get(domain).cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(domain: &str, epoch: i64) -> Lease {
        Lease { domain: domain.into(), holder: "me".into(), epoch }
    }

    #[test]
    fn a_lease_that_ended_leaves_the_next_one_alone() {
        let fences = Fences::default();
        fences.put(lease("a.example", 1));
        fences.put(lease("a.example", 2));
        fences.remove(&lease("a.example", 1));
        assert_eq!(fences.get("a.example"), Some(lease("a.example", 2)));
        assert_eq!(fences.of(["a.example", "b.example", "a.example"].into_iter()).len(), 1);
        fences.remove(&lease("a.example", 2));
        assert_eq!(fences.get("a.example"), None);
    }
}
