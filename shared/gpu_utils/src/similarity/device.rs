//! A matrix on a CUDA device, whose nearest rows one fused kernel finds.
//!
//! NVRTC compiles the kernel's source at run time for the present device. All functions need a
//! stream, so building this crate does not need CUDA.

#![expect(unsafe_code, reason = "kernels are launched with pointers")]

use std::sync::Arc;

use courant_vectors::{DimensionError, Matrix, NearestRows, RowFormat, RowValues, ScoredRow};
use cudarc::driver::{CudaFunction, CudaSlice, CudaStream, DriverError, PushKernelArg};

use crate::cuda::kernels::{self, CompiledKernels, KernelsError, WARPS};
use crate::operation::RunFailure;

/// The source of the kernels that [`DeviceMatrix`] runs.
pub const SOURCE: &str = include_str!("device/top_k.cu");
/// Values that the kernels load at a time.
const GROUP: usize = 4;
/// The shared memory that every device gives a block by default.
const SHARED_BYTES: usize = 48 << 10;

/// The reasons why a device cannot search.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The kernels cannot be compiled or loaded.
    #[error(transparent)]
    Kernels(#[from] KernelsError),
    /// The driver failed, and the search has no result.
    #[error("the CUDA driver failed")]
    Driver(#[from] DriverError),
    /// The query has the wrong dimension. Nothing was searched.
    #[error(transparent)]
    Dimension(#[from] DimensionError),
    /// A query and its lists of the best rows do not fit into the shared memory of a block.
    #[error("the best {k} in {dimension} dimensions take more than {SHARED_BYTES} bytes")]
    TooMany {
        /// The number of rows asked for.
        k: usize,
        /// The matrix's dimension.
        dimension: usize,
    },
    /// There are more rows than 31 bits can count.
    #[error("{rows} rows are too many")]
    TooLarge {
        /// The number of rows.
        rows: usize,
    },
}

impl RunFailure for DeviceError {
    fn is_out_of_memory(&self) -> bool {
        match self {
            Self::Kernels(error) => error.is_out_of_memory(),
            Self::Driver(error) => error.is_out_of_memory(),
            Self::Dimension(_) | Self::TooMany { .. } | Self::TooLarge { .. } => false,
        }
    }
}

/// A copy of a matrix in a device's memory. It does not follow changes of the original.
pub struct DeviceMatrix {
    stream: Arc<CudaStream>,
    kernel: CudaFunction,
    rows: DeviceRows,
    count: usize,
    dimension: usize,
    blocks: usize,
}

enum DeviceRows {
    F32(CudaSlice<f32>),
    F16(CudaSlice<u16>),
    Int8(CudaSlice<i8>, CudaSlice<f32>),
}

/// The rows that the kernel may score, a bit for each.
type Admitted = Option<CudaSlice<u32>>;

impl DeviceMatrix {
    /// Copies `matrix` to the device of `kernels`, which are those of [`SOURCE`].
    ///
    /// Rows keep their format. From a format with codes and floats, only the floats are copied,
    /// since the codes would not pay for a second pass on a device.
    ///
    /// # Errors
    /// [`DeviceError`] if memory is short.
    pub fn upload(matrix: &Matrix, kernels: &CompiledKernels) -> Result<Self, DeviceError> {
        let (count, dimension) = (matrix.len(), matrix.dimension());
        if count >= i32::MAX as usize {
            return Err(DeviceError::TooLarge { rows: count });
        }
        let stream = kernels.stream();
        let (rows, kernel) = match matrix.values() {
            RowValues::F32(values) => {
                let values = padded(values.iter().copied(), dimension);
                (DeviceRows::F32(stream.clone_htod(&values)?), "top_k_f32")
            }
            RowValues::F16(values) => {
                let bits = padded(values.iter().map(|value| value.to_bits()), dimension);
                (DeviceRows::F16(stream.clone_htod(&bits)?), "top_k_f16")
            }
            RowValues::Int8 { codes, scales } => {
                let codes = padded(codes.into_iter(), dimension);
                let codes = stream.clone_htod(&codes)?;
                (DeviceRows::Int8(codes, stream.clone_htod(&scales)?), "top_k_int8")
            }
        };
        Ok(Self {
            stream: Arc::clone(stream),
            kernel: kernels.function(kernel)?,
            rows,
            count,
            dimension,
            blocks: kernels.blocks(count)?,
        })
    }

    /// Returns the device memory that a copy of `matrix` takes, in bytes.
    pub fn size_bytes_of(matrix: &Matrix) -> usize {
        let values = matrix.len() * matrix.dimension().next_multiple_of(GROUP);
        match matrix.format() {
            RowFormat::F32 | RowFormat::Int8WithF32 => values * 4,
            RowFormat::F16 => values * 2,
            RowFormat::Int8 => values + matrix.len() * size_of::<f32>(),
        }
    }

    /// Returns the device memory that this copy takes, in bytes.
    pub fn size_bytes(&self) -> usize {
        match &self.rows {
            DeviceRows::F32(values) => values.num_bytes(),
            DeviceRows::F16(values) => values.num_bytes(),
            DeviceRows::Int8(values, scales) => values.num_bytes() + scales.num_bytes(),
        }
    }

    /// Finds the same rows as [`Matrix::top_k`]. Scores differ from those of the CPU in the
    /// last bits. Scores of [`RowFormat::Int8`] differ more, because the query is not coded
    /// here. `admit` is called for every row.
    ///
    /// # Errors
    /// [`DeviceError`] if the query or `k` does not fit, or the driver fails.
    pub fn top_k(
        &self,
        query: &[f32],
        k: usize,
        admit: Option<&dyn Fn(usize) -> bool>,
    ) -> Result<Vec<ScoredRow>, DeviceError> {
        if query.len() != self.dimension {
            let (expected, found) = (self.dimension, query.len());
            return Err(DimensionError { expected, found }.into());
        }
        let k = k.min(self.count);
        if k == 0 {
            return Ok(Vec::new());
        }
        if self.shared_bytes(k) > SHARED_BYTES {
            return Err(DeviceError::TooMany { k, dimension: self.dimension });
        }
        let admitted = admit.map(|admit| self.upload_admitted(admit)).transpose()?;
        self.search(query, k, &admitted)
    }

    fn search(
        &self,
        query: &[f32],
        k: usize,
        admitted: &Admitted,
    ) -> Result<Vec<ScoredRow>, DeviceError> {
        let query = self.stream.clone_htod(&padded(query.iter().copied(), self.dimension))?;
        let mut scores = self.stream.alloc_zeros::<f32>(self.blocks * k)?;
        let mut rows = self.stream.alloc_zeros::<i32>(self.blocks * k)?;
        let (count, groups, best) = (self.count as i32, self.groups() as i32, k as i32);
        let none = 0_u64;

        let mut launch = self.stream.launch_builder(&self.kernel);
        match &self.rows {
            DeviceRows::F32(values) => launch.arg(values).arg(&none),
            DeviceRows::F16(values) => launch.arg(values).arg(&none),
            DeviceRows::Int8(values, scales) => launch.arg(values).arg(scales),
        };
        launch.arg(&query);
        match admitted {
            Some(admitted) => launch.arg(admitted),
            None => launch.arg(&none),
        };
        launch.arg(&count).arg(&groups).arg(&best).arg(&mut scores).arg(&mut rows);
        let config = kernels::launch(self.blocks, self.shared_bytes(k));
        // SAFETY: the arguments are those of the kernel's signature, in order, with
        // null for what it may lack. It reads `count` rows of `groups` groups, as
        // many scales and bits, and the query, and writes `blocks * k` scores and
        // rows: what was allocated.
        unsafe { launch.launch(config) }?;
        let (scores, rows) = (self.stream.clone_dtoh(&scores)?, self.stream.clone_dtoh(&rows)?);
        self.stream.synchronize()?;
        Ok(self.merge(&scores, &rows, k))
    }

    /// The best of the blocks' lists; a list's empty places name no row.
    fn merge(&self, scores: &[f32], rows: &[i32], k: usize) -> Vec<ScoredRow> {
        let mut nearest = NearestRows::new(k);
        for (score, row) in scores.iter().zip(rows) {
            let row = *row as usize;
            if row < self.count {
                nearest.offer(ScoredRow { row, score: *score });
            }
        }
        nearest.into_sorted()
    }

    fn upload_admitted(
        &self,
        admit: &dyn Fn(usize) -> bool,
    ) -> Result<CudaSlice<u32>, DriverError> {
        let mut bits = vec![0_u32; self.count.div_ceil(32)];
        for row in (0..self.count).filter(|row| admit(*row)) {
            bits[row / 32] |= 1 << (row % 32);
        }
        self.stream.clone_htod(&bits)
    }

    fn groups(&self) -> usize {
        self.dimension.div_ceil(GROUP)
    }

    /// The query, and for each warp a list of scores and rows.
    fn shared_bytes(&self, k: usize) -> usize {
        let list = k * (size_of::<f32>() + size_of::<i32>());
        self.groups() * GROUP * size_of::<f32>() + WARPS * list
    }
}

/// Rows of `dimension` values, each filled with zeros to whole groups.
fn padded<T: Copy + Default>(values: impl Iterator<Item = T>, dimension: usize) -> Vec<T> {
    let missing = dimension.next_multiple_of(GROUP) - dimension;
    let mut rows = Vec::with_capacity(values.size_hint().0 / dimension * (dimension + missing));
    for (i, value) in values.enumerate() {
        rows.push(value);
        if (i + 1).is_multiple_of(dimension) {
            rows.resize(rows.len() + missing, T::default());
        }
    }
    rows
}

#[cfg(test)]
mod tests;
