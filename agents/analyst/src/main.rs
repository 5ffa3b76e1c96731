//! Runs the analyst as its own process.

use std::process::ExitCode;

use anyhow::Context;
use courant_analyst::{AGENT, Analyst};
use courant_gpu_utils::collect;
use courant_inference::{Deps, ModelHost};
use courant_service::AgentStart;

fn main() -> ExitCode {
    courant_service::main(AGENT, &courant_service::command_line(), run)
}

async fn run(mut start: AgentStart) -> anyhow::Result<()> {
    let config = start.document.section("analyst")?;
    let bus_config = start.document.section("bus")?;
    let (inference, gpu) = (start.document.section("inference")?, start.document.section("gpu")?);
    collect::observe(&start.meter, &gpu);
    let host = ModelHost::new(&inference, &gpu, Deps::resolve());

    let bus = start.connect(&bus_config).await?;
    let analyst = Analyst::build(config, host, bus.clone(), &start.meter)?;
    start.process.http(analyst.routes());
    start.process.grpc(analyst.grpc());
    let control = start.control.clone();
    start.serve(analyst.run(control)).await?;
    bus.close().await.context("cannot close the bus")
}
