//! The processor.

use serde::Serialize;

use crate::cgroup::Cgroup;

/// The processor, and the part of it that this process may use.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cpu {
    /// The name that the system gives, if any.
    pub name: Option<String>,
    /// The number of physical cores, if the system states it.
    pub cores: Option<usize>,
    /// The number of threads that this process may run at a time, by affinity and quota.
    pub threads: usize,
    /// The number of CPUs that the control group's quota allows, if it has one.
    pub quota: Option<f64>,
    /// The instructions that the vector kernels can use.
    pub simd: Vec<&'static str>,
}

impl Cpu {
    /// Detects the processor of this machine.
    pub fn detect() -> Self {
        let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        Self {
            name: field(&cpuinfo, "model name").next().map(str::to_owned),
            cores: physical_cores(&cpuinfo),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            quota: Cgroup::of_process().cpu_quota(),
            simd: simd(),
        }
    }
}

/// The values of a key of `/proc/cpuinfo`.
fn field<'a>(cpuinfo: &'a str, key: &str) -> impl Iterator<Item = &'a str> {
    cpuinfo.lines().filter_map(move |line| {
        let (name, value) = line.split_once(':')?;
        (name.trim_end() == key).then_some(value.trim())
    })
}

/// Distinct pairs of socket and core: two threads of one core share them.
fn physical_cores(cpuinfo: &str) -> Option<usize> {
    let pairs = field(cpuinfo, "physical id").zip(field(cpuinfo, "core id"));
    let cores = pairs.collect::<std::collections::BTreeSet<_>>().len();
    (cores > 0).then_some(cores)
}

/// The names of those features that this processor has.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! detected {
    ($is_detected:ident: $($feature:tt)*) => {{
        let flags = [$(($feature, std::arch::$is_detected!($feature))),*];
        flags.into_iter().filter_map(|(name, has)| has.then_some(name)).collect()
    }};
}

#[cfg(target_arch = "x86_64")]
fn simd() -> Vec<&'static str> {
    detected!(is_x86_feature_detected:
        "avx2" "fma" "f16c" "avx512f" "avx512vnni" "avx512vpopcntdq" "avxvnni")
}

#[cfg(target_arch = "aarch64")]
fn simd() -> Vec<&'static str> {
    detected!(is_aarch64_feature_detected: "neon" "dotprod" "fp16" "i8mm" "sve")
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn simd() -> Vec<&'static str> {
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_of_one_core_count_once() {
        let thread = |core| format!("model name\t: A\nphysical id\t: 0\ncore id\t\t: {core}\n\n");
        let cpuinfo = [thread(0), thread(1), thread(0), thread(1)].concat();
        assert_eq!(physical_cores(&cpuinfo), Some(2));
        assert_eq!(field(&cpuinfo, "model name").next(), Some("A"));
        assert_eq!(physical_cores("Hardware : board\n"), None);
    }
}
