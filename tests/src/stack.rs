//! The pipeline as separate processes on NATS, Postgres and Redis.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};
use courant_config::Secret;
use courant_store::{ArticleSummary, Config, Store};
use courant_telemetry::{Clock, Meters};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::embedded::{all, round};
use crate::nats::{NatsServer, Sync};
use crate::postgres::Postgres;
use crate::processes::{AgentProcess, Program, http, until};
use crate::redis::Redis;
use crate::sites::Publishers;

/// The agents that always run; the crawler runs in rounds.
pub const AGENTS: [&str; 4] = ["gateway", "embedder", "analyst", "storage"];

/// Three servers and four agents.
pub struct Stack {
    /// The message bus.
    pub nats: NatsServer,
    /// The store.
    pub postgres: Postgres,
    /// The shared cache.
    pub redis: Redis,
    agents: Vec<AgentProcess>,
    folder: TempDir,
    variables: Vec<(&'static str, String)>,
    /// True if each agent has a user of its own on the bus, whose password is its name.
    has_users: bool,
}

impl Stack {
    /// Starts everything, and waits until it is ready.
    ///
    /// # Errors
    /// If a server is missing, or something does not start: with its log.
    pub async fn start(publishers: &Publishers) -> anyhow::Result<Self> {
        Self::start_with(publishers, &[]).await
    }

    /// The same with further variables for every agent.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_with(
        publishers: &Publishers,
        variables: &[(&'static str, String)],
    ) -> anyhow::Result<Self> {
        let nats = NatsServer::start(Sync::Sometimes).await?;
        Self::start_on(nats, publishers, variables, false).await
    }

    /// The same on a bus where each agent has a user of its own name, whose password is its name.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_with_users(
        nats: NatsServer,
        publishers: &Publishers,
    ) -> anyhow::Result<Self> {
        Self::start_on(nats, publishers, &[], true).await
    }

    async fn start_on(
        nats: NatsServer,
        publishers: &Publishers,
        variables: &[(&'static str, String)],
        has_users: bool,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("courant.toml"), publishers.configuration())?;
        let (postgres, redis) = (Postgres::start()?, Redis::start()?);
        let mut stack = Self {
            nats,
            postgres,
            redis,
            agents: Vec::new(),
            folder,
            variables: variables.to_vec(),
            has_users,
        };
        for name in AGENTS {
            let agent = AgentProcess::start(name, stack.command(name)?, stack.folder.path())?;
            stack.agents.push(agent);
        }
        for agent in &mut stack.agents {
            agent.ready().await?;
        }
        Ok(stack)
    }

    fn command(&self, agent: &'static str) -> anyhow::Result<Command> {
        let mut command = Program::Agent(agent).command()?;
        command
            .arg("--config")
            .arg(self.folder.path().join("courant.toml"))
            .env("COURANT__BUS__URL", self.nats.url())
            .env("COURANT__BUS__ACK_WAIT_S", "3")
            .env("COURANT__BUS__RETRY_DELAY_S", "0.2")
            .env("COURANT__STORE__URL", self.postgres.url())
            .env("COURANT__CACHE__REDIS_URL", self.redis.url())
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        if self.has_users {
            command.env("COURANT__BUS__USER", agent).env("COURANT__BUS__PASSWORD", agent);
        }
        Ok(command)
    }

    /// One of the agents.
    ///
    /// # Panics
    /// If there is none of that name.
    pub fn agent(&mut self, name: &str) -> &mut AgentProcess {
        let place = AGENTS.iter().position(|agent| *agent == name).expect("an agent's name");
        &mut self.agents[place]
    }

    /// Starts a crawler that visits all publishers again and again, as in production.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn crawl_on(&self) -> anyhow::Result<AgentProcess> {
        AgentProcess::start("crawler", self.command("crawler")?, self.folder.path())
    }

    /// Starts a crawl over all publishers, in a process of its own.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn crawl(&self) -> anyhow::Result<AgentProcess> {
        let mut command = self.command("crawler")?;
        command.arg("--once");
        AgentProcess::start("crawler", command, self.folder.path())
    }

    /// A whole round: the crawler's report, once all that it found is worked off.
    ///
    /// # Errors
    /// If it fails or takes too long.
    pub async fn round(&self) -> anyhow::Result<Value> {
        let mut crawler = self.crawl()?;
        let status = crawler.ended(round()).await?;
        if !status.success() {
            bail!("the crawler ended with {status}\n{}", crawler.log());
        }
        self.drained().await?;
        report(&crawler.log())
    }

    /// Waits until the work queues are empty.
    ///
    /// # Errors
    /// If that takes too long.
    pub async fn drained(&self) -> anyhow::Result<()> {
        until("the queues are worked off", round(), async || {
            let Ok(status) = self.ask("/v1/status").await else { return Ok(false) };
            let queues = status["queues"].as_array().context("the status names the queues")?;
            let work = queues.iter().filter(|queue| queue["stage"].is_string());
            Ok(work.clone().count() >= AGENTS.len()
                && work.into_iter().all(|q| q["depth"] == json!(0)))
        })
        .await
    }

    /// Returns the gateway's URL for `path`.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.agents[0].http)
    }

    /// Returns the gateway's answer to a GET of `path`.
    ///
    /// # Errors
    /// If the gateway does not answer with success and JSON.
    pub async fn ask(&self, path: &str) -> anyhow::Result<Value> {
        let request = http().get(self.url(path)).timeout(Duration::from_secs(10));
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    /// Returns every stored article, in the order of ids.
    ///
    /// # Errors
    /// If Postgres does not answer.
    pub async fn stored(&self) -> anyhow::Result<Vec<ArticleSummary>> {
        let meter = Meters::new("test")?.meter();
        let config = Config { url: Some(Secret::new(self.postgres.url())), ..Config::default() };
        let store = Store::postgres(&config, Clock::system(), &meter).await?;
        let stored = all(&store).await?;
        store.close().await?;
        Ok(stored)
    }

    /// Returns each agent's name and the port of its metrics.
    pub fn http_ports(&self) -> Vec<(&'static str, u16)> {
        AGENTS.iter().zip(&self.agents).map(|(name, agent)| (*name, agent.http)).collect()
    }

    /// Returns the logs of all agents.
    pub fn logs(&self) -> String {
        self.agents.iter().map(AgentProcess::log).collect::<Vec<_>>().join("\n")
    }
}

/// The crawler's report: the last JSON object that it printed.
fn report(log: &str) -> anyhow::Result<Value> {
    let line = log.lines().rev().find(|line| line.starts_with('{'));
    Ok(serde_json::from_str(line.context("the crawler prints its report")?)?)
}
