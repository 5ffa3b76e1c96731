//! The encoder as its users see it.

use std::sync::Arc;
use std::thread;

use courant_article::{Embedding, Embeddings, ModelRef};
use opentelemetry::metrics::Meter;

use crate::batch::Priority;
use crate::chunk::windows;
use crate::document::Plan;
use crate::metrics::Metrics;
use crate::model::Model;
use crate::queue::{Answer, Queue};
use crate::session::{Input, Rows};
use crate::tokenize::{TextTokenizer, TokenizerThreads};
use crate::worker::Workers;
use crate::{Config, Deps, Error, runtime};

/// How long a text is in tokens, without special ones, and in chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenCount {
    /// 0 for a text with nothing to embed.
    pub tokens: usize,
    /// How many chunks [`Encoder::embed_document`] makes of it.
    pub chunks: usize,
}

/// An encoder with its sessions; cheap to clone, one per process. The last clone
/// to go ends the sessions after their batch.
#[derive(Clone)]
pub struct Encoder {
    shared: Arc<Shared>,
}

struct Shared {
    model: ModelRef,
    dimension: usize,
    max_tokens: usize,
    overlap: usize,
    tokenizer: TokenizerThreads,
    queue: Arc<Queue>,
    _workers: Workers,
}

impl Encoder {
    /// Loads the configured encoder and starts its threads. Blocks for about a
    /// quarter of a second; longer where a model has to be fetched first.
    ///
    /// # Errors
    /// What is wrong with the configuration, the runtime library, a file's
    /// SHA-256, or the graph's inputs, output and dimension.
    pub fn load(config: &Config, deps: &Deps, meter: &Meter) -> Result<Self, Error> {
        config.validate()?;
        let library = match &config.runtime_library {
            Some(library) => library.clone(),
            None => deps.runtime_library()?,
        };
        let model = Arc::new(Model::locate(config, deps)?);
        // The three take about as long each, and none needs another.
        let (verified, tokenizer, environment) = thread::scope(|scope| {
            let tokenizer = scope.spawn(|| read_tokenizer(&model));
            let environment = scope.spawn(|| runtime::environment(&library));
            (model.verify(), tokenizer.join(), environment.join())
        });
        verified?;
        let tokenizer = Arc::new(tokenizer.unwrap_or(Err(Error::Stopped))?);
        let environment = environment.unwrap_or(Err(Error::Stopped))?;
        check_lengths(config, &model, &tokenizer)?;
        let metrics = Metrics::new(meter);
        let queue = Arc::new(Queue::new(config.queue_capacity, config.limits(), metrics.clone()));
        let workers =
            Workers::spawn(config.session_count(), &environment, &model, &queue, &metrics)?;
        let threads = TokenizerThreads::spawn(&tokenizer, config.tokenizer_threads, metrics);
        let shared = Shared {
            model: model_ref(&model),
            dimension: model.dimension,
            max_tokens: config.max_tokens,
            overlap: config.overlap,
            tokenizer: threads.map_err(|_| Error::Stopped)?,
            queue,
            _workers: workers,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// What computes the vectors.
    pub fn model(&self) -> &ModelRef {
        &self.shared.model
    }

    /// How many values a vector has.
    pub fn dimension(&self) -> usize {
        self.shared.dimension
    }

    /// Embeds texts in order, each cut at `max_tokens`: one unit vector per text.
    /// Waits while the queue is full. Dropping the future takes what has not
    /// started out of the queue.
    ///
    /// # Errors
    /// [`Error::EmptyText`] if one has no tokens: nothing was queued.
    /// [`Error::Runtime`] or [`Error::NotAVector`] if its batch failed.
    pub async fn embed(
        &self,
        texts: Vec<String>,
        priority: Priority,
    ) -> Result<Vec<Embedding>, Error> {
        let inputs = self.inputs(texts).await?;
        let vectors = self.run(inputs, priority).await?;
        Ok(vectors.into_iter().map(whole).collect())
    }

    /// The same, failing at once where the queue has no room for all texts.
    ///
    /// # Errors
    /// [`Error::Overloaded`]: nothing was queued. Else as [`Self::embed`].
    pub async fn try_embed(
        &self,
        texts: Vec<String>,
        priority: Priority,
    ) -> Result<Vec<Embedding>, Error> {
        let inputs = self.inputs(texts).await?;
        let answers = self.shared.queue.try_submit(inputs, priority)?;
        Ok(collect(answers).await?.into_iter().map(whole).collect())
    }

    /// Embeds an article's text: chunks, their token-weighted mean, and the
    /// first 200 sentences, from one encoder pass per chunk. Waits while the
    /// queue is full.
    ///
    /// # Errors
    /// As [`Self::embed`].
    pub async fn embed_document(&self, text: &str) -> Result<Embeddings, Error> {
        let text = text.to_owned();
        let (max_tokens, overlap) = (self.shared.max_tokens, self.shared.overlap);
        let plan =
            move |tokenizer: &TextTokenizer| Plan::new(tokenizer, &text, max_tokens, overlap);
        let plan = self.shared.tokenizer.run(plan).await?;
        let inputs = plan.inputs().cloned().collect();
        let vectors = self.run(inputs, Priority::Bulk).await?;
        plan.assemble(&vectors, self.shared.model.clone())
    }

    /// How long a text is.
    ///
    /// # Errors
    /// [`Error::Tokenizer`] if it cannot be tokenized.
    pub async fn count_tokens(&self, text: &str) -> Result<TokenCount, Error> {
        let text = text.to_owned();
        let (max_tokens, overlap) = (self.shared.max_tokens, self.shared.overlap);
        let count = move |tokenizer: &TextTokenizer| {
            let tokens = tokenizer.tokens(&text)?.ids.len();
            let window = max_tokens - tokenizer.special_tokens();
            Ok(TokenCount { tokens, chunks: windows(tokens, window, overlap).len() })
        };
        self.shared.tokenizer.run(count).await
    }

    /// One input per text, cut at `max_tokens`.
    async fn inputs(&self, texts: Vec<String>) -> Result<Vec<Input>, Error> {
        let max_tokens = self.shared.max_tokens;
        let cut = move |tokenizer: &TextTokenizer| {
            let input = |(index, text): (usize, &String)| {
                let tokens = tokenizer.tokens(text)?;
                let end = tokens.ids.len().min(max_tokens - tokenizer.special_tokens());
                if end == 0 {
                    return Err(Error::EmptyText { index });
                }
                Ok(Input::new(tokenizer.input(&tokens, 0..end)))
            };
            texts.iter().enumerate().map(input).collect()
        };
        self.shared.tokenizer.run(cut).await
    }

    async fn run(&self, inputs: Vec<Input>, priority: Priority) -> Result<Vec<Rows>, Error> {
        let mut answers = Vec::with_capacity(inputs.len());
        for input in inputs {
            answers.push(self.shared.queue.submit(input, priority).await?);
        }
        collect(answers).await
    }
}

async fn collect(answers: Vec<Answer>) -> Result<Vec<Rows>, Error> {
    let mut vectors = Vec::with_capacity(answers.len());
    for answer in answers {
        vectors.push(answer.await.map_err(|_| Error::Stopped)??);
    }
    Ok(vectors)
}

/// The vector of an input as a whole.
fn whole(rows: Rows) -> Embedding {
    Embedding::from_unit(rows.into_iter().next().expect("every input asks for row 0"))
}

fn read_tokenizer(model: &Model) -> Result<TextTokenizer, Error> {
    let json =
        std::fs::read(&model.tokenizer).map_err(|source| Error::read(&model.tokenizer, source))?;
    TextTokenizer::from_json(&json)
}

/// The lengths that only the model and its tokenizer can judge.
fn check_lengths(config: &Config, model: &Model, tokenizer: &TextTokenizer) -> Result<(), Error> {
    if config.max_tokens > model.max_tokens {
        let reason =
            format!("is {}, {} takes at most {}", config.max_tokens, model.name, model.max_tokens);
        return Err(Error::Config { key: "max_tokens", reason });
    }
    let own = config.max_tokens.saturating_sub(tokenizer.special_tokens());
    if config.overlap >= own {
        let reason = format!("must be less than the {own} tokens that a chunk has of the text");
        return Err(Error::Config { key: "overlap", reason });
    }
    Ok(())
}

fn model_ref(model: &Model) -> ModelRef {
    ModelRef {
        name: model.name.clone(),
        version: model.version.clone(),
        precision: model.precision.clone(),
        provider: "cpu".into(),
    }
}
