//! Accepted means kept: a process under load is killed again and again, its clock is set and
//! its files are lost or damaged in between.
//!
//! `COURANT_KILLS` and `COURANT_SEED` play a longer or another history (`make faults`).

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use courant_tests::{AgentProcess, EmbeddedPipeline, Publishers, http, until};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

/// Publishers that submit at the same time.
const PUBLISHERS: u64 = 4;
const WORDS: &[&str] = &[
    "harbour",
    "council",
    "ferry",
    "tunnel",
    "bridge",
    "hospital",
    "school",
    "library",
    "museum",
    "railway",
    "airport",
    "market",
    "orchard",
    "foundry",
    "archive",
    "theatre",
    "orchestra",
    "glacier",
    "valley",
    "river",
    "marsh",
    "forest",
    "turbine",
    "battery",
    "antenna",
    "garage",
    "parliament",
    "court",
    "embassy",
    "auction",
    "festival",
    "parade",
    "league",
    "referee",
    "physician",
    "vaccine",
    "clinic",
    "siren",
    "curfew",
    "strike",
    "budget",
    "tariff",
    "pension",
    "mortgage",
    "tenant",
    "census",
    "ballot",
    "petition",
    "mayor",
    "senator",
    "envoy",
    "treaty",
    "northern",
    "crowded",
    "wooden",
    "historic",
    "coastal",
    "modest",
    "famous",
    "quiet",
    "narrow",
    "approved",
    "rejected",
    "repaired",
    "flooded",
    "expanded",
    "praised",
    "renamed",
    "measured",
];

/// The accepted versions of each article, by its id, the newest last.
type Accepted = Arc<Mutex<BTreeMap<String, Vec<Value>>>>;

/// An article of 60 to 110 words that no other is near to.
fn article(random: &mut StdRng, url: &str) -> Value {
    let mut word = || *WORDS.choose(random).expect("there are words");
    let name: String = (0..4).map(|_| word().get(..3).unwrap_or_default()).collect();
    let sentence = |words: &mut dyn FnMut() -> &'static str| {
        let words: Vec<_> = (0..9).map(|_| words()).collect();
        format!("The {} was there.", words.join(" "))
    };
    let title = format!("{name}: {} {}", word(), word());
    let sentences: Vec<_> = (0..7).map(|_| sentence(&mut word)).collect();
    json!({ "url": url, "title": title, "text": format!("{name} {}", sentences.join(" ")) })
}

/// One publisher: it sends new articles, new versions and copies on other sites, each until
/// it is accepted.
async fn publish(base: String, seed: u64, accepted: Accepted, stop: Arc<AtomicBool>) {
    let mut random = StdRng::seed_from_u64(seed);
    let client = http();
    let mut own: Vec<Value> = Vec::new();
    for n in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let earlier = own.choose(&mut random).cloned();
        let submission = match (earlier, random.random_range(0..10)) {
            (Some(earlier), 0..2) => {
                article(&mut random, earlier["url"].as_str().unwrap_or_default())
            }
            (Some(mut earlier), 2) => {
                earlier["url"] = json!(format!("https://copy{n}-of-{seed}.example/a"));
                earlier
            }
            _ => article(&mut random, &format!("https://site{n}-of-{seed}.example/a")),
        };
        while !stop.load(Ordering::Relaxed) {
            let sent = client.post(format!("{base}/v1/articles")).json(&submission).send().await;
            if let Ok(answer) = sent
                && answer.status().is_success()
                && let Ok(told) = answer.json::<Value>().await
            {
                let id = told["article_id"].as_str().unwrap_or_default().to_owned();
                accepted.lock().unwrap().entry(id).or_default().push(submission.clone());
                own.push(submission);
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        tokio::time::sleep(Duration::from_millis(random.random_range(10..80))).await;
    }
}

/// A process under load.
struct Trial {
    embedded: EmbeddedPipeline,
    process: AgentProcess,
    random: StdRng,
    accepted: Accepted,
    stop: Arc<AtomicBool>,
    publishers: tokio::task::JoinSet<()>,
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

impl Trial {
    async fn start() -> Self {
        let publishers = Publishers::sample().await.unwrap();
        let embedded = EmbeddedPipeline::new(&publishers).unwrap();
        let mut command = embedded.command(&["run"]).unwrap();
        command.env("COURANT__CRAWLER__SOURCES", "[]");
        command.env("COURANT__INFERENCE__PRECISION", "int8");
        let mut process = AgentProcess::start("faults", command, embedded.folder()).unwrap();
        process.ready().await.unwrap();
        let (accepted, stop) = (Accepted::default(), Arc::new(AtomicBool::new(false)));
        let base = format!("http://127.0.0.1:{}", process.http);
        let seed = number("COURANT_SEED", 1);
        let load = (0..PUBLISHERS).map(|n| {
            publish(base.clone(), seed * 100 + n, Arc::clone(&accepted), Arc::clone(&stop))
        });
        let publishers = load.collect();
        let random = StdRng::seed_from_u64(seed);
        Self { embedded, process, random, accepted, stop, publishers }
    }

    /// Kills the process after a while; now and then once more while it starts.
    async fn kill(&mut self) {
        let while_it_works = Duration::from_millis(self.random.random_range(200..1500));
        tokio::time::sleep(while_it_works).await;
        self.process.kill().unwrap();
        if self.random.random_bool(0.3) {
            self.process.restart().unwrap();
            tokio::time::sleep(Duration::from_millis(self.random.random_range(0..600))).await;
            self.process.kill().unwrap();
        }
    }

    async fn restart(&mut self) {
        self.process.restart().unwrap();
        self.process.ready().await.unwrap();
    }

    /// Ends the load, and waits until all is handled.
    async fn settle(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.publishers.join_next().await {
            ended.unwrap();
        }
        self.drained().await;
    }

    async fn drained(&self) {
        let drained = until("the queues are empty", Duration::from_secs(180), async || {
            Ok(self.depth(|queue| !queue["stage"].is_null()).await == Some(0))
        });
        drained.await.unwrap_or_else(|error| panic!("{error}: {}", self.process.log()));
    }

    /// The messages in the queues that `are_meant`; `None` while the process does not answer.
    async fn depth(&self, are_meant: impl Fn(&Value) -> bool) -> Option<u64> {
        let url = format!("http://127.0.0.1:{}/v1/status", self.process.http);
        let told: Value = http().get(url).send().await.ok()?.json().await.ok()?;
        let queues = told["queues"].as_array()?.iter().filter(|queue| are_meant(queue));
        queues.map(|queue| queue["depth"].as_u64()).sum()
    }

    /// The ids of what was accepted and is not stored as one of its versions `are_meant`.
    async fn missing(&self, are_meant: impl Fn(&[Value]) -> &[Value]) -> Vec<String> {
        let client = http();
        let accepted = self.accepted.lock().unwrap().clone();
        let mut missing = Vec::new();
        for (id, versions) in accepted {
            let url = format!("http://127.0.0.1:{}/v1/articles/{id}", self.process.http);
            let answer = client.get(url).send().await.unwrap();
            let article: Value = answer.json().await.unwrap();
            if !are_meant(&versions).iter().any(|version| version["text"] == article["text"]) {
                let urls: Vec<_> = versions.iter().map(|version| &version["url"]).collect();
                missing.push(format!("{id} of {urls:?} has {article}"));
            }
        }
        missing
    }

    fn accepted(&self) -> usize {
        self.accepted.lock().unwrap().len()
    }
}

/// The library that sets the clock of a process, where it is installed.
fn clock_library() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?;
    let of = |folder: std::fs::DirEntry| folder.path().join("faketime/libfaketimeMT.so.1");
    folders.flatten().map(of).find(|library| library.is_file())
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_and_steps_of_the_clock_lose_and_bury_nothing() {
    let clock = clock_library();
    if clock.is_none() {
        eprintln!("SKIPPED in part: without libfaketime no clock is set");
    }
    let mut trial = Trial::start().await;
    for _ in 0..number("COURANT_KILLS", 5) {
        trial.kill().await;
        let step = *["+0", "-2h", "+3h", "-2d", "+2d"].choose(&mut trial.random).unwrap();
        if let Some(library) = &clock {
            trial.process.set("LD_PRELOAD", library);
            trial.process.set("FAKETIME", step);
            trial.process.set("FAKETIME_DONT_FAKE_MONOTONIC", "1");
            trial.process.set("DONT_FAKE_MONOTONIC", "1");
        }
        trial.restart().await;
    }
    trial.settle().await;
    let missing = trial.missing(|versions| versions).await;
    assert!(missing.is_empty(), "{missing:#?} {}", trial.process.log());
    assert_eq!(trial.depth(|queue| queue["stream"] == "COURANT_DLQ").await, Some(0));
    eprintln!("{} articles, all stored", trial.accepted());
}

/// Writes over one page in the middle of a database.
fn damage(file: &Path, random: &mut StdRng) {
    const PAGE: usize = 4096;
    let mut bytes = std::fs::read(file).unwrap();
    let pages = bytes.len() / PAGE;
    if pages > 4 {
        let page = random.random_range(2..pages);
        bytes[page * PAGE..(page + 1) * PAGE].fill(0xa5);
        std::fs::write(file, bytes).unwrap();
    }
}

/// Writes over the head of a database, without which SQLite reads nothing of it.
fn behead(file: &Path) {
    let mut bytes = std::fs::read(file).unwrap();
    let head = bytes.len().min(100);
    bytes[..head].fill(0xa5);
    std::fs::write(file, bytes).unwrap();
}

/// Deletes what there is of these files.
fn lose(data: &Path, names: &[&str]) {
    for name in names {
        match std::fs::remove_file(data.join(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => panic!("{name}: {error}"),
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lost_or_damaged_files_held_is_kept_when_it_is_sent_again() {
    let mut trial = Trial::start().await;
    let data = trial.embedded.data();
    for n in 0..number("COURANT_KILLS", 7) {
        trial.kill().await;
        match (n + number("COURANT_SEED", 1)) % 7 {
            0 => lose(&data, &["spool.db", "spool.db-wal", "spool.db-shm"]),
            1 => lose(&data, &["spool.db-wal"]),
            2 => lose(&data, &["courant.db-wal"]),
            3 => damage(&data.join("courant.db"), &mut trial.random),
            4 => damage(&data.join("spool.db"), &mut trial.random),
            5 => behead(&data.join("courant.db")),
            _ => lose(&data, &["courant.db", "courant.db-wal", "courant.db-shm"]),
        }
        let repaired = trial.embedded.command(&["check", "--repair"]).unwrap().output().unwrap();
        let said = String::from_utf8_lossy(&repaired.stderr);
        assert!(repaired.status.code().is_some_and(|code| code < 2), "{said}");
        trial.restart().await;
    }
    trial.settle().await;

    let again: Vec<Value> = {
        let accepted = trial.accepted.lock().unwrap();
        accepted.values().filter_map(|versions| versions.last().cloned()).collect()
    };
    let client = http();
    for submission in &again {
        let url = format!("http://127.0.0.1:{}/v1/articles", trial.process.http);
        let answer = client.post(url).json(submission).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }
    trial.drained().await;
    let missing = trial.missing(|versions| &versions[versions.len() - 1..]).await;
    assert!(missing.is_empty(), "{missing:#?} {}", trial.process.log());
    eprintln!("{} articles, all stored after they were sent again", again.len());
}
