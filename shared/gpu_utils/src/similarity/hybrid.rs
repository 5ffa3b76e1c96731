//! A matrix that is searched on the faster device: the CPU, or a GPU that holds a copy of most
//! of its rows.

mod copy;

use std::error::Error;

use courant_vectors::{DimensionError, Matrix, Scan, ScanPlacement, ScoredRow};
use opentelemetry::metrics::Meter;

use super::device::{DeviceError, DeviceMatrix, SOURCE};
use crate::Config;
use crate::cuda::kernels::CompiledKernels;
use crate::device::CudaAbsence;
use crate::hybrid::{Dispatch, Metrics, Operation};
use crate::memory::BudgetExceeded;
use copy::Copied;

/// Its batch is the rows.
const TOP_K: Operation = Operation { name: "top_k", source: SOURCE };

/// The reason why scans stay on the CPU.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOnGpu {
    /// There is no such device.
    #[error(transparent)]
    Absent(#[from] CudaAbsence),
    /// The rows need more memory than an agent may take.
    #[error(transparent)]
    Refused(#[from] BudgetExceeded),
}

/// A [`Matrix`] whose scans run on the CPU or on a device.
pub struct HybridMatrix {
    matrix: Matrix,
    dispatch: Dispatch<OnDevice>,
}

/// Made when a scan first needs it.
type OnDevice = Option<(DeviceMatrix, Copied)>;

impl HybridMatrix {
    /// Makes a matrix that is scanned on the CPU until [`use_gpu`](Self::use_gpu) is called.
    /// Its scans are measured by default.
    pub fn new(matrix: Matrix, metrics: Metrics) -> Self {
        Self { matrix, dispatch: Dispatch::new(TOP_K, metrics) }
    }

    /// Lets scans run on the device that `config` names, with the thresholds for that device.
    /// The scans are measured if `config` enables it. The rows are copied when a scan first
    /// tries the device.
    ///
    /// # Errors
    /// [`NotOnGpu`]: scans run on the CPU. If the rows need too much memory now, a later call
    /// may succeed.
    pub fn use_gpu(&mut self, config: &Config, meter: &Meter) -> Result<(), NotOnGpu> {
        self.dispatch.use_gpu(config, meter)?;
        Ok(self.dispatch.take(DeviceMatrix::size_bytes_of(&self.matrix))?)
    }

    /// Returns the [`ScanPlacement`] of the device that `config` names; `None` if there is no
    /// such device. If the rows need too much of its memory, scans run on the CPU, unless
    /// `config` requires a GPU.
    ///
    /// # Errors
    /// [`NotOnGpu::Absent`] if `config` requires a GPU and there is none.
    pub fn place(config: &Config, meter: &Meter) -> Result<Option<ScanPlacement>, NotOnGpu> {
        let mut dispatch = Dispatch::new(TOP_K, Metrics::new(meter));
        match dispatch.use_gpu(config, meter) {
            Err(reason) if !config.require_gpu => {
                tracing::info!(%reason, "vectors are compared on the CPU");
            }
            used => used?,
        }
        let (has_device, is_required) = (dispatch.has_device(), config.require_gpu);
        let place = move |matrix| -> Result<Box<dyn Scan>, Box<dyn Error + Send + Sync>> {
            let hybrid = Self { matrix, dispatch };
            match hybrid.dispatch.take(DeviceMatrix::size_bytes_of(&hybrid.matrix)) {
                Err(reason) if !is_required => {
                    tracing::info!(%reason, "vectors are compared on the CPU");
                }
                taken => taken?,
            }
            Ok(Box::new(hybrid))
        };
        Ok(has_device.then(|| Box::new(place) as ScanPlacement))
    }
}

impl Scan for HybridMatrix {
    fn push(&mut self, values: &[f32]) -> Result<usize, DimensionError> {
        self.matrix.push(values)
    }

    fn set(&mut self, row: usize, values: &[f32]) -> Result<(), DimensionError> {
        self.matrix.set(row, values)?;
        if let Some(Some((_, copied))) = self.dispatch.kept_mut() {
            copied.changed(row);
        }
        Ok(())
    }

    /// The CPU scans if the device fails; scores of a device differ in the last bits.
    fn top_k(
        &self,
        query: &[f32],
        k: usize,
        admit: &dyn Fn(usize) -> bool,
    ) -> Result<Vec<ScoredRow>, DimensionError> {
        self.matrix.fit(query)?;
        let matrix = &self.matrix;
        let size_bytes = DeviceMatrix::size_bytes_of(matrix);
        let cpu = || matrix.top_k(query, k, admit).expect("the query fits");
        Ok(self.dispatch.execute(matrix.len(), size_bytes, cpu, |kernels, on_device| {
            let (copy, copied) = follow(on_device, matrix, kernels)?;
            copied.top_k(matrix, query, k, admit, |admit| copy.top_k(query, k, Some(admit)))
        }))
    }
}

/// The copy, made anew where too much has changed since.
fn follow<'a>(
    on_device: &'a mut OnDevice,
    matrix: &Matrix,
    kernels: &CompiledKernels,
) -> Result<&'a (DeviceMatrix, Copied), DeviceError> {
    let fresh = on_device.take().filter(|(_, copied)| !copied.is_stale(matrix.len()));
    Ok(on_device.insert(match fresh {
        Some(fresh) => fresh,
        None => (DeviceMatrix::upload(matrix, kernels)?, Copied::of(matrix.len())),
    }))
}
