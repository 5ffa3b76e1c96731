//! The encoder: texts in, vectors out.

pub(crate) mod bare;
pub(crate) mod document;
pub(crate) mod entities;
pub(crate) mod frozen;
pub(crate) mod results;

use std::sync::Arc;
use std::time::Instant;

use courant_article::{Embedding, ModelRef, TextKind};
use courant_gpu_utils::Config as GpuConfig;
use courant_gpu_utils::device::{Cuda, Provider, UnusedProvider};
use courant_heads::entities::EntityHead;
use opentelemetry::metrics::Meter;
use tokio::task;

use crate::batch::answer::{InputResult, ran};
use crate::batch::input::Input;
use crate::batch::queue::{InputQueue, Urgency, collect};
use crate::batch::waiting::Priority;
use crate::device::arena::ArenaStats;
use crate::device::host::ModelHost;
use crate::device::share::Demand;
use crate::metrics::{Metrics, ResultMetrics};
use crate::model::LocatedModel;
use crate::model::locate::locate;
use crate::session::budget;
use crate::session::launch::{Opened, SessionPlan};
use crate::session::worker::Workers;
use crate::text::chunk::windows;
use crate::text::tokenize::{TextTokenizer, TokenizerThreads};
use crate::{Config, Deps, Error, Precision, PrecisionChoice};
use document::{Cut, EmbeddedDocument, Plan, most_sentences, whole};
use entities::{WordPlan, WordStates, head_for, head_in_use};
use results::{Computed, Results};

/// The length of a text in tokens, without special ones, and in chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenCount {
    /// The number of tokens; 0 for a text with nothing to embed.
    pub tokens: usize,
    /// The number of those that [`Encoder::embed`] reads.
    pub first_tokens: usize,
    /// The number of chunks that [`Encoder::embed_document`] makes of it.
    pub chunks: usize,
}

/// The vectors of some texts, in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct EmbeddedTexts {
    /// The model that computed the vectors. Its provider is the one that really ran.
    pub model: ModelRef,
    /// Unit vectors, one per text.
    pub vectors: Vec<Embedding>,
}

/// An encoder with its sessions. Cheap to clone; one per process suffices. When the last clone
/// is dropped, the sessions end after their present batch.
#[derive(Clone)]
pub struct Encoder {
    shared: Arc<Shared>,
}

struct Shared {
    model: ModelRef,
    passed_over: Vec<UnusedProvider>,
    dimension: usize,
    states: Option<usize>,
    /// The head that finds names, or the reason why none does.
    entities: Result<Arc<EntityHead>, String>,
    max_tokens: usize,
    overlap: usize,
    tokenizer: TokenizerThreads,
    results: Results,
    queue: Arc<InputQueue>,
    workers: Workers,
}

/// The configuration with the precision for the device that is at hand: an int8 graph for CPUs
/// would leave a GPU idle.
fn for_device(config: &Config, gpu: &GpuConfig) -> Config {
    let has_gpu = || !gpu.force_cpu && !Cuda::detect().gpus().is_empty();
    match config.precision {
        PrecisionChoice::Auto if has_gpu() => {
            Config { precision: Precision::Fp32.into(), ..config.clone() }
        }
        _ => config.clone(),
    }
}

impl Encoder {
    /// Loads the configured encoder and starts its threads. Blocks for about a quarter of a
    /// second, or longer if a model must be fetched first.
    ///
    /// # Errors
    /// The first error in the configuration, the runtime library, the SHA-256 of a file, or the
    /// inputs, output and dimension of the graph.
    pub fn load(
        config: &Config,
        gpu: &GpuConfig,
        deps: &Deps,
        meter: &Meter,
    ) -> Result<Self, Error> {
        config.validate()?;
        let host = ModelHost::new(config, gpu, deps.clone());
        let opened = Opened::new(locate(&for_device(config, gpu), deps)?, &host)?;
        let model = Arc::clone(&opened.model);
        check_lengths(config, &model, &opened.tokenizer)?;
        // The host's only model: it may have whatever the agent may.
        let sessions = config.session_count(Provider::Cuda);
        let placement = opened.place(&host, Demand { sessions, workspace_bytes: u64::MAX })?;
        let head = head_in_use(config.heads.as_deref())?;
        let needs_budget = config.token_budget.is_none() && model.precision != Precision::Int8;
        let (precision, provider) = (model.precision, placement.provider);
        let limits = |budget| config.limits(precision, provider, gpu.workload, budget);
        let budget = match needs_budget {
            true => {
                let items = limits(1).max_items;
                budget::measured(&opened.environment, &model, &placement, items, deps)?
            }
            false => 1,
        };
        let crew = SessionPlan {
            sessions: config.session_count(placement.provider),
            tokenizer_threads: config.tokenizer_threads,
            queue_capacity: config.queue_capacity,
            limits: limits(budget),
            max_tokens: config.max_tokens,
        };
        let passed_over = placement.passed_over.clone();
        let running = opened.start(placement, &crew, gpu, Metrics::new(meter))?;
        let shared = Shared {
            model: running.model,
            passed_over,
            dimension: model.dimension,
            states: model.states,
            entities: head_for(&model, head),
            max_tokens: config.max_tokens,
            overlap: config.overlap,
            tokenizer: running.tokenizer,
            results: Results::new(config.result_cache_mb, ResultMetrics::new(meter)),
            queue: running.queue,
            workers: running.workers,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Returns the model that computes the vectors.
    pub fn model(&self) -> &ModelRef {
        &self.shared.model
    }

    /// Returns the better providers, with the reason why each is not used.
    pub fn passed_over(&self) -> &[UnusedProvider] {
        &self.shared.passed_over
    }

    /// Returns the memory figures of each session's arena after its last run.
    pub fn arenas(&self) -> Vec<ArenaStats> {
        self.shared.workers.arenas()
    }

    /// Returns the number of values per vector.
    pub fn dimension(&self) -> usize {
        self.shared.dimension
    }

    /// Embeds texts of one kind in order, each cut at `max_tokens`, and returns one unit vector per
    /// text.
    /// Waits while the queue is full. Dropping the future removes its unstarted inputs from the
    /// queue.
    ///
    /// # Errors
    /// [`Error::EmptyText`] if a text has no tokens: nothing was queued. [`Error::Runtime`] or
    /// [`Error::NotAVector`] if a batch failed.
    pub async fn embed(
        &self,
        texts: Vec<String>,
        kind: TextKind,
        priority: Priority,
    ) -> Result<Vec<Embedding>, Error> {
        Ok(self.embed_as(texts, kind, priority.into()).await?.vectors)
    }

    /// Works like [`Self::embed`], but gives up at `deadline`, also while it waits for a place
    /// in the queue.
    ///
    /// # Errors
    /// [`Error::Late`] if no session was free before the deadline. Else as [`Self::embed`].
    pub async fn embed_before(
        &self,
        texts: Vec<String>,
        kind: TextKind,
        priority: Priority,
        deadline: Instant,
    ) -> Result<EmbeddedTexts, Error> {
        self.embed_as(texts, kind, Urgency { priority, deadline: Some(deadline) }).await
    }

    async fn embed_as(
        &self,
        texts: Vec<String>,
        kind: TextKind,
        urgency: Urgency,
    ) -> Result<EmbeddedTexts, Error> {
        let known = self.shared.results.known(kind, &texts);
        let unknown = unknown(texts, &known);
        let inputs = self.inputs(unknown.clone(), kind).await;
        let inputs = inputs.map_err(|error| placed(error, &known))?;
        let answers = self.shared.queue.run(inputs, urgency).await?;
        Ok(self.complete(known, kind, unknown, answers))
    }

    /// Works like [`Self::embed_before`], but fails at once if the queue has no room for all
    /// texts.
    ///
    /// # Errors
    /// [`Error::Overloaded`]: nothing was queued. Else as [`Self::embed_before`].
    pub async fn try_embed_before(
        &self,
        texts: Vec<String>,
        kind: TextKind,
        priority: Priority,
        deadline: Instant,
    ) -> Result<EmbeddedTexts, Error> {
        let urgency = Urgency { priority, deadline: Some(deadline) };
        let known = self.shared.results.known(kind, &texts);
        let unknown = unknown(texts, &known);
        let inputs = self.inputs(unknown.clone(), kind).await;
        let inputs = inputs.map_err(|error| placed(error, &known))?;
        let answers = collect(self.shared.queue.try_submit(inputs, urgency)?).await?;
        Ok(self.complete(known, kind, unknown, answers))
    }

    /// Fills the gaps of `known`, which are those of `texts`, with their vectors.
    fn complete(
        &self,
        known: Vec<Option<Computed>>,
        kind: TextKind,
        texts: Vec<String>,
        answers: Vec<InputResult>,
    ) -> EmbeddedTexts {
        let mut computed = texts.into_iter().zip(answers).map(|(text, answer)| {
            let computed = (whole(answer.rows), answer.provider);
            self.shared.results.put(kind, &text, &computed);
            computed
        });
        let (vectors, providers): (_, Vec<_>) =
            known.into_iter().filter_map(|known| known.or_else(|| computed.next())).unzip();
        EmbeddedTexts { model: ran(&self.shared.model, providers.into_iter()), vectors }
    }

    /// Embeds the text of an article. One encoder pass per chunk gives the vectors of the
    /// chunks, their token-weighted mean, the vectors of the first 200 sentences, and the names
    /// in the text. Waits while the queue is full.
    ///
    /// # Errors
    /// As [`Self::embed`].
    pub async fn embed_document(&self, text: &str) -> Result<EmbeddedDocument, Error> {
        let text = text.to_owned();
        let cut = Cut {
            max_tokens: self.shared.max_tokens,
            overlap: self.shared.overlap,
            sentences: most_sentences(self.shared.dimension),
        };
        let head = self.shared.entities.clone();
        let plan = move |tokenizer: &TextTokenizer| Plan::new(tokenizer, &text, cut, head);
        let plan = self.shared.tokenizer.run(plan).await?;
        let inputs = plan.inputs().cloned().collect();
        let answers = self.shared.queue.run(inputs, Priority::Bulk.into()).await?;
        let model = self.shared.model.clone();
        // Finding names in a long text takes longer than an async task may.
        let assembled = task::spawn_blocking(move || plan.assemble(answers, &model));
        assembled.await.map_err(|_| Error::Stopped)?
    }

    /// Returns the encoder's states of each word of a text. Heads that tag words learn from
    /// them.
    ///
    /// # Errors
    /// [`Error::NoStates`] if the graph has no such output. Else as [`Self::embed`].
    pub async fn word_states(&self, text: &str) -> Result<WordStates, Error> {
        let dimension = self.shared.states.ok_or(Error::NoStates)?;
        let text = text.to_owned();
        let (max_tokens, overlap) = (self.shared.max_tokens, self.shared.overlap);
        let plan = move |tokenizer: &TextTokenizer| {
            let tokens = tokenizer.tokens(&text)?;
            let window = max_tokens - tokenizer.added_tokens(TextKind::Document);
            let chunks = windows(tokens.ids.len(), window, overlap);
            let plan = WordPlan::new(&text, &tokens, &chunks, None);
            let input = |(index, range)| {
                let mut input = Input::new(tokenizer.input(&tokens, range));
                input.reader = Some(plan.reader(index, tokenizer));
                input
            };
            let inputs: Vec<Input> = chunks.into_iter().enumerate().map(input).collect();
            Ok((plan, inputs))
        };
        let (plan, inputs) = self.shared.tokenizer.run(plan).await?;
        let answers = self.shared.queue.run(inputs, Priority::Bulk.into()).await?;
        let kept: Vec<_> = answers.into_iter().map(|answer| answer.words).collect();
        plan.states(&kept, dimension)
    }

    /// The length of a text.
    ///
    /// # Errors
    /// [`Error::Tokenizer`] if it cannot be tokenized.
    pub async fn count_tokens(&self, text: &str) -> Result<TokenCount, Error> {
        let text = text.to_owned();
        let (max_tokens, overlap) = (self.shared.max_tokens, self.shared.overlap);
        let count = move |tokenizer: &TextTokenizer| {
            let tokens = tokenizer.tokens(&text)?.ids.len();
            let window = max_tokens - tokenizer.added_tokens(TextKind::Document);
            let (first_tokens, chunks) =
                (tokens.min(window), windows(tokens, window, overlap).len());
            Ok(TokenCount { tokens, first_tokens, chunks })
        };
        self.shared.tokenizer.run(count).await
    }

    /// One input per text, cut at `max_tokens`.
    async fn inputs(&self, texts: Vec<String>, kind: TextKind) -> Result<Vec<Input>, Error> {
        let max_tokens = self.shared.max_tokens;
        let cut = move |tokenizer: &TextTokenizer| {
            let input = |(index, text): (usize, &String)| {
                let ids = tokenizer.ids(text)?;
                let end = ids.len().min(max_tokens - tokenizer.added_tokens(kind));
                if end == 0 {
                    return Err(Error::EmptyText { index });
                }
                Ok(Input::new(tokenizer.framed(kind, &ids[..end])))
            };
            texts.iter().enumerate().map(input).collect()
        };
        self.shared.tokenizer.run(cut).await
    }
}

/// The texts whose vector is not known.
fn unknown(texts: Vec<String>, known: &[Option<Computed>]) -> Vec<String> {
    texts
        .into_iter()
        .zip(known)
        .filter(|(_, known)| known.is_none())
        .map(|(text, _)| text)
        .collect()
}

/// Counts an empty text's place among all texts, not only the unknown ones.
fn placed(error: Error, known: &[Option<Computed>]) -> Error {
    let Error::EmptyText { index } = error else { return error };
    let mut places = known.iter().enumerate().filter(|(_, known)| known.is_none());
    Error::EmptyText { index: places.nth(index).map_or(index, |(place, _)| place) }
}

/// The lengths that only the model and its tokenizer can judge.
fn check_lengths(
    config: &Config,
    model: &LocatedModel,
    tokenizer: &TextTokenizer,
) -> Result<(), Error> {
    if config.max_tokens > model.max_tokens {
        let reason =
            format!("is {}, {} takes at most {}", config.max_tokens, model.name, model.max_tokens);
        return Err(Error::inference("max_tokens", reason));
    }
    let kinds = [TextKind::Query, TextKind::Document];
    let added =
        kinds.map(|kind| tokenizer.added_tokens(kind)).into_iter().max().unwrap_or_default();
    let own = config.max_tokens.saturating_sub(added);
    if config.overlap >= own {
        let reason = format!("must be less than the {own} tokens that a chunk has of the text");
        return Err(Error::inference("overlap", reason));
    }
    Ok(())
}
