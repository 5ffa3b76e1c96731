//! Shares domains with other crawlers while a crawl runs.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::crawl::Crawl;
use crate::extent::Extent;

/// The wait before a failed renewal is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// The most domains without a holder that one check reads.
const MAX_WAITING: usize = 1_000;

/// Renews this crawler's leases, and takes over the pages and domains that others leave. Never
/// returns by itself.
pub(crate) async fn share(crawl: &Arc<Crawl>) {
    let waiting = AtomicUsize::new(0);
    tokio::join!(renew(crawl, &waiting), take_over(crawl, &waiting));
}

/// Renews leases in its own loop, because a late renewal loses the domains.
async fn renew(crawl: &Arc<Crawl>, waiting: &AtomicUsize) {
    let leases = &crawl.leases;
    loop {
        let renewed = leases.renew(waiting.load(Ordering::Relaxed)).await;
        crawl.tally.control.detail("leases", leases.summary());
        let wait = if renewed.is_ok() { leases.renewal_interval() } else { RETRY_AFTER };
        tokio::time::sleep(wait).await;
    }
}

async fn take_over(crawl: &Arc<Crawl>, waiting: &AtomicUsize) {
    loop {
        tokio::time::sleep(crawl.leases.renewal_interval()).await;
        if crawl.extent == Extent::Forever {
            let held = crawl.leases.held();
            crawl.adopt(&held).await;
            let held: HashSet<&str> = held.iter().map(|lease| lease.domain.as_str()).collect();
            let mut domains = crawl.waiting_domains(MAX_WAITING).await;
            domains.retain(|domain| !held.contains(domain.as_str()));
            waiting.store(domains.len(), Ordering::Relaxed);
            domains.truncate(crawl.leases.room(MAX_WAITING));
            domains.into_iter().for_each(|domain| crawl.open(domain));
        }
    }
}
