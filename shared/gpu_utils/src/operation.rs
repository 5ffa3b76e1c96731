//! Runs on a device that are measured and synchronized, and that recover from a lack of memory.

mod fault;
mod ladder;

use std::fmt::Display;
use std::time::{Duration, Instant};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, Meter};

use crate::memory::{self, MemorySnapshot};

pub use fault::{RunFailure, is_out_of_memory_message};
pub use ladder::{LadderLimits, LadderStep, LostItem, MemoryLadder};

/// The device of a run. Code that runs sessions wraps [`CudaDevice`](crate::cuda::CudaDevice)
/// and adds the session's arena.
pub trait RunDevice {
    /// The device's own error.
    type Error;

    /// The device's name in the logs: `cpu`, or the provider with CUDA's number of the
    /// device, such as `cuda:0`.
    fn resource(&self) -> &str;

    /// A look at the ledgers.
    fn snapshot(&self) -> MemorySnapshot;

    /// Waits for all that was launched. Launches fail late: this is where it shows.
    ///
    /// # Errors
    /// The device's, of any launch before.
    fn synchronize(&self) -> Result<(), Self::Error>;

    /// Gives back what is kept for later: caches, pools, arenas.
    fn clean_up(&self);
}

/// Instruments of runs on a GPU.
#[derive(Clone, Debug)]
pub struct Metrics {
    duration: Histogram<f64>,
    out_of_memory: Counter<u64>,
    memory: memory::Metrics,
}

impl Metrics {
    /// Instruments of `meter`.
    pub fn new(meter: &Meter) -> Self {
        Self {
            duration: meter
                .f64_histogram("courant_gpu_operation_duration")
                .with_unit("s")
                .with_description("Time of GPU runs by operation and outcome: done, failed")
                .build(),
            out_of_memory: meter
                .u64_counter("courant_gpu_out_of_memory")
                .with_description("GPU runs that found too little memory, by operation")
                .build(),
            memory: memory::Metrics::new(meter),
        }
    }

    fn record(&self, operation: &'static str, took: Duration, after: &MemorySnapshot, end: End) {
        let name = KeyValue::new("operation", operation);
        let outcome = if end == End::Done { "done" } else { "failed" };
        let labels = [name.clone(), KeyValue::new("outcome", outcome)];
        self.duration.record(took.as_secs_f64(), &labels);
        if end == End::OutOfMemory {
            self.out_of_memory.add(1, &[name]);
        }
        self.memory.record(after);
    }
}

#[derive(Clone, Copy, PartialEq)]
enum End {
    Done,
    Failed,
    OutOfMemory,
}

/// Calls `run` in a span of its own, and waits until the device is done. Logs one structured
/// event with the device, the time, and the allocated, reserved and used memory before and
/// after. After a failure, the unused memory of the device is freed for the next run.
///
/// # Errors
/// Those of `run`, and errors of the device that appear on synchronization.
pub fn safe_gpu_operation<D, T, E>(
    operation: &'static str,
    device: &D,
    metrics: Option<&Metrics>,
    run: impl FnOnce() -> Result<T, E>,
) -> Result<T, E>
where
    D: RunDevice,
    E: RunFailure + Display + From<D::Error>,
{
    let _span = tracing::info_span!("gpu.operation", operation).entered();
    let before = device.snapshot();
    let start = Instant::now();
    let result = run().and_then(|value| {
        device.synchronize()?;
        Ok(value)
    });
    let took = start.elapsed();
    let end = match &result {
        Ok(_) => End::Done,
        Err(error) if error.is_out_of_memory() => End::OutOfMemory,
        Err(_) => End::Failed,
    };
    if end != End::Done {
        device.clean_up();
    }
    let after = device.snapshot();
    if let Some(metrics) = metrics {
        metrics.record(operation, took, &after, end);
    }
    tell(operation, device.resource(), took, &before, &after, result.as_ref().err());
    result
}

fn tell<E: Display>(
    operation: &'static str,
    resource: &str,
    took: Duration,
    before: &MemorySnapshot,
    after: &MemorySnapshot,
    error: Option<&E>,
) {
    tracing::debug!(
        operation,
        resource,
        duration_ms = took.as_secs_f64() * 1e3,
        allocated_before = before.allocated(),
        allocated_after = after.allocated(),
        reserved_before = before.reserved(),
        reserved_after = after.reserved(),
        device_used_before = before.device.map(|device| device.used()),
        device_used_after = after.device.map(|device| device.used()),
        error = error.map(tracing::field::display),
        "device run"
    );
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::memory::{DeviceCapacity, LedgerSample};

    #[derive(Clone, Debug, PartialEq, thiserror::Error)]
    enum Failure {
        #[error("no memory")]
        Memory,
        #[error("illegal address")]
        Late,
    }

    impl RunFailure for Failure {
        fn is_out_of_memory(&self) -> bool {
            *self == Self::Memory
        }
    }

    #[derive(Default)]
    struct Fake {
        calls: RefCell<Vec<&'static str>>,
        fails_late: Cell<bool>,
    }

    impl RunDevice for Fake {
        type Error = Failure;

        fn resource(&self) -> &'static str {
            "cuda:0"
        }

        fn snapshot(&self) -> MemorySnapshot {
            self.calls.borrow_mut().push("look");
            let pool = LedgerSample { allocated: 5, reserved: 9 };
            let device = DeviceCapacity { total: 100, free: 60 };
            MemorySnapshot { arena: None, pool: Some(pool), device: Some(device) }
        }

        fn synchronize(&self) -> Result<(), Failure> {
            self.calls.borrow_mut().push("wait");
            if self.fails_late.get() { Err(Failure::Late) } else { Ok(()) }
        }

        fn clean_up(&self) {
            self.calls.borrow_mut().push("clean");
        }
    }

    fn run(device: &Fake, result: Result<i32, Failure>) -> Result<i32, Failure> {
        safe_gpu_operation("test", device, None, || result)
    }

    #[test]
    fn a_run_is_waited_for_and_its_late_failure_is_its_own() {
        let device = Fake::default();
        assert_eq!(run(&device, Ok(7)), Ok(7));
        assert_eq!(*device.calls.borrow(), ["look", "wait", "look"]);
        device.calls.borrow_mut().clear();
        device.fails_late.set(true);
        assert_eq!(run(&device, Ok(7)), Err(Failure::Late));
        assert_eq!(*device.calls.borrow(), ["look", "wait", "clean", "look"]);
    }

    #[test]
    fn lack_of_memory_is_counted_and_cleaned_up_after() {
        let meters = courant_telemetry::Meters::new("test").unwrap();
        let metrics = Metrics::new(&meters.meter());
        let device = Fake::default();
        let result =
            safe_gpu_operation("encode", &device, Some(&metrics), || Err::<(), _>(Failure::Memory));
        assert_eq!(result, Err(Failure::Memory));
        assert_eq!(*device.calls.borrow(), ["look", "clean", "look"]);
        let text = meters.render().unwrap();
        for line in [
            r#"courant_gpu_out_of_memory_total{operation="encode"} 1"#,
            r#"courant_gpu_operation_duration_seconds_count{operation="encode",outcome="failed"} 1"#,
            r#"courant_gpu_memory_bytes{kind="reserved",ledger="device"} 40"#,
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_run_is_told_with_its_resource_and_the_memory_before_and_after() {
        let written = Written::default();
        let writer = written.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::DEBUG)
            .with_ansi(false)
            .with_writer(move || writer.clone());
        tracing::subscriber::with_default(subscriber.finish(), || {
            run(&Fake::default(), Ok(7)).unwrap();
        });
        let told = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        for field in [
            r#"operation="test""#,
            r#"resource="cuda:0""#,
            "duration_ms=",
            "allocated_before=5 allocated_after=5",
            "reserved_before=9 reserved_after=9",
            "device_used_before=40 device_used_after=40",
        ] {
            assert!(told.contains(field), "{field} is not in {told}");
        }
    }

    /// A session thread uses both like this.
    #[test]
    fn every_rung_of_the_ladder_is_a_measured_operation() {
        let device = Fake::default();
        let mut ladder = MemoryLadder::new(LadderLimits::new(8, true));
        let results = ladder.run(&[1, 2, 3, 4], <[i32]>::len, |step, chunk| {
            if step.frees_first() {
                device.clean_up();
            }
            safe_gpu_operation("encode", &device, None, || match (step, chunk.len()) {
                (LadderStep::Cpu, _) | (_, 1) => Ok(chunk.to_vec()),
                _ => Err(Failure::Memory),
            })
        });
        assert_eq!(results, [Ok(1), Ok(2), Ok(3), Ok(4)]);
        let cleaned = device.calls.borrow().iter().filter(|call| **call == "clean").count();
        assert!(cleaned > 3, "after each failure, and before shrunk runs");
    }
}
