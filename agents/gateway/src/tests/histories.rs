//! Random histories of a pipeline that loses things: whatever was accepted and is sent again
//! once is stored at the end.
//!
//! The gateway is real; the stages behind it are played, one message at a time. Between two
//! starts the spool may be lost or be an older copy, and so may the store; the clock may step.

use std::path::Path;

use courant_bus::{Deliveries, Delivery, Failure, Stage};
use futures::FutureExt;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::*;

const HISTORIES: usize = 24;
const STEPS: usize = 40;
const URLS: u8 = 6;

#[derive(Clone, Debug)]
enum Step {
    Submit {
        url: u8,
        text: u8,
    },
    /// A stage does with its next message what it should, or not.
    Handle {
        stage: usize,
        fate: Fate,
    },
    /// The oldest dead letter is published again.
    Replay,
    Clock {
        seconds: i64,
    },
    Restart(Damage),
}

#[derive(Clone, Copy, Debug)]
enum Fate {
    Done,
    /// The message becomes a dead letter.
    Buried,
    /// The message is acknowledged, and nothing comes of it.
    Lost,
    /// The next message is published, and the acknowledgement does not arrive.
    Repeated,
}

#[derive(Clone, Copy, Debug)]
enum Damage {
    Nothing,
    SpoolIsLost,
    SpoolIsOld,
    StoreIsOld,
}

fn step() -> impl Strategy<Value = Step> {
    use {Damage::*, Fate::*};
    let fate =
        prop_oneof![6 => Just(Done), 1 => Just(Buried), 1 => Just(Lost), 1 => Just(Repeated)];
    let damage = prop::sample::select(&[Nothing, SpoolIsLost, SpoolIsOld, StoreIsOld][..]);
    prop_oneof![
        6 => (0..URLS, 0..4_u8).prop_map(|(url, text)| Step::Submit { url, text }),
        12 => (0..3_usize, fate).prop_map(|(stage, fate)| Step::Handle { stage, fate }),
        1 => Just(Step::Replay),
        1 => (-7200..7200_i64).prop_map(|seconds| Step::Clock { seconds }),
        2 => damage.prop_map(Step::Restart),
    ]
}

/// A running pipeline on the files of a folder.
struct Running {
    bus: Bus,
    store: Store,
    shutdown: CancellationToken,
    gateway: JoinHandle<anyhow::Result<()>>,
    stages: [Deliveries; 3],
}

/// The stages behind the gateway, in their order.
const STAGES: [Stage; 3] = [Stage::EMBEDDER, Stage::ANALYST, Stage::STORAGE];

impl Running {
    async fn start(folder: &Path, clock: &Clock) -> Self {
        let meter = Meters::new("test").unwrap().meter();
        let spool = folder.join("spool.db");
        let bus = courant_bus::Config::default();
        let bus = Bus::embedded(&bus, &spool, clock.clone(), &meter).unwrap();
        let small = courant_store::Config { dimension: 3, ..courant_store::Config::default() };
        let file = folder.join("articles.db");
        let access = Access::ReadWrite;
        let store = Store::sqlite(&file, access, &small, clock.clone(), &meter).await.unwrap();
        let cache = Cache::memory(&courant_cache::Config::default(), &meter);
        let (config, clock) = (Config::default(), clock.clone());
        let search = Search::in_memory(store.clone()).unwrap();
        let gateway = Gateway::build(config, bus.clone(), search, cache, clock, &meter).unwrap();
        let shutdown = CancellationToken::new();
        let control = Control::new("gateway", &shutdown);
        let gateway = tokio::spawn(async move { gateway.run(control).await });
        let [a, b, c] = STAGES.map(|stage| bus.consume(stage, 1));
        let stages = [a.await.unwrap(), b.await.unwrap(), c.await.unwrap()];
        Self { bus, store, shutdown, gateway, stages }
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.gateway.await.unwrap().unwrap();
        for stage in self.stages {
            stage.stop().await;
        }
        self.bus.close().await.unwrap();
        self.store.close().await.unwrap();
    }

    async fn submit(&self, entry: Entry) {
        let id = MessageId::new(entry.submission_id.clone());
        self.bus.offer(Subject::ENTRY_SUBMITTED, &id, &v1::Entry::from(entry)).await.unwrap();
    }

    /// Returns true if there was a message for the stage.
    async fn handle(&mut self, stage: usize, fate: Fate) -> bool {
        let Some(delivery) = self.stages[stage].next().now_or_never().flatten() else {
            return false;
        };
        if matches!(fate, Fate::Done | Fate::Repeated) {
            self.pass_on(stage, &delivery).await;
        }
        let lost = || Failure::retry(anyhow::anyhow!("the acknowledgement did not arrive"));
        let settled = match fate {
            Fate::Done | Fate::Lost => Ok(()),
            Fate::Buried => Err(Failure::discard(anyhow::anyhow!("it cannot be handled"))),
            Fate::Repeated => Err(lost()),
        };
        delivery.settle(settled).await;
        true
    }

    async fn pass_on(&self, stage: usize, delivery: &Delivery) {
        let article = match stage {
            0 => delivery.decode::<v1::ArticleAccepted>().unwrap().article,
            1 => delivery.decode::<v1::ArticleEmbedded>().unwrap().article,
            _ => delivery.decode::<v1::ArticleAnalyzed>().unwrap().article,
        };
        let id = |next: &str| {
            let article = article.as_ref().unwrap();
            MessageId::article(&article.id, article.revision, next, "1")
        };
        match stage {
            0 => {
                let next = v1::ArticleEmbedded { article: article.clone(), ..Default::default() };
                self.bus.publish(Subject::ARTICLE_EMBEDDED, &id("embedded"), &next).await.unwrap();
            }
            1 => {
                let next = v1::ArticleAnalyzed { article: article.clone(), ..Default::default() };
                self.bus.publish(Subject::ARTICLE_ANALYZED, &id("analyzed"), &next).await.unwrap();
            }
            _ => {
                let article = Article::try_from(article.unwrap()).unwrap();
                let vector = [1.0, 0.0, 0.0];
                let record =
                    StoredArticle { article, ..record("https://a.example/", "", "", vector) };
                self.store.articles().upsert(&[record]).await.unwrap();
            }
        }
    }

    /// All stages work as they should until nothing is left to do.
    async fn settle(&mut self) {
        // Boxed: the Postgres half of an upsert is large.
        let settled = Box::pin(async {
            loop {
                for stage in 0..STAGES.len() {
                    while self.handle(stage, Fate::Done).await {}
                }
                let queues = self.bus.queues().await.unwrap();
                if queues.iter().filter(|queue| queue.is_work()).all(|queue| queue.depth == 0) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        });
        soon(settled).await;
    }
}

/// Three sites with two pages each.
fn url(number: u8) -> String {
    format!("https://news{}.example/{number}", number % 3)
}

/// The sites copy from one another, but no site from itself: its second page would be a
/// duplicate of the first, and lost for good where that changes later.
fn text(at: u8, number: u8) -> String {
    let first = u32::from(at / 3) * 100_000 + u32::from(number) * 1_000;
    words(first..first + 120)
}

/// Copies one database; what was there is gone.
fn copy(name: &str, from: &Path, to: &Path) {
    let (from, to) = (from.join(name), to.join(name));
    match from.exists() {
        true => drop(std::fs::copy(from, to).unwrap()),
        false => drop(std::fs::remove_file(to)),
    }
}

fn damage(damage: Damage, folder: &Path, copies: &Path) {
    match damage {
        Damage::Nothing => {}
        Damage::SpoolIsLost => std::fs::remove_file(folder.join("spool.db")).unwrap(),
        Damage::SpoolIsOld => copy("spool.db", copies, folder),
        Damage::StoreIsOld => copy("articles.db", copies, folder),
    }
}

/// Plays a history; returns the last text that each URL was submitted with.
async fn play(steps: &[Step], folder: &Path, clock: &Clock) -> BTreeMap<u8, u8> {
    let copies = tempfile::tempdir().unwrap();
    let mut pipeline = Running::start(folder, clock).await;
    let mut last = BTreeMap::new();
    for (number, step) in steps.iter().enumerate() {
        clock.advance(Duration::from_millis(1));
        match *step {
            Step::Submit { url: at, text: with } => {
                last.insert(at, with);
                let name = number.to_string();
                let seen_ms = clock.unix_ms();
                pipeline.submit(entry(&name, &url(at), &text(at, with), seen_ms)).await;
            }
            Step::Handle { stage, fate } => {
                // The gateway may be at work.
                tokio::time::sleep(Duration::from_millis(2)).await;
                pipeline.handle(stage, fate).await;
            }
            Step::Replay => {
                let letters = pipeline.bus.dead_letters(100).await.unwrap();
                if let Some(oldest) = letters.last() {
                    pipeline.bus.replay(oldest.sequence).await.unwrap();
                }
            }
            Step::Clock { seconds } => clock.set(clock.unix_ms() + 1_000 * seconds),
            Step::Restart(with) => {
                pipeline.stop().await;
                let before = tempfile::tempdir().unwrap();
                for name in ["spool.db", "articles.db"] {
                    copy(name, folder, before.path());
                }
                damage(with, folder, copies.path());
                for name in ["spool.db", "articles.db"] {
                    copy(name, before.path(), copies.path());
                }
                pipeline = Running::start(folder, clock).await;
            }
        }
    }
    pipeline.stop().await;
    last
}

async fn lost(last: &BTreeMap<u8, u8>, folder: &Path, clock: &Clock) -> Vec<(u8, u8)> {
    let mut pipeline = Running::start(folder, clock).await;
    pipeline.settle().await;
    let mut decisions: Subscription<v1::EntryDecided> =
        pipeline.bus.subscribe(Subject::ENTRY_DECIDED).await.unwrap();
    for (at, with) in last {
        clock.advance(Duration::from_millis(1));
        let again = entry(&format!("again-{at}"), &url(*at), &text(*at, *with), clock.unix_ms());
        pipeline.submit(again).await;
    }
    pipeline.settle().await;
    let mut stored = Vec::new();
    for at in 0..URLS {
        let id = ArticleId::of(&canonicalize(&url(at)).unwrap());
        let found = pipeline.store.articles().get(id).await.unwrap();
        stored.extend(found.map(|record| record.article.content_hash));
    }
    while let Some(Some(decided)) = decisions.next().now_or_never() {
        // Shown where a test fails.
        println!("{}: {:?}", decided.submission_id, decided);
    }
    let is_lost = |(at, with): &(&u8, &u8)| !stored.contains(&content_hash(&text(**at, **with)));
    let lost = last.iter().filter(is_lost).map(|(at, with)| (*at, *with)).collect();
    let open = pipeline.store.claims().open(100).await.unwrap();
    assert_eq!(open, [], "every claim is kept or released");
    pipeline.stop().await;
    lost
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_was_accepted_and_is_sent_again_once_is_stored() {
    let mut runner = TestRunner::deterministic();
    for history in 0..HISTORIES {
        let steps = prop::collection::vec(step(), STEPS).new_tree(&mut runner).unwrap().current();
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::fixed(NOW_MS);
        let last = play(&steps, folder.path(), &clock).await;
        let lost = lost(&last, folder.path(), &clock).await;
        assert_eq!(lost, [], "history {history}: {steps:#?}");
    }
}
