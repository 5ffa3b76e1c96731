//! The tokenizer and the threads that it runs on.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use courant_article::Span;
use tokenizers::{Encoding, PostProcessor, Tokenizer, TruncationDirection};
use tokio::sync::{mpsc, oneshot};

use crate::Error;
use crate::batch::input::Input;
use crate::metrics::Metrics;

/// Jobs that may wait per tokenizer thread: enough that none runs dry.
const WAITING_PER_THREAD: usize = 4;

/// The tokens of one text, without special ones.
pub(crate) struct Tokens {
    pub(crate) ids: Vec<u32>,
    /// The place of each token, in code points.
    pub(crate) spans: Vec<Span>,
}

/// A tokenizer that leaves cutting and padding to us.
pub(crate) struct TextTokenizer {
    tokenizer: Tokenizer,
    prefix: Vec<u32>,
    suffix: Vec<u32>,
}

impl TextTokenizer {
    /// Reads a `tokenizer.json`. Its own truncation and padding are switched
    /// off: sentence encoders ship with lengths (128) that would cut chunks.
    pub(crate) fn from_json(json: &[u8]) -> Result<Self, Error> {
        let mut tokenizer = Tokenizer::from_bytes(json).map_err(|error| failed(&error))?;
        tokenizer.with_truncation(None).map_err(|error| failed(&error))?;
        tokenizer.with_padding(None);
        let (prefix, suffix) = special_tokens(&tokenizer)?;
        Ok(Self { tokenizer, prefix, suffix })
    }

    /// The number of special tokens around a text's own.
    pub(crate) fn special_tokens(&self) -> usize {
        self.prefix.len() + self.suffix.len()
    }

    /// The number of special tokens before it.
    pub(crate) fn leading_tokens(&self) -> usize {
        self.prefix.len()
    }

    pub(crate) fn tokens(&self, text: &str) -> Result<Tokens, Error> {
        let encoding =
            self.tokenizer.encode_char_offsets(text, false).map_err(|error| failed(&error))?;
        let spans = encoding.get_offsets().iter().map(|&offsets| span(offsets)).collect();
        Ok(Tokens { ids: encoding.get_ids().to_vec(), spans })
    }

    /// The same without their places, which takes less time.
    pub(crate) fn ids(&self, text: &str) -> Result<Vec<u32>, Error> {
        let encoding = self.tokenizer.encode_fast(text, false).map_err(|error| failed(&error))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The tokens of a text without special ones, for [`Self::pair`].
    pub(crate) fn encoded(&self, text: &str) -> Result<Encoding, Error> {
        self.tokenizer.encode_fast(text, false).map_err(|error| failed(&error))
    }

    /// An input of two texts with the special tokens of the model. The end of the second is cut
    /// where both have more than `most` tokens, that of the first where it has more than half of
    /// them.
    pub(crate) fn pair(
        &self,
        mut first: Encoding,
        mut second: Encoding,
        most: usize,
    ) -> Result<Input, Error> {
        let special =
            self.tokenizer.get_post_processor().map_or(0, |processor| processor.added_tokens(true));
        let room = most.saturating_sub(special);
        first.truncate(room / 2, 0, TruncationDirection::Right);
        second.truncate(room - first.len(), 0, TruncationDirection::Right);
        let both = self.tokenizer.post_process(first, Some(second), true);
        let both = both.map_err(|error| failed(&error))?;
        Ok(Input::pair(both.get_ids().to_vec(), both.get_type_ids().to_vec()))
    }

    /// The special tokens around some of a text's own.
    pub(crate) fn framed(&self, ids: &[u32]) -> Vec<u32> {
        [&self.prefix, ids, &self.suffix].concat()
    }

    /// An encoder input of some of a text's tokens, with the special ones.
    pub(crate) fn input(&self, tokens: &Tokens, range: Range<usize>) -> Vec<u32> {
        self.framed(&tokens.ids[range])
    }
}

/// The tokens that the tokenizer puts before and behind a text.
fn special_tokens(tokenizer: &Tokenizer) -> Result<(Vec<u32>, Vec<u32>), Error> {
    let encoding = tokenizer.encode("a", true).map_err(|error| failed(&error))?;
    let is_special = encoding.get_special_tokens_mask();
    let ids = encoding.get_ids();
    let leading = is_special.iter().take_while(|&&flag| flag == 1).count();
    let trailing = is_special[leading..].iter().rev().take_while(|&&flag| flag == 1).count();
    Ok((ids[..leading].to_vec(), ids[ids.len() - trailing..].to_vec()))
}

fn span((start, end): (usize, usize)) -> Span {
    let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
    Span { start: clamp(start), end: clamp(end) }
}

fn failed(error: &tokenizers::Error) -> Error {
    Error::Tokenizer(error.to_string())
}

type Job = Box<dyn FnOnce(&TextTokenizer) + Send>;

/// Threads that tokenize, so that no async worker is held up.
pub(crate) struct TokenizerThreads {
    jobs: mpsc::Sender<Job>,
    metrics: Metrics,
}

impl TokenizerThreads {
    pub(crate) fn spawn(
        tokenizer: &Arc<TextTokenizer>,
        count: usize,
        metrics: Metrics,
    ) -> std::io::Result<Self> {
        let (jobs, waiting) = mpsc::channel(WAITING_PER_THREAD * count);
        let waiting = Arc::new(Mutex::new(waiting));
        for index in 0..count {
            let (tokenizer, waiting) = (Arc::clone(tokenizer), Arc::clone(&waiting));
            let name = format!("tokenizer-{index}");
            thread::Builder::new().name(name).spawn(move || run_jobs(&tokenizer, &waiting))?;
        }
        Ok(Self { jobs, metrics })
    }

    /// Runs `work` on one of the threads; waits while all are busy.
    pub(crate) async fn run<R: Send + 'static>(
        &self,
        work: impl FnOnce(&TextTokenizer) -> Result<R, Error> + Send + 'static,
    ) -> Result<R, Error> {
        let (reply, answer) = oneshot::channel();
        let metrics = self.metrics.clone();
        let job: Job = Box::new(move |tokenizer| {
            if reply.is_closed() {
                return;
            }
            let start = Instant::now();
            let result = work(tokenizer);
            metrics.tokenized(start.elapsed());
            // The caller may have gone meanwhile.
            drop(reply.send(result));
        });
        self.jobs.send(job).await.map_err(|_| Error::Stopped)?;
        answer.await.map_err(|_| Error::Stopped)?
    }
}

/// Ends when the last sender is gone.
fn run_jobs(tokenizer: &TextTokenizer, waiting: &Mutex<mpsc::Receiver<Job>>) {
    loop {
        let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        let Some(job) = job else { return };
        job(tokenizer);
    }
}
