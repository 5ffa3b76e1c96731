//! A matrix that is searched where that is faster: on the CPU, or on a device that
//! holds a copy of most of its rows.

mod copy;

use opentelemetry::metrics::Meter;

use super::device::{DeviceError, DeviceMatrix, SOURCE};
use super::{DimensionError, Matrix, Scored};
use crate::Config;
use crate::cuda::kernels::Kernels;
use crate::device::CudaAbsence;
use crate::hybrid::{Dispatch, Metrics, Operation};
use crate::memory::Refused;
use copy::Copied;

/// Its batch is the rows.
const TOP_K: Operation = Operation { name: "top_k", source: SOURCE, least_items: 0 };

/// Why scans stay on the CPU.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOnGpu {
    /// There is no such device.
    #[error(transparent)]
    Absent(#[from] CudaAbsence),
    /// The rows take more than an agent may.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// A [`Matrix`], and where its scans run.
pub struct HybridMatrix {
    matrix: Matrix,
    dispatch: Dispatch<OnDevice>,
}

/// Made when a scan first needs it.
type OnDevice = Option<(DeviceMatrix, Copied)>;

impl HybridMatrix {
    /// Scanned on the CPU, until [`use_gpu`](Self::use_gpu) finds better, and measured
    /// until it is told not to.
    pub fn new(matrix: Matrix, metrics: Metrics) -> Self {
        Self { matrix, dispatch: Dispatch::new(TOP_K, metrics) }
    }

    /// Lets scans run on the device that `config` names, with the thresholds that
    /// hold for it, and measures them if it says so. The rows are copied there when a
    /// scan first tries it.
    ///
    /// # Errors
    /// [`NotOnGpu`]: scans run on the CPU. Where the rows take too much now, later ones
    /// may find room.
    pub fn use_gpu(&mut self, config: &Config, meter: &Meter) -> Result<(), NotOnGpu> {
        self.dispatch.use_gpu(config, meter)?;
        Ok(self.dispatch.take(DeviceMatrix::size_bytes_of(&self.matrix))?)
    }

    /// The rows.
    pub fn matrix(&self) -> &Matrix {
        &self.matrix
    }

    /// As [`Matrix::push`].
    ///
    /// # Errors
    /// [`DimensionError`]: nothing was appended.
    pub fn push(&mut self, values: &[f32]) -> Result<usize, DimensionError> {
        self.matrix.push(values)
    }

    /// As [`Matrix::set`].
    ///
    /// # Errors
    /// [`DimensionError`]: the row is unchanged.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn set(&mut self, row: usize, values: &[f32]) -> Result<(), DimensionError> {
        self.matrix.set(row, values)?;
        if let Some(Some((_, copied))) = self.dispatch.kept_mut() {
            copied.changed(row);
        }
        Ok(())
    }

    /// As [`Matrix::top_k`]. Where the device fails, the CPU scans; scores of a
    /// device differ in the last bits.
    ///
    /// # Errors
    /// [`DimensionError`] if the query does not fit.
    pub fn top_k(
        &self,
        query: &[f32],
        k: usize,
        admit: impl Fn(usize) -> bool,
    ) -> Result<Vec<Scored>, DimensionError> {
        self.matrix.fit(query)?;
        let (matrix, admit) = (&self.matrix, &admit);
        let size_bytes = DeviceMatrix::size_bytes_of(matrix);
        let cpu = || matrix.search(query, k, admit).pop().unwrap_or_default();
        Ok(self.dispatch.execute(matrix.len(), size_bytes, cpu, |kernels, on_device| {
            let (copy, copied) = follow(on_device, matrix, kernels)?;
            copied.top_k(matrix, query, k, admit, |admit| {
                let mut found = copy.top_k_batch(&[query], k, Some(admit))?;
                Ok::<_, DeviceError>(found.pop().unwrap_or_default())
            })
        }))
    }
}

/// The copy, made anew where too much has changed since.
fn follow<'a>(
    on_device: &'a mut OnDevice,
    matrix: &Matrix,
    kernels: &Kernels,
) -> Result<&'a (DeviceMatrix, Copied), DeviceError> {
    let fresh = on_device.take().filter(|(_, copied)| !copied.is_stale(matrix.len()));
    Ok(on_device.insert(match fresh {
        Some(fresh) => fresh,
        None => (DeviceMatrix::upload(matrix, kernels)?, Copied::of(matrix.len())),
    }))
}
