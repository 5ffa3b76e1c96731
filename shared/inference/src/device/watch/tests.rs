use courant_gpu_utils::memory::{ArenaSample, Config, DeviceCapacity, LedgerSample};
use courant_telemetry::Meters;

use super::*;
use crate::Error;

fn shown(meters: &Meters, session: usize) -> Option<Shown> {
    Some(Shown::new(ArenaMetrics::new(&meters.meter()), "tiny", session, "cuda"))
}

fn holding(allocated: u64) -> MemorySnapshot {
    let memory = LedgerSample { allocated, reserved: 100 };
    MemorySnapshot {
        arena: Some(ArenaSample { memory, extensions: 1 }),
        ..MemorySnapshot::default()
    }
}

/// Runs `windows` windows; before each look the session has lost 5 bytes more, if it
/// `loses`.
fn run(watch: &mut Watch, windows: u64, loses: bool) {
    for batch in 0..=windows * WINDOW {
        watch.batch(|| holding(if loses { 10 + batch / WINDOW * 5 } else { 10 }));
    }
}

fn assert_shows(meters: &Meters, lines: &[&str]) {
    let text = meters.render().unwrap();
    for line in lines {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

#[test]
fn a_session_that_leaks_is_seen_beside_one_that_does_not() {
    let meters = Meters::new("test").unwrap();
    let mut leaks = Watch::new("test".into(), shown(&meters, 0), None, &holding(10));
    let mut sound = Watch::new("test".into(), shown(&meters, 1), None, &holding(10));
    run(&mut leaks, 3, true);
    run(&mut sound, 3, false);
    assert_shows(
        &meters,
        &[
            r#"courant_session_leak_bytes{device="cuda",model="tiny",session="0"} 5"#,
            r#"courant_session_leak_bytes{device="cuda",model="tiny",session="1"} 0"#,
            r#"courant_session_leaking{device="cuda",model="tiny",session="0"} 1"#,
            r#"courant_session_leaking{device="cuda",model="tiny",session="1"} 0"#,
            r#"courant_session_memory_bytes{device="cuda",kind="allocated",model="tiny",session="0"} 25"#,
        ],
    );
}

#[test]
fn two_windows_do_not_alarm_and_a_session_that_has_gone_holds_nothing() {
    let meters = Meters::new("test").unwrap();
    let mut watch = Watch::new("test".into(), shown(&meters, 0), None, &holding(10));
    run(&mut watch, 2, true);
    assert_shows(
        &meters,
        &[r#"courant_session_leaking{device="cuda",model="tiny",session="0"} 0"#],
    );
    run(&mut watch, 1, true);
    drop(watch);
    assert_shows(
        &meters,
        &[
            r#"courant_session_leak_bytes{device="cuda",model="tiny",session="0"} 0"#,
            r#"courant_session_memory_bytes{device="cuda",kind="reserved",model="tiny",session="0"} 0"#,
        ],
    );
}

/// A device of 1,000 bytes.
fn using(used: u64) -> MemorySnapshot {
    let device = DeviceCapacity { total: 1_000, free: 1_000 - used };
    MemorySnapshot { device: Some(device), ..MemorySnapshot::default() }
}

#[test]
fn the_budget_follows_each_window_once() {
    let budget = DeviceBudget::new(&Config::default(), 1_000);
    let mut watch = Watch::new("test".into(), None, Some(budget.clone()), &using(950));
    assert_eq!(budget.limit(), 850);
    for _ in 0..WINDOW {
        watch.batch(|| using(950));
    }
    assert_eq!(budget.limit(), 750);
    watch.batch(|| using(700));
    assert_eq!(budget.limit(), 750);
    watch.ran_into(&Error::Stopped);
    watch.ran_into(&Error::Device("CUDA_ERROR_OUT_OF_MEMORY".into()));
    for _ in 0..2 * WINDOW {
        watch.batch(|| using(700));
    }
    assert_eq!(budget.limit(), 650, "in the window that lacked memory, not in the next");
}
