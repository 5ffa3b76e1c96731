//! `courant admin`: the gRPC admin calls.

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use courant_proto::v1::admin_client::AdminClient;
use courant_proto::v1::{
    AgentState, AgentStatus, DrainRequest, GetStatusRequest, PauseRequest, ResumeRequest,
    SetLogLevelRequest,
};
use tonic::transport::{Channel, Endpoint};

use crate::agents::{AGENTS, DOOR};
use crate::http;

#[derive(Debug, Args)]
pub(crate) struct AdminArgs {
    /// The agent; `all` for every agent of the process
    #[arg(value_parser = names())]
    agent: String,
    #[command(subcommand)]
    call: Call,
    /// The URL of the gRPC server [default: the agent's own port on loopback, then 8081]
    #[arg(long, value_name = "URL", global = true)]
    server: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Call {
    /// Show its state
    Status,
    /// Take no further work
    Pause,
    /// Take work again
    Resume,
    /// Finish what is in flight, then end
    Drain,
    /// Change the filter of the log, as in `info,courant_bus=debug`
    LogLevel {
        /// The filter
        filter: String,
    },
}

/// The name that stands for every agent of a process.
const ALL: &str = "all";

fn names() -> PossibleValuesParser {
    let agents = AGENTS.iter().map(|agent| agent.name);
    PossibleValuesParser::new(std::iter::once(ALL).chain(agents))
}

impl AdminArgs {
    /// Returns the name in requests. An empty name stands for all agents.
    fn name(&self) -> String {
        if self.agent == ALL { String::new() } else { self.agent.clone() }
    }

    fn port(&self) -> u16 {
        let agent = AGENTS.iter().find(|agent| agent.name == self.agent);
        agent.unwrap_or(&DOOR).ports.grpc
    }
}

/// Makes one admin call and prints the status of the agents.
pub(crate) fn run(args: &AdminArgs) -> anyhow::Result<()> {
    http::block_on(async {
        let mut client = AdminClient::new(connect(args).await?);
        let agent = args.name();
        let agents = match &args.call {
            Call::Status => {
                client.get_status(GetStatusRequest { agent }).await?.into_inner().agents
            }
            Call::Pause => client.pause(PauseRequest { agent }).await?.into_inner().agents,
            Call::Resume => client.resume(ResumeRequest { agent }).await?.into_inner().agents,
            Call::Drain => client.drain(DrainRequest { agent }).await?.into_inner().agents,
            Call::LogLevel { filter } => {
                let request = SetLogLevelRequest { filter: filter.clone() };
                let previous = client.set_log_level(request).await?.into_inner().previous_filter;
                outln!("log level is {filter}, was {previous}");
                return Ok(());
            }
        };
        agents.iter().for_each(print);
        Ok(())
    })
}

/// Connects to the agent's own port first, then to the gateway's port, where a process with all
/// agents serves them.
async fn connect(args: &AdminArgs) -> anyhow::Result<Channel> {
    let local = |port| format!("http://127.0.0.1:{port}");
    let candidates = match &args.server {
        Some(server) => vec![server.clone()],
        None => vec![local(args.port()), local(DOOR.ports.grpc)],
    };
    for address in &candidates {
        if let Ok(channel) = Endpoint::from_shared(address.clone())?.connect().await {
            return Ok(channel);
        }
    }
    anyhow::bail!("no agent answers at {}", candidates.join(" or "))
}

fn print(agent: &AgentStatus) {
    let state = agent.state().as_str_name().trim_start_matches("AGENT_STATE_").to_lowercase();
    outln!(
        "{:<9} {:<9} up {:.0} s, {} in flight, {} done, {} retried, {} discarded",
        agent.agent,
        state,
        agent.uptime_seconds,
        agent.in_flight,
        agent.succeeded,
        agent.retried,
        agent.discarded
    );
    let mut details: Vec<_> = agent.details.iter().collect();
    details.sort();
    for (name, value) in details {
        outln!("          {name}: {value}");
    }
    debug_assert_ne!(agent.state(), AgentState::Unspecified);
}
