//! From which batch size on the GPU is faster.

use std::time::Duration;

use serde::Serialize;

use super::Target;

/// The batch sizes that are measured.
pub const SWEEP: [usize; 6] = [16, 32, 64, 128, 256, 512];

/// One batch size.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Items.
    pub batch: usize,
    /// The best of the CPU's runs.
    pub cpu: Duration,
    /// The best of the GPU's.
    pub gpu: Duration,
}

impl Point {
    /// How many times faster the GPU is.
    pub fn speedup(&self) -> f64 {
        self.cpu.as_secs_f64() / self.gpu.as_secs_f64().max(1e-9)
    }
}

/// A sweep and what follows from it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// In ascending order of the batch.
    pub points: Vec<Point>,
    /// The smallest measured batch from which on the GPU is as much faster as
    /// wanted; none if it is not even at the largest.
    pub crossover: Option<usize>,
}

impl Calibration {
    /// Slightly below the crossover, by a quarter (64 gives 48, as in the guide).
    /// None: the GPU is not worth it at any measured size.
    pub fn min_batch_size(&self) -> Option<usize> {
        self.crossover.map(|batch| (batch - batch / 4).max(1))
    }
}

/// Measures both devices at each of [`SWEEP`], `repeats` times after one run that
/// does not count, and finds where the GPU is `speedup_threshold` times faster.
/// `measure` times one run of so many items.
///
/// # Errors
/// The first of `measure`.
pub fn calibrate<E>(
    speedup_threshold: f64,
    repeats: usize,
    mut measure: impl FnMut(Target, usize) -> Result<Duration, E>,
) -> Result<Calibration, E> {
    let mut best = |target, batch| {
        measure(target, batch)?;
        let mut least = measure(target, batch)?;
        for _ in 1..repeats {
            least = least.min(measure(target, batch)?);
        }
        Ok(least)
    };
    let points = SWEEP.iter().map(|&batch| {
        Ok(Point { batch, cpu: best(Target::Cpu, batch)?, gpu: best(Target::Gpu, batch)? })
    });
    let points = points.collect::<Result<Vec<_>, E>>()?;
    let faster = points.iter().rev().take_while(|point| point.speedup() >= speedup_threshold);
    let crossover = faster.last().map(|point| point.batch);
    Ok(Calibration { points, crossover })
}

/// `min_batch_size` for the batches that really come. Where most are smaller than
/// what the calibration gives, their first quartile takes its place, as the guide
/// says, but never a size at which the GPU was slower than the CPU.
pub fn min_batch_for(calibration: &Calibration, batches: &[usize]) -> Option<usize> {
    let calibrated = calibration.min_batch_size()?;
    let smaller = batches.iter().filter(|batch| **batch < calibrated).count();
    if smaller * 2 <= batches.len() {
        return Some(calibrated);
    }
    let mut sorted = batches.to_vec();
    sorted.sort_unstable();
    let quartile = sorted[sorted.len() / 4];
    let no_slower = calibration.points.iter().rev().take_while(|point| point.speedup() >= 1.0);
    let least = no_slower.last().map_or(calibrated, |point| point.batch);
    Some(quartile.max(least).min(calibrated))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The guide's example: a launch costs 25 µs, an item 0.63 µs on the CPU and
    /// little on the GPU.
    fn example(threshold: f64) -> Calibration {
        let measure = |target, batch: usize| {
            let batch = batch as u64;
            Ok::<_, ()>(Duration::from_nanos(match target {
                Target::Cpu => 630 * batch,
                Target::Gpu => 25_000 + 10 * batch,
            }))
        };
        calibrate(threshold, 3, measure).unwrap()
    }

    #[test]
    fn the_crossover_of_the_guides_example_is_64() {
        let calibration = example(1.5);
        assert_eq!(calibration.crossover, Some(64));
        assert_eq!(calibration.min_batch_size(), Some(48));
        assert_eq!(calibration.points.len(), SWEEP.len());
    }

    #[test]
    fn a_gpu_that_is_never_fast_enough_has_no_crossover() {
        assert_eq!(example(100.0).min_batch_size(), None);
        assert_eq!(min_batch_for(&example(100.0), &[10, 20]), None);
    }

    #[test]
    fn a_lucky_small_batch_is_no_crossover() {
        let measure = |target, batch| {
            let is_lucky = batch == 16 || batch >= 256;
            let gpu_ms = if is_lucky { 1 } else { 20 };
            Ok::<_, ()>(Duration::from_millis(if target == Target::Cpu { 10 } else { gpu_ms }))
        };
        assert_eq!(calibrate(1.5, 1, measure).unwrap().crossover, Some(256));
    }

    #[test]
    fn small_batches_lower_the_threshold_but_not_below_equality() {
        let calibration = example(2.0);
        assert_eq!(calibration.min_batch_size(), Some(96));
        assert_eq!(min_batch_for(&calibration, &[200, 300, 64]), Some(96));
        assert_eq!(min_batch_for(&calibration, &[70, 80, 90, 200]), Some(80));
        assert_eq!(min_batch_for(&calibration, &[8, 9, 10, 11]), Some(64));
    }

    #[test]
    fn the_first_failure_ends_the_sweep() {
        let failing = |target, batch| {
            if target == Target::Gpu && batch == 64 { Err("lost") } else { Ok(Duration::ZERO) }
        };
        assert_eq!(calibrate(1.5, 2, failing), Err("lost"));
    }
}
