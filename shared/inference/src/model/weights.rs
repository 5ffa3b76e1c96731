//! A model's large weights, in memory once for all sessions on the CPU.
//!
//! By itself, every session packs the factors of its multiplications into memory of its
//! own. Sessions share what is packed only of initializers that were handed to them
//! (`CreateSessionWithPrepackedWeightsContainer` in onnxruntime_c_api.h).

#![expect(unsafe_code, reason = "nothing safe maps files, or makes values over mapped bytes")]

mod proto;

use std::collections::HashMap;
use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::ptr::{self, NonNull};
use std::sync::Arc;

use bytes::Bytes;
use memmap2::{Mmap, UncheckedAdvice};
use ort::AsPointer;
use ort::environment::Environment;
use ort::memory::{Allocator, MemoryInfo};
use ort::session::builder::{PrepackedWeights, SessionBuilder};
use ort::value::{DynValue, TensorElementType};
use prost::Message;

use crate::model::LocatedModel;
use proto::{GraphFile, Initializer};

/// Smaller initializers are left to the runtime, which may fold or fuse them.
const LARGE_BYTES: usize = 1 << 16;

/// The weights that the sessions of one model share; they have to outlive them.
pub(crate) struct Weights {
    packed: PrepackedWeights,
    shared: Vec<Weight>,
    files: Vec<Mapped>,
}

/// One initializer.
struct Weight {
    name: String,
    value: Arc<DynValue>,
    /// The memory in which the value lies.
    _bytes: Bytes,
}

impl Weights {
    /// Those of `model`. Where its graph cannot be read, none: the runtime says why
    /// when it loads it. The environment shows that there is a runtime to make values.
    pub(crate) fn of(environment: &Environment, model: &LocatedModel) -> Self {
        Self::of_at_least(LARGE_BYTES, environment, model)
    }

    fn of_at_least(least: usize, _: &Environment, model: &LocatedModel) -> Self {
        let mut files = Files { model, mapped: HashMap::new() };
        let shared = initializers(&model.graph)
            .iter()
            .filter_map(|initializer| Weight::of(initializer, least, &mut files))
            .collect();
        let files = files.mapped.into_values().flatten().collect();
        Self { packed: PrepackedWeights::new(), shared, files }
    }

    /// Has the session that is built take its weights from here.
    pub(crate) fn lend(&self, builder: SessionBuilder) -> ort::Result<SessionBuilder> {
        let builder = builder.with_prepacked_weights(&self.packed)?;
        self.shared.iter().try_fold(builder, |builder, weight| {
            Ok(builder.with_initializer(&weight.name, Arc::clone(&weight.value))?)
        })
    }

    /// Gives back the pages of mapped files that were read to be packed. What is
    /// still needed, the kernel brings again.
    pub(crate) fn give_back_pages(&self) {
        for Mapped(file) in &self.files {
            // SAFETY: the mapping is of a file and read-only, so a page that is read
            // again holds what it held.
            if let Err(error) = unsafe { file.unchecked_advise(UncheckedAdvice::DontNeed) } {
                tracing::debug!(%error, "the kernel keeps the pages of weights");
            }
        }
    }
}

impl fmt::Debug for Weights {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Weights").field("shared", &self.shared.len()).finish()
    }
}

impl Weight {
    /// `None` for one that is small, or of a kind that cannot be shared.
    fn of(initializer: &Initializer, least: usize, files: &mut Files<'_>) -> Option<Self> {
        let (element, width) = element(initializer.data_type)?;
        let size = initializer
            .dims
            .iter()
            .try_fold(width, |size, &length| size.checked_mul(usize::try_from(length).ok()?))?;
        if size < least {
            return None;
        }
        let bytes = files.bytes(initializer, size)?;
        if bytes.len() != size || bytes.as_ptr().align_offset(width) != 0 {
            return None;
        }
        let value = value(&bytes, element, &initializer.dims).ok()?;
        Some(Self { name: initializer.name.clone(), value: Arc::new(value), _bytes: bytes })
    }
}

/// The types of multiplications on a CPU, with the bytes of an element. Kernels for
/// others, such as `LayerNormalization` in fp16, pack what they cannot share, and fail.
fn element(data_type: i32) -> Option<(TensorElementType, usize)> {
    match data_type {
        1 => Some((TensorElementType::Float32, 4)),
        2 => Some((TensorElementType::Uint8, 1)),
        3 => Some((TensorElementType::Int8, 1)),
        _ => None,
    }
}

fn initializers(graph: &Path) -> Vec<Initializer> {
    let decoded = fs::read(graph).ok().and_then(|file| GraphFile::decode(Bytes::from(file)).ok());
    decoded.and_then(|file| file.graph).map_or_else(Vec::new, |graph| graph.initializers)
}

/// A value over `bytes`, which have to outlive it and all sessions that it is lent to.
fn value(bytes: &Bytes, element: TensorElementType, dims: &[i64]) -> ort::Result<DynValue> {
    let memory = MemoryInfo::default();
    let mut value = ptr::null_mut();
    // SAFETY: `bytes` is as long as its type and dimensions say, and the runtime only
    // reads initializers; `value` is written before the call returns.
    let status = unsafe {
        (ort::api().CreateTensorWithDataAsOrtValue)(
            memory.ptr(),
            bytes.as_ptr().cast_mut().cast(),
            bytes.len(),
            dims.as_ptr(),
            dims.len(),
            element.into(),
            &raw mut value,
        )
    };
    // SAFETY: the runtime gave this status to us to release, once.
    unsafe { ort::Error::result_from_status(status) }?;
    let value = NonNull::new(value).ok_or_else(|| ort::Error::new("there is no value"))?;
    // SAFETY: the value is a tensor in the CPU's memory, and ours to release.
    Ok(unsafe { DynValue::from_ptr(value, Some(&Allocator::default())) })
}

/// The files of a model with weights beside its graph, mapped when first named.
struct Files<'a> {
    model: &'a LocatedModel,
    mapped: HashMap<PathBuf, Option<Mapped>>,
}

/// Bytes of a file. As with the runtime's own mappings, the file must not be written
/// to meanwhile.
#[derive(Clone)]
struct Mapped(Arc<Mmap>);

impl AsRef<[u8]> for Mapped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Files<'_> {
    /// The `size` bytes of an initializer: those beside the graph where they lie, those
    /// within copied, since they need not be aligned there.
    fn bytes(&mut self, initializer: &Initializer, size: usize) -> Option<Bytes> {
        let Some(location) = initializer.entry("location") else {
            return Some(Bytes::copy_from_slice(&initializer.raw_data));
        };
        let start: usize = initializer.entry("offset").unwrap_or("0").parse().ok()?;
        let file = Bytes::from_owner(self.file(location)?);
        let end = start.checked_add(size).filter(|&end| end <= file.len())?;
        Some(file.slice(start..end))
    }

    /// Only what was checked against its SHA-256.
    fn file(&mut self, location: &str) -> Option<Mapped> {
        let path = self.model.graph.parent()?.join(location);
        if !self.model.files.iter().any(|(known, _)| *known == path) {
            return None;
        }
        self.mapped.entry(path).or_insert_with_key(|path| map(path)).clone()
    }
}

fn map(path: &Path) -> Option<Mapped> {
    let file = File::open(path).ok()?;
    // SAFETY: models are not written to while they are in use, as the runtime's own
    // mapping of the same file needs it too.
    unsafe { Mmap::map(&file) }.ok().map(|file| Mapped(Arc::new(file)))
}

#[cfg(test)]
mod tests;
