use std::future::pending;

use courant_store::{Access, Store};
use courant_telemetry::{Clock, Meters};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::*;

/// Longer than any test.
const LONG: Duration = Duration::from_secs(600);

struct World {
    _folder: TempDir,
    store: Store,
    clock: Clock,
    meters: Meters,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (clock, meters) = (Clock::fixed(1_700_000_000_000), Meters::new("test").unwrap());
        let (path, meter) = (folder.path().join("store.db"), meters.meter());
        let config = courant_store::Config::default();
        let store = Store::sqlite(&path, Access::ReadWrite, &config, clock.clone(), &meter);
        Self { store: store.await.unwrap(), _folder: folder, clock, meters }
    }

    fn crawler(&self, holder: &str, lasts: Duration) -> Arc<Leases> {
        let (stop, meter) = (CancellationToken::new(), self.meters.meter());
        Arc::new(Leases {
            holder: holder.to_owned(),
            lasts,
            shares: true,
            store: self.store.crawl(),
            patience: Patience::new(Duration::ZERO, stop),
            fences: Arc::default(),
            notes: Arc::new(Notes::new(self.clock.clone())),
            politeness: Arc::new(Politeness::new(Duration::ZERO, LONG)),
            metrics: Metrics::new(&meter),
            state: Mutex::default(),
            renewed: Notify::new(),
        })
    }
}

fn is_elsewhere<T>(held: &Result<T, Ended>) -> bool {
    matches!(held, Err(Ended::Elsewhere))
}

#[tokio::test]
async fn a_domain_is_another_s_until_it_is_given_back() {
    let world = World::new().await;
    let (one, two) = (world.crawler("one", LONG), world.crawler("two", LONG));
    let holding = one.hold("a.example").await.unwrap();
    let again = one.hold("a.example").await.unwrap();
    assert_eq!(holding.lease(), again.lease(), "users share a lease");
    assert!(holding.may_go_on() && holding.may_start());
    assert_eq!(one.fences.get("a.example").as_ref(), Some(holding.lease()));
    assert!(is_elsewhere(&two.hold("a.example").await));
    drop((holding, again));
    one.leave().await;
    let taken = two.hold("a.example").await.unwrap();
    assert_eq!(taken.lease().epoch, 2);
}

#[tokio::test]
async fn a_lease_that_was_lost_ends_the_work_under_it() {
    let world = World::new().await;
    let (one, two) = (world.crawler("one", LONG), world.crawler("two", LONG));
    let holding = one.hold("a.example").await.unwrap();
    world.clock.advance(LONG);
    let _taken = two.hold("a.example").await.unwrap();
    one.renew(0).await.unwrap();
    assert!(!holding.may_go_on() && !holding.may_start());
    assert_eq!(one.fences.get("a.example"), None);
    assert!(is_elsewhere(&holding.within(async { Ok(()) }).await), "nothing is begun");
    let lost = world.meters.render().unwrap();
    assert!(lost.contains("courant_crawl_lost_leases_total 1"), "{lost}");
}

#[tokio::test]
async fn work_ends_with_the_lease_unless_that_is_renewed() {
    let world = World::new().await;
    let lasts = Duration::from_secs(2);
    let one = world.crawler("one", lasts);
    let holding = one.hold("a.example").await.unwrap();
    let taken = Instant::now();
    let endless = holding.within(pending::<Result<(), Ended>>());
    let mut endless = pin!(endless);
    assert!(tokio::time::timeout(lasts / 2, endless.as_mut()).await.is_err());
    one.renew(0).await.unwrap();
    assert!(is_elsewhere(&endless.await));
    assert!(taken.elapsed() >= lasts + lasts / 2, "{:?}", taken.elapsed());
    // The store has given it to nobody else.
    assert_eq!(one.hold("a.example").await.unwrap().lease().epoch, 2);
}

#[tokio::test]
async fn each_of_two_crawlers_has_its_share() {
    let world = World::new().await;
    let (one, two) = (world.crawler("one", LONG), world.crawler("two", LONG));
    let mut held = Vec::new();
    for domain in ["a.example", "b.example", "c.example"] {
        held.push(one.hold(domain).await.unwrap());
    }
    two.renew(0).await.unwrap();
    one.renew(1).await.unwrap();
    let stay = held.iter().filter(|holding| holding.may_go_on()).count();
    assert_eq!(stay, 2, "of four domains, one of them waiting");
    two.renew(1).await.unwrap();
    assert!(is_elsewhere(&one.hold("d.example").await), "its share is full");
    assert_eq!((one.room(10), two.room(10)), (0, 2));
    two.hold("d.example").await.unwrap();
}

#[tokio::test]
async fn a_domain_taken_over_keeps_the_pause_of_its_former_holder() {
    let world = World::new().await;
    let (one, two) = (world.crawler("one", LONG), world.crawler("two", LONG));
    let holding = one.hold("a.example").await.unwrap();
    let pause = Duration::from_millis(300);
    holding.keep_delay(pause);
    one.renew(0).await.unwrap();
    drop(holding);
    one.leave().await;
    let start = Instant::now();
    let taken = two.hold("a.example").await.unwrap();
    drop(two.politeness.turn("a.example", Duration::ZERO).await.unwrap());
    assert!(start.elapsed() >= pause, "{:?}", start.elapsed());
    drop(taken);
    two.leave().await;
    two.hold("a.example").await.unwrap();
    let delay = two.politeness.turn("a.example", Duration::ZERO).await.unwrap().delay();
    assert_eq!(delay, pause, "nobody was in between: the usual pause");
}
