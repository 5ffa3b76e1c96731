//! Limits on the rate of requests, by principal and operation: GCRA, which allows a burst and then one
//! request per interval, and keeps one time per key.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use courant_config::{Ranged, Ranges};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scope::Scope;

/// The most keys that are remembered. Beyond it, new ones share one.
const MAX_KEYS: usize = 50_000;
/// The key that they share.
const OTHERS: &str = "others";

/// Requests per second of one principal, by the scope of the operation; 0: no limit. Where nobody has
/// to say who they are, an address counts as a principal. Each replica counts for itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LimitConfig {
    /// Searches, counts, completions, vectors and labels.
    pub search: f64,
    /// Articles, decisions, sources.
    pub read: f64,
    /// Submissions, and changes of sources. A stream of submissions is one request.
    pub submit: f64,
    /// Status, events, dead letters.
    pub watch: f64,
    /// Everything that needs the scope `admin`.
    pub admin: f64,
    /// Seconds for which requests may come at once that are allowed in that time, 0.1 to 3600.
    pub burst_s: f64,
}

impl Default for LimitConfig {
    fn default() -> Self {
        Self { search: 0.0, read: 0.0, submit: 0.0, watch: 0.0, admin: 0.0, burst_s: 5.0 }
    }
}

impl Ranged for LimitConfig {
    fn ranges(&self, ranges: &mut Ranges) {
        for (key, rate) in [
            ("search", self.search),
            ("read", self.read),
            ("submit", self.submit),
            ("watch", self.watch),
            ("admin", self.admin),
        ] {
            let holds = rate == 0.0 || (0.001..=1e6).contains(&rate);
            ranges.rule(key, rate, "0, or 0.001 to 1000000", holds);
        }
        ranges.within("burst_s", self.burst_s, 0.1..=3600.0);
    }
}

impl LimitConfig {
    fn rate(&self, scope: Scope) -> Option<f64> {
        let rate = match scope {
            Scope::Search => self.search,
            Scope::Read => self.read,
            Scope::Submit => self.submit,
            Scope::Watch => self.watch,
            Scope::Admin => self.admin,
            Scope::Metrics => 0.0,
        };
        (rate > 0.0).then_some(rate)
    }
}

/// The state of a limit after a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Allowance {
    /// The operations that it limits.
    pub scope: Scope,
    /// Requests that may come at once when none came for a while.
    pub burst: u64,
    /// The window of the limit, in seconds.
    pub window_s: u64,
    /// Requests that may come at once now.
    pub left: u64,
    /// The time after which one more request is allowed, or all are again if some are left.
    pub wait: Duration,
}

/// The limits of a process.
pub(crate) struct Limits {
    config: LimitConfig,
    start: Instant,
    /// By principal and scope: the time, in seconds from the start, up to which the allowance is used.
    used_until: Mutex<HashMap<(String, Scope), f64>>,
}

impl Limits {
    pub(crate) fn new(config: &LimitConfig) -> Self {
        let used_until = Mutex::default();
        Self { config: config.clone(), start: Instant::now(), used_until }
    }

    /// Takes one request of `principal`. `None` without a limit.
    ///
    /// # Errors
    /// The allowance, if it is used up.
    pub(crate) fn take(
        &self,
        principal: &str,
        scope: Scope,
    ) -> Result<Option<Allowance>, Allowance> {
        self.take_at(principal, scope, self.start.elapsed().as_secs_f64())
    }

    fn take_at(
        &self,
        principal: &str,
        scope: Scope,
        now: f64,
    ) -> Result<Option<Allowance>, Allowance> {
        let Some(rate) = self.config.rate(scope) else { return Ok(None) };
        let (interval, tolerance) = (1.0 / rate, self.config.burst_s.max(1.0 / rate));
        let mut used_until = self.used_until.lock().unwrap_or_else(PoisonError::into_inner);
        let key = Self::key(&mut used_until, principal, scope, now);
        let used = used_until.get(&key).copied().unwrap_or(now).max(now);
        let allowance = |used: f64, wait: f64| Allowance {
            scope,
            burst: (tolerance * rate).round() as u64,
            window_s: tolerance.ceil() as u64,
            left: ((tolerance - (used - now)) * rate + 1e-6).max(0.0) as u64,
            wait: Duration::from_secs_f64(wait.max(0.0)),
        };
        let then = used + interval;
        if then - now > tolerance + 1e-9 {
            return Err(allowance(used, then - now - tolerance));
        }
        used_until.insert(key, then);
        Ok(Some(allowance(then, then - now)))
    }

    fn key(
        used_until: &mut HashMap<(String, Scope), f64>,
        principal: &str,
        scope: Scope,
        now: f64,
    ) -> (String, Scope) {
        let key = (principal.to_owned(), scope);
        if used_until.len() < MAX_KEYS || used_until.contains_key(&key) {
            return key;
        }
        used_until.retain(|_, used| *used > now);
        if used_until.len() < MAX_KEYS { key } else { (OTHERS.to_owned(), scope) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits::new(&LimitConfig { search: 10.0, burst_s: 2.0, ..LimitConfig::default() })
    }

    #[test]
    fn a_burst_is_allowed_and_then_the_rate() {
        let limits = limits();
        let at = |now| limits.take_at("ann", Scope::Search, now);
        for taken in 1..=20 {
            let allowance = at(0.0).unwrap().unwrap();
            assert_eq!((allowance.burst, allowance.left), (20, 20 - taken));
        }
        let refused = at(0.0).unwrap_err();
        assert_eq!((refused.left, refused.wait.as_millis()), (0, 100));
        assert!(at(0.05).is_err() && at(0.1).is_ok() && at(0.1).is_err());
        let steady = (0..100).filter(|n| at(1.0 + f64::from(*n) * 0.05).is_ok()).count();
        assert!((58..=60).contains(&steady), "10 a second and what was left: {steady}");
    }

    #[test]
    fn principals_and_scopes_have_limits_of_their_own_and_others_none() {
        let limits = limits();
        while limits.take_at("ann", Scope::Search, 0.0).is_ok() {}
        assert!(limits.take_at("bob", Scope::Search, 0.0).is_ok());
        assert_eq!(limits.take_at("ann", Scope::Read, 0.0), Ok(None));
    }

    #[test]
    fn the_number_of_keys_is_bounded_and_new_ones_share_a_limit() {
        let limits = limits();
        for number in 0..MAX_KEYS {
            assert!(limits.take_at(&number.to_string(), Scope::Search, 0.0).is_ok());
        }
        let fresh =
            (0..1000).filter(|n| limits.take_at(&format!("x{n}"), Scope::Search, 0.0).is_ok());
        assert_eq!(fresh.count(), 20);
        assert!(limits.take_at("y", Scope::Search, 10.0).is_ok());
        assert!(
            limits.used_until.lock().unwrap().len() < 3,
            "what was used up long ago is forgotten"
        );
    }
}
