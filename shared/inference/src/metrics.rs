//! The metrics of the encoder and of classifiers.

use std::time::Duration;

use courant_gpu_utils::device::Provider;
use courant_gpu_utils::operation;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, Meter};

use crate::Error;
use crate::batch::answer::{InputResult, TokenCounts};
use crate::device::watch::{ArenaMetrics, Shown};

/// Bounds of the durations, in seconds.
const SECONDS: [f64; 14] =
    [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

#[derive(Clone)]
pub(crate) struct Metrics {
    batch_items: Histogram<u64>,
    batch_tokens: Histogram<u64>,
    queue_wait: Histogram<f64>,
    tokenize: Histogram<f64>,
    inference: Histogram<f64>,
    tokens: Counter<u64>,
    requests: Counter<u64>,
    on_gpu: operation::Metrics,
    arenas: ArenaMetrics,
    /// The outcome of a text that went well.
    done: &'static str,
}

impl Metrics {
    /// The encoder's.
    pub(crate) fn new(meter: &Meter) -> Self {
        Self::named(meter, "courant_encoder", "courant_batch", "embedded")
    }

    /// Those that all classifiers share.
    pub(crate) fn of_classifiers(meter: &Meter) -> Self {
        Self::named(meter, "courant_classifier", "courant_classifier_batch", "classified")
    }

    fn named(meter: &Meter, part: &str, batch: &str, done: &'static str) -> Self {
        let seconds = |name: &str, description: &'static str| {
            let builder = meter.f64_histogram(format!("{part}_{name}")).with_unit("s");
            builder.with_description(description).with_boundaries(SECONDS.to_vec()).build()
        };
        Self {
            batch_items: meter
                .u64_histogram(format!("{batch}_items"))
                .with_description("Texts and chunks per batch")
                .with_boundaries(vec![1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 100.0])
                .build(),
            batch_tokens: meter
                .u64_histogram(format!("{batch}_tokens"))
                .with_description("Tokens per batch, padding included")
                .with_boundaries((4..16).map(|power| f64::from(1 << power)).collect())
                .build(),
            queue_wait: seconds("queue_wait", "Time between tokenizer and session"),
            tokenize: seconds("tokenize_duration", "Time to tokenize one request"),
            inference: seconds("inference_duration", "Time of one batch in its session"),
            tokens: meter
                .u64_counter(format!("{part}_tokens"))
                .with_description("Tokens that sessions computed, by kind: real or padding")
                .build(),
            requests: meter
                .u64_counter(format!("{part}_requests"))
                .with_description(format!(
                    "Texts and chunks by outcome: {done}, failed, refused, cancelled, late"
                ))
                .build(),
            on_gpu: operation::Metrics::new(meter),
            arenas: ArenaMetrics::new(meter),
            done,
        }
    }

    /// One request was tokenized.
    pub(crate) fn tokenized(&self, took: Duration) {
        self.tokenize.record(took.as_secs_f64(), &[]);
    }

    /// Inputs found no place in the queue.
    pub(crate) fn refused(&self, count: usize) {
        self.count_requests(count, "refused");
    }

    /// Inputs left the queue because nobody waits for them any more.
    pub(crate) fn cancelled(&self, count: usize) {
        self.count_requests(count, "cancelled");
    }

    /// Inputs left the queue because their deadline passed.
    pub(crate) fn late(&self, count: usize) {
        self.count_requests(count, "late");
    }

    /// A batch is done.
    pub(crate) fn batch(
        &self,
        waits: impl ExactSizeIterator<Item = Duration>,
        took: Duration,
        results: &[Result<InputResult, Error>],
        tokens: TokenCounts,
    ) {
        self.batch_items.record(waits.len() as u64, &[]);
        for wait in waits {
            self.queue_wait.record(wait.as_secs_f64(), &[]);
        }
        self.inference.record(took.as_secs_f64(), &[]);
        let failed = results.iter().filter(|result| result.is_err()).count();
        self.count_requests(failed, "failed");
        self.count_requests(results.len() - failed, self.done);
        if tokens.padded > 0 {
            self.batch_tokens.record(tokens.padded as u64, &[]);
            let padding = tokens.padded - tokens.real;
            self.tokens.add(tokens.real as u64, &[KeyValue::new("kind", "real")]);
            self.tokens.add(padding as u64, &[KeyValue::new("kind", "padding")]);
        }
    }

    /// The instruments of runs on a GPU; none for those on a CPU, and none with
    /// `gpu.telemetry_enabled` off.
    pub(crate) fn on_gpu(
        &self,
        provider: Provider,
        telemetry: bool,
    ) -> Option<&operation::Metrics> {
        (telemetry && provider != Provider::Cpu).then_some(&self.on_gpu)
    }

    /// The metrics that show a session's memory; none for one on a GPU with
    /// `gpu.telemetry_enabled` off.
    pub(crate) fn session(
        &self,
        provider: Provider,
        telemetry: bool,
        model: &str,
        session: usize,
    ) -> Option<Shown> {
        let shown = || Shown::new(self.arenas.clone(), model, session, provider.as_str());
        (telemetry || provider == Provider::Cpu).then(shown)
    }

    fn count_requests(&self, count: usize, outcome: &'static str) {
        if count > 0 {
            self.requests.add(count as u64, &[KeyValue::new("outcome", outcome)]);
        }
    }
}

/// The metrics of the encoder's kept vectors.
pub(crate) struct ResultMetrics {
    results: Counter<u64>,
}

impl ResultMetrics {
    pub(crate) fn new(meter: &Meter) -> Self {
        let results = meter
            .u64_counter("courant_encoder_results")
            .with_description("Texts by whether their vector was kept: hit or miss")
            .build();
        Self { results }
    }

    /// So many vectors were there, and so many were not. Zeros count too: the share of
    /// hits is known before the first one.
    pub(crate) fn looked_up(&self, hits: usize, misses: usize) {
        self.results.add(hits as u64, &[KeyValue::new("outcome", "hit")]);
        self.results.add(misses as u64, &[KeyValue::new("outcome", "miss")]);
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::metrics::MeterProvider;
    use opentelemetry_sdk::metrics::SdkMeterProvider;

    use super::*;

    #[test]
    fn what_runs_on_a_gpu_is_shown_where_there_is_one_and_it_is_wanted() {
        let metrics = Metrics::new(&SdkMeterProvider::default().meter("test"));
        let shown = |provider, telemetry| {
            let session = metrics.session(provider, telemetry, "model", 0);
            (metrics.on_gpu(provider, telemetry).is_some(), session.is_some())
        };
        assert_eq!(shown(Provider::Cuda, true), (true, true));
        assert_eq!(shown(Provider::Cuda, false), (false, false));
        assert_eq!(shown(Provider::Cpu, true), (false, true));
        assert_eq!(shown(Provider::Cpu, false), (false, true));
    }
}
