//! Submits entries to a pipeline, over the bus of separate agents or the gRPC port of a gateway.

use std::collections::{HashSet, VecDeque};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use courant_bus::{Bus, MessageId, Subject, Subscription};
use courant_client::service_address;
use courant_config::Document;
use courant_proto::v1;
use courant_proto::v1::submissions_client::SubmissionsClient;
use courant_telemetry::Clock;
use opentelemetry::metrics::Meter;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

use crate::grpc::Channel;
use crate::{data, grpc};

/// The most entries on their way to a gateway.
const IN_FLIGHT: usize = 64;

/// The pipeline to submit to.
#[derive(Debug, Args)]
pub(crate) struct IntakeArgs {
    /// A bus as nats://127.0.0.1:4222, or a gateway's gRPC port as http://127.0.0.1:8081
    /// [default: the configured bus, else the pipeline that runs on the data folder]
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// The data folder of a running pipeline [default: courant-data]
    #[arg(long, value_name = "DIR", conflicts_with = "to")]
    data: Option<PathBuf>,
}

/// A connection to a pipeline, which submits entries and receives the decisions on them.
pub(crate) struct Intake {
    way: Way,
    /// The ids of submissions without a decision.
    waiting: HashSet<String>,
    /// Decisions that came while an entry waited to be sent.
    heard: VecDeque<v1::EntryDecided>,
}

enum Way {
    Bus { bus: Bus, decisions: Subscription<v1::EntryDecided> },
    Gateway { entries: mpsc::Sender<v1::Entry>, decisions: Streaming<v1::EntryDecided> },
}

impl Intake {
    /// Connects to the pipeline that `args` or the configuration names.
    ///
    /// # Errors
    /// Fails if none is named and none runs on the data folder, or it does not answer.
    pub(crate) async fn open(
        args: &IntakeArgs,
        document: &Document,
        meter: &Meter,
    ) -> anyhow::Result<Self> {
        let mut config: courant_bus::Config = document.section("bus")?;
        let way = match args.to.as_deref() {
            Some(url) if is_gateway(url)? => {
                let address = service_address(url, "http://127.0.0.1:8081")?;
                let channel = grpc::connect(&address).await?;
                let channel =
                    channel.with_context(|| format!("no gateway answers at {address}"))?;
                grpc::check(&address, &channel).await?;
                gateway(channel, &address).await?
            }
            Some(url) => {
                config.url = Some(url.to_owned());
                bus(&config, meter).await?
            }
            None if config.url.is_some() && args.data.is_none() => bus(&config, meter).await?,
            None => {
                let folder = data::or_default(args.data.as_deref());
                gateway(running(folder).await?, "the running pipeline").await?
            }
        };
        Ok(Self { way, waiting: HashSet::new(), heard: VecDeque::new() })
    }

    /// Submits `entry`. Waits while there is no room for it.
    ///
    /// # Errors
    /// Fails if the pipeline does not accept the entry.
    pub(crate) async fn submit(&mut self, id: &MessageId, entry: v1::Entry) -> anyhow::Result<()> {
        self.waiting.insert(entry.submission_id.clone());
        match &mut self.way {
            Way::Bus { bus, .. } => {
                let published = bus.publish(Subject::ENTRY_SUBMITTED, id, &entry).await;
                published.context("not submitted")?;
                Ok(())
            }
            Way::Gateway { entries, decisions } => loop {
                tokio::select! {
                    biased;
                    place = entries.reserve() => match place {
                        Ok(place) => {
                            place.send(entry);
                            return Ok(());
                        }
                        // The gateway has ended the call, and says why where decisions come.
                        Err(_) => self.heard.push_back(next_of(decisions).await?),
                    },
                    decision = next_of(decisions) => self.heard.push_back(decision?),
                }
            },
        }
    }

    /// Returns the next decision on an entry that was submitted here. No decision is lost if the
    /// future is dropped.
    ///
    /// # Errors
    /// Fails if the pipeline no longer answers, or does not accept an entry.
    pub(crate) async fn decision(&mut self) -> anyhow::Result<v1::EntryDecided> {
        loop {
            let decision = match (self.heard.pop_front(), &mut self.way) {
                (Some(heard), _) => heard,
                (None, Way::Bus { decisions, .. }) => {
                    decisions.next().await.context("the bus was closed")?
                }
                (None, Way::Gateway { decisions, .. }) => next_of(decisions).await?,
            };
            if self.waiting.remove(&decision.submission_id) {
                return Ok(decision);
            }
        }
    }

    /// Returns the number of submissions without a decision.
    pub(crate) fn undecided(&self) -> usize {
        self.waiting.len()
    }

    /// Closes the connection.
    ///
    /// # Errors
    /// Fails if the bus cannot be closed.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        match self.way {
            Way::Bus { bus, .. } => bus.close().await.context("cannot close the bus"),
            Way::Gateway { .. } => Ok(()),
        }
    }
}

async fn bus(config: &courant_bus::Config, meter: &Meter) -> anyhow::Result<Way> {
    let bus = Bus::connect(config, Clock::system(), meter).await;
    let bus = bus.context("cannot reach the bus")?;
    let decisions = bus.subscribe(Subject::ENTRY_DECIDED).await?;
    Ok(Way::Bus { bus, decisions })
}

/// Returns true if `url` names the gRPC port of a gateway, and false if it names a bus.
///
/// # Errors
/// Shows both forms if `url` does not say which it is.
fn is_gateway(url: &str) -> anyhow::Result<bool> {
    match url.split_once("://") {
        Some((scheme, _)) => Ok(["http", "https"].contains(&scheme.to_ascii_lowercase().as_str())),
        None => bail!("--to {url}: write nats://{url} for a bus, http://{url} for a gateway"),
    }
}

/// Opens a stream of submissions to the gateway at `address`.
async fn gateway(channel: Channel, address: &str) -> anyhow::Result<Way> {
    let (entries, sent) = mpsc::channel(IN_FLIGHT);
    match SubmissionsClient::new(channel).submit(ReceiverStream::new(sent)).await {
        Ok(decisions) => Ok(Way::Gateway { entries, decisions: decisions.into_inner() }),
        Err(status) => Err(grpc::refused(address, status).await),
    }
}

/// Connects to the pipeline that runs on a data folder.
async fn running(folder: &Path) -> anyhow::Result<Channel> {
    match data::service_over_grpc(folder).await? {
        Some(channel) => Ok(channel),
        None => bail!(
            "no pipeline runs on {}; start `courant run`, or name one, as --to nats://127.0.0.1:4222",
            folder.display()
        ),
    }
}

async fn next_of(decisions: &mut Streaming<v1::EntryDecided>) -> anyhow::Result<v1::EntryDecided> {
    match decisions.message().await {
        Ok(decision) => decision.context("the gateway has ended"),
        Err(status) => Err(grpc::explained(&status, "the gateway")),
    }
}
