//! A bus to test, and what the tests do with it.

use std::future::Future;
use std::time::Duration;

use courant_bus::{
    Bus, Config, Deliveries, Delivery, Durability, Failure, MessageId, PublishAck, Stage, Subject,
};
use courant_proto::v1;
use courant_telemetry::Clock;
use opentelemetry::metrics::{Meter, MeterProvider};
use opentelemetry_sdk::metrics::SdkMeterProvider;
use tempfile::TempDir;

use crate::nats::{NatsServer, Sync};

/// Long enough for a slow machine; no test waits for it when all is well.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    JetStream,
    Embedded,
}

/// A server or a spool, and how to reach it.
pub(crate) struct Bench {
    pub(crate) config: Config,
    pub(crate) nats: Option<NatsServer>,
    pub(crate) folder: TempDir,
    registry: prometheus::Registry,
    meters: SdkMeterProvider,
}

impl Bench {
    /// With short times, changed by `adjust`.
    pub(crate) async fn start(kind: Kind, adjust: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config {
            ack_wait_s: 0.8,
            max_deliver: 3,
            retry_delay_s: 0.05,
            look_interval_s: 0.2,
            ..Config::default()
        };
        adjust(&mut config);
        let sync = match config.durability {
            Durability::Durable => Sync::Always,
            Durability::Fast => Sync::Sometimes,
        };
        let nats = match kind {
            Kind::JetStream => Some(NatsServer::start(sync).await.unwrap()),
            Kind::Embedded => None,
        };
        config.url = nats.as_ref().map(NatsServer::url);
        let registry = prometheus::Registry::new();
        let exporter = opentelemetry_prometheus::exporter().with_registry(registry.clone());
        let meters = SdkMeterProvider::builder().with_reader(exporter.build().unwrap()).build();
        Self { config, nats, folder: tempfile::tempdir().unwrap(), registry, meters }
    }

    pub(crate) fn meter(&self) -> Meter {
        self.meters.meter("test")
    }

    /// Opens or connects a bus.
    pub(crate) async fn bus(&self) -> Bus {
        match &self.nats {
            Some(_) => Bus::connect(&self.config, Clock::system(), &self.meter()).await.unwrap(),
            None => {
                let spool = self.folder.path().join("spool.db");
                Bus::embedded(&self.config, &spool, Clock::system(), &self.meter()).unwrap()
            }
        }
    }

    /// The value of one counter or gauge with these labels, zero if there is none.
    pub(crate) fn metric(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.shown(name, labels).unwrap_or_default()
    }

    /// The same; `None` if there is none.
    pub(crate) fn shown(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let families = self.registry.gather();
        let family = families.iter().find(|family| family.name() == name);
        let metrics = family.map(|family| family.get_metric()).unwrap_or_default();
        let fits = |metric: &&prometheus::proto::Metric| {
            labels.iter().all(|(name, value)| {
                metric.get_label().iter().any(|l| l.name() == *name && l.value() == *value)
            })
        };
        let found = metrics.iter().find(fits);
        found.map(|metric| metric.get_counter().get_value() + metric.get_gauge().get_value())
    }
}

pub(crate) fn entry(n: usize) -> v1::Entry {
    let submission_id = format!("s-{n}");
    v1::Entry { submission_id, text: "Text.".into(), ..Default::default() }
}

pub(crate) fn id(n: usize) -> MessageId {
    MessageId::new(format!("a{n}:1:test:1"))
}

pub(crate) async fn publish(bus: &Bus, n: usize) -> PublishAck {
    bus.publish(Subject::ENTRY_SUBMITTED, &id(n), &entry(n)).await.unwrap()
}

/// Publishes one entry, and takes the work of the gateway.
pub(crate) async fn with_one(bench: &Bench) -> (Bus, Deliveries) {
    let bus = bench.bus().await;
    publish(&bus, 1).await;
    let deliveries = bus.consume(Stage::GATEWAY, 1).await.unwrap();
    (bus, deliveries)
}

pub(crate) async fn next(deliveries: &mut Deliveries) -> Delivery {
    in_time(deliveries.next()).await.unwrap()
}

/// A failure whose handler chooses the delay.
pub(crate) fn retry_after(delay: Duration) -> Failure {
    Failure::Retry { after: Some(delay), source: anyhow::anyhow!("busy") }
}

/// Nothing comes for so long.
pub(crate) async fn nothing_for(deliveries: &mut Deliveries, time: Duration) {
    assert!(tokio::time::timeout(time, deliveries.next()).await.is_err());
}

pub(crate) fn submission(delivery: &Delivery) -> String {
    delivery.decode::<v1::Entry>().unwrap().submission_id
}

pub(crate) async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future).await.expect("in time")
}

/// Asks until it is so.
pub(crate) async fn until(mut holds: impl AsyncFnMut() -> bool) {
    in_time(async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

pub(crate) async fn depth(bus: &Bus, stage: Stage) -> u64 {
    let queues = bus.queues().await.unwrap();
    queues.iter().find(|queue| queue.stages.contains(&stage)).unwrap().depth
}
