//! The storage agent as a process of its own.

use std::process::ExitCode;

use anyhow::Context;
use courant_service::AgentStart;
use courant_storage::{AGENT, Storage};
use courant_store::Store;

fn main() -> ExitCode {
    courant_service::main(AGENT, &courant_service::command_line(), run)
}

async fn run(mut start: AgentStart) -> anyhow::Result<()> {
    let config = start.document.section("storage")?;
    let bus_config = start.document.section("bus")?;
    let store_config = start.document.section("store")?;

    let (clock, meter) = (start.clock.clone(), start.meter.clone());
    let bus = start.connect(&bus_config).await?;
    let store = Store::postgres(&store_config, clock.clone(), &meter)
        .await
        .context("cannot reach the store")?;
    start.process.requires("store", &store, |store| async move { Ok(store.ping().await?) });

    let storage = Storage::build(config, bus.clone(), store, clock, &meter)?;
    let control = start.control.clone();
    start.serve(storage.run(control)).await?;
    bus.close().await.context("cannot close the bus")
}
