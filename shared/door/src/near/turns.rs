//! Texts that this process is judging. A text near to one of them waits for its verdict,
//! because the index contains a text before the store has its claim.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use courant_article::ArticleId;
use tokio::sync::watch;

/// An article and the key of its text.
type Key = (ArticleId, u64);

/// The turns that are taken. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Turns {
    taken: Arc<Mutex<HashMap<Key, watch::Receiver<()>>>>,
}

/// The time from the question to the verdict; dropping it ends it.
pub(super) struct Turn {
    turns: Turns,
    key: Key,
    _end: watch::Sender<()>,
}

impl Turns {
    /// Waits for others with the same text at the same URL, then begins a turn.
    ///
    /// Take it before the index is asked: then those who see the text there find the turn.
    pub(super) async fn take(&self, key: Key) -> Turn {
        loop {
            let taken = match self.locked().entry(key) {
                Entry::Occupied(taken) => taken.get().clone(),
                Entry::Vacant(free) => {
                    let (end, ended) = watch::channel(());
                    free.insert(ended);
                    return Turn { turns: self.clone(), key, _end: end };
                }
            };
            ended(taken).await;
        }
    }

    /// Waits for the end of a turn, if it is taken. A text only waits for earlier ones in
    /// the index, so that no two wait for each other.
    pub(super) async fn pass(&self, key: Key) {
        let taken = self.locked().get(&key).cloned();
        if let Some(taken) = taken {
            ended(taken).await;
        }
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<Key, watch::Receiver<()>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.locked().remove(&self.key);
    }
}

/// The sender says nothing: it goes.
async fn ended(mut taken: watch::Receiver<()>) {
    while taken.changed().await.is_ok() {}
}
