//! `courant mcp`: serves a language model over standard input and output, from a running service
//! or from a pipeline in this process.

use std::path::PathBuf;

use clap::Args;
use courant_mcp::{Upstream, bridge};
use courant_service::Process;
use courant_telemetry::Telemetry;
use tokio::io::{BufReader, stdin, stdout};

use crate::config_args::ConfigArgs;
use crate::data::{self, DataFolder};
use crate::pipeline::Pipeline;
use crate::{http, sections, service};

#[derive(Debug, Args)]
pub(crate) struct McpArgs {
    /// The folder that keeps articles and messages; where a service runs on it, that one answers
    #[arg(long, value_name = "DIR", default_value = data::DEFAULT)]
    data: PathBuf,
    /// The running service that answers, as http://127.0.0.1:8080
    #[arg(long, value_name = "URL", conflicts_with = "data")]
    to: Option<String>,
    #[command(flatten)]
    config: ConfigArgs,
}

/// Serves until standard input ends or a signal comes. Only MCP messages are written to standard
/// output.
pub(crate) fn run(args: &McpArgs) -> anyhow::Result<()> {
    if let Some(address) = &args.to {
        return http::block_on(speak(Upstream::at(address)?));
    }
    http::install_crypto();
    if let Some(service) = http::block_on(service::running(&args.data))? {
        return http::block_on(speak(Upstream::at(service.base())?));
    }
    run_pipeline(args)
}

/// Carries messages between standard input and output and an endpoint.
async fn speak(upstream: Upstream) -> anyhow::Result<()> {
    bridge(upstream, BufReader::new(stdin()), stdout()).await
}

/// Runs the pipeline of the data folder in this process, and lets it answer.
fn run_pipeline(args: &McpArgs) -> anyhow::Result<()> {
    let document = args.config.load_quiet()?;
    sections::check(&document)?;
    let data = DataFolder::hold(&args.data)?;
    let telemetry = Telemetry::init("courant", &document.section("telemetry")?)?;
    let settings: courant_service::Config = document.section("service")?;
    let result = courant_service::block_on(settings.drain(), async |shutdown| {
        let mut process = Process::new(&telemetry);
        let meter = telemetry.meter();
        let mut pipeline =
            Pipeline::start(&document, &data, &mut process, &meter, &shutdown).await?;
        let routes = pipeline.gateway.routes().into_router();
        let spoken = tokio::select! {
            spoken = Box::pin(speak(Upstream::Local(routes))) => spoken,
            failed = pipeline.failed() => Err(failed),
            () = shutdown.cancelled() => Ok(()),
        };
        shutdown.cancel();
        pipeline.join().await.and(spoken)
    });
    telemetry.flush();
    result
}
