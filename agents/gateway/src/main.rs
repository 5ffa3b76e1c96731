//! The gateway as a process of its own.

use std::process::ExitCode;

use anyhow::Context;
use courant_cache::Cache;
use courant_config::shown;
use courant_credentials::{Credentials, Records};
use courant_gateway::{AGENT, Config, Gateway, IndexFolder};
use courant_search::Search;
use courant_service::AgentStart;
use courant_store::Store;

fn main() -> ExitCode {
    courant_service::main(AGENT, &courant_service::command_line(), run)
}

async fn run(mut start: AgentStart) -> anyhow::Result<()> {
    let config: Config = start.document.section("gateway")?;
    let bus_config = start.document.section("bus")?;
    let store_config = start.document.section("store")?;
    let cache_config = start.document.section("cache")?;
    let service_config: courant_service::Config = start.document.section("service")?;
    let access = start.document.section("access")?;
    let in_force = [
        ("gateway", shown(&config)?),
        ("bus", shown::<courant_bus::Config>(&bus_config)?),
        ("store", shown::<courant_store::Config>(&store_config)?),
        ("cache", shown::<courant_cache::Config>(&cache_config)?),
        ("service", shown(&service_config)?),
        ("access", shown::<courant_access::Config>(&access)?),
    ];

    let (clock, meter) = (start.clock.clone(), start.meter.clone());
    let bus = start.connect(&bus_config).await?;
    let store = Store::postgres(&store_config, clock.clone(), &meter)
        .await
        .context("cannot reach the store")?;
    let cache = Cache::connect(&cache_config, &meter).context("cannot set up the cache")?;
    start.process.requires("store", &store, |store| async move { Ok(store.ping().await?) });

    let url = store_config.url.clone().context("store.url is not set")?;
    let records = Records::postgres(&url).await.context("cannot open the credentials")?;
    let credentials = Credentials::open(records, &access, clock.clone()).await?;
    start.process.guard(credentials.gate(None).context("cannot read the service token")?);
    start.process.http(credentials.routes());
    let following = credentials.follow();

    let index = IndexFolder::of(&config)?;
    let search = Search::keep(store, index.path()).await.context("cannot open the search index")?;
    start.process.requires("index", &search, |search| async move { Ok(search.ready()?) });
    let gateway = Gateway::build(config, bus.clone(), search, cache, clock, &meter)?;
    gateway.set_reranks(start.document.has("search.rerank.model"));
    gateway.set_configuration(
        in_force.into_iter().map(|(name, section)| (name.to_owned(), section)).collect(),
    );
    start.process.requires("intake", &gateway.intake(), |intake| async move { intake.check() });
    gateway.serve_with(&mut start.process);
    let control = start.control.clone();
    let served = Box::pin(start.serve(gateway.run(control))).await;
    following.end().await;
    served?;
    bus.close().await.context("cannot close the bus")
}
