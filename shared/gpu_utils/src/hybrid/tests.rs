use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;

use super::*;

/// An executor whose clock stands still unless it is moved.
struct Bench {
    executor: HybridExecutor,
    micros: Arc<AtomicU64>,
}

const TIMING: DispatchTiming =
    DispatchTiming { rest: Duration::from_secs(10), refresh: Duration::from_secs(3600) };

impl Bench {
    fn new(metrics: Option<Metrics>) -> Self {
        let micros = Arc::new(AtomicU64::new(0));
        let now = Arc::clone(&micros);
        let clock = move || Duration::from_micros(now.load(Ordering::Relaxed));
        let preset = Preset::default();
        Self { executor: HybridExecutor::with_clock(preset, TIMING, metrics, clock), micros }
    }

    fn wait(&self, micros: u64) {
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// A batch that takes so many microseconds on either; the GPU fails with none.
    fn run(&self, items: usize, cpu: u64, gpu: Option<u64>) -> DispatchResult<(), &'static str> {
        let on_cpu = || {
            self.wait(cpu);
            Ok(())
        };
        let on_gpu = || {
            self.wait(gpu.unwrap_or(1));
            gpu.map(|_| ()).ok_or("lost")
        };
        self.executor.execute("cosine", items, on_cpu, Some(on_gpu)).unwrap()
    }

    fn settle(&self, items: usize, cpu: u64, gpu: u64) {
        for _ in 0..10 {
            self.run(items, cpu, Some(gpu));
        }
    }
}

#[test]
fn the_faster_device_is_used_once_both_are_known() {
    let bench = Bench::new(None);
    let learned: Vec<_> = (0..7).map(|_| bench.run(100, 300, Some(100)).target).collect();
    assert_eq!(learned[..3], [DispatchTarget::Cpu; 3]);
    assert_eq!(learned[3..], [DispatchTarget::Gpu; 4]);
    assert_eq!(bench.run(100, 300, Some(100)).reason, DispatchReason::Speedup);
    assert_eq!(bench.executor.speedup("cosine", 100), Some(3.0));

    bench.settle(400, 300, 250);
    assert_eq!(bench.run(400, 300, Some(250)).target, DispatchTarget::Cpu, "1.2 is not 1.5 times");
    assert_eq!(bench.run(100, 300, Some(100)).target, DispatchTarget::Gpu, "another bucket");
}

#[test]
fn small_batches_and_missing_gpus_stay_on_the_cpu() {
    let bench = Bench::new(None);
    assert_eq!(bench.run(63, 300, Some(1)).reason, DispatchReason::SmallBatch);
    let cpu = || Ok::<_, ()>(());
    let none: Option<fn() -> Result<(), ()>> = None;
    assert_eq!(
        bench.executor.execute("other", 500, cpu, none).unwrap().reason,
        DispatchReason::NoGpu
    );
}

#[test]
fn a_failed_launch_is_done_again_and_says_so() {
    let bench = Bench::new(None);
    bench.settle(100, 300, 100);
    let executed = bench.run(100, 300, None);
    assert_eq!((executed.target, executed.fallback), (DispatchTarget::Cpu, Some("lost")));
    assert_eq!(
        bench.run(100, 300, Some(100)).target,
        DispatchTarget::Gpu,
        "one failure is forgiven"
    );
}

#[test]
fn three_failures_rest_the_gpu_until_a_probe_succeeds() {
    let bench = Bench::new(None);
    bench.settle(100, 300, 100);
    for _ in 0..3 {
        bench.run(100, 300, None);
    }
    assert_eq!(bench.run(100, 300, Some(100)).reason, DispatchReason::Unreliable);
    bench.wait(10_000_000);
    assert_eq!(bench.run(100, 300, None).reason, DispatchReason::Probe);
    bench.wait(10_000_000);
    assert_eq!(bench.run(100, 300, None).reason, DispatchReason::Unreliable, "twice as long");
    bench.wait(10_000_000);
    assert_eq!(bench.run(100, 300, Some(100)).reason, DispatchReason::Probe);
    let after = bench.run(100, 300, Some(100));
    assert_eq!((after.target, after.reason), (DispatchTarget::Gpu, DispatchReason::Speedup));
}

#[test]
fn only_one_caller_probes() {
    let bench = Bench::new(None);
    bench.settle(100, 300, 100);
    for _ in 0..3 {
        bench.run(100, 300, None);
    }
    bench.wait(10_000_000);
    assert_eq!(bench.executor.decide("cosine", 100, true).reason, DispatchReason::Probe);
    assert_eq!(bench.executor.decide("cosine", 100, true).reason, DispatchReason::Unreliable);
    bench.wait(10_000_000);
    assert_eq!(
        bench.executor.decide("cosine", 100, true).reason,
        DispatchReason::Probe,
        "it never came"
    );
}

#[test]
fn a_low_rate_of_successes_rests_the_gpu_too() {
    let bench = Bench::new(None);
    let mut runs = 0;
    // Every tenth launch fails: never three in a row, but 0.90 is under 0.95.
    while bench.run(100, 300, (runs % 10 != 9).then_some(100)).reason != DispatchReason::Unreliable
    {
        runs += 1;
        assert!(runs < 100, "the rate is never judged");
    }
    assert!(runs >= 20);
    bench.wait(10_000_000);
    let after: Vec<_> = (0..5).map(|_| bench.run(100, 300, Some(100)).target).collect();
    assert_eq!(after, [DispatchTarget::Gpu; 5], "what was before the rest is forgotten");
}

#[test]
fn a_first_launch_that_compiles_says_nothing_of_the_speed() {
    let bench = Bench::new(None);
    for _ in 0..3 {
        bench.run(100, 300, Some(100));
    }
    assert_eq!(bench.run(100, 300, Some(5_000_000)).target, DispatchTarget::Gpu);
    bench.settle(100, 300, 100);
    assert_eq!(bench.executor.speedup("cosine", 100), Some(3.0));
}

#[test]
fn a_gpu_that_got_slow_is_left_and_found_again() {
    let bench = Bench::new(None);
    bench.settle(100, 300, 100);
    for _ in 0..300 {
        bench.run(100, 300, Some(1000));
    }
    assert_eq!(bench.run(100, 300, Some(100)).target, DispatchTarget::Cpu);
    bench.wait(3_600_000_000);
    let reasons: Vec<_> = (0..6).map(|_| bench.run(100, 300, Some(100)).reason).collect();
    assert_eq!(reasons, [DispatchReason::Learning; 6], "both are measured anew");
    assert_eq!(bench.run(100, 300, Some(100)).target, DispatchTarget::Gpu);
}

#[test]
fn metrics_tell_launches_fallbacks_and_ratios() {
    let meters = courant_telemetry::Meters::new("test").unwrap();
    let bench = Bench::new(Some(Metrics::new(&meters.meter())));
    bench.settle(100, 300, 100);
    bench.run(100, 300, None);
    let text = meters.render().unwrap();
    for line in [
        r#"courant_gpu_launch_total{operation="cosine"} 8"#,
        r#"courant_gpu_fallback_total{operation="cosine"} 1"#,
        r#"courant_gpu_success_ratio{batch_from="64",operation="cosine"} 0.875"#,
        r#"courant_gpu_speedup_ratio{batch_from="64",operation="cosine"} 3"#,
        r#"courant_gpu_batch_items_count{device="gpu",operation="cosine"} 7"#,
        r#"courant_gpu_latency_microseconds_bucket{device="gpu",operation="cosine",le="100"} 7"#,
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

proptest! {
    /// Whatever happens, a batch is done, and by what the answer says.
    #[test]
    fn every_batch_is_done_once(
        batches in prop::collection::vec(
            (1usize..2000, 1u64..5000, prop::option::weighted(0.8, 1u64..5000), 0u64..20_000_000),
            1..200,
        ),
    ) {
        let bench = Bench::new(None);
        for (items, cpu, gpu, pause) in batches {
            bench.wait(pause);
            let executed = bench.run(items, cpu, gpu);
            let tried_gpu = executed.target == DispatchTarget::Gpu || executed.fallback.is_some();
            prop_assert!(!tried_gpu || items >= Preset::default().min_batch_size);
            prop_assert_eq!(executed.fallback.is_some(), tried_gpu && gpu.is_none());
        }
    }

    /// In steady conditions the device that is fast enough gets nearly all.
    #[test]
    fn steady_conditions_are_found_out(cpu in 10u64..10_000, gpu in 10u64..10_000) {
        let bench = Bench::new(None);
        bench.settle(256, cpu, gpu);
        let is_worth_it = cpu as f64 / gpu as f64 >= Preset::default().speedup_threshold;
        let expected = if is_worth_it { DispatchTarget::Gpu } else { DispatchTarget::Cpu };
        for _ in 0..20 {
            prop_assert_eq!(bench.run(256, cpu, Some(gpu)).target, expected);
        }
    }
}
