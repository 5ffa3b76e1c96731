//! Gauges of GPUs.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;
use serde::Serialize;

/// One sample of a GPU's figures. A figure that the GPU does not report is `None`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct GpuSample {
    /// The GPU's number in NVML.
    pub ordinal: u32,
    /// The name, such as `NVIDIA A100-SXM4-40GB`.
    pub name: Option<String>,
    /// The share of the last period in which a kernel ran, 0 to 1.
    pub utilization: Option<f64>,
    /// The share of the last period in which memory was read or written, 0 to 1.
    pub memory_utilization: Option<f64>,
    /// The memory used by all processes.
    pub memory_used_bytes: Option<u64>,
    /// The total memory.
    pub memory_total_bytes: Option<u64>,
    /// The temperature of the die.
    pub temperature_celsius: Option<u32>,
    /// The power drawn now.
    pub power_watts: Option<f64>,
    /// The power limit.
    pub power_limit_watts: Option<f64>,
    /// The clock of the multiprocessors, now.
    pub sm_clock_mhz: Option<u32>,
    /// The clock of the multiprocessors, at most.
    pub sm_clock_max_mhz: Option<u32>,
    /// The clock of the memory, now.
    pub memory_clock_mhz: Option<u32>,
    /// The clock of the memory, at most.
    pub memory_clock_max_mhz: Option<u32>,
    /// The reasons why the GPU is throttled now: `power`, `thermal`, `hardware`. Empty if it is
    /// not.
    pub throttling: Option<Vec<&'static str>>,
    /// True if the driver stays loaded without processes.
    pub persistence: Option<bool>,
    /// True if the GPU is split into instances.
    pub mig: Option<bool>,
    /// True if only one process may use the GPU, as MPS requires.
    pub exclusive_process: Option<bool>,
    /// The newest generation of PCI Express that card and board both support.
    pub pcie_generation_max: Option<u32>,
    /// The most lanes of PCI Express that card and board both support.
    pub pcie_width_max: Option<u32>,
}

/// The time for which a look serves: one request for all metrics looks once.
const SERVES: Duration = Duration::from_millis(500);

struct Cached<S> {
    look: S,
    last: Mutex<Option<(Instant, Arc<[GpuSample]>)>>,
}

impl<S: Fn() -> Vec<GpuSample>> Cached<S> {
    fn samples(&self) -> Arc<[GpuSample]> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((at, samples)) if at.elapsed() < SERVES => Arc::clone(samples),
            _ => {
                let samples: Arc<[GpuSample]> = (self.look)().into();
                *last = Some((Instant::now(), Arc::clone(&samples)));
                samples
            }
        }
    }
}

type Read = fn(&GpuSample) -> Option<f64>;

/// Name, unit, description, labels with what they show.
type Row = (&'static str, &'static str, &'static str, &'static [(Option<&'static str>, Read)]);

const MEGA: f64 = 1e6;

const GAUGES: [Row; 7] = [
    (
        "courant_gpu_utilization",
        "1",
        "Part of the time in which a kernel ran (gpu) or memory was moved (memory)",
        &[(Some("gpu"), |s| s.utilization), (Some("memory"), |s| s.memory_utilization)],
    ),
    (
        "courant_gpu_device_memory",
        "By",
        "Memory of the device, everybody's use included",
        &[
            (Some("used"), |s| s.memory_used_bytes.map(|bytes| bytes as f64)),
            (Some("total"), |s| s.memory_total_bytes.map(|bytes| bytes as f64)),
        ],
    ),
    (
        "courant_gpu_temperature",
        "Cel",
        "Temperature of the die",
        &[(None, |s| s.temperature_celsius.map(f64::from))],
    ),
    (
        "courant_gpu_power",
        "W",
        "Power drawn, and its limit",
        &[(Some("draw"), |s| s.power_watts), (Some("limit"), |s| s.power_limit_watts)],
    ),
    (
        "courant_gpu_clock",
        "Hz",
        "Clocks now",
        &[
            (Some("sm"), |s| s.sm_clock_mhz.map(|mhz| f64::from(mhz) * MEGA)),
            (Some("memory"), |s| s.memory_clock_mhz.map(|mhz| f64::from(mhz) * MEGA)),
        ],
    ),
    (
        "courant_gpu_clock_max",
        "Hz",
        "Clocks at most",
        &[
            (Some("sm"), |s| s.sm_clock_max_mhz.map(|mhz| f64::from(mhz) * MEGA)),
            (Some("memory"), |s| s.memory_clock_max_mhz.map(|mhz| f64::from(mhz) * MEGA)),
        ],
    ),
    (
        "courant_gpu_throttled",
        "",
        "Whether the device is slowed down (1) by its power, its temperature, its hardware",
        &[
            (Some("power"), |s| throttled(s, "power")),
            (Some("thermal"), |s| throttled(s, "thermal")),
            (Some("hardware"), |s| throttled(s, "hardware")),
        ],
    ),
];

fn throttled(sample: &GpuSample, by: &str) -> Option<f64> {
    Some(if sample.throttling.as_ref()?.contains(&by) { 1.0 } else { 0.0 })
}

/// Exports the samples of `look` as metrics, with the labels `gpu` (the ordinal) and `kind`.
/// Without a GPU, nothing is exported.
pub fn observe_gpus(meter: &Meter, look: impl Fn() -> Vec<GpuSample> + Send + Sync + 'static) {
    let cached = Arc::new(Cached { look, last: Mutex::default() });
    for (name, unit, description, values) in GAUGES {
        let cached = Arc::clone(&cached);
        let builder = meter.f64_observable_gauge(name).with_unit(unit);
        builder
            .with_description(description)
            .with_callback(move |observer| {
                for sample in &*cached.samples() {
                    for (kind, read) in values {
                        if let Some(value) = read(sample) {
                            observer.observe(value, &labels(sample.ordinal, *kind));
                        }
                    }
                }
            })
            .build();
    }
}

fn labels(ordinal: u32, kind: Option<&'static str>) -> Vec<KeyValue> {
    let kind = kind.map(|kind| KeyValue::new("kind", kind));
    std::iter::once(KeyValue::new("gpu", i64::from(ordinal))).chain(kind).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(samples: Vec<GpuSample>) -> String {
        let meters = courant_telemetry::Meters::new("test").unwrap();
        observe_gpus(&meters.meter(), move || samples.clone());
        meters.render().unwrap()
    }

    #[test]
    fn what_a_gpu_tells_is_shown_and_the_rest_is_absent() {
        let text = render(vec![GpuSample {
            ordinal: 1,
            utilization: Some(0.5),
            temperature_celsius: Some(60),
            power_watts: Some(120.5),
            sm_clock_mhz: Some(1410),
            throttling: Some(vec!["power"]),
            ..GpuSample::default()
        }]);
        for line in [
            r#"courant_gpu_utilization_ratio{gpu="1",kind="gpu"} 0.5"#,
            r#"courant_gpu_temperature_celsius{gpu="1"} 60"#,
            r#"courant_gpu_power_watts{gpu="1",kind="draw"} 120.5"#,
            r#"courant_gpu_clock_hertz{gpu="1",kind="sm"} 1410000000"#,
            r#"courant_gpu_throttled{gpu="1",kind="power"} 1"#,
            r#"courant_gpu_throttled{gpu="1",kind="thermal"} 0"#,
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        assert!(!text.contains("courant_gpu_device_memory") && !text.contains(r#"kind="limit""#));
    }

    #[test]
    fn without_a_gpu_there_are_no_gauges() {
        assert!(!render(Vec::new()).contains("courant_gpu"));
    }
}
