use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug, PartialEq)]
enum Failure {
    Memory,
    Other,
}

impl RunFailure for Failure {
    fn is_out_of_memory(&self) -> bool {
        *self == Self::Memory
    }
}

const MAX: usize = 1024;

/// Items are token counts; a padded batch costs its longest for each.
fn padded(items: &[usize]) -> usize {
    items.len() * items.iter().max().copied().unwrap_or(0)
}

fn limits(cpu_allowed: bool) -> LadderLimits {
    LadderLimits::new(MAX, cpu_allowed)
}

type Results = Vec<Result<usize, LostItem<Failure>>>;

/// Runs on a device that holds `capacity`, and notes the steps.
fn on_device(
    ladder: &mut MemoryLadder,
    items: &[usize],
    capacity: usize,
) -> (Results, Vec<(LadderStep, usize)>) {
    let mut steps = Vec::new();
    let results = ladder.run(items, padded, |step, chunk| {
        steps.push((step, chunk.len()));
        let fits = step == LadderStep::Cpu || padded(chunk) <= capacity;
        if fits { Ok(chunk.to_vec()) } else { Err(Failure::Memory) }
    });
    (results, steps)
}

#[test]
fn the_ladder_is_gone_down_rung_by_rung() {
    let mut ladder = MemoryLadder::new(limits(true));
    let (results, steps) = on_device(&mut ladder, &[100, 100, 100, 100], 50);
    assert!(results.iter().all(Result::is_ok));
    let expected = [
        (LadderStep::Device, 4),
        (LadderStep::Shrunk, 4),
        (LadderStep::Halved, 2),
        (LadderStep::Halved, 1),
        (LadderStep::Alone, 1),
        (LadderStep::Cpu, 1),
    ];
    assert_eq!(steps[..6], expected);
}

#[test]
fn shrinking_once_keeps_the_batch_and_the_budget() {
    let mut ladder = MemoryLadder::new(limits(true));
    let results = ladder.run(&[10, 10], padded, |step, chunk| match step {
        LadderStep::Device => Err(Failure::Memory),
        _ => Ok(chunk.to_vec()),
    });
    assert_eq!(results, [Ok(10), Ok(10)]);
    assert_eq!(ladder.budget(), MAX);
}

#[test]
fn what_fits_nowhere_is_lost_alone() {
    let mut ladder = MemoryLadder::new(limits(false));
    let (results, _) = on_device(&mut ladder, &[10, 500, 20], 100);
    assert_eq!(results, [Ok(10), Err(LostItem::OutOfMemory(Failure::Memory)), Ok(20)]);
}

#[test]
fn other_failures_are_not_retried() {
    let mut ladder = MemoryLadder::new(limits(true));
    let mut runs = 0;
    let results = ladder.run(&[1, 2], padded, |_, _| {
        runs += 1;
        Err::<Vec<usize>, _>(Failure::Other)
    });
    assert_eq!((results.len(), runs), (2, 1));
    assert_eq!(results[1], Err(LostItem::Failed(Failure::Other)));
}

#[test]
fn results_that_nobody_can_assign_are_not_guessed() {
    let mut ladder = MemoryLadder::new(limits(true));
    let results = ladder.run(&[1, 2], padded, |_, _| Ok::<_, Failure>(vec![1]));
    assert_eq!(results[0], Err(LostItem::Miscounted { expected: 2, found: 1 }));
}

#[test]
fn batches_over_the_budget_are_split_before_anything_fails() {
    let mut ladder = MemoryLadder::new(limits(true));
    let (results, steps) = on_device(&mut ladder, &[400; 5], MAX);
    assert_eq!(results.len(), 5);
    assert_eq!(steps, [(LadderStep::Device, 2), (LadderStep::Device, 2), (LadderStep::Device, 1)]);
}

/// Items per unit of time, where a run takes a fixed time and one by its cost.
#[derive(Default)]
struct Rate {
    items: usize,
    time: f64,
}

impl Rate {
    fn get(&self) -> f64 {
        self.items as f64 / self.time
    }
}

/// As long as a fifth of a full batch takes.
const RUN_TIME: f64 = 200.0;

fn batches(
    count: impl Into<prop::collection::SizeRange>,
) -> impl Strategy<Value = Vec<Vec<usize>>> {
    let length = prop_oneof![3 => 8usize..24, 4 => 30usize..90, 3 => 100usize..256];
    prop::collection::vec(prop::collection::vec(length, 1..40), count)
}

proptest! {
    /// Every run may find too little memory, at random.
    #[test]
    fn injected_faults_lose_and_double_nothing(
        batches in batches(1..30),
        faults in prop::collection::vec(any::<bool>(), 1..400),
    ) {
        let mut ladder = MemoryLadder::new(limits(true));
        let mut faults = faults.into_iter();
        let mut id = 0;
        for lengths in batches {
            let items: Vec<(usize, usize)> =
                lengths.into_iter().map(|length| { id += 1; (id, length) }).collect();
            let cost = |items: &[(usize, usize)]| {
                items.len() * items.iter().map(|item| item.1).max().unwrap_or(0)
            };
            let mut done = Vec::new();
            let results = ladder.run(&items, cost, |step, chunk| {
                if step != LadderStep::Cpu && faults.next().unwrap_or(false) {
                    return Err(Failure::Memory);
                }
                done.extend(chunk.iter().map(|item| item.0));
                Ok(chunk.iter().map(|item| item.0).collect())
            });
            let expected: Vec<usize> = items.iter().map(|item| item.0).collect();
            prop_assert_eq!(&done, &expected, "each item is done once, in order");
            let returned: Vec<_> = results.into_iter().map(Result::unwrap).collect();
            prop_assert_eq!(returned, expected);
            prop_assert!((1..=MAX).contains(&ladder.budget()));
        }
    }

    /// The same batch, as large as the whole budget, before the faults and from the
    /// 11th after the last. Its items are of one length: splitting saves no padding.
    #[test]
    fn throughput_is_back_within_ten_batches(
        length in 8usize..256,
        share in 0.05f64..0.9,
        seeds in prop::collection::vec(0.0f64..1.0, 20..300),
    ) {
        let mut ladder = MemoryLadder::new(limits(true));
        let batch = &vec![length; MAX / length];
        let mut seeds = seeds.into_iter();
        let mut measure = |faulty: bool, count: usize| {
            let mut rate = Rate::default();
            for _ in 0..count {
                let results = ladder.run(batch, padded, |_, chunk| {
                    rate.time += RUN_TIME + padded(chunk) as f64;
                    let fails = faulty && seeds.next().is_some_and(|seed| seed < share);
                    if fails { Err(Failure::Memory) } else { Ok(chunk.to_vec()) }
                });
                rate.items += results.iter().filter(|result| result.is_ok()).count();
            }
            rate.get()
        };
        let before = measure(false, 5);
        measure(true, 10);
        measure(false, 10);
        let after = measure(false, 5);
        prop_assert!(after >= 0.95 * before, "{after} after {before}");
    }
}
