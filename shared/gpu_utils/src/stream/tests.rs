use proptest::prelude::*;

use super::*;

/// A device with three engines, each doing one thing at a time.
struct Fake {
    /// Times of copying in, computing, copying out.
    times: [u64; 3],
    /// When each engine is free again.
    engines: [u64; 3],
    now: u64,
    /// What is in a slot and when it is done.
    slots: Vec<Option<(usize, u64)>>,
    fails_at_issue: Option<usize>,
    fails_at_collect: Option<usize>,
}

impl Fake {
    fn new(times: [u64; 3], slots: usize) -> Self {
        Self {
            times,
            engines: [0; 3],
            now: 0,
            slots: vec![None; slots],
            fails_at_issue: None,
            fails_at_collect: None,
        }
    }
}

impl Stages for Fake {
    type Input = usize;
    type Output = usize;
    type Error = &'static str;

    fn issue(&mut self, slot: usize, input: usize) -> Result<(), &'static str> {
        assert_eq!(self.slots[slot], None, "a slot in use is not overwritten");
        if self.fails_at_issue == Some(input) {
            return Err("issue");
        }
        let mut ready = self.now;
        for (engine, time) in self.engines.iter_mut().zip(self.times) {
            *engine = ready.max(*engine) + time;
            ready = *engine;
        }
        self.slots[slot] = Some((input, ready));
        Ok(())
    }

    fn collect(&mut self, slot: usize) -> Result<usize, &'static str> {
        let (input, ready) = self.slots[slot].take().expect("something was issued");
        self.now = self.now.max(ready);
        if self.fails_at_collect == Some(input) { Err("collect") } else { Ok(input) }
    }
}

fn run(
    device: &mut Fake,
    batches: usize,
) -> (Vec<usize>, Result<usize, Interrupted<&'static str>>) {
    let mut outputs = Vec::new();
    let slots = NonZeroUsize::new(device.slots.len()).unwrap();
    let result = overlap(device, slots, 0..batches, |output| outputs.push(output));
    assert!(device.slots.iter().all(Option::is_none), "every slot is free in the end");
    (outputs, result)
}

#[test]
fn two_slots_hide_copies_behind_computing() {
    let mut device = Fake::new([4, 10, 4], 2);
    let (outputs, result) = run(&mut device, 100);
    assert_eq!((outputs.len(), result), (100, Ok(100)));
    assert_eq!(device.now, 4 + 100 * 10 + 4, "only the first and the last copy are seen");
}

#[test]
fn three_slots_keep_three_equal_engines_busy() {
    let mut device = Fake::new([5, 5, 5], 3);
    run(&mut device, 100).1.unwrap();
    assert_eq!(device.now, (100 + 2) * 5);
    let mut serial = Fake::new([5, 5, 5], 1);
    run(&mut serial, 100).1.unwrap();
    assert_eq!(serial.now, 100 * 15);
}

proptest! {
    #[test]
    fn outputs_come_in_order_up_to_the_failure(
        slots in 1usize..5,
        batches in 0usize..20,
        issue in prop::option::of(0usize..25),
        collect in prop::option::of(0usize..25),
    ) {
        let mut device = Fake::new([1, 2, 3], slots);
        device.fails_at_issue = issue;
        device.fails_at_collect = collect;
        let (outputs, result) = run(&mut device, batches);
        let fault = issue.into_iter().chain(collect).min().filter(|at| *at < batches);
        let expected = fault.unwrap_or(batches);
        prop_assert_eq!(outputs, (0..expected).collect::<Vec<_>>());
        match result {
            Ok(delivered) => prop_assert_eq!((delivered, fault), (batches, None)),
            Err(error) => prop_assert_eq!(Some(error.delivered), fault),
        }
    }
}
