//! The batch size from which the GPU is faster.

use std::time::Duration;

use serde::Serialize;

/// The batch sizes of a sweep. Callers with larger batches continue by doubling.
pub const SWEEP: [usize; 6] = [16, 32, 64, 128, 256, 512];

/// One batch size.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CalibrationPoint {
    /// Items.
    pub batch: usize,
    /// The shortest time of the CPU's runs.
    pub cpu: Duration,
    /// The shortest time of the GPU's runs. `None` without a GPU.
    pub gpu: Option<Duration>,
}

impl CalibrationPoint {
    /// Returns the factor by which the GPU is faster.
    pub fn speedup(&self) -> Option<f64> {
        Some(self.cpu.as_secs_f64() / self.gpu?.as_secs_f64().max(1e-9))
    }
}

/// The measurements of a sweep, and the thresholds that follow from them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// The measurements in ascending order of batch size.
    pub points: Vec<CalibrationPoint>,
}

/// Measures the CPU, and the GPU if there is one, at each of `sizes` in ascending order. Each
/// size runs `repeats` times after one run that does not count. `cpu` and `gpu` run the given
/// number of items and return the time.
///
/// # Errors
/// The first error of `cpu` or `gpu`.
pub fn calibrate<E>(
    sizes: &[usize],
    repeats: usize,
    mut cpu: impl FnMut(usize) -> Result<Duration, E>,
    mut gpu: Option<impl FnMut(usize) -> Result<Duration, E>>,
) -> Result<Calibration, E> {
    let points = sizes.iter().map(|&batch| {
        let gpu = gpu.as_mut().map(|gpu| best(repeats, || gpu(batch))).transpose()?;
        Ok(CalibrationPoint { batch, cpu: best(repeats, || cpu(batch))?, gpu })
    });
    Ok(Calibration { points: points.collect::<Result<_, E>>()? })
}

fn best<E>(repeats: usize, mut run: impl FnMut() -> Result<Duration, E>) -> Result<Duration, E> {
    run()?;
    let first = run()?;
    (1..repeats).try_fold(first, |least, _| Ok(least.min(run()?)))
}

impl Calibration {
    /// Returns the smallest measured batch size from which on the GPU is `speedup` times as
    /// fast as the CPU. `None` if it is not that fast even at the largest size.
    pub fn crossover(&self, speedup: f64) -> Option<usize> {
        let is_faster = |point: &&CalibrationPoint| point.speedup().is_some_and(|it| it >= speedup);
        self.points.iter().rev().take_while(is_faster).last().map(|point| point.batch)
    }

    /// Returns the `min_batch_size` for a threshold of `speedup`. It is a quarter below the
    /// crossover (64 gives 48), since the true crossover lies between two sizes. If most of
    /// `batches`, the real batch sizes, are smaller, their first quartile is used instead, but
    /// never a size at which the GPU was slower than the CPU. `None` if the GPU is not worth it
    /// at any measured size.
    pub fn min_batch_size(&self, speedup: f64, batches: &[usize]) -> Option<usize> {
        let crossover = self.crossover(speedup)?;
        let calibrated = (crossover - crossover / 4).max(1);
        let smaller = batches.iter().filter(|batch| **batch < calibrated).count();
        if smaller * 2 <= batches.len() {
            return Some(calibrated);
        }
        let mut sorted = batches.to_vec();
        sorted.sort_unstable();
        let quartile = sorted[sorted.len() / 4];
        let no_slower = self.crossover(1.0).unwrap_or(calibrated);
        Some(quartile.max(no_slower).min(calibrated))
    }

    /// Returns the `speedup_threshold` that suits the speedup at the largest batch, if it
    /// differs from `threshold`: 1.2 for a speedup above 5, and 2.0 below 2. This is advice for
    /// people. Applied automatically, it would keep every GPU idle that is not twice as fast.
    pub fn suggested_threshold(&self, threshold: f64) -> Option<f64> {
        match self.points.last()?.speedup()? {
            ratio if ratio > 5.0 && threshold > 1.2 => Some(1.2),
            ratio if ratio < 2.0 && threshold < 2.0 => Some(2.0),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Run = fn(usize) -> Result<Duration, &'static str>;

    /// An example: a launch costs 25 µs, an item 0.63 µs on the CPU and
    /// little on the GPU.
    fn example() -> Calibration {
        let cpu: Run = |batch| Ok(Duration::from_nanos(630 * batch as u64));
        let gpu: Run = |batch| Ok(Duration::from_nanos(25_000 + 10 * batch as u64));
        calibrate(&SWEEP, 3, cpu, Some(gpu)).unwrap()
    }

    #[test]
    fn the_crossover_of_the_example_is_64() {
        let calibration = example();
        assert_eq!(calibration.crossover(1.5), Some(64));
        assert_eq!(calibration.min_batch_size(1.5, &[]), Some(48));
        assert_eq!(calibration.points.len(), SWEEP.len());
    }

    #[test]
    fn a_gpu_that_is_never_fast_enough_has_no_crossover() {
        assert_eq!(example().crossover(100.0), None);
        assert_eq!(example().min_batch_size(100.0, &[10, 20]), None);
    }

    #[test]
    fn without_a_gpu_only_the_cpu_is_measured() {
        let cpu: Run = |_| Ok(Duration::from_micros(1));
        let calibration = calibrate(&SWEEP, 1, cpu, None::<Run>).unwrap();
        assert!(calibration.points.iter().all(|point| point.speedup().is_none()));
        assert_eq!(calibration.crossover(1.0), None);
        assert_eq!(calibration.suggested_threshold(1.5), None);
    }

    #[test]
    fn a_lucky_small_batch_is_no_crossover() {
        let cpu: Run = |_| Ok(Duration::from_millis(10));
        let gpu: Run =
            |batch| Ok(Duration::from_millis(if batch == 16 || batch >= 256 { 1 } else { 20 }));
        assert_eq!(calibrate(&SWEEP, 1, cpu, Some(gpu)).unwrap().crossover(1.5), Some(256));
    }

    #[test]
    fn small_batches_lower_the_threshold_but_not_below_equality() {
        let min_batch_size = |batches: &[usize]| example().min_batch_size(2.0, batches);
        assert_eq!(min_batch_size(&[]), Some(96));
        assert_eq!(min_batch_size(&[200, 300, 64]), Some(96));
        assert_eq!(min_batch_size(&[70, 80, 90, 200]), Some(80));
        assert_eq!(min_batch_size(&[8, 9, 10, 11]), Some(64));
    }

    #[test]
    fn the_gain_at_the_largest_batch_suggests_a_threshold() {
        let calibration = example();
        assert_eq!(calibration.suggested_threshold(1.5), Some(1.2));
        assert_eq!(calibration.suggested_threshold(1.2), None);
        let up_to = |count| Calibration { points: calibration.points[..count].to_vec() };
        assert_eq!(up_to(3).suggested_threshold(1.5), Some(2.0), "1.6 times at 64");
        assert_eq!(up_to(4).suggested_threshold(1.5), None, "3.1 times at 128");
    }

    #[test]
    fn the_first_failure_ends_the_sweep() {
        let cpu: Run = |_| Ok(Duration::ZERO);
        let gpu: Run = |batch| if batch == 64 { Err("lost") } else { Ok(Duration::ZERO) };
        assert_eq!(calibrate(&SWEEP, 2, cpu, Some(gpu)), Err("lost"));
    }
}
