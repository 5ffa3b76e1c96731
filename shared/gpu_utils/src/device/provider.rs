//! Which execution provider runs a model: TensorRT, else CUDA, else the CPU, and
//! never one in silence for another.

use std::fmt;

use serde::Serialize;

use super::{Cuda, CudaAbsence};
use crate::Config;

/// Who executes a model's graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Engines built for the device.
    TensorRt,
    /// ONNX Runtime's CUDA kernels.
    Cuda,
    /// ONNX Runtime's CPU kernels.
    Cpu,
}

impl Provider {
    /// As in labels and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TensorRt => "tensorrt",
            Self::Cuda => "cuda",
            Self::Cpu => "cpu",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a provider is not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "why", content = "detail", rename_all = "snake_case")]
pub enum Unused {
    /// `gpu.force_cpu` is set.
    #[error("gpu.force_cpu is set")]
    ForcedCpu,
    /// `gpu.require_gpu` is set.
    #[error("gpu.require_gpu is set")]
    RequiredGpu,
    /// `gpu.tensorrt` is false.
    #[error("gpu.tensorrt is false")]
    TurnedOff,
    /// There is no CUDA device.
    #[error("{0}")]
    NoCuda(CudaAbsence),
    /// There are devices, but not the configured one.
    #[error("gpu.device is {wanted}, found are {found} devices")]
    NoSuchDevice {
        /// The configured ordinal.
        wanted: usize,
        /// The number of devices.
        found: usize,
    },
    /// It computes nothing of such a model, and would leave it to another in silence.
    #[error("the model is not for it: {0}")]
    Unsuited(&'static str),
    /// It could not be registered: mostly a library that is missing.
    #[error("it cannot be registered: {0}")]
    Register(String),
    /// It was registered, but the probe batch failed or gave neither unit vectors nor scores.
    #[error("the probe batch failed: {0}")]
    Probe(String),
}

impl Unused {
    /// There is a device, and nobody asked to leave it alone.
    fn is_unexpected(&self) -> bool {
        use Unused::{NoSuchDevice, Probe, Register, Unsuited};
        matches!(self, NoSuchDevice { .. } | Unsuited(_) | Register(_) | Probe(_))
    }
}

/// A provider that was not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PassedOver {
    /// Which.
    pub provider: Provider,
    /// Why.
    pub unused: Unused,
}

impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.provider, self.unused)
    }
}

/// The provider that was chosen, and why the better ones were not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice<S> {
    /// The one that really runs.
    pub provider: Provider,
    /// The result of the probe.
    pub session: S,
    /// Those that come first, in order.
    pub passed_over: Vec<PassedOver>,
}

/// None of the providers can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no provider can be used: {}", list(.0))]
pub struct NoProvider(pub Vec<PassedOver>);

fn list(passed_over: &[PassedOver]) -> String {
    passed_over.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The first provider that works. `probe` registers one, runs a batch on it and
/// returns what will run the rest; it is asked only for providers that may be used.
///
/// Each one passed over although there is a device is logged as a warning.
///
/// # Errors
/// [`NoProvider`] if even the last one that may be used fails: with
/// `gpu.require_gpu` that is CUDA.
pub fn choose<S>(
    config: &Config,
    cuda: &Cuda,
    mut probe: impl FnMut(Provider) -> Result<S, Unused>,
) -> Result<Choice<S>, NoProvider> {
    let mut passed_over = Vec::new();
    for provider in [Provider::TensorRt, Provider::Cuda, Provider::Cpu] {
        match may_use(config, cuda, provider).and_then(|()| probe(provider)) {
            Ok(session) => return Ok(Choice { provider, session, passed_over }),
            Err(unused) => {
                if unused.is_unexpected() {
                    tracing::warn!(%provider, reason = %unused, "provider is not used");
                }
                passed_over.push(PassedOver { provider, unused });
            }
        }
    }
    Err(NoProvider(passed_over))
}

fn may_use(config: &Config, cuda: &Cuda, provider: Provider) -> Result<(), Unused> {
    match (provider, cuda) {
        (Provider::Cpu, _) if config.require_gpu => Err(Unused::RequiredGpu),
        (Provider::Cpu, _) => Ok(()),
        _ if config.force_cpu => Err(Unused::ForcedCpu),
        (Provider::TensorRt, _) if !config.tensorrt => Err(Unused::TurnedOff),
        (_, Cuda::Absent(absence)) => Err(Unused::NoCuda(absence.clone())),
        (_, Cuda::Present { gpus, .. }) if config.device >= gpus.len() => {
            Err(Unused::NoSuchDevice { wanted: config.device, found: gpus.len() })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::{Gpu, GpuClass};

    const ABSENT: Cuda = Cuda::Absent(CudaAbsence::NoDriver);

    fn present() -> Cuda {
        let gpu = Gpu {
            ordinal: 0,
            name: "Tesla T4".into(),
            class: GpuClass::Datacenter,
            compute_capability: (7, 5),
            memory_bytes: 16 << 30,
        };
        Cuda::Present { driver: (12, 2), nvrtc: None, gpus: vec![gpu] }
    }

    fn reasons<S>(choice: &Choice<S>) -> Vec<Unused> {
        choice.passed_over.iter().map(|passed| passed.unused.clone()).collect()
    }

    #[test]
    fn the_first_that_works_is_chosen_and_the_others_say_why_not() {
        let probe = |provider| match provider {
            Provider::TensorRt => Err(Unused::Register("no libnvinfer".into())),
            _ => Ok(()),
        };
        let choice = choose(&Config::default(), &present(), probe).unwrap();
        assert_eq!(choice.provider, Provider::Cuda);
        assert_eq!(reasons(&choice), [Unused::Register("no libnvinfer".into())]);
    }

    #[test]
    fn without_cuda_only_the_cpu_is_probed() {
        let mut probed = Vec::new();
        let choice = choose(&Config::default(), &ABSENT, |provider| {
            probed.push(provider);
            Ok(())
        });
        let absent = || Unused::NoCuda(CudaAbsence::NoDriver);
        assert_eq!(reasons(&choice.unwrap()), [absent(), absent()]);
        assert_eq!(probed, [Provider::Cpu]);
    }

    #[test]
    fn a_required_gpu_is_never_replaced() {
        let config = Config { require_gpu: true, ..Config::default() };
        let error = choose(&config, &ABSENT, |_| Ok(())).unwrap_err();
        assert_eq!(error.0.len(), 3);
        assert!(error.to_string().contains("cuda (there is no CUDA driver library)"), "{error}");
    }

    #[test]
    fn configuration_passes_devices_over() {
        let forced = Config { force_cpu: true, ..Config::default() };
        let choice = choose(&forced, &present(), |_| Ok(())).unwrap();
        assert_eq!(reasons(&choice), [Unused::ForcedCpu, Unused::ForcedCpu]);
        let other = Config { device: 3, tensorrt: false, ..Config::default() };
        let choice = choose(&other, &present(), |_| Ok(())).unwrap();
        let missing = Unused::NoSuchDevice { wanted: 3, found: 1 };
        assert_eq!(reasons(&choice), [Unused::TurnedOff, missing]);
    }
}
