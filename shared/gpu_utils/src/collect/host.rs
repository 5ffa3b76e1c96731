//! Counters and gauges of the host, and of the control group that bounds this
//! process. (The process's own are in `courant-telemetry`.)

use std::path::{Path, PathBuf};

use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;

use crate::cgroup::Cgroup;

/// Of the times in `/proc`: fixed by Linux, whatever the kernel's own rate.
const TICKS_PER_SECOND: f64 = 100.0;

/// Shows the host of `proc` (normally `/proc`) and the memory of `group` whenever
/// metrics are asked for:
/// `courant_host_cpu_seconds_total{mode}`, `courant_host_memory_bytes{kind}`,
/// `courant_cgroup_memory_bytes{kind}`.
pub fn observe_host(meter: &Meter, proc: &Path, group: Cgroup) {
    let stat: PathBuf = proc.join("stat");
    meter
        .f64_observable_counter("courant_host_cpu")
        .with_unit("s")
        .with_description("Time of all the host's CPUs, by mode: busy, idle")
        .with_callback(move |observer| {
            let text = std::fs::read_to_string(&stat).unwrap_or_default();
            if let Some((busy, idle)) = cpu_seconds(&text) {
                observer.observe(busy, &[KeyValue::new("mode", "busy")]);
                observer.observe(idle, &[KeyValue::new("mode", "idle")]);
            }
        })
        .build();
    let meminfo: PathBuf = proc.join("meminfo");
    meter
        .u64_observable_gauge("courant_host_memory")
        .with_unit("By")
        .with_description("Memory of the host, by kind: total, available")
        .with_callback(move |observer| {
            let text = std::fs::read_to_string(&meminfo).unwrap_or_default();
            for (key, kind) in [("MemTotal", "total"), ("MemAvailable", "available")] {
                if let Some(bytes) = memory_bytes(&text, key) {
                    observer.observe(bytes, &[KeyValue::new("kind", kind)]);
                }
            }
        })
        .build();
    meter
        .u64_observable_gauge("courant_cgroup_memory")
        .with_unit("By")
        .with_description("Memory of the control group, by kind: used, limit")
        .with_callback(move |observer| {
            if let Some(memory) = group.memory() {
                observer.observe(memory.used_bytes, &[KeyValue::new("kind", "used")]);
                if let Some(limit) = memory.limit_bytes {
                    observer.observe(limit, &[KeyValue::new("kind", "limit")]);
                }
            }
        })
        .build();
}

/// Busy and idle, from the line `cpu  user nice system idle iowait irq softirq
/// steal …` of proc(5). Guests' time is in the user's already.
fn cpu_seconds(stat: &str) -> Option<(f64, f64)> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let ticks: Vec<f64> =
        line.split_whitespace().take(8).map(str::parse).collect::<Result<_, _>>().ok()?;
    let idle = ticks.get(3)? + ticks.get(4)?;
    let all: f64 = ticks.iter().sum();
    Some(((all - idle) / TICKS_PER_SECOND, idle / TICKS_PER_SECOND))
}

/// From a line such as `MemTotal:       16384 kB`, where kB means 1024 bytes.
fn memory_bytes(meminfo: &str, key: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_shown_as_proc_tells_it() {
        let proc = tempfile::tempdir().unwrap();
        std::fs::write(proc.path().join("stat"), "cpu  100 0 50 800 50 0 0 0 9 9\ncpu0 1\n")
            .unwrap();
        std::fs::write(proc.path().join("meminfo"), "MemTotal: 4 kB\nMemAvailable:   3 kB\n")
            .unwrap();
        let meters = courant_telemetry::Meters::new("test").unwrap();
        observe_host(&meters.meter(), proc.path(), Cgroup::at(proc.path(), ""));
        let text = meters.render().unwrap();
        for line in [
            r#"courant_host_cpu_seconds_total{mode="busy"} 1.5"#,
            r#"courant_host_cpu_seconds_total{mode="idle"} 8.5"#,
            r#"courant_host_memory_bytes{kind="available"} 3072"#,
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        assert!(!text.contains("courant_cgroup"), "there is no group");
    }

    #[test]
    fn what_is_not_there_is_absent_not_zero() {
        assert_eq!(cpu_seconds("cpu  1 2 x"), None);
        assert_eq!(memory_bytes("MemFree: 1 kB\n", "MemTotal"), None);
    }
}
