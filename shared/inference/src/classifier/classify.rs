//! A classifier, its sessions and its results.

use std::sync::Arc;
use std::time::Instant;

use courant_article::{ModelRef, Span, TextKind};
use courant_heads::entities::{WordPlacement, stretch, words};
use tokio::task;

use super::config::{ClassifierConfig, NamedIn};
use super::decode;
use super::files::Located;
use super::labels::{Labels, Reading, Tags};
use crate::Error;
use crate::batch::answer::{InputResult, ran};
use crate::batch::input::Input;
use crate::batch::queue::{InputQueue, Urgency};
use crate::batch::waiting::Priority;
use crate::device::host::ModelHost;
use crate::device::share::Demand;
use crate::metrics::Metrics;
use crate::session::launch::{Opened, RunningSessions, SessionPlan};
use crate::session::worker::Workers;
use crate::text::chunk::windows;
use crate::text::tokenize::{TextTokenizer, TokenizerThreads};

/// The labels of one text, with the model that computed them.
#[derive(Clone, Debug, PartialEq)]
pub struct Classified {
    /// The labels.
    pub findings: Findings,
    /// The model that computed the labels. Its provider is the one that really ran.
    pub model: ModelRef,
}

const PLACE: NamedIn = NamedIn::Classifiers;

/// The memory of a GPU that a classifier's session may take beside its weights: several
/// classifiers share what their agent may take.
const WORKSPACE_BYTES: u64 = 1_000_000_000;

/// The labels of one text.
#[derive(Clone, Debug, PartialEq)]
pub enum Findings {
    /// Every label of the whole text, by falling score.
    Labels(Vec<Label>),
    /// Labelled parts of the text, in its order.
    Spans(Vec<LabelledSpan>),
}

/// A label and its probability.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// `negative`, `neutral` or `positive`, the code of a topic, or the model's own name.
    pub label: String,
    /// 0 to 1.
    pub score: f32,
}

/// A part of a text with a label.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelledSpan {
    /// The labelled part of the text.
    pub text: String,
    /// `person`, `organization` or `location`, or the model's own name.
    pub label: String,
    /// The span in the text, in code points.
    pub span: Span,
    /// The mean probability of the label over the words, 0 to 1.
    pub score: f32,
}

/// A classifier with its sessions. Dropping it ends them.
pub struct Classifier {
    model: ModelRef,
    reading: Arc<Reading>,
    max_tokens: usize,
    overlap: usize,
    tokenizer: TokenizerThreads,
    queue: Arc<InputQueue>,
    _workers: Workers,
}

impl Classifier {
    /// Loads the sessions of what was located, and starts the threads. Blocks.
    ///
    /// # Errors
    /// The first thing that is wrong with a file's SHA-256, with the lengths, or with the graph's
    /// inputs, output and number of labels.
    pub(super) fn load(
        config: &ClassifierConfig,
        located: Located,
        host: &ModelHost,
        metrics: &Metrics,
    ) -> Result<Self, Error> {
        let Located { model, reading } = located;
        let opened = Opened::new(model, host)?;
        let max_tokens = opened.model.max_tokens;
        let overlap = if matches!(reading, Reading::Tokens(_)) { config.overlap } else { 0 };
        check_lengths(config, max_tokens, overlap, &opened.tokenizer)?;
        let running = start(config, opened, host, metrics)?;
        Ok(Self {
            model: running.model,
            reading: Arc::new(reading),
            max_tokens,
            overlap,
            tokenizer: running.tokenizer,
            queue: running.queue,
            _workers: running.workers,
        })
    }

    /// Returns the model that computes the scores.
    pub fn model(&self) -> &ModelRef {
        &self.model
    }

    /// Labels a text. Waits while the queue is full. Dropping the future removes its unstarted
    /// inputs from the queue.
    ///
    /// # Errors
    /// [`Error::EmptyText`] if the text has no tokens, [`Error::Late`] if no session was free
    /// before `deadline`, [`Error::Runtime`] or [`Error::NotScores`] if a batch failed.
    pub async fn classify(
        &self,
        text: &str,
        priority: Priority,
        deadline: Option<Instant>,
    ) -> Result<Classified, Error> {
        let plan = self.plan(text.to_owned()).await?;
        let inputs = plan.windows.iter().map(|window| window.input.clone()).collect();
        let answers = self.queue.run(inputs, Urgency { priority, deadline }).await?;
        let model = ran(&self.model, answers.iter().map(|answer| answer.provider));
        let reading = Arc::clone(&self.reading);
        // Finding spans in a long text takes longer than an async task may.
        let read = task::spawn_blocking(move || plan.read(&reading, &answers));
        Ok(Classified { findings: read.await.map_err(|_| Error::Stopped)?, model })
    }

    async fn plan(&self, text: String) -> Result<Plan, Error> {
        let (max_tokens, overlap) = (self.max_tokens, self.overlap);
        let by_word = matches!(*self.reading, Reading::Tokens(_));
        let plan = move |tokenizer: &TextTokenizer| {
            Plan::new(tokenizer, text, max_tokens, overlap, by_word)
        };
        self.tokenizer.run(plan).await
    }
}

/// Places a model and starts its sessions.
pub(super) fn start(
    config: &ClassifierConfig,
    opened: Opened,
    host: &ModelHost,
    metrics: &Metrics,
) -> Result<RunningSessions, Error> {
    let demand = Demand { sessions: config.sessions, workspace_bytes: WORKSPACE_BYTES };
    let placement = opened.place(host, demand)?;
    let plan = SessionPlan {
        sessions: config.sessions,
        tokenizer_threads: 1,
        queue_capacity: ClassifierConfig::queue_capacity(),
        limits: config.limits(opened.model.precision, placement.provider, host.gpu.workload),
        max_tokens: opened.model.max_tokens,
    };
    opened.start(placement, &plan, &host.gpu, metrics.clone())
}

/// A window must have room for more of the text than it shares with the next.
fn check_lengths(
    config: &ClassifierConfig,
    max_tokens: usize,
    overlap: usize,
    tokenizer: &TextTokenizer,
) -> Result<(), Error> {
    let own = max_tokens.saturating_sub(tokenizer.added_tokens(TextKind::Document));
    if own == 0 {
        return Err(config.wrong(PLACE, "max_tokens", "leaves no room for the text's own tokens"));
    }
    if overlap >= own {
        let reason = format!("must be less than the {own} tokens that a window has of the text");
        return Err(config.wrong(PLACE, "overlap", &reason));
    }
    Ok(())
}

/// A text and its windows.
struct Plan {
    text: String,
    windows: Vec<Window>,
}

struct Window {
    input: Input,
    /// The text's own tokens, without the special ones.
    tokens: usize,
    /// The words that are labelled here, one for each further row.
    words: Vec<usize>,
}

impl Plan {
    fn new(
        tokenizer: &TextTokenizer,
        text: String,
        max_tokens: usize,
        overlap: usize,
        by_word: bool,
    ) -> Result<Self, Error> {
        let tokens = tokenizer.tokens(&text)?;
        let own = max_tokens - tokenizer.added_tokens(TextKind::Document);
        let ranges = windows(tokens.ids.len(), own, overlap);
        if ranges.is_empty() {
            return Err(Error::EmptyText { index: 0 });
        }
        let window = |range: &std::ops::Range<usize>| Window {
            input: Input::new(tokenizer.input(&tokens, range.clone())),
            tokens: range.len(),
            words: Vec::new(),
        };
        let mut windows: Vec<Window> = ranges.iter().map(window).collect();
        if by_word {
            let placement = WordPlacement::new(&words(&text), &tokens.spans, &ranges);
            for (at, window) in windows.iter_mut().enumerate() {
                window.place(&placement, at, tokenizer.leading_tokens());
            }
        }
        Ok(Self { text, windows })
    }

    /// `answers`: one for each window.
    fn read(&self, reading: &Reading, answers: &[InputResult]) -> Findings {
        match reading {
            Reading::Sequence(labels) => Findings::Labels(self.labels(labels, answers)),
            Reading::Tokens(tags) => Findings::Spans(self.spans(tags, answers)),
        }
    }

    fn labels(&self, labels: &Labels, answers: &[InputResult]) -> Vec<Label> {
        let windows = self.windows.iter().zip(answers);
        let scores = windows.map(|(window, answer)| (&answer.rows[0][..], window.tokens));
        let probabilities = decode::probabilities(labels, scores);
        let found = labels.names.iter().cloned().zip(probabilities);
        let mut found: Vec<Label> = found.map(|(label, score)| Label { label, score }).collect();
        found.sort_by(|a, b| b.score.total_cmp(&a.score));
        found
    }

    /// A word without tokens has no scores: each label is as likely.
    fn spans(&self, tags: &Tags, answers: &[InputResult]) -> Vec<LabelledSpan> {
        let words = words(&self.text);
        let width = tags.tags.len();
        let mut scores = vec![0.0; words.len() * width];
        for (window, answer) in self.windows.iter().zip(answers) {
            for (&word, row) in window.words.iter().zip(&answer.rows[1..]) {
                scores[word * width..][..width].copy_from_slice(row);
            }
        }
        let span = |tagged: decode::Tagged| {
            let (span, text) = stretch(&self.text, &words, &tagged.words);
            let label = tags.names[tagged.name].clone();
            LabelledSpan { text: text.to_owned(), label, span, score: tagged.score }
        };
        decode::spans(tags, &scores).into_iter().map(span).collect()
    }
}

impl Window {
    /// Asks for the scores of each word's first token: of the others many
    /// classifiers learned nothing.
    fn place(&mut self, placement: &WordPlacement, at: usize, leading_tokens: usize) {
        for placed in placement.chunk(at) {
            let first = placed.tokens.start + leading_tokens;
            self.input.add_row(first..first + 1);
            self.words.push(placed.word);
        }
    }
}
