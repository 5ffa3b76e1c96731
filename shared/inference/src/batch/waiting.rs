//! Which of the waiting inputs make up the next batch. Pure: the queue owns the
//! lock and the threads.
//!
//! The oldest input leads, and those of neighbouring lengths join as long as the
//! batch gets cheaper by it, within the budget of padded tokens. So nothing starves,
//! and little is padding: on one CPU thread padding is what batches cost, and a batch
//! of equal lengths gains little over one text at a time.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The priority of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Priority {
    /// Somebody waits for the result, such as the vector of a search.
    Query,
    /// Bulk work, such as articles, for which throughput matters.
    Bulk,
}

/// The bounds of a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BatchLimits {
    /// Padded tokens; a single input may have more.
    pub(crate) token_budget: usize,
    pub(crate) max_items: usize,
    /// Instead of `max_items`, while at least twice as many wait.
    pub(crate) max_items_peak: usize,
    /// The cost of a run beside its tokens, in tokens.
    pub(crate) run_tokens: usize,
    /// Bulk work that has waited longer goes before queries.
    pub(crate) max_wait: Duration,
    /// The time for which a batch may fill while the device is busy with another one.
    pub(crate) fill_wait: Duration,
}

/// When a batch leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    Now,
    At(Instant),
}

struct Item<T> {
    tokens: usize,
    queued_at: Instant,
    content: T,
}

/// The inputs that wait for a session.
pub(crate) struct Waiting<T> {
    queries: VecDeque<Item<T>>,
    bulk: VecDeque<Item<T>>,
    /// True if the last batch was bulk work that went before queries.
    bulk_went_first: bool,
}

impl<T> Default for Waiting<T> {
    fn default() -> Self {
        Self { queries: VecDeque::new(), bulk: VecDeque::new(), bulk_went_first: false }
    }
}

impl<T> Waiting<T> {
    /// Queues an input of `tokens` tokens.
    pub(crate) fn push(&mut self, priority: Priority, tokens: usize, now: Instant, content: T) {
        let lane = match priority {
            Priority::Query => &mut self.queries,
            Priority::Bulk => &mut self.bulk,
        };
        lane.push_back(Item { tokens, queued_at: now, content });
    }

    /// Takes out what `is_wanted` denies.
    pub(crate) fn drop_unless(&mut self, is_wanted: impl Fn(&T) -> bool) -> Vec<T> {
        let mut unwanted = Vec::new();
        for lane in [&mut self.queries, &mut self.bulk] {
            if lane.iter().all(|item| is_wanted(&item.content)) {
                continue;
            }
            let (kept, dropped) =
                std::mem::take(lane).into_iter().partition(|item| is_wanted(&item.content));
            *lane = kept;
            unwanted.extend(VecDeque::into_iter(dropped).map(|item| item.content));
        }
        unwanted
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.queries.len() + self.bulk.len()
    }

    /// When the next batch should leave: `None` where nothing waits. At once, unless
    /// the device is busy and more bulk work would fill the batch.
    pub(crate) fn leaves_at(&self, limits: &BatchLimits, device_is_busy: bool) -> Option<Leave> {
        let oldest = self.queries.front().or_else(|| self.bulk.front())?;
        let may_wait = device_is_busy && limits.fill_wait > Duration::ZERO;
        let can_fill = may_wait && self.queries.is_empty() && !self.fills_batch(limits);
        Some(if can_fill { Leave::At(oldest.queued_at + limits.fill_wait) } else { Leave::Now })
    }

    /// True if the waiting bulk work makes up a whole batch.
    fn fills_batch(&self, limits: &BatchLimits) -> bool {
        let tokens: usize = self.bulk.iter().map(|item| item.tokens).sum();
        self.bulk.len() >= limits.max_items || tokens >= limits.token_budget
    }

    /// Takes the next batch, each input with the time it has waited; empty only
    /// where nothing waits. Queries are never held up by bulk work beside them, and
    /// overdue bulk work goes before them every second time at most: where all of it
    /// is overdue, a query waits for one batch and not for all.
    pub(crate) fn next_batch(&mut self, limits: &BatchLimits, now: Instant) -> Vec<(T, Duration)> {
        let is_overdue = |item: &Item<T>| now.duration_since(item.queued_at) > limits.max_wait;
        let is_late = self.bulk.front().is_some_and(is_overdue) && !self.bulk_went_first;
        let bulk_first = self.queries.is_empty() || is_late;
        self.bulk_went_first = bulk_first && !self.queries.is_empty();
        let lane = if bulk_first { &mut self.bulk } else { &mut self.queries };
        let chosen = choose(lane, limits);
        take(lane, &chosen).map(|item| (item.content, now.duration_since(item.queued_at))).collect()
    }
}

/// The places of the oldest item and of those that make the cheapest batch with it:
/// among those of neighbouring lengths, the most real tokens for the padded ones and
/// the run itself.
fn choose<T>(lane: &VecDeque<Item<T>>, limits: &BatchLimits) -> Vec<usize> {
    let is_deep = lane.len() >= 2 * limits.max_items_peak;
    let max_items = if is_deep { limits.max_items_peak } else { limits.max_items };
    let Some(leader) = lane.front() else {
        return Vec::new();
    };
    // Alone, whoever else waits: two are padded to the longer one.
    if max_items == 1 || 2 * leader.tokens > limits.token_budget {
        return vec![0];
    }
    let mut by_length: Vec<usize> = (0..lane.len()).collect();
    by_length.sort_by_key(|&place| (lane[place].tokens, place));
    let oldest = by_length.iter().take_while(|&&place| place != 0).count();
    let tokens = |rank: usize| lane[by_length[rank]].tokens;
    let (mut best, mut most) = (oldest..oldest + 1, 0.0);
    for longest in oldest..lane.len() {
        let fit = (limits.token_budget / tokens(longest).max(1)).clamp(1, max_items);
        let Some(spare) = fit.checked_sub(longest - oldest + 1) else { break };
        let mut real: usize = (oldest..=longest).map(tokens).sum();
        for shortest in (oldest.saturating_sub(spare)..=oldest).rev() {
            real += if shortest < oldest { tokens(shortest) } else { 0 };
            let cost = (longest + 1 - shortest) * tokens(longest) + limits.run_tokens;
            let worth = real as f64 / cost as f64;
            if worth > most {
                (best, most) = (shortest..longest + 1, worth);
            }
        }
    }
    let mut places = by_length[best].to_vec();
    places.sort_unstable();
    places
}

/// Removes the items at `places`.
fn take<T>(lane: &mut VecDeque<Item<T>>, places: &[usize]) -> impl Iterator<Item = Item<T>> {
    let mut falling = places.to_vec();
    falling.sort_by_key(|&place| Reverse(place));
    let mut taken: Vec<Item<T>> =
        falling.into_iter().filter_map(|place| lane.remove(place)).collect();
    taken.reverse();
    taken.into_iter()
}

/// Items of rising length in batches of at most `budget` padded tokens, in order; an
/// item with more goes alone.
pub fn packed<T>(items: Vec<T>, budget: usize, tokens: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let mut batches: Vec<Vec<T>> = Vec::new();
    for item in items {
        match batches.last_mut() {
            Some(batch) if (batch.len() + 1) * tokens(&item) <= budget => batch.push(item),
            _ => batches.push(vec![item]),
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMITS: BatchLimits = BatchLimits {
        token_budget: 512,
        max_items: 32,
        max_items_peak: 100,
        run_tokens: 16,
        max_wait: Duration::from_secs(2),
        fill_wait: Duration::from_millis(10),
    };

    fn waiting(lengths: &[usize], now: Instant) -> Waiting<usize> {
        let mut waiting = Waiting::default();
        for &tokens in lengths {
            waiting.push(Priority::Bulk, tokens, now, tokens);
        }
        waiting
    }

    fn contents<T>(batch: Vec<(T, Duration)>) -> Vec<T> {
        batch.into_iter().map(|(content, _)| content).collect()
    }

    #[test]
    fn the_oldest_leads_and_neighbours_in_length_join_it() {
        let now = Instant::now();
        let mut waiting = waiting(&[100, 250, 20, 110, 96, 103], now);
        assert_eq!(contents(waiting.next_batch(&LIMITS, now)), [100, 96, 103]);
        assert_eq!(contents(waiting.next_batch(&LIMITS, now)), [250]);
    }

    #[test]
    fn a_device_whose_runs_are_dear_takes_what_fits() {
        let now = Instant::now();
        let mut waiting = waiting(&[100, 250, 20, 110, 96, 105], now);
        let dear = BatchLimits { run_tokens: 2_048, ..LIMITS };
        assert_eq!(contents(waiting.next_batch(&dear, now)), [100, 110, 96, 105]);
    }

    #[test]
    fn an_input_above_the_budget_goes_alone() {
        let now = Instant::now();
        let mut waiting = waiting(&[600, 10], now);
        assert_eq!(contents(waiting.next_batch(&LIMITS, now)), [600]);
    }

    #[test]
    fn the_item_cap_rises_while_the_queue_is_deep() {
        let now = Instant::now();
        let mut waiting = waiting(&[2; 250], now);
        assert_eq!(waiting.next_batch(&LIMITS, now).len(), 100);
        assert_eq!(waiting.next_batch(&LIMITS, now).len(), 32);
    }

    #[test]
    fn queries_go_first_and_alone_until_bulk_work_is_overdue() {
        let start = Instant::now();
        let mut waiting = waiting(&[10], start);
        waiting.push(Priority::Query, 11, start, 11);
        assert_eq!(contents(waiting.next_batch(&LIMITS, start)), [11]);
        waiting.push(Priority::Query, 12, start, 12);
        let late = start + LIMITS.max_wait + Duration::from_millis(1);
        assert_eq!(contents(waiting.next_batch(&LIMITS, late)), [10]);
        assert_eq!(contents(waiting.next_batch(&LIMITS, late)), [12]);
    }

    #[test]
    fn overdue_bulk_work_and_queries_take_turns() {
        let start = Instant::now();
        let mut waiting = waiting(&[300, 300, 300], start);
        for _ in 0..2 {
            waiting.push(Priority::Query, 5, start, 5);
        }
        let late = start + LIMITS.max_wait + Duration::from_millis(1);
        let mut batch = || contents(waiting.next_batch(&LIMITS, late));
        assert_eq!([batch(), batch(), batch()], [vec![300], vec![5, 5], vec![300]]);
    }

    #[test]
    fn a_busy_device_lets_a_batch_fill_and_an_idle_one_takes_what_there_is() {
        let start = Instant::now();
        let mut waiting = waiting(&[100, 100], start);
        assert_eq!(waiting.leaves_at(&LIMITS, false), Some(Leave::Now));
        let filled_by = Leave::At(start + LIMITS.fill_wait);
        assert_eq!(waiting.leaves_at(&LIMITS, true), Some(filled_by));
        waiting.push(Priority::Bulk, 400, start, 400);
        assert_eq!(waiting.leaves_at(&LIMITS, true), Some(Leave::Now), "it is full");
    }

    #[test]
    fn a_query_never_waits_for_a_batch_to_fill() {
        let start = Instant::now();
        let mut waiting = waiting(&[], start);
        assert_eq!(waiting.leaves_at(&LIMITS, false), None);
        waiting.push(Priority::Query, 5, start, 5);
        assert_eq!(waiting.leaves_at(&LIMITS, true), Some(Leave::Now));
    }

    #[test]
    fn what_nobody_waits_for_is_dropped() {
        let now = Instant::now();
        let mut waiting = waiting(&[1, 2, 3], now);
        assert_eq!(waiting.drop_unless(|&tokens| tokens != 2), [2]);
        assert_eq!(contents(waiting.next_batch(&LIMITS, now)), [1, 3]);
    }

    proptest! {
        #[test]
        fn every_input_leaves_exactly_once_within_the_limits(lengths in prop::collection::vec(1usize..300, 0..300)) {
            let now = Instant::now();
            let mut waiting = waiting(&lengths, now);
            let mut left = Vec::new();
            while waiting.len() > 0 {
                let oldest = waiting.bulk.front().map(|item| item.content);
                let batch = contents(waiting.next_batch(&LIMITS, now));
                prop_assert!(oldest.is_some_and(|oldest| batch.contains(&oldest)));
                let longest = batch.iter().copied().max().unwrap();
                prop_assert!(batch.len() == 1 || longest * batch.len() <= LIMITS.token_budget);
                prop_assert!(batch.len() <= LIMITS.max_items_peak);
                left.extend(batch);
            }
            let mut expected = lengths;
            expected.sort_unstable();
            left.sort_unstable();
            prop_assert_eq!(left, expected);
        }
    }
}
