//! The tokenizer and the threads that it runs on.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use courant_article::{Span, TextKind};
use courant_unigram::{MAGIC, Unigram};
use tokenizers::{Encoding, PostProcessor, Tokenizer, TruncationDirection};
use tokio::sync::{mpsc, oneshot};

use crate::Error;
use crate::batch::input::Input;
use crate::metrics::Metrics;
use crate::model::prefixes::Prefixes;

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
    file: Tokenization,
    /// The tokens before a text of each kind: the special ones, then those of its prefix.
    query: Vec<u32>,
    document: Vec<u32>,
    suffix: Vec<u32>,
}

enum Tokenization {
    /// A `tokenizer.json`.
    Json(Box<Tokenizer>),
    /// A packed vocabulary, which loads in milliseconds.
    Packed(Box<Unigram>),
}

impl TextTokenizer {
    /// Reads a tokenizer's file, of either kind.
    pub(crate) fn read(file: &[u8]) -> Result<Self, Error> {
        if file.starts_with(MAGIC) { Self::from_packed(file) } else { Self::from_json(file) }
    }

    fn from_packed(file: &[u8]) -> Result<Self, Error> {
        let packed = Unigram::read(file).map_err(|error| Error::Tokenizer(error.to_string()))?;
        let (before, after) = (packed.before().to_vec(), packed.after().to_vec());
        Ok(Self::framing(Tokenization::Packed(Box::new(packed)), &before, after))
    }

    /// Reads a `tokenizer.json`. Its own truncation and padding are switched
    /// off: sentence encoders ship with lengths (128) that would cut chunks.
    fn from_json(json: &[u8]) -> Result<Self, Error> {
        let mut tokenizer = Tokenizer::from_bytes(json).map_err(|error| failed(&error))?;
        tokenizer.with_truncation(None).map_err(|error| failed(&error))?;
        tokenizer.with_padding(None);
        let (before, after) = special_tokens(&tokenizer)?;
        Ok(Self::framing(Tokenization::Json(Box::new(tokenizer)), &before, after))
    }

    fn framing(file: Tokenization, before: &[u32], suffix: Vec<u32>) -> Self {
        Self { file, query: before.to_vec(), document: before.to_vec(), suffix }
    }

    /// Puts the tokens of `prefixes` before each text.
    pub(crate) fn with_prefixes(mut self, prefixes: &Prefixes) -> Result<Self, Error> {
        let (query, document) = (self.ids(&prefixes.query)?, self.ids(&prefixes.document)?);
        self.query.extend(query);
        self.document.extend(document);
        Ok(self)
    }

    /// The number of tokens around a text's own, special ones and those of its prefix.
    pub(crate) fn added_tokens(&self, kind: TextKind) -> usize {
        self.before(kind).len() + self.suffix.len()
    }

    /// The number of those before a document.
    pub(crate) fn leading_tokens(&self) -> usize {
        self.document.len()
    }

    fn before(&self, kind: TextKind) -> &[u32] {
        match kind {
            TextKind::Query => &self.query,
            TextKind::Document => &self.document,
        }
    }

    pub(crate) fn tokens(&self, text: &str) -> Result<Tokens, Error> {
        let tokenizer = match &self.file {
            Tokenization::Json(tokenizer) => tokenizer,
            Tokenization::Packed(packed) => {
                let courant_unigram::Tokens { ids, spans } = packed.tokens(text);
                return Ok(Tokens { ids, spans });
            }
        };
        let encoding =
            tokenizer.encode_char_offsets(text, false).map_err(|error| failed(&error))?;
        let spans = encoding.get_offsets().iter().map(|&offsets| span(offsets)).collect();
        Ok(Tokens { ids: encoding.get_ids().to_vec(), spans })
    }

    /// The same without their places, which takes less time.
    pub(crate) fn ids(&self, text: &str) -> Result<Vec<u32>, Error> {
        match &self.file {
            Tokenization::Json(tokenizer) => {
                let encoding = tokenizer.encode_fast(text, false);
                Ok(encoding.map_err(|error| failed(&error))?.get_ids().to_vec())
            }
            Tokenization::Packed(packed) => Ok(packed.tokens(text).ids),
        }
    }

    /// The tokens of a text without special ones, for [`Self::pair`].
    pub(crate) fn encoded(&self, text: &str) -> Result<Encoding, Error> {
        self.json()?.encode_fast(text, false).map_err(|error| failed(&error))
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
        let tokenizer = self.json()?;
        let special =
            tokenizer.get_post_processor().map_or(0, |processor| processor.added_tokens(true));
        let room = most.saturating_sub(special);
        first.truncate(room / 2, 0, TruncationDirection::Right);
        second.truncate(room - first.len(), 0, TruncationDirection::Right);
        let both = tokenizer.post_process(first, Some(second), true);
        let both = both.map_err(|error| failed(&error))?;
        Ok(Input::pair(both.get_ids().to_vec(), both.get_type_ids().to_vec()))
    }

    /// The tokenizer that can put two texts together.
    fn json(&self) -> Result<&Tokenizer, Error> {
        match &self.file {
            Tokenization::Json(tokenizer) => Ok(tokenizer),
            Tokenization::Packed(_) => {
                Err(Error::Tokenizer("a packed tokenizer reads no pairs of texts".into()))
            }
        }
    }

    /// Some of a text's own tokens with those around them.
    pub(crate) fn framed(&self, kind: TextKind, ids: &[u32]) -> Vec<u32> {
        [self.before(kind), ids, &self.suffix].concat()
    }

    /// An encoder input of some of a document's tokens, with those around them.
    pub(crate) fn input(&self, tokens: &Tokens, range: Range<usize>) -> Vec<u32> {
        self.framed(TextKind::Document, &tokens.ids[range])
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
