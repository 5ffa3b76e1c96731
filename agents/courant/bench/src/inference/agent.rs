//! Compares the embedder as an agent, which handles messages of the bus, with the encoder alone on
//! the same articles.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use courant_article::{ArticleId, CanonicalUrl};
use courant_bus::{Bus, MessageId, Stage, Subject};
use courant_embedder::Embedder;
use courant_inference::{Encoder, Precision};
use courant_proto::v1;
use courant_service::Control;
use courant_telemetry::{Clock, Meters};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::setup::{Bench, Measured};
use super::texts;

/// The number of articles: enough that the agent's start and end hardly matter.
const ARTICLES: usize = 64;
const WORDS: usize = 300;
/// The number of articles at the same time, which is that of the agent.
const AT_ONCE: usize = 32;
const LOOK: Duration = Duration::from_millis(5);
const TOO_LONG: Duration = Duration::from_secs(300);

pub(super) fn measure(bench: &Bench<'_>, measured: &mut Measured) -> anyhow::Result<()> {
    let encoder = bench.encoder(Precision::Fp32, bench.sessions)?;
    let articles = texts::articles(ARTICLES, WORDS)?;
    let (mut alone, mut agent) = (Duration::MAX, Duration::MAX);
    for _ in 0..bench.args.rounds {
        alone = alone.min(bench.runtime.block_on(by_itself(&encoder, &articles))?);
        agent = agent.min(bench.runtime.block_on(over_the_bus(&encoder, &articles))?);
    }
    let rate = |time: Duration| ARTICLES as f64 / time.as_secs_f64();
    measured.state(format!("articles of {WORDS} words, the encoder"), rate(alone), "/s");
    measured.state(format!("articles of {WORDS} words, over the bus"), rate(agent), "/s");
    let ratio = rate(agent) / rate(alone);
    measured.ratio("the agent over the bus against the encoder", ratio, "at least 0.90, aim 0.97");
    Ok(())
}

async fn by_itself(encoder: &Encoder, articles: &Arc<Vec<String>>) -> anyhow::Result<Duration> {
    let next = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (encoder, articles, next) = (encoder.clone(), Arc::clone(articles), Arc::clone(&next));
        tasks.spawn(async move {
            let turn = || next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            while let Some(text) = articles.get(turn()) {
                encoder.embed_document(text).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.context("an article's task panicked")??;
    }
    Ok(start.elapsed())
}

/// Returns the time from the first accepted article to the last embedded one, on an in-process
/// bus.
async fn over_the_bus(encoder: &Encoder, articles: &[String]) -> anyhow::Result<Duration> {
    let folder = tempfile::tempdir().context("cannot make a folder for the spool")?;
    let meter = Meters::new("courant")?.meter();
    let spool = folder.path().join("spool.db");
    let bus = Bus::embedded(&courant_bus::Config::default(), &spool, Clock::system(), &meter)?;
    for (number, text) in articles.iter().enumerate() {
        let article = accepted(number, text)?;
        let id = MessageId::new(format!("bench:{number}"));
        bus.publish(Subject::ARTICLE_ACCEPTED, &id, &article).await?;
    }
    let config = courant_embedder::Config::default();
    let embedder = Embedder::build(config, bus.clone(), encoder.clone(), &meter)?;
    let shutdown = CancellationToken::new();
    let start = Instant::now();
    let agent = tokio::spawn(embedder.run(Control::new("embedder", &shutdown)));
    wait_for(&bus, articles.len() as u64).await?;
    let took = start.elapsed();
    shutdown.cancel();
    agent.await.context("the embedder panicked")??;
    bus.close().await?;
    Ok(took)
}

async fn wait_for(bus: &Bus, wanted: u64) -> anyhow::Result<()> {
    let start = Instant::now();
    loop {
        let queues = bus.queues().await?;
        let embedded = queues.iter().find(|queue| queue.stages == [Stage::ANALYST]);
        if embedded.is_some_and(|queue| queue.depth == wanted) {
            return Ok(());
        }
        ensure!(start.elapsed() < TOO_LONG, "the embedder has not embedded {wanted} articles");
        tokio::time::sleep(LOOK).await;
    }
}

fn accepted(number: usize, text: &str) -> anyhow::Result<v1::ArticleAccepted> {
    let url = format!("https://bench.example/{number}");
    let id = ArticleId::of(&CanonicalUrl::from_canonical(url.clone()));
    Ok(v1::ArticleAccepted {
        article: Some(v1::Article {
            id: id.to_string(),
            revision: 1,
            url,
            content_hash: "0".repeat(32),
            title: "A bench".into(),
            text: text.to_owned(),
            source: "bench".into(),
            submission_id: number.to_string(),
            decision: v1::Decision::New.into(),
            ..v1::Article::default()
        }),
    })
}
