//! Runs the crawler as its own process.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Parser;
use courant_crawler::{AGENT, Config, Crawler, Extent, Source};
use courant_service::AgentStart;
use courant_store::Store;

#[derive(Parser)]
struct Crawl {
    #[command(flatten)]
    service: courant_service::AgentArgs,
    /// The sources to crawl in place of the configured ones
    sources: Vec<String>,
    /// Crawl every source once, print the report as one line of JSON, and end
    #[arg(long)]
    once: bool,
}

fn main() -> ExitCode {
    let Crawl { service, sources, once } = courant_service::command_line();
    courant_service::main(AGENT, &service, |start| run(start, sources, once))
}

async fn run(mut start: AgentStart, sources: Vec<String>, once: bool) -> anyhow::Result<()> {
    let config: Config = start.document.section("crawler")?;
    let bus_config = start.document.section("bus")?;
    let store_config = start.document.section("store")?;
    let sources = if sources.is_empty() { &config.sources } else { &sources };
    let sources = sources.iter().map(|s| Source::parse(s)).collect::<Result<Vec<_>, _>>()?;

    let (clock, meter) = (start.clock.clone(), start.meter.clone());
    let bus = start.connect(&bus_config).await?;
    let store = Store::postgres(&store_config, clock.clone(), &meter)
        .await
        .context("cannot reach the store")?;

    let crawler = Crawler::build(config, bus.clone(), store, clock, &meter)?;
    let control = start.control.clone();
    let extent = if once { Extent::Everything } else { Extent::Forever };
    let crawl = async {
        let report = crawler.run(sources, extent, &control).await?;
        control.finished();
        if once {
            println!("{}", serde_json::to_string(&report)?);
        }
        match report.source_errors.iter().next() {
            Some((source, reason)) if once => bail!("{source}: {reason}"),
            _ => Ok(()),
        }
    };
    Box::pin(start.serve(crawl)).await?;
    bus.close().await.context("cannot close the bus")
}
