//! Counters and gauges of the host, and of the control group that bounds this
//! process. (The process's own are in `courant-telemetry`.)

use std::fs;
use std::path::{Path, PathBuf};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{AsyncInstrument, Meter};

use crate::cgroup::Cgroup;

/// The unit of the times in `/proc`: fixed by Linux, whatever the kernel's own rate.
const TICKS_PER_SECOND: f64 = 100.0;
/// The size of the sectors in `/proc/diskstats`: fixed by Linux, whatever the disk's own.
const SECTOR_BYTES: f64 = 512.0;

/// The places from which the figures of the host are read.
#[derive(Clone, Debug)]
pub struct HostSources {
    /// Normally `/proc`.
    pub proc: PathBuf,
    /// Normally `/sys`.
    pub sys: PathBuf,
    /// The folder whose file system is shown as the disk.
    pub folder: PathBuf,
    /// The control group of the process.
    pub group: Cgroup,
}

/// A label's value and what it shows.
type Values = Vec<(&'static str, f64)>;

impl HostSources {
    /// Returns the sources for this process, which keeps its files in `folder`.
    pub fn of_process(folder: &Path) -> Self {
        let (proc, sys) = ("/proc".into(), "/sys".into());
        Self { proc, sys, folder: folder.to_owned(), group: Cgroup::of_process() }
    }
}

/// Exports the figures of the host as metrics: `courant_host_cpu_seconds_total{mode}`,
/// `courant_host_memory_bytes{kind}`, `courant_host_disk_bytes{kind}`,
/// `courant_host_disk_io_bytes_total{direction}`,
/// `courant_host_network_bytes_total{direction}`, `courant_cgroup_memory_bytes{kind}`.
pub fn observe_host(meter: &Meter, host: &HostSources) {
    let HostSources { proc, sys, folder, group } = host.clone();
    let text = |name: &str| {
        let path = proc.join(name);
        move || fs::read_to_string(&path).unwrap_or_default()
    };
    let (stat, meminfo) = (text("stat"), text("meminfo"));
    let (diskstats, interfaces) = (text("diskstats"), text("net/dev"));
    let is_disk = move |name: &str| sys.join("block").join(name).join("device").exists();

    let cpu = "Time of all the host's CPUs, by mode: busy, idle";
    counter(meter, "courant_host_cpu", "s", cpu, "mode", move || cpu_seconds(&stat()));
    let memory = "Memory of the host, by kind: total, available";
    gauge(meter, "courant_host_memory", memory, move || memory_bytes(&meminfo()));
    let disk = "The file system of the process's folder, by kind: total, available";
    gauge(meter, "courant_host_disk", disk, move || crate::disk::space(&folder));
    let io = "What the host's disks moved, by direction: read, write";
    counter(meter, "courant_host_disk_io", "By", io, "direction", move || {
        disk_bytes(&diskstats(), &is_disk)
    });
    let network = "What all interfaces but loopback moved, by direction: receive, transmit";
    counter(meter, "courant_host_network", "By", network, "direction", move || {
        network_bytes(&interfaces())
    });
    let in_group = "Memory of the control group, by kind: used, limit";
    gauge(meter, "courant_cgroup_memory", in_group, move || group_memory(&group));
}

fn counter(
    meter: &Meter,
    name: &'static str,
    unit: &'static str,
    description: &'static str,
    label: &'static str,
    read: impl Fn() -> Values + Send + Sync + 'static,
) {
    let builder = meter.f64_observable_counter(name).with_unit(unit);
    builder.with_description(description).with_callback(shown(label, read)).build();
}

fn gauge(
    meter: &Meter,
    name: &'static str,
    description: &'static str,
    read: impl Fn() -> Values + Send + Sync + 'static,
) {
    let builder = meter.f64_observable_gauge(name).with_unit("By");
    builder.with_description(description).with_callback(shown("kind", read)).build();
}

fn shown(
    label: &'static str,
    read: impl Fn() -> Values + Send + Sync + 'static,
) -> impl Fn(&dyn AsyncInstrument<f64>) + Send + Sync + 'static {
    move |observer| {
        for (of, value) in read() {
            observer.observe(value, &[KeyValue::new(label, of)]);
        }
    }
}

/// From the line `cpu  user nice system idle iowait irq softirq steal …` of
/// proc(5). Guests' time is in the user's already.
fn cpu_seconds(stat: &str) -> Values {
    let Some(line) = stat.lines().find_map(|line| line.strip_prefix("cpu ")) else {
        return Vec::new();
    };
    let ticks: Result<Vec<f64>, _> = line.split_whitespace().take(8).map(str::parse).collect();
    match ticks.as_deref() {
        Ok([_, _, _, idle, waiting, ..]) => {
            let (idle, all) = (idle + waiting, ticks.iter().flatten().sum::<f64>());
            vec![("busy", (all - idle) / TICKS_PER_SECOND), ("idle", idle / TICKS_PER_SECOND)]
        }
        _ => Vec::new(),
    }
}

/// From lines such as `MemTotal:       16384 kB`, where kB means 1024 bytes.
fn memory_bytes(meminfo: &str) -> Values {
    let kibibytes = |key: &str| {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
        line.trim().strip_suffix(" kB")?.parse::<f64>().ok()
    };
    let kinds = [("total", "MemTotal"), ("available", "MemAvailable")];
    let bytes = |(kind, key)| Some((kind, kibibytes(key)? * 1024.0));
    kinds.into_iter().filter_map(bytes).collect()
}

/// From the fields `name`, sectors read (3 behind it) and written (7 behind it) of
/// proc_diskstats(5), of whole disks only: what lies on them would count twice.
fn disk_bytes(diskstats: &str, is_disk: impl Fn(&str) -> bool) -> Values {
    let sectors = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().skip(2).collect();
        let moved = |field: usize| fields.get(field)?.parse::<f64>().ok();
        is_disk(fields.first()?).then_some([moved(3)?, moved(7)?])
    };
    sums(diskstats.lines().filter_map(sectors), ["read", "write"], SECTOR_BYTES)
}

/// From lines such as `eth0: 1 0 0 0 0 0 0 0 2 0 …` of proc_pid_net(5): bytes
/// received, and behind seven others, transmitted.
fn network_bytes(interfaces: &str) -> Values {
    let bytes = |line: &str| {
        let (name, counts) = line.split_once(':')?;
        let counts: Vec<f64> = counts.split_whitespace().flat_map(str::parse).collect();
        (name.trim() != "lo").then_some([*counts.first()?, *counts.get(8)?])
    };
    sums(interfaces.lines().filter_map(bytes), ["receive", "transmit"], 1.0)
}

/// Both columns' sums in units of `unit`; nothing where there is no line.
fn sums(lines: impl Iterator<Item = [f64; 2]>, directions: [&'static str; 2], unit: f64) -> Values {
    let sum = lines.reduce(|a, b| [a[0] + b[0], a[1] + b[1]]);
    let sum = sum.into_iter().flat_map(|sum| directions.into_iter().zip(sum));
    sum.map(|(direction, value)| (direction, value * unit)).collect()
}

fn group_memory(group: &Cgroup) -> Values {
    let Some(memory) = group.memory() else {
        return Vec::new();
    };
    let limit = memory.limit_bytes.map(|limit| ("limit", limit as f64));
    std::iter::once(("used", memory.used_bytes as f64)).chain(limit).collect()
}

#[cfg(test)]
mod tests;
