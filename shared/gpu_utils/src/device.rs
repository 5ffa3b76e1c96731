//! The devices of a machine, and the choice of the one that is used.

mod advice;
mod class;
mod preset;
mod provider;

use courant_host::Cpu;
use serde::Serialize;

pub use advice::{Advice, advise};
pub use class::{Card, GpuClass};
pub use preset::{Preset, PresetOverrides, Workload};
pub use provider::{NoProvider, Provider, ProviderChoice, UnusedProvider, UnusedReason, choose};

/// The reason why no CUDA device can be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "reason", content = "detail", rename_all = "snake_case")]
pub enum CudaAbsence {
    /// No libcuda is installed.
    #[error("there is no CUDA driver library")]
    NoDriver,
    /// The driver was found but does not answer.
    #[error("the CUDA driver failed: {0}")]
    Driver(String),
    /// The driver answers that there is no device.
    #[error("the CUDA driver finds no device")]
    NoDevice,
}

/// A CUDA device.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gpu {
    /// The CUDA ordinal.
    pub ordinal: usize,
    /// Such as `NVIDIA A100-SXM4-40GB`.
    pub name: String,
    /// By the name.
    pub class: GpuClass,
    /// The compute capability, major and minor.
    pub compute_capability: (i32, i32),
    /// In bytes.
    pub memory_bytes: u64,
}

impl Gpu {
    /// Returns true if tensor cores compute 16-bit floats, so that fp16 is worth trying
    /// (compute capability 8.0 and later; CUDA C++ Programming Guide, "Compute Capabilities").
    pub fn has_fast_fp16(&self) -> bool {
        self.compute_capability.0 >= 8
    }
}

/// The devices that CUDA finds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Cuda {
    /// At least one device.
    Present {
        /// The newest CUDA version that the driver supports, major and minor.
        driver: (i32, i32),
        /// The version of NVRTC, the compiler of kernels, if it is installed.
        nvrtc: Option<(i32, i32)>,
        /// The devices in the order of their ordinals.
        gpus: Vec<Gpu>,
    },
    /// None.
    Absent(CudaAbsence),
}

impl Cuda {
    /// Returns the devices. Empty if CUDA is absent.
    pub fn gpus(&self) -> &[Gpu] {
        match self {
            Self::Present { gpus, .. } => gpus,
            Self::Absent(_) => &[],
        }
    }
}

/// A machine's devices.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Devices {
    /// Always there.
    pub cpu: Cpu,
    /// Perhaps.
    pub cuda: Cuda,
}

impl Devices {
    /// Detects the devices.
    pub fn detect() -> Self {
        Self { cpu: Cpu::detect(), cuda: Cuda::detect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detection_answers_with_or_without_a_device() {
        let devices = Devices::detect();
        assert!(devices.cpu.threads >= 1);
        match &devices.cuda {
            Cuda::Present { gpus, .. } => assert!(!gpus.is_empty()),
            Cuda::Absent(reason) => assert!(!reason.to_string().is_empty()),
        }
    }

    #[test]
    #[ignore = "needs a CUDA device"]
    fn a_device_tells_its_name_memory_and_capability() {
        let cuda = Cuda::detect();
        let gpu = cuda.gpus().first().expect("a CUDA device");
        assert!(!gpu.name.is_empty() && gpu.memory_bytes > 1 << 30);
        assert!(gpu.compute_capability.0 >= 5);
    }
}
