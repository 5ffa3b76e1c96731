//! Serves the MCP fixtures of the conformance suite at `/conformance`, and an empty archive at
//! `/mcp`, on a free port of loopback. Prints the address. Ends when standard input does.
//! Usage: conformance

mod fixtures;
mod rounds;
mod server;

use std::time::Duration;

use courant_api::openapi::Operation;
use courant_bus::Bus;
use courant_cache::Cache;
use courant_gateway::Gateway;
use courant_search::Search;
use courant_service::{Process, Routes};
use courant_store::{Access, Store};
use courant_telemetry::{Clock, Telemetry};
use tokio::io::AsyncReadExt;

const PATIENCE: Duration = Duration::from_secs(30);
const MAX_BODY_BYTES: usize = 1 << 20;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let telemetry = Telemetry::init("conformance", &courant_telemetry::Config::default())?;
    let (clock, meter) = (Clock::system(), telemetry.meter());
    let spool = folder.path().join("spool.db");
    let bus = Bus::embedded(&courant_bus::Config::default(), &spool, clock.clone(), &meter)?;
    let config = courant_store::Config::default();
    let file = folder.path().join("courant.db");
    let store = Store::sqlite(&file, Access::ReadWrite, &config, clock.clone(), &meter).await?;
    let search = Search::keep(store, &folder.path().join("index")).await?;
    let cache = Cache::memory(&courant_cache::Config::default(), &meter);
    let config = courant_gateway::Config::default();
    let gateway = Gateway::build(config, bus, search, cache, clock, &meter)?;

    let mut process = Process::new(&telemetry);
    gateway.serve_with(&mut process);
    let fixtures = server::over_http(gateway.mcp_config());
    let fixed = Operation::post("/conformance", "conformance", "Speaks MCP with fixtures");
    process.http(Routes::new().service(fixed, fixtures).limited(PATIENCE, MAX_BODY_BYTES));

    let config =
        courant_service::Config { http_port: Some(0), grpc_port: Some(0), ..Default::default() };
    let process = process.listen(&config, courant_gateway::AGENT.ports).await?;
    println!("http://{}", process.http_address()?);
    let end = async {
        // Whatever it says: the other side is gone.
        drop(tokio::io::stdin().read_to_end(&mut Vec::new()).await);
        Ok(())
    };
    process.serve(end).await
}
