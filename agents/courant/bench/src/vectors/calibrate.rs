//! `courant-bench vectors --calibrate`: finds the number of rows from which a GPU is faster than
//! the CPU, and suggests the settings of `[gpu.hybrid]`.

use std::fmt;
use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::Context;
use courant::{out, outln};
use courant_gpu_utils::Config;
use courant_gpu_utils::cuda::{self, kernels::CompiledKernels};
use courant_gpu_utils::device::{Cuda, CudaAbsence, Preset};
use courant_gpu_utils::hybrid::{Calibration, CalibrationPoint, SWEEP, calibrate};
use courant_gpu_utils::similarity::device::{DeviceMatrix, SOURCE};
use courant_vectors::{Matrix, RowFormat};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde::Serialize;

use super::scan::{QUERIES, VectorsArgs, time, unit};

/// The format in which the store in one process keeps the rows.
const FORMAT: RowFormat = RowFormat::Int8WithF32;

/// The configured device, its kernels and its threshold.
struct Device {
    name: String,
    kernels: CompiledKernels,
    speedup_threshold: f64,
}

#[derive(Debug, Serialize)]
struct Measured {
    dimension: usize,
    k: usize,
    gpu: Option<String>,
    no_gpu: Option<String>,
    points: Vec<Row>,
    suggestion: Option<Suggestion>,
}

/// The figures of one size. The microseconds are those of one query.
#[derive(Debug, Serialize)]
struct Row {
    rows: usize,
    cpu_microseconds: f64,
    gpu_microseconds: Option<f64>,
    speedup: Option<f64>,
}

/// The suggested settings of `[gpu.hybrid]`; without a crossover the GPU is not worth using.
#[derive(Debug, PartialEq, Serialize)]
struct Suggestion {
    crossover: Option<usize>,
    min_batch_size: Option<usize>,
    speedup_threshold: f64,
}

/// Measures and prints the figures. Without a GPU only the CPU is measured.
pub(super) fn run(args: &VectorsArgs) -> anyhow::Result<()> {
    let config: Config = args.config.load_quiet()?.section("gpu")?;
    config.validate()?;
    let device = open(&config);
    if let (true, Err(reason)) = (config.require_gpu, &device) {
        anyhow::bail!("gpu.require_gpu is set: {reason:#}");
    }
    let measured = measure(args, device)?;
    if args.json {
        outln!("{}", serde_json::to_string_pretty(&measured)?);
    } else {
        out!("{measured}");
    }
    Ok(())
}

/// Opens the device and compiles the kernels. Fails if there is no usable device.
fn open(config: &Config) -> anyhow::Result<Device> {
    anyhow::ensure!(!config.force_cpu, "gpu.force_cpu is set");
    let context = cuda::open(config.device)?;
    let cuda = Cuda::detect();
    let gpu = cuda.gpus().iter().find(|gpu| gpu.ordinal == config.device);
    let name = gpu.ok_or(CudaAbsence::NoDevice)?.name.clone();
    let kernels = CompiledKernels::compile(SOURCE, &context.default_stream())?;
    let preset = Preset::for_gpu(&name, config.workload).with(&config.hybrid);
    Ok(Device { name, kernels, speedup_threshold: preset.speedup_threshold })
}

fn measure(args: &VectorsArgs, device: anyhow::Result<Device>) -> anyhow::Result<Measured> {
    let &VectorsArgs { dimension, k, .. } = args;
    let sizes = sizes(args.rows);
    let mut random = StdRng::seed_from_u64(1);
    let mut vectors = |count| (0..count).map(|_| unit(&mut random, dimension)).collect();
    let rows: Vec<Vec<f32>> = vectors(sizes.last().copied().unwrap_or(0));
    let queries: Vec<Vec<f32>> = vectors(QUERIES);
    let filled = |count| {
        let mut matrix = Matrix::with_format(dimension, FORMAT);
        rows[..count].iter().try_for_each(|row| matrix.push(row).map(drop))?;
        anyhow::Ok(matrix)
    };
    let cpu = |count| time(&filled(count)?, &queries, k);
    let gpu = |device: &Device, count| {
        let on_device = DeviceMatrix::upload(&filled(count)?, &device.kernels)?;
        time_on_device(&on_device, &queries, k)
    };
    let gpu = device.as_ref().ok().map(|device| move |count| gpu(device, count));
    let calibration = calibrate(&sizes, args.rounds, cpu, gpu).context("a scan failed")?;
    let suggestion = device
        .as_ref()
        .ok()
        .map(|device| Suggestion::new(&calibration, device.speedup_threshold, &args.batches));
    Ok(Measured {
        dimension,
        k,
        no_gpu: device.as_ref().err().map(|reason| format!("{reason:#}")),
        gpu: device.ok().map(|device| device.name),
        points: rows_of(&calibration),
        suggestion,
    })
}

/// Returns the sizes of a sweep, continued by doubling up to `most`, because a scan covers the
/// whole archive.
fn sizes(most: usize) -> Vec<usize> {
    let [.., last] = SWEEP;
    let beyond = std::iter::successors(last.checked_mul(2), |size| size.checked_mul(2));
    SWEEP.into_iter().chain(beyond.take_while(|size| *size <= most)).collect()
}

/// Measures a search on the device as the pipeline does it. The device must be told which rows
/// are wanted.
fn time_on_device(
    matrix: &DeviceMatrix,
    queries: &[Vec<f32>],
    k: usize,
) -> anyhow::Result<Duration> {
    let start = Instant::now();
    for query in queries {
        black_box(matrix.top_k(query, k, Some(&|_| true))?);
    }
    Ok(start.elapsed())
}

fn rows_of(calibration: &Calibration) -> Vec<Row> {
    let per_query = |took: Duration| took.as_secs_f64() * 1e6 / QUERIES as f64;
    let row = |point: &CalibrationPoint| Row {
        rows: point.batch,
        cpu_microseconds: per_query(point.cpu),
        gpu_microseconds: point.gpu.map(per_query),
        speedup: point.speedup(),
    };
    calibration.points.iter().map(row).collect()
}

impl Suggestion {
    /// Creates a suggestion. `threshold` is the present one. `batches` are the sizes of real
    /// batches.
    fn new(calibration: &Calibration, threshold: f64, batches: &[usize]) -> Self {
        let speedup_threshold = calibration.suggested_threshold(threshold).unwrap_or(threshold);
        Self {
            crossover: calibration.crossover(speedup_threshold),
            min_batch_size: calibration.min_batch_size(speedup_threshold, batches),
            speedup_threshold,
        }
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { dimension, k, .. } = self;
        writeln!(f, "the {k} nearest of rows of {dimension} values, per query\n")?;
        writeln!(f, "{:>10} {:>12} {:>12} {:>10}", "rows", "CPU µs", "GPU µs", "speedup")?;
        for Row { rows, cpu_microseconds, gpu_microseconds, speedup } in &self.points {
            let gpu = gpu_microseconds.map(|it| format!("{it:.1}")).unwrap_or_default();
            let speedup = speedup.map(|it| format!("{it:.2} ×")).unwrap_or_default();
            writeln!(f, "{rows:>10} {cpu_microseconds:>12.1} {gpu:>12} {speedup:>10}")?;
        }
        if let Some(reason) = &self.no_gpu {
            writeln!(f, "\nno GPU was measured: {reason}")?;
        }
        match (&self.gpu, &self.suggestion) {
            (Some(gpu), Some(suggestion)) => writeln!(f, "\non {gpu} {suggestion}"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Suggestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let threshold = self.speedup_threshold;
        let (Some(crossover), Some(least)) = (self.crossover, self.min_batch_size) else {
            return write!(f, "no scan is {threshold} times as fast: leave them to the CPU");
        };
        writeln!(f, "a scan is {threshold} times as fast from {crossover} rows on\n")?;
        writeln!(f, "[gpu.hybrid]\nmin_batch_size = {least}")?;
        write!(f, "speedup_threshold = {threshold}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A launch costs 100 µs, a row 100 ns on the CPU and `gpu_nanos` on the GPU.
    fn calibration(gpu_nanos: u64) -> Calibration {
        let point = |batch: usize| CalibrationPoint {
            batch,
            cpu: Duration::from_nanos(100 * batch as u64),
            gpu: Some(Duration::from_nanos(100_000 + gpu_nanos * batch as u64)),
        };
        Calibration { points: sizes(20_000).into_iter().map(point).collect() }
    }

    #[test]
    fn sizes_are_those_of_a_sweep_and_go_on_to_the_rows_that_were_asked_for() {
        assert_eq!(sizes(10), SWEEP);
        assert_eq!(sizes(2_048)[6..], [1_024, 2_048]);
    }

    #[test]
    fn the_suggestion_can_be_pasted_into_the_configuration() {
        let suggestion = Suggestion::new(&calibration(1), 1.5, &[]);
        assert_eq!(suggestion.crossover, Some(2_048));
        let text = suggestion.to_string();
        let pasted = text.split_once("\n\n").unwrap().1;
        let document: toml::Table = toml::from_str(pasted).unwrap();
        let config: Config = document["gpu"].clone().try_into().unwrap();
        assert_eq!(config.hybrid.min_batch_size, Some(1_536));
        assert_eq!(config.hybrid.speedup_threshold, Some(1.2), "8.5 times at the largest");
    }

    #[test]
    fn a_gpu_that_gains_nothing_is_said_to() {
        let suggestion = Suggestion::new(&calibration(200), 1.5, &[]);
        assert_eq!(suggestion.min_batch_size, None);
        assert!(suggestion.to_string().contains("leave them to the CPU"), "{suggestion}");
    }

    #[test]
    fn without_a_gpu_the_cpu_is_measured_and_the_reason_said() {
        let args = VectorsArgs {
            rows: 16,
            dimension: 8,
            k: 3,
            rounds: 1,
            peer: None,
            calibrate: true,
            batches: Vec::new(),
            json: false,
            config: courant::config_args::ConfigArgs::default(),
        };
        let measured = measure(&args, Err(CudaAbsence::NoDriver.into())).unwrap();
        assert_eq!(measured.points.len(), SWEEP.len());
        assert_eq!(measured.suggestion, None);
        let text = measured.to_string();
        assert!(text.contains("no GPU was measured: there is no CUDA driver library"), "{text}");
    }
}
