//! An operation that runs on the CPU or on a device, as [`HybridExecutor`] decides.

use std::sync::{Mutex, PoisonError};

use cudarc::driver::DriverError;
use opentelemetry::metrics::Meter;

use super::{HybridExecutor, Metrics};
use crate::Config;
use crate::cuda::kernels::{CompiledKernels, KernelsError};
use crate::cuda::{self, CudaDevice};
use crate::device::{Cuda, CudaAbsence, Preset};
use crate::memory::{BudgetExceeded, DeviceBudget, DeviceRoom};
use crate::operation::{self, RunFailure, safe_gpu_operation};

/// An operation that is dispatched.
#[derive(Clone, Copy)]
pub(crate) struct Operation {
    /// In metrics.
    pub(crate) name: &'static str,
    /// The source of its kernels.
    pub(crate) source: &'static str,
}

/// An operation, and where it runs.
pub(crate) struct Dispatch<T> {
    operation: Operation,
    executor: HybridExecutor,
    place: Option<Place<T>>,
}

/// A device, and what is on it.
struct Place<T> {
    device: CudaDevice,
    /// The memory that runs take there.
    room: DeviceRoom,
    metrics: Option<operation::Metrics>,
    /// One run at a time.
    held: Mutex<Held<T>>,
}

/// Made when a run first needs it.
#[derive(Default)]
struct Held<T> {
    kernels: Option<CompiledKernels>,
    /// The state that the operation keeps for the next run.
    kept: T,
}

impl<T: Default> Dispatch<T> {
    /// On the CPU, until [`use_gpu`](Self::use_gpu) finds better.
    pub(crate) fn new(operation: Operation, metrics: Metrics) -> Self {
        let executor = HybridExecutor::new(Preset::default(), Some(metrics));
        Self { operation, executor, place: None }
    }

    /// Lets it run on the device that `config` names, with the thresholds that hold
    /// for it, and measures it if it says so.
    ///
    /// # Errors
    /// Why there is none: all runs on the CPU.
    pub(crate) fn use_gpu(&mut self, config: &Config, meter: &Meter) -> Result<(), CudaAbsence> {
        let metrics = config.telemetry_enabled.then(|| Metrics::new(meter));
        self.executor = HybridExecutor::new(Preset::default(), metrics.clone());
        if config.force_cpu {
            return Ok(());
        }
        let cuda = Cuda::detect();
        let gpu = cuda.gpus().iter().find(|gpu| gpu.ordinal == config.device);
        let context = cuda::open(config.device)?;
        let gpu = gpu.ok_or(CudaAbsence::NoDevice)?;
        let preset = Preset::for_gpu(&gpu.name, config.workload).with(&config.hybrid);
        self.executor = HybridExecutor::new(preset, metrics);
        let budget = DeviceBudget::new(&config.memory, gpu.memory_bytes);
        self.place = Some(Place {
            device: CudaDevice::new(context),
            room: DeviceRoom::new(budget, self.operation.name),
            metrics: config.telemetry_enabled.then(|| operation::Metrics::new(meter)),
            held: Mutex::default(),
        });
        Ok(())
    }

    /// Returns true if there is a device to run on.
    pub(crate) fn has_device(&self) -> bool {
        self.place.is_some()
    }

    /// Takes `size_bytes` of the device for what runs next, if there is one.
    ///
    /// # Errors
    /// [`BudgetExceeded`]: it runs on the CPU.
    pub(crate) fn take(&self, size_bytes: usize) -> Result<(), BudgetExceeded> {
        self.place.as_ref().map_or(Ok(()), |place| place.room.take(size_bytes as u64))
    }

    /// The kept state, if there is a device.
    pub(crate) fn kept_mut(&mut self) -> Option<&mut T> {
        let held = self.place.as_mut()?.held.get_mut();
        Some(&mut held.unwrap_or_else(PoisonError::into_inner).kept)
    }

    /// Runs a batch of `items`, which takes `size_bytes` of a device, where it is
    /// faster. Where the device fails, it forgets what was kept there, and the CPU
    /// does it again.
    pub(crate) fn execute<V, E>(
        &self,
        items: usize,
        size_bytes: usize,
        cpu: impl FnOnce() -> V,
        gpu: impl FnOnce(&CompiledKernels, &mut T) -> Result<V, E>,
    ) -> V
    where
        E: std::error::Error + RunFailure + From<DriverError> + From<KernelsError>,
    {
        let Operation { name, .. } = self.operation;
        let place = self.place.as_ref().filter(|place| place.has_room(size_bytes));
        let gpu = place.map(|place| move || place.run(self.operation, gpu));
        let executed = self.executor.execute(name, items, || Ok::<_, E>(cpu()), gpu);
        let executed = executed.expect("the CPU does not fail");
        if let Some(error) = executed.fallback {
            tracing::warn!(operation = name, %error, "the GPU failed and the CPU repeated the run");
        }
        executed.value
    }
}

impl<T: Default> Place<T> {
    /// Returns true if so much may be on the device; else the kept state leaves it.
    fn has_room(&self, size_bytes: usize) -> bool {
        let room = self.room.take(size_bytes as u64);
        if room.is_err() {
            self.held.lock().unwrap_or_else(PoisonError::into_inner).kept = T::default();
        }
        room.is_ok()
    }

    fn run<V, E>(
        &self,
        operation: Operation,
        run: impl FnOnce(&CompiledKernels, &mut T) -> Result<V, E>,
    ) -> Result<V, E>
    where
        E: std::error::Error + RunFailure + From<DriverError> + From<KernelsError>,
    {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let Held { kernels, kept } = &mut *held;
        let result =
            safe_gpu_operation(operation.name, &self.device, self.metrics.as_ref(), || {
                let kernels = match kernels {
                    Some(kernels) => kernels,
                    None => {
                        let stream = self.device.context().default_stream();
                        kernels.insert(CompiledKernels::compile(operation.source, &stream)?)
                    }
                };
                run(kernels, kept)
            });
        if let Err(error) = &result {
            // Its memory may be what others lack.
            held.kept = T::default();
            if error.is_out_of_memory() {
                self.room.lacked();
            }
        }
        result
    }
}
