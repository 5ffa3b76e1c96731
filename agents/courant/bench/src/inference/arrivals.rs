//! Sends texts one by one, from clients that each wait for their answer, or at random times.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use courant_article::TextKind;
use courant_inference::{BareSession, Encoder, Priority};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::task::JoinSet;

use super::texts::Text;

/// Returns the time that `encoder` takes for `texts` that `clients` send one at a time.
pub(super) async fn clients(
    encoder: &Encoder,
    texts: &Arc<Vec<Text>>,
    clients: usize,
) -> anyhow::Result<Duration> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    let start = Instant::now();
    for _ in 0..clients {
        let (encoder, texts, next) = (encoder.clone(), Arc::clone(texts), Arc::clone(&next));
        tasks.spawn(async move {
            while let Some(text) = texts.get(next.fetch_add(1, Ordering::Relaxed)) {
                encoder.embed(vec![text.text.clone()], TextKind::Document, Priority::Bulk).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.context("a client panicked")??;
    }
    Ok(start.elapsed())
}

/// Returns the arrival times of `count` texts, which form a Poisson process with `per_second`
/// arrivals on average.
pub(super) fn poisson(count: usize, per_second: f64, seed: u64) -> Vec<Duration> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut at = 0.0;
    let mut arrival = || {
        let uniform: f64 = random.random_range(f64::EPSILON..1.0);
        at -= uniform.ln() / per_second;
        Duration::from_secs_f64(at)
    };
    (0..count).map(|_| arrival()).collect()
}

/// Returns the times from each text's arrival to its vector, with the encoder.
pub(super) async fn latencies(
    encoder: &Encoder,
    texts: &[Text],
    arrivals: &[Duration],
) -> anyhow::Result<Vec<Duration>> {
    let mut tasks = JoinSet::new();
    let start = Instant::now();
    for (text, &arrival) in texts.iter().zip(arrivals) {
        tokio::time::sleep_until((start + arrival).into()).await;
        let (encoder, text) = (encoder.clone(), text.text.clone());
        tasks.spawn(async move {
            encoder.embed(vec![text], TextKind::Document, Priority::Bulk).await?;
            anyhow::Ok((start + arrival).elapsed())
        });
    }
    let mut latencies = Vec::with_capacity(texts.len());
    while let Some(done) = tasks.join_next().await {
        latencies.push(done.context("a request panicked")??);
    }
    Ok(latencies)
}

/// Returns the times from each text's arrival to its vector, with `sessions` that take one text at
/// a time in the order of arrival.
pub(super) fn fifo_latencies(
    sessions: &mut [BareSession],
    texts: &[Text],
    arrivals: &[Duration],
) -> anyhow::Result<Vec<Duration>> {
    let (send, waiting) = mpsc::channel::<usize>();
    let waiting = std::sync::Mutex::new(waiting);
    let start = Instant::now();
    let one = |session: &mut BareSession| -> anyhow::Result<Vec<Duration>> {
        let mut latencies = Vec::new();
        loop {
            let next = waiting.lock().map_err(|_| anyhow!("another thread panicked"))?.recv();
            let Ok(index) = next else { return Ok(latencies) };
            session.run(&[&texts[index].tokens])?;
            latencies.push((start + arrivals[index]).elapsed());
        }
    };
    thread::scope(|scope| {
        let one = &one;
        let threads: Vec<_> =
            sessions.iter_mut().map(|session| scope.spawn(move || one(session))).collect();
        for (index, &arrival) in arrivals.iter().enumerate().take(texts.len()) {
            thread::sleep((start + arrival).saturating_duration_since(Instant::now()));
            send.send(index).context("the sessions have ended")?;
        }
        drop(send);
        let mut latencies = Vec::new();
        for thread in threads {
            latencies.extend(thread.join().map_err(|_| anyhow!("a session's thread panicked"))??);
        }
        Ok(latencies)
    })
}

/// Returns the latency that `share` of the requests do not exceed.
pub(crate) fn quantile(latencies: &mut [Duration], share: f64) -> Duration {
    latencies.sort_unstable();
    let place = (latencies.len() as f64 * share).ceil() as usize;
    latencies.get(place.saturating_sub(1)).copied().unwrap_or_default()
}
