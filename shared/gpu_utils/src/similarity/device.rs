//! A matrix on a CUDA device, and its nearest rows by one fused kernel.
//!
//! The kernel's source is compiled by NVRTC at run time, for whatever device
//! there is. Nothing here is called before the caller has a
//! stream, so that nothing needs CUDA to be built.

#![expect(unsafe_code, reason = "kernels are launched with pointers")]

use std::sync::Arc;

use cudarc::driver::{CudaFunction, CudaSlice, CudaStream, DriverError, PushKernelArg};

use super::nearest::Nearest;
use super::rows::Floats;
use super::{DimensionError, Matrix, Rows, Scored};
use crate::cuda::kernels::{self, Kernels, KernelsError, WARPS};
use crate::operation::Fault;

/// What [`DeviceMatrix`] needs compiled.
pub const SOURCE: &str = include_str!("device/top_k.cu");
/// Queries that the wide kernels take.
const QUERIES: usize = 8;
/// Values that the kernels load at a time.
const GROUP: usize = 4;
/// What every device lends a block without being asked for more.
const SHARED_BYTES: usize = 48 << 10;

/// Why a device did not search.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// There are no kernels.
    #[error(transparent)]
    Kernels(#[from] KernelsError),
    /// The driver failed; what was asked for is lost.
    #[error("the CUDA driver failed")]
    Driver(#[from] DriverError),
    /// A query does not fit: nothing was searched.
    #[error(transparent)]
    Dimension(#[from] DimensionError),
    /// A query and its lists of the best do not fit into a block's memory.
    #[error("the best {k} in {dimension} dimensions take more than {SHARED_BYTES} bytes")]
    TooMany {
        /// How many rows were asked for.
        k: usize,
        /// The matrix's dimension.
        dimension: usize,
    },
    /// The rows cannot be counted in 31 bits.
    #[error("{rows} rows are too many")]
    TooLarge {
        /// How many rows.
        rows: usize,
    },
}

impl Fault for DeviceError {
    fn is_out_of_memory(&self) -> bool {
        match self {
            Self::Kernels(error) => error.is_out_of_memory(),
            Self::Driver(error) => error.is_out_of_memory(),
            Self::Dimension(_) | Self::TooMany { .. } | Self::TooLarge { .. } => false,
        }
    }
}

/// A copy of a matrix in a device's memory. It does not follow its original.
pub struct DeviceMatrix {
    stream: Arc<CudaStream>,
    one: CudaFunction,
    several: CudaFunction,
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

/// Which rows the kernel may score: a bit for each.
type Admitted = Option<CudaSlice<u32>>;

impl DeviceMatrix {
    /// Copies `matrix` to the device of `kernels`, which are those of [`SOURCE`].
    ///
    /// Rows keep their format; of one with codes and floats the floats are
    /// copied, since what the codes save is not worth a second pass there.
    ///
    /// # Errors
    /// [`DeviceError`] if memory is short.
    pub fn upload(matrix: &Matrix, kernels: &Kernels) -> Result<Self, DeviceError> {
        let (count, dimension) = (matrix.len(), matrix.dimension());
        if count >= i32::MAX as usize {
            return Err(DeviceError::TooLarge { rows: count });
        }
        let stream = kernels.stream();
        let (rows, name) = match &matrix.rows {
            Rows::Floats(floats) | Rows::Both(_, floats) => match floats {
                Floats::F32(values) => {
                    let values = padded(values.as_slice().iter().copied(), dimension);
                    (DeviceRows::F32(stream.clone_htod(&values)?), "f32")
                }
                Floats::F16(values) => {
                    let bits = values.as_slice().iter().map(|value| value.to_bits());
                    (DeviceRows::F16(stream.clone_htod(&padded(bits, dimension))?), "f16")
                }
            },
            Rows::Codes(codes) => {
                let values = stream.clone_htod(&padded(codes.signed(), dimension))?;
                let scales: Vec<f32> = codes.scales().collect();
                (DeviceRows::Int8(values, stream.clone_htod(&scales)?), "int8")
            }
        };
        Ok(Self {
            stream: Arc::clone(stream),
            one: kernels.function(&format!("top_k_{name}_1"))?,
            several: kernels.function(&format!("top_k_{name}_{QUERIES}"))?,
            rows,
            count,
            dimension,
            blocks: kernels.blocks(count)?,
        })
    }

    /// Memory that a copy of `matrix` takes on a device, in bytes.
    pub fn size_bytes_of(matrix: &Matrix) -> usize {
        let values = matrix.len() * matrix.dimension().next_multiple_of(GROUP);
        match &matrix.rows {
            Rows::Floats(Floats::F32(_)) | Rows::Both(_, Floats::F32(_)) => values * 4,
            Rows::Floats(Floats::F16(_)) | Rows::Both(_, Floats::F16(_)) => values * 2,
            Rows::Codes(_) => values + matrix.len() * size_of::<f32>(),
        }
    }

    /// Memory taken on the device, in bytes.
    pub fn size_bytes(&self) -> usize {
        match &self.rows {
            DeviceRows::F32(values) => values.num_bytes(),
            DeviceRows::F16(values) => values.num_bytes(),
            DeviceRows::Int8(values, scales) => values.num_bytes() + scales.num_bytes(),
        }
    }

    /// As [`Matrix::top_k_batch`]; scores differ from the processor's in the
    /// last bits, and those of [`RowFormat::Int8`](super::RowFormat::Int8) by
    /// the query, which has no codes here. `admit` is asked about every row.
    ///
    /// # Errors
    /// [`DeviceError`] if a query or `k` does not fit, or the driver fails.
    pub fn top_k_batch(
        &self,
        queries: &[impl AsRef<[f32]>],
        k: usize,
        admit: Option<&dyn Fn(usize) -> bool>,
    ) -> Result<Vec<Vec<Scored>>, DeviceError> {
        for query in queries {
            let found = query.as_ref().len();
            if found != self.dimension {
                return Err(DimensionError { expected: self.dimension, found }.into());
            }
        }
        let k = k.min(self.count);
        if k == 0 {
            return Ok(vec![Vec::new(); queries.len()]);
        }
        let per_launch = if self.shared_bytes(QUERIES, k) <= SHARED_BYTES { QUERIES } else { 1 };
        if self.shared_bytes(per_launch, k) > SHARED_BYTES {
            return Err(DeviceError::TooMany { k, dimension: self.dimension });
        }
        let admitted = admit.map(|admit| self.upload_admitted(admit)).transpose()?;
        let mut found = Vec::with_capacity(queries.len());
        for queries in queries.chunks(per_launch) {
            found.extend(self.search(queries, k, &admitted)?);
        }
        Ok(found)
    }

    /// One launch for up to [`QUERIES`] queries.
    fn search(
        &self,
        queries: &[impl AsRef<[f32]>],
        k: usize,
        admitted: &Admitted,
    ) -> Result<Vec<Vec<Scored>>, DeviceError> {
        let (kernel, slots) =
            if queries.len() == 1 { (&self.one, 1) } else { (&self.several, QUERIES) };
        let values = queries.iter().flat_map(|query| query.as_ref()).copied();
        let mut values = padded(values, self.dimension);
        values.resize(slots * self.groups() * GROUP, 0.0);
        let values = self.stream.clone_htod(&values)?;
        let mut scores = self.stream.alloc_zeros::<f32>(slots * self.blocks * k)?;
        let mut rows = self.stream.alloc_zeros::<i32>(slots * self.blocks * k)?;
        let (count, groups, best) = (self.count as i32, self.groups() as i32, k as i32);
        let none = 0_u64;

        let mut launch = self.stream.launch_builder(kernel);
        match &self.rows {
            DeviceRows::F32(values) => launch.arg(values).arg(&none),
            DeviceRows::F16(values) => launch.arg(values).arg(&none),
            DeviceRows::Int8(values, scales) => launch.arg(values).arg(scales),
        };
        launch.arg(&values);
        match admitted {
            Some(admitted) => launch.arg(admitted),
            None => launch.arg(&none),
        };
        launch.arg(&count).arg(&groups).arg(&best).arg(&mut scores).arg(&mut rows);
        let config = kernels::launch(self.blocks, self.shared_bytes(slots, k));
        // SAFETY: the arguments are those of the kernel's signature, in order, with
        // null for what it may lack. It reads `count` rows of `groups` groups, as
        // many scales and bits, and `slots` queries, and writes `slots * blocks * k`
        // scores and rows: what was allocated.
        unsafe { launch.launch(config) }?;
        let (scores, rows) = (self.stream.clone_dtoh(&scores)?, self.stream.clone_dtoh(&rows)?);
        self.stream.synchronize()?;
        let per_query = self.blocks * k;
        let lists = scores.chunks(per_query).zip(rows.chunks(per_query)).take(queries.len());
        Ok(lists.map(|(scores, rows)| self.merge(scores, rows, k)).collect())
    }

    /// The best of the blocks' lists; a list's empty places name no row.
    fn merge(&self, scores: &[f32], rows: &[i32], k: usize) -> Vec<Scored> {
        let mut nearest = Nearest::new(k);
        for (score, row) in scores.iter().zip(rows) {
            let row = *row as usize;
            if row < self.count {
                nearest.offer(Scored { row, score: *score });
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

    /// The queries, and for each warp and query a list of scores and rows.
    fn shared_bytes(&self, queries: usize, k: usize) -> usize {
        let list = k * (size_of::<f32>() + size_of::<i32>());
        queries * (self.groups() * GROUP * size_of::<f32>() + WARPS * list)
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
