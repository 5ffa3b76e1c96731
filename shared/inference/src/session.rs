//! One ONNX Runtime session: padded batches in, vectors or scores out.

pub(crate) mod budget;
pub(crate) mod device;
pub(crate) mod graph;
pub(crate) mod launch;
pub(crate) mod padded;
pub(crate) mod place;
pub(crate) mod runtime;
pub(crate) mod states;
pub(crate) mod tensors;
pub(crate) mod worker;

use std::path::Path;
use std::sync::Arc;

use courant_gpu_utils::memory::Staging;
use courant_gpu_utils::stream::DeviceStream;
use ort::environment::Environment;
use ort::logging::LogLevel;
use ort::session::Session;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};

use crate::Error;
use crate::batch::answer::Rows;
use crate::batch::input::Input;
use crate::device::arena::SessionArena;
use crate::device::placement::ModelPlacement;
use crate::model::weights::Weights;
use crate::model::{LocatedModel, Pooling};
use graph::{check, has, output_name};
use padded::Padded;
use states::STATES;
use tensors::{RunInputs, RunOutput, Wanted};

/// The greatest distance of a vector's length from 1.
const UNIT_TOLERANCE: f32 = 1e-3;

/// The result of one batch, and its cost.
pub(crate) struct Output {
    /// In the order of the inputs.
    pub(crate) vectors: Vec<Rows>,
    /// The values that each input's reader kept; empty where it has none.
    pub(crate) words: Vec<Vec<f32>>,
    pub(crate) real_tokens: usize,
    pub(crate) padded_tokens: usize,
}

/// A session and its expected inputs and outputs.
pub(crate) struct ModelSession {
    session: Session,
    /// Behind the session, which is dropped first.
    _weights: Option<Arc<Weights>>,
    /// The stream that the session computes on; none on the CPU. Behind the session too.
    stream: Option<DeviceStream>,
    staging: Staging,
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
        model: &LocatedModel,
        placement: &ModelPlacement,
    ) -> Result<Self, Error> {
        let refused = |reason| Error::Graph { path: model.graph.clone(), reason };
        let cuda = placement.cuda()?;
        let stream = cuda.as_ref().map(DeviceStream::new).transpose()?;
        let builder = builder(environment, placement, stream.as_ref())?;
        let session = open(builder, &model.graph, placement.weights.as_deref())
            .map_err(|error| refused(error.to_string()))?;
        check(&session, model).map_err(refused)?;
        let takes_token_types = has(session.inputs(), "token_type_ids");
        let mut loaded = Self {
            session,
            _weights: placement.weights.clone(),
            stream,
            staging: cuda.as_ref().map_or_else(Staging::ordinary, Staging::pinned),
            arena_name: placement.arena_name(),
            pooling: model.pooling,
            takes_token_types,
            dimension: model.dimension,
            states: model.states,
        };
        for length in placement.warm_up_lengths() {
            let first = loaded.run(&[&Input::new(vec![0; length])]);
            first.map_err(|error| refused(format!("its first run failed: {error}")))?;
        }
        placement.weights.iter().for_each(|weights| weights.give_back_pages());
        Ok(loaded)
    }

    /// A view of the session's arena.
    pub(crate) fn arena(&self, placement: &ModelPlacement) -> Result<SessionArena, Error> {
        Ok(SessionArena::of(&self.session, placement)?)
    }

    /// The stream that the session computes on; none on the CPU.
    pub(crate) fn stream(&self) -> Option<&DeviceStream> {
        self.stream.as_ref()
    }

    /// The vectors of a batch, which must not be empty.
    pub(crate) fn run(&mut self, inputs: &[&Input]) -> Result<Output, Error> {
        self.run_with(inputs, false)
    }

    /// The same, after arena and buffers have given back what they keep for later: the
    /// arena does so at the end of a run, hence one of a single token before.
    pub(crate) fn shrink_and_run(&mut self, inputs: &[&Input]) -> Result<Output, Error> {
        tracing::debug!(bytes = self.staging.reserved_bytes(), "freed the idle buffers");
        self.staging.collect();
        self.run_with(&[&Input::new(vec![0])], true)?;
        self.run(inputs)
    }

    fn run_with(&mut self, inputs: &[&Input], shrinks: bool) -> Result<Output, Error> {
        let batch = Padded::of(inputs);
        let outputs = self.infer(batch, inputs, shrinks)?;
        let flat = outputs[0].numbers()?;
        let words = match (outputs.get(1), self.states) {
            (Some(states), Some(dimension)) => {
                states::read(states.numbers()?, inputs, batch.tokens, dimension)
            }
            _ => vec![Vec::new(); inputs.len()],
        };
        let vectors: Vec<Rows> = match self.pooling {
            Pooling::Graph => batch.split(inputs, flat, self.dimension),
            Pooling::Mean | Pooling::Cls => {
                batch.pool(inputs, flat, self.dimension, self.pooling == Pooling::Cls)
            }
            Pooling::Sequence => {
                flat.chunks_exact(self.dimension).map(|scores| vec![scores.to_vec()]).collect()
            }
            Pooling::Tokens => batch.first_tokens(inputs, flat, self.dimension),
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

    /// The graph's output, and behind it the states, if an input has a reader for them.
    fn infer(
        &mut self,
        batch: Padded,
        inputs: &[&Input],
        shrinks: bool,
    ) -> Result<Vec<RunOutput>, Error> {
        let Padded { items, tokens, rows } = batch;
        let pools_in_graph = self.pooling == Pooling::Graph;
        let wanted = Wanted { token_types: self.takes_token_types, spans: pools_in_graph };
        let staged = RunInputs::new(&self.staging, batch, inputs, wanted)?;
        let shape = match self.pooling {
            Pooling::Graph => vec![items, rows, self.dimension],
            Pooling::Mean | Pooling::Cls | Pooling::Tokens => vec![items, tokens, self.dimension],
            Pooling::Sequence => vec![items, self.dimension],
        };
        let mut outputs = vec![RunOutput::new(&self.staging, output_name(self.pooling), &shape)?];
        if let Some(dimension) = self.states
            && inputs.iter().any(|input| input.reader.is_some())
        {
            outputs.push(RunOutput::new(&self.staging, STATES, &[items, tokens, dimension])?);
        }
        let shrinks = shrinks.then_some(self.arena_name.as_str());
        tensors::run(&mut self.session, &staged, &mut outputs, shrinks)?;
        Ok(outputs)
    }
}

/// One thread per session and no spinning: the sessions are the parallelism.
/// Memory patterns are kept per input shape, and every batch has another one.
fn builder(
    environment: &Environment,
    placement: &ModelPlacement,
    stream: Option<&DeviceStream>,
) -> ort::Result<SessionBuilder> {
    let builder = Session::builder(environment)?
        .with_execution_providers(placement.dispatch(stream))?
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

fn is_unit(vector: &[f32]) -> bool {
    let norm = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    (norm - 1.0).abs() < UNIT_TOLERANCE
}

#[cfg(test)]
mod tests;
