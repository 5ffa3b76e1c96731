//! A matrix that is searched where that is faster: on the CPU, or on a device that
//! holds a copy of most of its rows.

mod copy;

use std::sync::{Mutex, PoisonError};

use opentelemetry::metrics::Meter;

use super::device::{DeviceError, DeviceKernels, DeviceMatrix};
use super::{DimensionError, Matrix, Scored};
use crate::Config;
use crate::cuda::{self, CudaDevice};
use crate::device::{Cuda, CudaAbsence, Preset};
use crate::hybrid::{self, HybridExecutor};
use crate::operation::{self, safe_gpu_operation};
use copy::Copied;

/// The scan's name in metrics; its batch is the rows.
const OPERATION: &str = "top_k";

/// A [`Matrix`], and where its scans run.
pub struct HybridMatrix {
    matrix: Matrix,
    executor: HybridExecutor,
    place: Option<Place>,
}

/// A device, and what is on it.
struct Place {
    device: CudaDevice,
    /// What the copy may take, in bytes.
    most_bytes: u64,
    metrics: Option<operation::Metrics>,
    /// One scan at a time.
    held: Mutex<Held>,
}

/// Made when a scan first needs it.
#[derive(Default)]
struct Held {
    kernels: Option<DeviceKernels>,
    copied: Option<(DeviceMatrix, Copied)>,
}

impl HybridMatrix {
    /// Scanned on the CPU, until [`use_gpu`](Self::use_gpu) finds better.
    pub fn new(matrix: Matrix, metrics: hybrid::Metrics) -> Self {
        let executor = HybridExecutor::new(Preset::default(), false, Some(metrics));
        Self { matrix, executor, place: None }
    }

    /// Lets scans run on the device that `config` names, with the thresholds that
    /// hold for it. The rows are copied there when a scan first tries it.
    ///
    /// # Errors
    /// Why there is none: scans go on as before.
    pub fn use_gpu(&mut self, config: &Config, meter: &Meter) -> Result<(), CudaAbsence> {
        if config.force_cpu {
            return Ok(());
        }
        let cuda = Cuda::detect();
        let gpu = cuda.gpus().iter().find(|gpu| gpu.ordinal == config.device);
        let context = cuda::open(config.device)?;
        let gpu = gpu.ok_or(CudaAbsence::NoDevice)?;
        let preset = Preset::for_gpu(&gpu.name, config.workload).with(&config.hybrid);
        let shown = config.telemetry_enabled;
        self.executor =
            HybridExecutor::new(preset, false, shown.then(|| hybrid::Metrics::new(meter)));
        self.place = Some(Place {
            device: CudaDevice::new(context),
            most_bytes: config.memory.agent_budget(gpu.memory_bytes).limit(),
            metrics: shown.then(|| operation::Metrics::new(meter)),
            held: Mutex::default(),
        });
        Ok(())
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
        if let Some(place) = &mut self.place {
            let held = place.held.get_mut().unwrap_or_else(PoisonError::into_inner);
            if let Some((_, copied)) = &mut held.copied {
                copied.changed(row);
            }
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
        let admit = &admit;
        let cpu = || Ok::<_, DeviceError>(self.matrix.top_k(query, k, admit)?);
        let size_bytes = self.matrix.len() * self.matrix.dimension() * size_of::<f32>();
        let gpu = self.place.as_ref().filter(|place| size_bytes as u64 <= place.most_bytes);
        let gpu = gpu.map(|place| move || place.top_k(&self.matrix, query, k, admit));
        let executed = self.executor.execute(OPERATION, self.matrix.len(), cpu, gpu);
        let executed = executed.expect("the CPU fails only if the query does not fit");
        if let Some(error) = executed.fallback {
            tracing::warn!(%error, "a scan failed on the GPU and ran on the CPU");
        }
        Ok(executed.value)
    }
}

impl Place {
    fn top_k(
        &self,
        matrix: &Matrix,
        query: &[f32],
        k: usize,
        admit: impl Fn(usize) -> bool,
    ) -> Result<Vec<Scored>, DeviceError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let result = safe_gpu_operation(OPERATION, &self.device, self.metrics.as_ref(), || {
            let (on_device, copied) = held.follow(matrix, &self.device)?;
            copied.top_k(matrix, query, k, &admit, |admit| {
                Ok(on_device.top_k_batch(&[query], k, Some(admit))?.pop().unwrap_or_default())
            })
        });
        if result.is_err() {
            // Its memory may be what others lack.
            held.copied = None;
        }
        result
    }
}

impl Held {
    /// The copy, made anew where too much has changed since.
    fn follow(
        &mut self,
        matrix: &Matrix,
        device: &CudaDevice,
    ) -> Result<&(DeviceMatrix, Copied), DeviceError> {
        let fresh = self.copied.take().filter(|(_, copied)| !copied.is_stale(matrix.len()));
        let copied = match fresh {
            Some(copied) => copied,
            None => {
                let kernels = match self.kernels.take() {
                    Some(kernels) => kernels,
                    None => DeviceKernels::compile(&device.context().default_stream())?,
                };
                let on_device = DeviceMatrix::upload(matrix, self.kernels.insert(kernels))?;
                (on_device, Copied::of(matrix.len()))
            }
        };
        Ok(self.copied.insert(copied))
    }
}
