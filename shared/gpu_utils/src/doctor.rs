//! The report of `courant doctor` about the machine's devices. It reads only.

use std::collections::BTreeMap;
use std::fmt;

use courant_host::{Cgroup, Cpu, GroupMemory};
use serde::Serialize;

use crate::Config;
use crate::collect::{GpuSample, NvmlCollector};
use crate::device::{Advice, Cuda, Devices, Gpu, Preset, Workload, advise};
use crate::libraries;

/// A GPU with its thresholds and advice.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GpuReport {
    /// The device as CUDA reports it.
    pub gpu: Gpu,
    /// The thresholds, with the values of the configuration.
    pub preset: Preset,
    /// NVML's view, where it has one.
    pub sample: Option<GpuSample>,
    /// The advice that applies to it.
    pub advice: Vec<Advice>,
}

/// The report: devices, presets, versions and advice.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeviceReport {
    /// The processor.
    pub cpu: Cpu,
    /// The memory of the control group, if there is one.
    pub memory: Option<GroupMemory>,
    /// The reason why there is no GPU, if there is none.
    pub no_gpu: Option<String>,
    /// Every CUDA device.
    pub gpus: Vec<GpuReport>,
    /// The workload that decides the presets.
    pub workload: Workload,
    /// The versions by component: `cuda` (the newest that the driver supports), `cuda-runtime`,
    /// `cudnn`, `tensorrt`, `nvrtc`, `nvidia-driver`, and those that callers add.
    pub versions: BTreeMap<&'static str, String>,
}

impl DeviceReport {
    /// Inspects the machine. `processes`: the number of processes that will share the
    /// configured GPU.
    pub fn gather(config: &Config, processes: usize) -> Self {
        let nvml = NvmlCollector::open().ok();
        let samples = nvml.as_ref().map(NvmlCollector::sample).unwrap_or_default();
        let memory = Cgroup::of_process().memory();
        let report = Self::of(Devices::detect(), memory, &samples, config, processes);
        let driver = nvml.and_then(|nvml| nvml.driver_version());
        let report = report.with_version("nvidia-driver", driver);
        if report.gpus.is_empty() {
            return report;
        }
        let found = |version: Option<String>| version.or_else(|| Some("not found".into()));
        report
            .with_version("cuda-runtime", found(libraries::cuda_runtime()))
            .with_version("cudnn", found(libraries::cudnn()))
            .with_version("tensorrt", found(libraries::tensorrt()))
    }

    fn of(
        devices: Devices,
        memory: Option<GroupMemory>,
        samples: &[GpuSample],
        config: &Config,
        processes: usize,
    ) -> Self {
        let workload = config.workload;
        let (no_gpu, cuda, nvrtc, gpus) = match devices.cuda {
            Cuda::Absent(reason) => (Some(reason.to_string()), None, None, Vec::new()),
            Cuda::Present { driver, nvrtc, gpus } => (None, Some(driver), nvrtc, gpus),
        };
        let gpus = gpus.into_iter().map(|gpu| {
            let preset = Preset::for_gpu(&gpu.name, workload).with(&config.hybrid);
            let sample = sample_of(&gpu, samples);
            let processes = if gpu.ordinal == config.device { processes } else { 0 };
            let advice = sample.as_ref().map(|sample| advise(sample, workload, processes));
            GpuReport { gpu, preset, sample, advice: advice.unwrap_or_default() }
        });
        let report = Self {
            cpu: devices.cpu,
            memory,
            no_gpu,
            gpus: gpus.collect(),
            workload,
            versions: BTreeMap::new(),
        };
        let version = |(major, minor): (i32, i32)| format!("{major}.{minor}");
        report.with_version("cuda", cuda.map(version)).with_version("nvrtc", nvrtc.map(version))
    }

    /// Adds a component's version, if it is known.
    #[must_use]
    pub fn with_version(mut self, component: &'static str, version: Option<String>) -> Self {
        self.versions.extend(version.map(|version| (component, version)));
        self
    }
}

/// CUDA and NVML number devices by rules of their own (CUDA_VISIBLE_DEVICES,
/// fastest first), so the name must agree; where it does not, nothing is advised
/// about the wrong card.
fn sample_of(gpu: &Gpu, samples: &[GpuSample]) -> Option<GpuSample> {
    let is_same = |sample: &&GpuSample| sample.name.as_deref() == Some(gpu.name.as_str());
    let same: Vec<&GpuSample> = samples.iter().filter(is_same).collect();
    let by_number = same.iter().find(|sample| usize::try_from(sample.ordinal) == Ok(gpu.ordinal));
    by_number.or(same.first()).map(|sample| (*sample).clone())
}

impl fmt::Display for DeviceReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cpu = &self.cpu;
        let name = cpu.name.as_deref().unwrap_or("unknown");
        writeln!(f, "cpu: {name}, {} threads, {}", cpu.threads, cpu.simd.join(" "))?;
        if let Some(quota) = cpu.quota {
            writeln!(f, "  quota: {quota:.2} CPUs")?;
        }
        if let Some(GroupMemory { used_bytes, limit_bytes: Some(limit) }) = self.memory {
            writeln!(f, "memory: {used_bytes} of {limit} bytes")?;
        }
        for (component, version) in &self.versions {
            writeln!(f, "{component}: {version}")?;
        }
        if let Some(reason) = &self.no_gpu {
            writeln!(f, "gpu: none ({reason})")?;
        }
        let workload = self.workload.as_str();
        self.gpus.iter().try_for_each(|GpuReport { gpu, preset, advice, .. }| {
            let (major, minor) = gpu.compute_capability;
            let gigabytes = gpu.memory_bytes as f64 / 1e9;
            writeln!(f, "gpu {}: {}, {major}.{minor}, {gigabytes:.1} GB", gpu.ordinal, gpu.name)?;
            writeln!(f, "  preset {workload}: {preset}")?;
            advice.iter().try_for_each(|advice| writeln!(f, "  {}: {}", advice.topic, advice.text))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::{CudaAbsence, GpuClass};

    fn gpu(ordinal: usize, name: &str) -> Gpu {
        Gpu {
            ordinal,
            name: name.into(),
            class: GpuClass::of(name),
            compute_capability: (8, 0),
            memory_bytes: 40_000_000_000,
        }
    }

    fn report(cuda: Cuda, samples: &[GpuSample]) -> DeviceReport {
        let devices = Devices { cpu: Cpu::detect(), cuda };
        DeviceReport::of(devices, None, samples, &Config::default(), 1)
    }

    #[test]
    fn a_machine_without_a_gpu_says_why() {
        let report = report(Cuda::Absent(CudaAbsence::NoDriver), &[]);
        assert!(report.to_string().contains("gpu: none (there is no CUDA driver library)"));
        assert!(report.versions.is_empty());
    }

    #[test]
    fn a_gpu_has_its_preset_and_the_advice_about_itself() {
        let gpus = vec![gpu(0, "NVIDIA A100-SXM4-40GB"), gpu(1, "NVIDIA L4")];
        let cuda = Cuda::Present { driver: (12, 4), nvrtc: None, gpus };
        let sample = |ordinal, name: &str| GpuSample {
            ordinal,
            name: Some(name.into()),
            persistence: Some(name != "NVIDIA L4"),
            ..GpuSample::default()
        };
        let samples = [sample(0, "NVIDIA L4"), sample(1, "NVIDIA A100-SXM4-40GB")];
        let report = report(cuda, &samples).with_version("onnxruntime", Some("1.24".into()));
        assert_eq!(report.gpus[0].preset.min_batch_size, 48);
        assert!(report.gpus[0].advice.is_empty());
        assert_eq!(report.gpus[1].advice[0].topic, "persistence");
        let text = report.to_string();
        assert!(text.contains("gpu 0: NVIDIA A100-SXM4-40GB, 8.0, 40.0 GB"), "{text}");
        assert!(text.contains("cuda: 12.4\nonnxruntime: 1.24\n"), "{text}");
        assert!(text.contains("preset mixed: batches from 48, speedup 1.3"), "{text}");
    }

    #[test]
    fn only_the_configured_gpu_is_shared() {
        let gpus = vec![gpu(0, "NVIDIA L4"), gpu(1, "NVIDIA L40")];
        let sample = |gpu: &Gpu| GpuSample {
            ordinal: u32::try_from(gpu.ordinal).unwrap(),
            name: Some(gpu.name.clone()),
            exclusive_process: Some(false),
            ..GpuSample::default()
        };
        let samples: Vec<GpuSample> = gpus.iter().map(sample).collect();
        let cuda = Cuda::Present { driver: (12, 4), nvrtc: None, gpus };
        let devices = Devices { cpu: Cpu::detect(), cuda };
        let config = Config { device: 1, ..Config::default() };
        let report = DeviceReport::of(devices, None, &samples, &config, 2);
        assert!(report.gpus[0].advice.is_empty());
        assert_eq!(report.gpus[1].advice[0].topic, "sharing");
    }

    #[test]
    fn this_machine_is_reported_whatever_it_has() {
        let report = DeviceReport::gather(&Config::default(), 1);
        assert_eq!(report.no_gpu.is_some(), report.gpus.is_empty());
    }
}
