//! The tensors of one run, in buffers that the next run uses again.

#![expect(unsafe_code, reason = "ort has no safe tensor over memory that is not its own")]

use std::ptr::{self, NonNull};

use courant_gpu_utils::memory::{Staged, Staging};
use ort::AsPointer;
use ort::memory::{Allocator, MemoryInfo};
use ort::session::{OutputSelector, RunOptions, Session, SessionInputValue};
use ort::sys::ONNXTensorElementDataType;
use ort::value::{DynValue, TensorRef};

use crate::Error;
use crate::batch::input::Input;
use crate::session::padded::Padded;

/// Makes the arena give back at the end of a run what it keeps for later.
const SHRINKAGE: &str = "memory.enable_memory_arena_shrinkage";

/// The optional inputs of a graph.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) token_types: bool,
    pub(crate) spans: bool,
}

/// The inputs of one run.
pub(crate) struct RunInputs {
    batch: Padded,
    ids: Staged<i64>,
    mask: Staged<i64>,
    types: Option<Staged<i64>>,
    spans: Option<Staged<f32>>,
}

impl RunInputs {
    /// Pads `inputs` into buffers of `staging`.
    pub(crate) fn new(
        staging: &Staging,
        batch: Padded,
        inputs: &[&Input],
        wanted: Wanted,
    ) -> Result<Self, Error> {
        let tokens = batch.items * batch.tokens;
        let mut ids = staging.input(tokens)?;
        batch.write_ids(inputs, ids.as_mut_slice()?);
        let mut mask = staging.input(tokens)?;
        batch.write_mask(inputs, mask.as_mut_slice()?);
        let mut types = wanted.token_types.then(|| staging.input(tokens)).transpose()?;
        if let Some(types) = &mut types {
            batch.write_types(inputs, types.as_mut_slice()?);
        }
        let spans = || staging.input(batch.items * batch.rows * batch.tokens);
        let mut spans = wanted.spans.then(spans).transpose()?;
        if let Some(spans) = &mut spans {
            batch.write_spans(inputs, spans.as_mut_slice()?);
        }
        Ok(Self { batch, ids, mask, types, spans })
    }

    fn values(&self) -> Result<Vec<(&'static str, SessionInputValue<'_>)>, Error> {
        let Padded { items, tokens, rows } = self.batch;
        let mut values = vec![
            ("input_ids", self.of_tokens(&self.ids)?),
            ("attention_mask", self.of_tokens(&self.mask)?),
        ];
        if let Some(types) = &self.types {
            values.push(("token_type_ids", self.of_tokens(types)?));
        }
        if let Some(spans) = &self.spans {
            let shape = [items, rows, tokens];
            values.push(("spans", TensorRef::from_array_view((shape, spans.as_slice()?))?.into()));
        }
        Ok(values)
    }

    fn of_tokens<'a>(&self, numbers: &'a Staged<i64>) -> Result<SessionInputValue<'a>, Error> {
        let shape = [self.batch.items, self.batch.tokens];
        Ok(TensorRef::from_array_view((shape, numbers.as_slice()?))?.into())
    }
}

/// An output that the runtime writes into a buffer.
pub(crate) struct RunOutput {
    name: &'static str,
    shape: Vec<i64>,
    numbers: Staged<f32>,
}

impl RunOutput {
    pub(crate) fn new(
        staging: &Staging,
        name: &'static str,
        shape: &[usize],
    ) -> Result<Self, Error> {
        let numbers = staging.output(shape.iter().product())?;
        let length = |&length: &usize| i64::try_from(length).unwrap_or(i64::MAX);
        Ok(Self { name, shape: shape.iter().map(length).collect(), numbers })
    }

    /// The numbers that the run wrote.
    pub(crate) fn numbers(&self) -> Result<&[f32], Error> {
        Ok(self.numbers.as_slice()?)
    }

    /// A tensor over the buffer. The runtime copies from a device into it, or computes
    /// in it.
    ///
    /// # Safety
    /// The value must be dropped before the buffer is read or goes.
    unsafe fn value(&mut self) -> Result<DynValue, Error> {
        let numbers = self.numbers.as_mut_slice()?;
        // Page-locked memory is the processor's too: the driver knows it by its address.
        let memory = MemoryInfo::default();
        let mut value = ptr::null_mut();
        // SAFETY: the buffer has as many values as the shape says, the runtime copies the
        // shape, and `value` is written before the call returns.
        let status = unsafe {
            (ort::api().CreateTensorWithDataAsOrtValue)(
                memory.ptr(),
                numbers.as_mut_ptr().cast(),
                size_of_val(numbers),
                self.shape.as_ptr(),
                self.shape.len(),
                ONNXTensorElementDataType::ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT,
                &raw mut value,
            )
        };
        // SAFETY: the runtime gave this status to us, and it is released here, once.
        unsafe { ort::Error::result_from_status(status) }?;
        let value = NonNull::new(value).ok_or(Error::Stopped)?;
        // SAFETY: the value is a tensor that was just made, and ours to release. It does
        // not own its memory, so that no allocator frees that.
        Ok(unsafe { DynValue::from_ptr(value, Some(&Allocator::default())) })
    }
}

/// Runs `session`, which writes into `outputs` and computes no other output. The arena of
/// the name `shrinks` gives back what it keeps for later.
pub(crate) fn run(
    session: &mut Session,
    inputs: &RunInputs,
    outputs: &mut [RunOutput],
    shrinks: Option<&str>,
) -> Result<(), Error> {
    let mut selected = OutputSelector::no_default();
    for output in outputs {
        let name = output.name;
        // SAFETY: the values live in `selected` and in what the run returns, which are
        // dropped before this function returns, and the buffers outlive it.
        let value = unsafe { output.value() }?;
        selected = selected.with(name).preallocate(name, value);
    }
    let mut options = RunOptions::new()?.with_outputs(selected);
    if let Some(arena) = shrinks {
        options.set(SHRINKAGE, arena)?;
    }
    session.run_with_options(inputs.values()?, &options)?;
    Ok(())
}
