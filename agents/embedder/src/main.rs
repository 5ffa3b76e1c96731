//! The embedder as a process of its own.

use std::process::ExitCode;

use anyhow::Context;
use courant_embedder::{AGENT, Embedder};
use courant_gpu_utils::collect;
use courant_inference::{Deps, Encoder, ModelHost, SearchConfig};
use courant_service::AgentStart;

fn main() -> ExitCode {
    courant_service::main(AGENT, &courant_service::command_line(), run)
}

async fn run(mut start: AgentStart) -> anyhow::Result<()> {
    let config = start.document.section("embedder")?;
    let bus_config = start.document.section("bus")?;
    let inference = start.document.section("inference")?;
    let gpu = start.document.section("gpu")?;
    let search: SearchConfig = start.document.section("search")?;

    let meter = start.meter.clone();
    collect::observe(&meter, &gpu);
    let encoder = Encoder::load(&inference, &gpu, &Deps::resolve(), &meter)
        .context("cannot load the encoder")?;
    let host = ModelHost::new(&inference, &gpu, Deps::resolve());
    let reranker = search.load(&host, &meter).context("cannot load the re-ranker")?;
    let bus = start.connect(&bus_config).await?;

    let embedder = Embedder::build(config, bus.clone(), encoder, &meter)?.with_reranker(reranker);
    start.process.http(embedder.routes());
    start.process.grpc(embedder.grpc());
    let control = start.control.clone();
    start.serve(embedder.run(control)).await?;
    bus.close().await.context("cannot close the bus")
}
