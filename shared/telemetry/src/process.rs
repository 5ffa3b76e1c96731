//! The figures of the system about this process, under the usual names of Prometheus. They are
//! absent if there is no `/proc`.

use opentelemetry::metrics::Meter;

/// The rate in which `/proc` gives times. Linux fixes it, whatever the kernel's own rate.
const TICKS_PER_SECOND: f64 = 100.0;

/// `process_resident_memory_bytes` and `process_cpu_seconds_total`, read whenever
/// they are asked for.
pub(crate) fn observe(meter: &Meter) {
    meter
        .u64_observable_gauge("process_resident_memory")
        .with_unit("By")
        .with_description("Memory that the process holds in RAM")
        .with_callback(|observer| {
            if let Some(bytes) = read("/proc/self/status").as_deref().and_then(resident_bytes) {
                observer.observe(bytes, &[]);
            }
        })
        .build();
    meter
        .f64_observable_counter("process_cpu")
        .with_unit("s")
        .with_description("Time that the process spent on CPUs, its own and the kernel's for it")
        .with_callback(|observer| {
            if let Some(seconds) = read("/proc/self/stat").as_deref().and_then(cpu_seconds) {
                observer.observe(seconds, &[]);
            }
        })
        .build();
}

fn read(path: &str) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

/// From the line `VmRSS:     1234 kB`, where kB means 1024 bytes.
fn resident_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// From the fields 14 (`utime`) and 15 (`stime`) of proc(5). Counting begins behind
/// the program's name, which may hold anything.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, from_third) = stat.rsplit_once(") ")?;
    let mut times = from_third.split(' ').skip(11).map(str::parse::<f64>);
    let (user, system) = (times.next()?.ok()?, times.next()?.ok()?);
    Some((user + system) / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_and_time_are_read_as_proc_writes_them() {
        let status = "Name:\tcourant\nVmHWM:\t  300 kB\nVmRSS:\t     128 kB\nThreads:\t4\n";
        assert_eq!(resident_bytes(status), Some(131_072));
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 900 0 3 0 250 50 0 0 20 0 4 0 100 1000 32";
        assert_eq!(cpu_seconds(stat), Some(3.0));
    }

    #[test]
    fn what_is_not_there_is_absent_not_zero() {
        assert_eq!(resident_bytes("Name:\tkthreadd\nThreads:\t1\n"), None);
        assert_eq!(cpu_seconds(""), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_tells_of_itself() {
        let text = crate::Meters::new("test").unwrap().render().unwrap();
        let value = |name: &str| -> f64 {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.unwrap_or_else(|| panic!("{name} is not in\n{text}")).parse().unwrap()
        };
        assert!(value("process_resident_memory_bytes") > 100_000.0);
        assert!(value("process_cpu_seconds_total") >= 0.0);
    }
}
