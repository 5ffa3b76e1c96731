//! `courant dlq`: what could not be handled.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use courant_bus::{Bus, DeadLetter};
use courant_telemetry::{Clock, Meters};

use crate::config_args::ConfigArgs;
use crate::data::{self, DataFolder};
use crate::http;

/// The most letters that are listed.
const LIMIT: usize = 1_000;

#[derive(Debug, Args)]
pub(crate) struct DeadLetterArgs {
    #[command(subcommand)]
    call: Call,
    /// The bus, as nats://127.0.0.1:4222 [default: the configured one, else the data folder's]
    #[arg(long, value_name = "URL", global = true)]
    bus: Option<String>,
    /// The data folder of an embedded pipeline that is not running
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
}

pub(crate) fn run(args: &DeadLetterArgs) -> anyhow::Result<()> {
    let mut document = args.config.load()?;
    if let Some(url) = &args.bus {
        document.set("bus.url", url.clone())?;
    }
    let config: courant_bus::Config = document.section("bus")?;
    let meter = Meters::new("courant")?.meter();
    http::block_on(async {
        let mut _held = None;
        let bus = if config.url.is_some() {
            Bus::connect(&config, Clock::system(), &meter).await.context("cannot reach the bus")?
        } else {
            let folder = DataFolder::hold(data::or_default(args.data.as_deref()))?;
            let bus = Bus::embedded(&config, &folder.spool(), Clock::system(), &meter)
                .context("cannot open the message spool")?;
            _held = Some(folder);
            bus
        };
        let result = call(&bus, &args.call).await;
        bus.close().await.context("cannot close the bus")?;
        result
    })
}

async fn call(bus: &Bus, call: &Call) -> anyhow::Result<()> {
    match call {
        Call::List => {
            let letters = bus.dead_letters(LIMIT).await?;
            if letters.is_empty() {
                outln!("no dead letters");
            }
            letters.iter().for_each(|letter| outln!("{}", line(letter)));
        }
        Call::Show { number } => {
            let letter = bus.dead_letter(*number).await?;
            let letter = letter.with_context(|| format!("there is no dead letter {number}"))?;
            outln!("{}\n{} bytes", line(&letter), letter.payload.len());
        }
        Call::Replay { number } => {
            bus.replay(*number).await?;
            outln!("published again");
        }
    }
    Ok(())
}

fn line(letter: &DeadLetter) -> String {
    let subject =
        letter.subject.map_or_else(|| "unknown".to_owned(), |subject| subject.to_string());
    let (number, times) = (letter.sequence, letter.deliveries);
    format!("{number:>6}  {subject}  {times} deliveries  {}", letter.error.replace('\n', " "))
}
