//! One ONNX Runtime session: padded batches in, vectors or scores out.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use courant_article::Embedding;
use ort::environment::Environment;
use ort::logging::LogLevel;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use ort::session::{Session, SessionInputValue};
use ort::value::{Outlet, TensorElementType, TensorRef, ValueType};

use crate::Error;
use crate::arena::Arena;
use crate::model::{Model, Pooling};
use crate::provider::Placement;
use crate::states::{self, Options, StateReader};
use crate::weights::Weights;

/// The vectors of one input, or its scores: the whole's, then one per further row.
pub(crate) type Rows = Vec<Vec<f32>>;

/// How far from 1 a vector's length may be.
const UNIT_TOLERANCE: f32 = 1e-3;

/// The tokens of one encoder input and which of them make up each vector.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    ids: Vec<u32>,
    rows: Vec<Range<usize>>,
    /// Who reads its tokens' states, if anybody does.
    pub(crate) reader: Option<StateReader>,
}

impl Input {
    /// Row 0 takes every token, special ones included, as the encoders were
    /// trained.
    pub(crate) fn new(ids: Vec<u32>) -> Self {
        let whole = 0..ids.len();
        Self { ids, rows: vec![whole], reader: None }
    }

    /// Asks for the vector of some of the tokens; returns its row.
    pub(crate) fn add_row(&mut self, tokens: Range<usize>) -> usize {
        self.rows.push(tokens);
        self.rows.len() - 1
    }

    /// How many tokens.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }
}

/// What one batch gave and what it cost.
pub(crate) struct Output {
    /// In the order of the inputs.
    pub(crate) vectors: Vec<Rows>,
    /// What each input's reader made of its states; empty where it has none.
    pub(crate) words: Vec<Vec<f32>>,
    pub(crate) real_tokens: usize,
    pub(crate) padded_tokens: usize,
}

/// A session with what it expects.
pub(crate) struct ModelSession {
    session: Session,
    /// Behind the session, which is dropped first.
    _weights: Option<Arc<Weights>>,
    arena_name: String,
    pooling: Pooling,
    takes_token_types: bool,
    dimension: usize,
    states: Option<usize>,
}

impl ModelSession {
    /// Loads the graph, checks it against what is declared, and warms it up.
    pub(crate) fn load(
        environment: &Environment,
        model: &Model,
        placement: &Placement,
    ) -> Result<Self, Error> {
        let refused = |reason| Error::Graph { path: model.graph.clone(), reason };
        let builder = builder(environment, placement)?;
        let session = open(builder, &model.graph, placement.weights.as_deref())
            .map_err(|error| refused(error.to_string()))?;
        check(&session, model).map_err(refused)?;
        let takes_token_types = has(session.inputs(), "token_type_ids");
        let mut loaded = Self {
            session,
            _weights: placement.weights.clone(),
            arena_name: placement.arena_name(),
            pooling: model.pooling,
            takes_token_types,
            dimension: model.dimension,
            states: model.states,
        };
        for length in placement.warm_up_lengths() {
            loaded.run(&[&Input::new(vec![0; length])])?;
        }
        placement.weights.iter().for_each(|weights| weights.give_back_pages());
        Ok(loaded)
    }

    /// A view of the session's arena.
    pub(crate) fn arena(&self, placement: &Placement) -> Result<Arena, Error> {
        Ok(Arena::of(&self.session, placement)?)
    }

    /// The vectors of a batch, which must not be empty.
    pub(crate) fn run(&mut self, inputs: &[&Input]) -> Result<Output, Error> {
        self.run_with(inputs, &states::options(inputs)?)
    }

    /// The same, after the arena has given back what it keeps for later: it does so at
    /// the end of a run, hence one of a single token before.
    pub(crate) fn shrink_and_run(&mut self, inputs: &[&Input]) -> Result<Output, Error> {
        let shortest = Input::new(vec![0]);
        let mut options = states::options(&[&shortest])?;
        options.set("memory.enable_memory_arena_shrinkage", &self.arena_name)?;
        self.run_with(&[&shortest], &options)?;
        self.run(inputs)
    }

    fn run_with(&mut self, inputs: &[&Input], options: &Options) -> Result<Output, Error> {
        let batch = Batch::new(inputs, self.pooling);
        let (flat, words) = self.infer(&batch, inputs, options)?;
        let vectors: Vec<Rows> = match self.pooling {
            Pooling::Graph => batch.split(inputs, &flat, self.dimension),
            Pooling::Mean | Pooling::Cls => {
                batch.pool(inputs, &flat, self.dimension, self.pooling == Pooling::Cls)
            }
            Pooling::Sequence => {
                flat.chunks_exact(self.dimension).map(|scores| vec![scores.to_vec()]).collect()
            }
            Pooling::Tokens => batch.first_tokens(inputs, &flat, self.dimension),
        };
        self.check_values(&vectors)?;
        Ok(Output {
            vectors,
            words,
            real_tokens: inputs.iter().map(|input| input.len()).sum(),
            padded_tokens: batch.items * batch.tokens,
        })
    }

    /// Refuses what is no vector, or no scores.
    fn check_values(&self, vectors: &[Rows]) -> Result<(), Error> {
        let mut rows = vectors.iter().flatten();
        match self.pooling {
            Pooling::Graph | Pooling::Mean | Pooling::Cls if !rows.all(|row| is_unit(row)) => {
                Err(Error::NotAVector)
            }
            Pooling::Sequence | Pooling::Tokens
                if !rows.all(|row| row.iter().all(|score| score.is_finite())) =>
            {
                Err(Error::NotScores)
            }
            _ => Ok(()),
        }
    }

    /// The graph's output, flat, and what was read from the states.
    fn infer(
        &mut self,
        batch: &Batch,
        inputs: &[&Input],
        options: &Options,
    ) -> Result<(Vec<f32>, Vec<Vec<f32>>), Error> {
        let shape = [batch.items, batch.tokens];
        let mut values: Vec<(&str, SessionInputValue<'_>)> = vec![
            ("input_ids", TensorRef::from_array_view((shape, &*batch.ids))?.into()),
            ("attention_mask", TensorRef::from_array_view((shape, &*batch.mask))?.into()),
        ];
        if self.takes_token_types {
            values.push((
                "token_type_ids",
                TensorRef::from_array_view((shape, &*batch.types))?.into(),
            ));
        }
        if self.pooling == Pooling::Graph {
            let shape = [batch.items, batch.rows, batch.tokens];
            values.push(("spans", TensorRef::from_array_view((shape, &*batch.spans))?.into()));
        }
        let vectors_per_item = match self.pooling {
            Pooling::Graph => batch.rows,
            Pooling::Mean | Pooling::Cls | Pooling::Tokens => batch.tokens,
            Pooling::Sequence => 1,
        };
        let outputs = self.session.run_with_options(values, options)?;
        let (found, flat) = outputs[output_name(self.pooling)].try_extract_tensor::<f32>()?;
        if flat.len() != batch.items * vectors_per_item * self.dimension {
            return Err(Error::Output { declared: self.dimension, found: found.to_string() });
        }
        let words = states::read(&outputs, inputs, batch.tokens, self.states)?;
        Ok((flat.to_vec(), words))
    }
}

/// One thread per session and no spinning: the sessions are the parallelism.
/// Memory patterns are kept per input shape, and every batch has another one.
fn builder(environment: &Environment, placement: &Placement) -> ort::Result<SessionBuilder> {
    let builder = Session::builder(environment)?
        .with_execution_providers(placement.dispatch())?
        .with_optimization_level(GraphOptimizationLevel::All)?
        .with_intra_threads(1)?
        .with_inter_threads(1)?
        .with_intra_op_spinning(false)?
        .with_memory_pattern(false)?
        .with_log_level(LogLevel::Warning)?;
    Ok(builder)
}

/// A kernel that cannot share what it packs refuses the whole session, which then has
/// weights of its own.
fn open(
    mut builder: SessionBuilder,
    graph: &Path,
    weights: Option<&Weights>,
) -> ort::Result<Session> {
    if let Some(weights) = weights {
        match weights.lend(builder.clone()).and_then(|mut it| it.commit_from_file(graph)) {
            Ok(session) => return Ok(session),
            Err(error) => tracing::debug!(%error, "loads a session that shares no weights"),
        }
    }
    builder.commit_from_file(graph)
}

fn output_name(pooling: Pooling) -> &'static str {
    match pooling {
        Pooling::Graph => "embeddings",
        Pooling::Mean | Pooling::Cls => "last_hidden_state",
        Pooling::Sequence | Pooling::Tokens => "logits",
    }
}

fn has(outlets: &[Outlet], name: &str) -> bool {
    outlets.iter().any(|outlet| outlet.name() == name)
}

/// Compares the session's inputs and output with the declared ones.
fn check(session: &Session, model: &Model) -> Result<(), String> {
    let needed: &[&str] = match model.pooling {
        Pooling::Graph => &["input_ids", "attention_mask", "spans"],
        _ => &["input_ids", "attention_mask"],
    };
    if let Some(missing) = needed.iter().find(|name| !has(session.inputs(), name)) {
        return Err(format!("it has no input {missing}"));
    }
    let is_known = |name: &str| needed.contains(&name) || name == "token_type_ids";
    if let Some(other) = session.inputs().iter().find(|input| !is_known(input.name())) {
        return Err(format!("it wants an input {}, which is not known here", other.name()));
    }
    let name = output_name(model.pooling);
    let output = session.outputs().iter().find(|output| output.name() == name);
    let found = output.ok_or_else(|| missing_output(name, session.outputs()))?.dtype();
    match model.pooling {
        Pooling::Graph | Pooling::Mean | Pooling::Cls => check_output(found, model.dimension)?,
        Pooling::Sequence => check_logits(found, 2, model.dimension)?,
        Pooling::Tokens => check_logits(found, 3, model.dimension)?,
    }
    states::check(session.outputs(), model.states)
}

fn missing_output(name: &str, found: &[Outlet]) -> String {
    let found: Vec<&str> = found.iter().map(Outlet::name).collect();
    format!("it has no output {name}, only {}", found.join(", "))
}

/// Whether scores have as many dimensions and labels as declared.
fn check_logits(found: &ValueType, rank: usize, labels: usize) -> Result<(), String> {
    let ValueType::Tensor { ty: TensorElementType::Float32, shape, .. } = found else {
        return Err(format!("its output is {found}, needed is a tensor of f32"));
    };
    let declared = i64::try_from(labels).unwrap_or(i64::MAX);
    match shape.last() {
        // What the graph leaves open, the first run shows.
        Some(&width) if shape.len() == rank && (width == declared || width < 0) => Ok(()),
        _ => Err(format!(
            "its output has shape {shape}, declared are {labels} labels in {rank} dimensions"
        )),
    }
}

pub(crate) fn check_output(found: &ValueType, dimension: usize) -> Result<(), String> {
    let ValueType::Tensor { shape, .. } = found else {
        return Err("its output is no tensor".into());
    };
    let declared = i64::try_from(dimension).unwrap_or(i64::MAX);
    match **shape {
        // What the graph leaves open, the first run shows.
        [_, _, width] if width == declared || width < 0 => Ok(()),
        _ => Err(format!("its output has shape {shape}, declared is dimension {dimension}")),
    }
}

fn is_unit(vector: &[f32]) -> bool {
    let norm = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    (norm - 1.0).abs() < UNIT_TOLERANCE
}

/// Inputs padded to the longest.
struct Batch {
    items: usize,
    tokens: usize,
    rows: usize,
    ids: Vec<i64>,
    mask: Vec<i64>,
    types: Vec<i64>,
    /// `[items, rows, tokens]`, only where the graph pools.
    spans: Vec<f32>,
}

impl Batch {
    fn new(inputs: &[&Input], pooling: Pooling) -> Self {
        let items = inputs.len();
        let tokens = inputs.iter().map(|input| input.len()).max().unwrap_or(0);
        let rows = inputs.iter().map(|input| input.rows.len()).max().unwrap_or(0);
        let spans = if pooling == Pooling::Graph { items * rows * tokens } else { 0 };
        let mut batch = Self {
            items,
            tokens,
            rows,
            ids: vec![0; items * tokens],
            mask: vec![0; items * tokens],
            types: vec![0; items * tokens],
            spans: vec![0.0; spans],
        };
        for (item, input) in inputs.iter().enumerate() {
            batch.fill(item, input);
        }
        batch
    }

    fn fill(&mut self, item: usize, input: &Input) {
        let start = item * self.tokens;
        for (at, &id) in input.ids.iter().enumerate() {
            self.ids[start + at] = i64::from(id);
            self.mask[start + at] = 1;
        }
        if self.spans.is_empty() {
            return;
        }
        for (row, range) in input.rows.iter().enumerate() {
            let start = (item * self.rows + row) * self.tokens;
            self.spans[start + range.start..start + range.end].fill(1.0);
        }
    }

    /// The rows of every input from `[items, rows, dimension]`.
    fn split(&self, inputs: &[&Input], flat: &[f32], dimension: usize) -> Vec<Rows> {
        let items = flat.chunks_exact(self.rows * dimension).zip(inputs);
        items
            .map(|(item, input)| {
                item.chunks_exact(dimension).take(input.rows.len()).map(<[f32]>::to_vec).collect()
            })
            .collect()
    }

    /// The scores of each row's first token from `[items, tokens, labels]`.
    fn first_tokens(&self, inputs: &[&Input], flat: &[f32], labels: usize) -> Vec<Rows> {
        let items = flat.chunks_exact(self.tokens * labels).zip(inputs);
        let row = |item: &[f32], row: &Range<usize>| item[row.start * labels..][..labels].to_vec();
        items.map(|(item, input)| input.rows.iter().map(|at| row(item, at)).collect()).collect()
    }

    /// The mean of each row's token vectors from `[items, tokens, dimension]`; of row 0,
    /// which is the whole input, the first token's where `by_first` says so.
    fn pool(&self, inputs: &[&Input], flat: &[f32], dimension: usize, by_first: bool) -> Vec<Rows> {
        let pooled = |item: &[f32], input: &Input| {
            let taken =
                |at, row: &Range<usize>| if by_first && at == 0 { 0..1 } else { row.clone() };
            let rows = input.rows.iter().enumerate();
            rows.map(|(at, row)| mean(item, &taken(at, row), dimension)).collect()
        };
        let items = flat.chunks_exact(self.tokens * dimension).zip(inputs);
        items.map(|(item, input)| pooled(item, input)).collect()
    }
}

fn mean(tokens: &[f32], range: &Range<usize>, dimension: usize) -> Vec<f32> {
    let mut sum = vec![0.0; dimension];
    for token in tokens[range.start * dimension..range.end * dimension].chunks_exact(dimension) {
        for (total, value) in sum.iter_mut().zip(token) {
            *total += value;
        }
    }
    Embedding::normalized(sum).as_slice().to_vec()
}
