//! `courant mcp`: serves the stored articles to a language model, over standard input and output.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use courant_service::Process;
use courant_telemetry::Telemetry;
use rmcp::ServiceExt;

use crate::config_args::ConfigArgs;
use crate::data::{self, DataFolder};
use crate::pipeline::Pipeline;
use crate::{http, sections, service};

#[derive(Debug, Args)]
pub(crate) struct McpArgs {
    /// The folder that keeps articles and messages
    #[arg(long, value_name = "DIR", default_value = data::DEFAULT)]
    data: PathBuf,
    #[command(flatten)]
    config: ConfigArgs,
}

/// Serves until standard input ends or a signal comes. Only MCP messages are written to standard
/// output.
pub(crate) fn run(args: &McpArgs) -> anyhow::Result<()> {
    http::install_crypto();
    let document = args.config.load_quiet()?;
    sections::check(&document)?;
    if http::block_on(service::running(&args.data))?.is_some() {
        bail!("{} is served already: use the path /mcp of that service", args.data.display());
    }
    let data = DataFolder::hold(&args.data)?;
    let telemetry = Telemetry::init("courant", &document.section("telemetry")?)?;
    let settings: courant_service::Config = document.section("service")?;
    let result = courant_service::block_on(settings.drain(), async |shutdown| {
        let mut process = Process::new(&telemetry);
        let meter = telemetry.meter();
        let mut pipeline =
            Pipeline::start(&document, &data, &mut process, &meter, &shutdown).await?;
        let server = pipeline.gateway.mcp();
        let speak = async {
            let server = Box::pin(server.serve(rmcp::transport::stdio())).await;
            let server = server.context("cannot speak MCP on standard input and output")?;
            server.waiting().await?;
            Ok::<(), anyhow::Error>(())
        };
        let spoken = tokio::select! {
            spoken = speak => spoken,
            failed = pipeline.failed() => Err(failed),
            () = shutdown.cancelled() => Ok(()),
        };
        shutdown.cancel();
        pipeline.join().await.and(spoken)
    });
    telemetry.flush();
    result
}
