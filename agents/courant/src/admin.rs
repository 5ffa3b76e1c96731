//! `courant admin`: the gRPC admin calls.

use clap::{Args, Subcommand, ValueEnum};
use courant_proto::v1::admin_client::AdminClient;
use courant_proto::v1::{
    AgentState, AgentStatus, DrainRequest, GetStatusRequest, PauseRequest, ResumeRequest,
    SetLogLevelRequest,
};
use courant_service::Ports;
use tonic::transport::{Channel, Endpoint};

use crate::http;

#[derive(Debug, Args)]
pub(crate) struct AdminArgs {
    /// The agent; `all` for every agent of the process
    agent: Agent,
    #[command(subcommand)]
    call: Call,
    /// Where its gRPC answers [default: the agent's own port on loopback, then 8081]
    #[arg(long, value_name = "URL", global = true)]
    server: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Agent {
    All,
    Crawler,
    Gateway,
    Embedder,
    Analyst,
    Storage,
}

#[derive(Debug, Subcommand)]
enum Call {
    /// What it is doing
    Status,
    /// Take no further work
    Pause,
    /// Take work again
    Resume,
    /// Finish what is in flight, then end
    Drain,
    /// Change what the process logs, as in `info,courant_bus=debug`
    LogLevel {
        /// The filter
        filter: String,
    },
}

impl Agent {
    /// The name in requests; empty means all.
    fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .filter(|name| name != "all")
            .unwrap_or_default()
    }

    fn ports(self) -> Ports {
        match self {
            Self::All | Self::Gateway => Ports::GATEWAY,
            Self::Crawler => Ports::CRAWLER,
            Self::Embedder => Ports::EMBEDDER,
            Self::Analyst => Ports::ANALYST,
            Self::Storage => Ports::STORAGE,
        }
    }
}

/// Does one admin call and prints the agents' status.
pub(crate) fn run(args: &AdminArgs) -> anyhow::Result<()> {
    http::block_on(async {
        let mut client = AdminClient::new(connect(args).await?);
        let agent = args.agent.name();
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

/// The agent's own port first; an embedded process serves all on the gateway's.
async fn connect(args: &AdminArgs) -> anyhow::Result<Channel> {
    let local = |port| format!("http://127.0.0.1:{port}");
    let candidates = match &args.server {
        Some(server) => vec![server.clone()],
        None => vec![local(args.agent.ports().grpc), local(Ports::GATEWAY.grpc)],
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
