//! `courant dlq`: lists, shows, replays and drops messages that could not be handled.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use courant_bus::Bus;
use courant_proto::v1;
use courant_proto::v1::dead_letters_client::DeadLettersClient;
use courant_telemetry::{Clock, Meters};
use tempfile::TempDir;
use tonic::Code;

use crate::config_args::ConfigArgs;
use crate::data::{self, DataFolder};
use crate::grpc::Channel;
use crate::http;

/// The most dead letters that are listed.
const LIMIT: u32 = 1_000;

#[derive(Debug, Args)]
pub(crate) struct DeadLetterArgs {
    #[command(subcommand)]
    call: Call,
    /// The bus, as nats://127.0.0.1:4222 [default: the configured one, else the data folder's]
    #[arg(long, value_name = "URL", global = true)]
    bus: Option<String>,
    /// The data folder of an embedded pipeline, running or not [default: courant-data]
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Debug, Subcommand)]
enum Call {
    /// The newest dead letters
    List,
    /// One dead letter
    Show {
        /// Its number in the list
        number: u64,
    },
    /// Publish a dead letter again, where it failed
    Replay {
        /// Its number in the list
        number: u64,
    },
    /// Remove a dead letter for good
    Drop {
        /// Its number in the list
        number: u64,
    },
}

impl Call {
    fn only_reads(&self) -> bool {
        matches!(self, Self::List | Self::Show { .. })
    }
}

/// The place where the dead letters are read.
enum Desk {
    /// A running pipeline.
    Service(DeadLettersClient<Channel>),
    /// The bus itself.
    Bus(Bus),
}

/// A data folder that no service runs on, kept open while its spool is read.
#[derive(Default)]
struct OpenedFolder {
    held: Option<DataFolder>,
    copy: Option<TempDir>,
}

impl OpenedFolder {
    /// Returns the spool of the folder at `path`. A call that only reads gets a copy if the folder
    /// is read-only or has no spool yet, so that nothing is created in it.
    fn spool(&mut self, path: &Path, only_reads: bool) -> anyhow::Result<PathBuf> {
        data::check_exists(path)?;
        let is_copied = match DataFolder::hold(path) {
            Ok(folder) => {
                let exists = self.held.insert(folder).spool().exists();
                only_reads && !exists
            }
            Err(error) if only_reads && data::is_read_only(&error) => true,
            Err(error) => return Err(error),
        };
        if is_copied {
            let copy = tempfile::tempdir().context("cannot make a temporary folder")?;
            return data::copy_spool(path, self.copy.insert(copy).path());
        }
        Ok(data::spool(path))
    }
}

pub(crate) fn run(args: &DeadLetterArgs) -> anyhow::Result<()> {
    let mut document = args.config.load()?;
    if let Some(url) = &args.bus {
        document.set("bus.url", url.clone())?;
    }
    let config: courant_bus::Config = document.section("bus")?;
    let meter = Meters::new("courant")?.meter();
    http::block_on(async {
        let mut opened = OpenedFolder::default();
        let mut desk = if config.url.is_some() {
            let bus = Bus::connect(&config, Clock::system(), &meter).await;
            Desk::Bus(bus.context("cannot reach the bus")?)
        } else {
            let path = data::or_default(args.data.as_deref());
            match data::service_over_grpc(path).await? {
                Some(channel) => Desk::Service(DeadLettersClient::new(channel)),
                None => {
                    let spool = opened.spool(path, args.call.only_reads())?;
                    let bus = Bus::embedded(&config, &spool, Clock::system(), &meter);
                    Desk::Bus(bus.context("cannot open the message spool")?)
                }
            }
        };
        let result = desk.call(&args.call).await;
        if let Desk::Bus(bus) = desk {
            bus.close().await.context("cannot close the bus")?;
        }
        result
    })
}

impl Desk {
    async fn call(&mut self, call: &Call) -> anyhow::Result<()> {
        match *call {
            Call::List => {
                let letters = self.list().await?;
                if letters.is_empty() {
                    outln!("no dead letters");
                }
                letters.iter().for_each(|letter| outln!("{}", line(letter)));
            }
            Call::Show { number } => {
                let letter = self.show(number).await?;
                outln!("{}\n{} bytes", line(&letter), letter.size_bytes);
            }
            Call::Replay { number } => {
                self.replay(number).await?;
                outln!("published again");
            }
            Call::Drop { number } => {
                self.remove(number).await?;
                outln!("removed");
            }
        }
        Ok(())
    }

    async fn list(&mut self) -> anyhow::Result<Vec<v1::DeadLetter>> {
        match self {
            Self::Bus(bus) => {
                let letters = bus.dead_letters(LIMIT as usize).await?;
                Ok(letters.iter().map(v1::DeadLetter::from).collect())
            }
            Self::Service(service) => {
                let request = v1::ListDeadLettersRequest { limit: LIMIT };
                Ok(service
                    .list(request)
                    .await
                    .map_err(|status| explained(&status))?
                    .into_inner()
                    .letters)
            }
        }
    }

    async fn show(&mut self, number: u64) -> anyhow::Result<v1::DeadLetter> {
        let letter = match self {
            Self::Bus(bus) => bus.dead_letter(number).await?.as_ref().map(Into::into),
            Self::Service(service) => {
                let request = v1::ShowDeadLetterRequest { number };
                service
                    .show(request)
                    .await
                    .map_err(|status| explained(&status))?
                    .into_inner()
                    .letter
            }
        };
        letter.with_context(|| absent(number))
    }

    async fn replay(&mut self, number: u64) -> anyhow::Result<()> {
        match self {
            Self::Bus(bus) => {
                Box::pin(bus.replay(number)).await?.with_context(|| absent(number))?;
            }
            Self::Service(service) => {
                let request = v1::ReplayDeadLetterRequest { number };
                service.replay(request).await.map_err(|status| explained(&status))?;
            }
        }
        Ok(())
    }

    async fn remove(&mut self, number: u64) -> anyhow::Result<()> {
        match self {
            Self::Bus(bus) => {
                if !bus.drop_dead_letter(number).await? {
                    bail!(absent(number));
                }
            }
            Self::Service(service) => {
                let request = v1::DropDeadLetterRequest { number };
                service.drop(request).await.map_err(|status| explained(&status))?;
            }
        }
        Ok(())
    }
}

fn absent(number: u64) -> String {
    format!("there is no dead letter {number}")
}

/// Turns a gRPC status into an error for a person.
fn explained(status: &tonic::Status) -> anyhow::Error {
    match status.code() {
        Code::NotFound | Code::FailedPrecondition => anyhow::anyhow!(status.message().to_owned()),
        _ => anyhow::anyhow!("the running pipeline does not answer: {}", status.message()),
    }
}

fn line(letter: &v1::DeadLetter) -> String {
    let subject = if letter.subject.is_empty() { "unknown" } else { &letter.subject };
    let (number, times) = (letter.number, letter.deliveries);
    format!("{number:>6}  {subject}  {times} deliveries  {}", letter.error.replace('\n', " "))
}
