//! The choice of the execution provider of a model: TensorRT, else CUDA, else the CPU. No
//! provider silently replaces another.

use std::fmt;

use serde::Serialize;

use super::{Cuda, CudaAbsence};
use crate::Config;

/// The execution provider that runs a model's graph.
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
    /// Returns the name in labels and records.
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

/// The reasons why a provider is not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "why", content = "detail", rename_all = "snake_case")]
pub enum UnusedReason {
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
    /// The provider cannot compute this model, and would silently leave it to another.
    #[error("it cannot run this model: {0}")]
    Unsuited(&'static str),
    /// The provider could not be registered, mostly because a library is missing.
    #[error("it cannot be registered: {0}")]
    Register(String),
    /// The provider was registered, but the probe batch failed, or gave neither unit vectors
    /// nor scores.
    #[error("the probe batch failed: {0}")]
    Probe(String),
}

impl UnusedReason {
    /// There is a device, and nobody asked to leave it alone.
    fn is_unexpected(&self) -> bool {
        use UnusedReason::{NoSuchDevice, Probe, Register, Unsuited};
        matches!(self, NoSuchDevice { .. } | Unsuited(_) | Register(_) | Probe(_))
    }
}

/// A provider that was not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnusedProvider {
    /// Which.
    pub provider: Provider,
    /// Why.
    pub unused: UnusedReason,
}

impl fmt::Display for UnusedProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.provider, self.unused)
    }
}

/// The chosen provider, with the reasons against the better ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderChoice<S> {
    /// The provider that really runs.
    pub provider: Provider,
    /// The result of the probe.
    pub session: S,
    /// The better providers, in order.
    pub passed_over: Vec<UnusedProvider>,
}

/// No provider can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no provider can be used: {}", list(.0))]
pub struct NoProvider(pub Vec<UnusedProvider>);

fn list(passed_over: &[UnusedProvider]) -> String {
    passed_over.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Chooses the first provider that works. `probe` registers a provider, runs a batch on it, and
/// returns its session. It is called only for providers that may be used.
///
/// If there is a device, each unused provider is logged as a warning.
///
/// # Errors
/// [`NoProvider`] if even the last permitted provider fails: with `gpu.require_gpu` that is
/// CUDA.
pub fn choose<S>(
    config: &Config,
    cuda: &Cuda,
    mut probe: impl FnMut(Provider) -> Result<S, UnusedReason>,
) -> Result<ProviderChoice<S>, NoProvider> {
    let mut passed_over = Vec::new();
    for provider in [Provider::TensorRt, Provider::Cuda, Provider::Cpu] {
        match may_use(config, cuda, provider).and_then(|()| probe(provider)) {
            Ok(session) => return Ok(ProviderChoice { provider, session, passed_over }),
            Err(unused) => {
                if unused.is_unexpected() {
                    tracing::warn!(%provider, reason = %unused, "an execution provider is not used");
                }
                passed_over.push(UnusedProvider { provider, unused });
            }
        }
    }
    Err(NoProvider(passed_over))
}

fn may_use(config: &Config, cuda: &Cuda, provider: Provider) -> Result<(), UnusedReason> {
    match (provider, cuda) {
        (Provider::Cpu, _) if config.require_gpu => Err(UnusedReason::RequiredGpu),
        (Provider::Cpu, _) => Ok(()),
        _ if config.force_cpu => Err(UnusedReason::ForcedCpu),
        (Provider::TensorRt, _) if !config.tensorrt => Err(UnusedReason::TurnedOff),
        (_, Cuda::Absent(absence)) => Err(UnusedReason::NoCuda(absence.clone())),
        (_, Cuda::Present { gpus, .. }) if config.device >= gpus.len() => {
            Err(UnusedReason::NoSuchDevice { wanted: config.device, found: gpus.len() })
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

    fn reasons<S>(choice: &ProviderChoice<S>) -> Vec<UnusedReason> {
        choice.passed_over.iter().map(|passed| passed.unused.clone()).collect()
    }

    #[test]
    fn the_first_that_works_is_chosen_and_the_others_say_why_not() {
        let probe = |provider| match provider {
            Provider::TensorRt => Err(UnusedReason::Register("no libnvinfer".into())),
            _ => Ok(()),
        };
        let choice = choose(&Config::default(), &present(), probe).unwrap();
        assert_eq!(choice.provider, Provider::Cuda);
        assert_eq!(reasons(&choice), [UnusedReason::Register("no libnvinfer".into())]);
    }

    #[test]
    fn without_cuda_only_the_cpu_is_probed() {
        let mut probed = Vec::new();
        let choice = choose(&Config::default(), &ABSENT, |provider| {
            probed.push(provider);
            Ok(())
        });
        let absent = || UnusedReason::NoCuda(CudaAbsence::NoDriver);
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
        assert_eq!(reasons(&choice), [UnusedReason::ForcedCpu, UnusedReason::ForcedCpu]);
        let other = Config { device: 3, tensorrt: false, ..Config::default() };
        let choice = choose(&other, &present(), |_| Ok(())).unwrap();
        let missing = UnusedReason::NoSuchDevice { wanted: 3, found: 1 };
        assert_eq!(reasons(&choice), [UnusedReason::TurnedOff, missing]);
    }
}
