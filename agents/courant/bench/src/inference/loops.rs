//! Loops over bare sessions, one per thread, as users write them without Courant. Their time does
//! not include tokenizing; the encoder's time does.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use courant_inference::{BareModel, BareSession, TokenIds, packed};

use super::texts::Text;

/// The way a loop cuts its texts into batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loop {
    /// One text per run.
    OneText,
    /// Sorted by length, up to 512 padded tokens per run.
    Sorted512,
    /// In the order of arrival, 8 texts per run, as text-embeddings-inference feeds ONNX Runtime.
    Fifo8,
    /// In the order of arrival, 32 texts per run.
    Fifo32,
}

impl Loop {
    pub(super) const ALL: [Self; 4] = [Self::OneText, Self::Sorted512, Self::Fifo8, Self::Fifo32];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::OneText => "one text per run",
            Self::Sorted512 => "sorted, 512 tokens per run",
            Self::Fifo8 => "in order, 8 texts per run",
            Self::Fifo32 => "in order, 32 texts per run",
        }
    }

    fn batches(self, texts: &[Text]) -> Vec<Vec<&TokenIds>> {
        let ids = || texts.iter().map(|text| &text.tokens);
        match self {
            Self::OneText => ids().map(|ids| vec![ids]).collect(),
            Self::Sorted512 => within_budget(ids().collect(), 512),
            Self::Fifo8 => in_order(&ids().collect::<Vec<_>>(), 8),
            Self::Fifo32 => in_order(&ids().collect::<Vec<_>>(), 32),
        }
    }
}

fn in_order<'a>(ids: &[&'a TokenIds], count: usize) -> Vec<Vec<&'a TokenIds>> {
    ids.chunks(count).map(<[_]>::to_vec).collect()
}

/// Puts the long batches first, so that no thread ends with one while the others are idle.
fn within_budget(mut ids: Vec<&TokenIds>, budget: usize) -> Vec<Vec<&TokenIds>> {
    ids.sort_by_key(|ids| ids.len());
    let mut batches = packed(ids, budget, |ids| ids.len());
    batches.reverse();
    batches
}

/// Bare sessions of one model.
pub(super) struct Sessions(Vec<BareSession>);

impl Sessions {
    pub(super) fn load(model: &BareModel, count: usize) -> anyhow::Result<Self> {
        let sessions = (0..count).map(|_| model.session()).collect::<Result<_, _>>();
        Ok(Self(sessions.context("cannot load a session")?))
    }

    /// Returns the time that the sessions take for `texts`. Each session has its own
    /// thread, which takes the next batch when it is free.
    pub(super) fn time(&mut self, kind: Loop, texts: &[Text]) -> anyhow::Result<Duration> {
        let batches = kind.batches(texts);
        let next = AtomicUsize::new(0);
        let start = Instant::now();
        thread::scope(|scope| {
            let run = |session: &mut BareSession| -> anyhow::Result<()> {
                while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                    session.run(batch)?;
                }
                Ok(())
            };
            let threads: Vec<_> =
                self.0.iter_mut().map(|session| scope.spawn(move || run(session))).collect();
            threads.into_iter().try_for_each(|thread| {
                thread.join().map_err(|_| anyhow!("a session's thread panicked"))?
            })
        })?;
        Ok(start.elapsed())
    }
}
