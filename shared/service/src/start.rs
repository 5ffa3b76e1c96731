//! The start of an agent's binary: from its command line to its exit status.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use courant_access::{Gate, Keyring};
use courant_bus::{Bus, Config as BusConfig};
use courant_config::Document;
use courant_telemetry::{Clock, Telemetry};
use opentelemetry::metrics::Meter;
use tokio_util::sync::CancellationToken;

use crate::{Agent, Config, Control, Ports, Process, in_one_line, signals};

/// The arguments of an agent's binary.
#[derive(Debug, Parser)]
#[command(version, about = "One agent of Courant; its configuration is courant.toml")]
pub struct AgentArgs {
    /// The configuration file [default: courant.toml, if there is one]
    #[arg(long, value_name = "FILE", env = "COURANT_CONFIG")]
    config: Option<PathBuf>,
}

/// The parts from which the binary of an agent builds its agent.
pub struct AgentStart {
    /// The configuration. The agent reads its own sections from it.
    pub document: Document,
    /// The process, which becomes ready when the agent does.
    pub process: Process,
    /// The control of the agent.
    pub control: Control,
    /// The meter for instruments.
    pub meter: Meter,
    /// The clock of the system.
    pub clock: Clock,
    config: Config,
    ports: Ports,
}

impl AgentStart {
    /// Connects to the bus. The process is ready only while the bus answers.
    ///
    /// # Errors
    /// If the bus cannot be reached.
    pub async fn connect(&mut self, config: &BusConfig) -> anyhow::Result<Bus> {
        let bus = Bus::connect(config, self.clock.clone(), &self.meter)
            .await
            .context("cannot reach the bus")?;
        self.process.requires("bus", &bus, |bus| async move { Ok(bus.queues().await.map(drop)?) });
        Ok(bus)
    }

    /// Binds the ports and serves until `work` is done.
    ///
    /// # Errors
    /// Those of `work`, or if a port is taken.
    pub async fn serve(self, work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
        self.process.listen(&self.config, self.ports).await?.serve(work).await
    }
}

/// The `main` function of an agent's binary. Reads the configuration, sets up telemetry, and
/// runs `body` until it ends or a signal drains it. An error is printed as one line.
pub fn main<F>(agent: Agent, args: &AgentArgs, body: impl FnOnce(AgentStart) -> F) -> ExitCode
where
    F: Future<Output = anyhow::Result<()>>,
{
    match run(agent, args, body) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {}", agent.service_name, in_one_line(&error));
            ExitCode::FAILURE
        }
    }
}

fn run<F>(agent: Agent, args: &AgentArgs, body: impl FnOnce(AgentStart) -> F) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>>,
{
    let document = Document::load(args.config.as_deref(), std::env::vars())?;
    let config: Config = document.section("service")?;
    let access = document.section("access")?;
    let gate = Gate::new(&access, Keyring::default(), Clock::system());
    let gate = gate.context("access.service_token_file cannot be read")?;
    let telemetry = Telemetry::init(agent.service_name, &document.section("telemetry")?)?;
    let result = signals::block_on(config.drain(), |shutdown: CancellationToken| {
        let mut process = Process::new(&telemetry);
        process.guard(gate);
        process.observe_host(Path::new("."));
        let control = process.agent(agent.name, &shutdown);
        let meter = telemetry.meter();
        let (clock, ports) = (Clock::system(), agent.ports);
        body(AgentStart { document, process, control, meter, clock, config, ports })
    });
    telemetry.flush();
    result
}
