use courant_article::ModelRef;
use courant_gpu_utils::device::Workload;
use courant_gpu_utils::operation::LadderLimits;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use proptest::prelude::*;

use super::*;
use crate::batch::answer::ran;
use crate::batch::queue::InputAnswer;
use crate::batch::waiting::Priority;
use crate::{Config, Precision};

fn metrics() -> Metrics {
    Metrics::new(&SdkMeterProvider::default().meter("test"))
}

/// A queue with one input of each length.
fn filled(lengths: &[usize], metrics: &Metrics) -> (InputQueue, Vec<InputAnswer>) {
    let limits = Config::default().limits(Precision::Fp32, Provider::Cpu, Workload::Mixed, 512);
    let queue = InputQueue::new(1_024, limits, metrics.clone());
    let inputs = lengths.iter().map(|&length| Input::new(vec![0; length])).collect();
    let answers = queue.try_submit(inputs, Priority::Bulk.into()).unwrap();
    (queue, answers)
}

fn out_of_memory() -> Error {
    Error::Device("Failed to allocate memory for requested buffer of size 8".into())
}

/// A run whose vectors tell the inputs' lengths.
fn lengths_of(inputs: &[&Input]) -> Output {
    let vectors = inputs.iter().map(|input| vec![vec![input.len() as f32]]).collect();
    let words = vec![Vec::new(); inputs.len()];
    Output { vectors, words, real_tokens: 0, padded_tokens: 0 }
}

fn run_all(
    ladder: &mut MemoryLadder,
    queue: &InputQueue,
    count: usize,
    mut session: impl FnMut(LadderStep, &[&Input]) -> Result<Output, Error>,
) {
    let metrics = metrics();
    let mut left = count;
    while left > 0 {
        let batch = queue.next_batch().unwrap();
        left -= batch.len();
        run(ladder, batch, &metrics, Provider::Cuda, &mut session);
    }
}

proptest! {
    #[test]
    fn random_lack_of_memory_loses_and_doubles_nothing(
        lengths in prop::collection::vec(1usize..300, 1..200),
        faults in prop::collection::vec(any::<bool>(), 400),
    ) {
        let (queue, answers) = filled(&lengths, &metrics());
        let mut ladder = MemoryLadder::new(LadderLimits::new(512, true));
        let mut faults = faults.into_iter();
        run_all(&mut ladder, &queue, lengths.len(), |step, inputs| {
            let fails = step != LadderStep::Cpu && faults.next().unwrap_or(false);
            if fails { Err(out_of_memory()) } else { Ok(lengths_of(inputs)) }
        });
        for (mut answer, length) in answers.into_iter().zip(lengths) {
            let answered = answer.try_recv().unwrap().unwrap();
            prop_assert_eq!(answered.rows, vec![vec![length as f32]]);
        }
    }
}

#[test]
fn a_text_without_memory_anywhere_is_the_only_one_that_fails() {
    let (queue, answers) = filled(&[10, 250, 12], &metrics());
    let mut ladder = MemoryLadder::new(LadderLimits::new(512, true));
    run_all(&mut ladder, &queue, 3, |_, inputs| {
        if inputs.iter().any(|input| input.len() == 250) {
            return Err(out_of_memory());
        }
        Ok(lengths_of(inputs))
    });
    let failed: Vec<bool> =
        answers.into_iter().map(|mut answer| answer.try_recv().unwrap().is_err()).collect();
    assert_eq!(failed, [false, true, false]);
}

#[test]
fn what_only_the_cpu_had_memory_for_says_so() {
    let (queue, answers) = filled(&[10, 250, 12], &metrics());
    let mut ladder = MemoryLadder::new(LadderLimits::new(512, true));
    run_all(&mut ladder, &queue, 3, |step, inputs| {
        let is_long = inputs.iter().any(|input| input.len() == 250);
        if is_long && step != LadderStep::Cpu {
            Err(out_of_memory())
        } else {
            Ok(lengths_of(inputs))
        }
    });
    let answers: Vec<InputResult> =
        answers.into_iter().map(|mut answer| answer.try_recv().unwrap().unwrap()).collect();
    let providers: Vec<Provider> = answers.iter().map(|answer| answer.provider).collect();
    assert_eq!(providers, [Provider::Cuda, Provider::Cpu, Provider::Cuda]);
    let model = ModelRef {
        name: "m".into(),
        version: "1".into(),
        precision: "fp32".into(),
        provider: "cuda".into(),
    };
    assert_eq!(ran(&model, providers.iter().copied()).provider, "cpu+cuda");
    assert_eq!(ran(&model, providers[..1].iter().copied()).provider, "cuda");
}

#[test]
fn another_failure_is_not_tried_again() {
    let (queue, answers) = filled(&[10, 11], &metrics());
    let mut ladder = MemoryLadder::new(LadderLimits::new(512, true));
    let mut runs = 0;
    run_all(&mut ladder, &queue, 2, |_, _| {
        runs += 1;
        Err(Error::NotAVector)
    });
    assert_eq!(runs, 1);
    for mut answer in answers {
        assert!(matches!(answer.try_recv(), Ok(Err(Error::NotAVector))));
    }
}
