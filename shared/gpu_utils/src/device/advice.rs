//! Advice about the present state of a device: cooling, power, clocks, sharing and PCI Express.
//! This code never changes the card. The texts name the commands to use.
//!
//! The thresholds are ours. The power limits of a card are those of
//! [`Card::recommended_watts`].

use serde::Serialize;

use super::class::is_splittable;
use super::{Card, Workload};
use crate::collect::GpuSample;

/// Above, the power limit should come down.
const HOT_CELSIUS: u32 = 85;
/// Above, with the clock below its maximum, the card is throttling.
const THROTTLING_CELSIUS: u32 = 80;
/// Below, the power limit may go up.
const COOL_CELSIUS: u32 = 75;

/// One piece of advice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// `cooling`, `power`, `persistence`, `clocks`, `sharing`, `pcie`, or what callers
    /// add.
    pub topic: &'static str,
    /// The advice in one sentence, with a command if there is one.
    pub text: String,
}

/// Returns the advice that applies to a device, which `processes` processes will share.
/// A value that the sample lacks gives no advice.
pub fn advise(gpu: &GpuSample, workload: Workload, processes: usize) -> Vec<Advice> {
    let rules = [
        cooling(gpu),
        power(gpu),
        persistence(gpu),
        clocks(gpu, workload),
        sharing(gpu, workload, processes),
        pcie(gpu),
    ];
    let topics = ["cooling", "power", "persistence", "clocks", "sharing", "pcie"];
    let found = topics.into_iter().zip(rules);
    found.filter_map(|(topic, text)| Some(Advice { topic, text: text? })).collect()
}

fn cooling(gpu: &GpuSample) -> Option<String> {
    let celsius = gpu.temperature_celsius.filter(|celsius| *celsius > THROTTLING_CELSIUS)?;
    let (clock, most) = (gpu.sm_clock_mhz?, gpu.sm_clock_max_mhz?);
    (clock < most).then(|| {
        format!(
            "it throttles at {celsius} °C ({clock} of {most} MHz): clean the fans, better the \
             airflow, or try the fans at 80 %"
        )
    })
}

fn power(gpu: &GpuSample) -> Option<String> {
    let (ordinal, celsius) = (gpu.ordinal, gpu.temperature_celsius?);
    let limit = gpu.power_limit_watts?;
    if celsius > HOT_CELSIUS {
        let lower = 0.9 * limit;
        return Some(format!(
            "{celsius} °C at a limit of {limit:.0} W: lower it, first with \
             `nvidia-smi -i {ordinal} -pl {lower:.0}`"
        ));
    }
    let recommended = Card::of(gpu.name.as_deref()?)?.recommended_watts();
    let is_at_limit = gpu.power_watts? > 0.95 * limit;
    (celsius < COOL_CELSIUS && is_at_limit && limit < f64::from(recommended)).then(|| {
        format!(
            "it is cool ({celsius} °C) and at its limit of {limit:.0} W: raise it with \
             `nvidia-smi -i {ordinal} -pl {recommended}`"
        )
    })
}

fn persistence(gpu: &GpuSample) -> Option<String> {
    let ordinal = gpu.ordinal;
    (!gpu.persistence?).then(|| {
        format!(
            "the driver unloads between processes: keep it with `nvidia-smi -i {ordinal} -pm 1`"
        )
    })
}

/// Locked clocks are for promised latencies, never where others share the card.
fn clocks(gpu: &GpuSample, workload: Workload) -> Option<String> {
    let (ordinal, most) = (gpu.ordinal, gpu.sm_clock_max_mhz?);
    matches!(workload, Workload::Latency | Workload::RealTime).then(|| {
        let memory = gpu.memory_clock_max_mhz;
        let memory = memory.map_or(String::new(), |m| format!(" and `-lmc {m}`"));
        format!("for a strict P99 lock the clocks: `nvidia-smi -i {ordinal} -lgc {most}`{memory}")
    })
}

fn sharing(gpu: &GpuSample, workload: Workload, processes: usize) -> Option<String> {
    if processes < 2 {
        return None;
    }
    let ordinal = gpu.ordinal;
    let can_split = is_splittable(gpu.name.as_deref()?);
    if can_split && workload == Workload::MultiTenant {
        return (gpu.mig != Some(true)).then(|| {
            format!(
                "isolate {processes} tenants in instances: `nvidia-smi -i {ordinal} -mig 1`, then \
                 `nvidia-smi mig -i {ordinal} -cgi 1g.10gb,1g.10gb,1g.10gb -C`"
            )
        });
    }
    (gpu.exclusive_process == Some(false)).then(|| {
        format!(
            "{processes} processes share it: one process is faster, else use MPS: \
             `nvidia-smi -i {ordinal} -c EXCLUSIVE_PROCESS`, then `nvidia-cuda-mps-control -d`"
        )
    })
}

fn pcie(gpu: &GpuSample) -> Option<String> {
    let (generation, width) = (gpu.pcie_generation_max?, gpu.pcie_width_max?);
    (generation < 3 || width < 16).then(|| {
        format!("PCI Express {generation} x{width} may be the bottleneck: 3 x16 is the least")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topics(gpu: &GpuSample, workload: Workload, processes: usize) -> Vec<&'static str> {
        advise(gpu, workload, processes).into_iter().map(|advice| advice.topic).collect()
    }

    fn a100() -> GpuSample {
        GpuSample {
            name: Some("NVIDIA A100-PCIE-40GB".into()),
            temperature_celsius: Some(60),
            power_watts: Some(249.0),
            power_limit_watts: Some(250.0),
            sm_clock_mhz: Some(1400),
            sm_clock_max_mhz: Some(1410),
            persistence: Some(true),
            mig: Some(false),
            exclusive_process: Some(false),
            pcie_generation_max: Some(4),
            pcie_width_max: Some(16),
            ..GpuSample::default()
        }
    }

    #[test]
    fn an_unknown_device_gets_no_advice() {
        assert!(topics(&GpuSample::default(), Workload::RealTime, 4).is_empty());
    }

    #[test]
    fn temperature_decides_the_power_limit() {
        let advice = advise(&a100(), Workload::Mixed, 1);
        assert_eq!(advice.len(), 1);
        assert!(advice[0].text.contains("-pl 280"), "{}", advice[0].text);
        let warm = GpuSample { temperature_celsius: Some(78), ..a100() };
        assert!(topics(&warm, Workload::Mixed, 1).is_empty());
        let hot = GpuSample { temperature_celsius: Some(86), ..a100() };
        assert_eq!(topics(&hot, Workload::Mixed, 1), ["cooling", "power"]);
    }

    #[test]
    fn sharing_and_latency_decide_the_rest() {
        let idle = GpuSample { power_watts: Some(50.0), persistence: Some(false), ..a100() };
        assert_eq!(topics(&idle, Workload::Latency, 1), ["persistence", "clocks"]);
        let idle = GpuSample { persistence: Some(true), pcie_width_max: Some(8), ..idle };
        assert_eq!(topics(&idle, Workload::Mixed, 2), ["sharing", "pcie"]);
        assert!(advise(&idle, Workload::MultiTenant, 3)[0].text.contains("1g.10gb,1g.10gb"));
        assert!(advise(&idle, Workload::Mixed, 3)[0].text.contains("EXCLUSIVE_PROCESS"));
    }
}
