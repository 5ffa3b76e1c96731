//! `courant admin`: the gRPC admin calls.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use courant_client::service_address;
use courant_proto::v1::admin_client::AdminClient;
use courant_proto::v1::{
    AgentState, AgentStatus, DrainRequest, GetStatusRequest, PauseRequest, ResumeRequest,
    SetLogLevelRequest,
};
use courant_service::Config;
use tonic::Status;

use crate::agents::{AGENTS, DOOR};
use crate::config_args::ConfigArgs;
use crate::grpc::Channel;
use crate::{data, grpc, http};

#[derive(Debug, Args)]
pub(crate) struct AdminArgs {
    /// The agent; `all` for every agent of the process
    #[arg(value_parser = names())]
    agent: String,
    #[command(subcommand)]
    call: Call,
    /// The gRPC server, as http://127.0.0.1:8081 [default: the pipeline that runs on the data
    /// folder, then the agent's own port on loopback, then 8081]
    #[arg(long, value_name = "URL", global = true)]
    server: Option<String>,
    /// The data folder of a running pipeline [default: courant-data]
    #[arg(long, value_name = "DIR", global = true, conflicts_with = "server")]
    data: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Debug, Subcommand)]
enum Call {
    /// Show its state
    Status,
    /// Take no further work
    Pause,
    /// Take work again
    Resume,
    /// Finish what is in flight, then end; the process ends with its last agent
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

    /// Returns the addresses at which the agent may answer, the likeliest first: that of the
    /// pipeline on the data folder, the configured or usual port of the agent, and the gateway's
    /// port, where a process with all agents serves them.
    fn candidates(&self) -> anyhow::Result<Vec<String>> {
        if let Some(server) = &self.server {
            return Ok(vec![service_address(server, "http://127.0.0.1:8081")?]);
        }
        let folder = data::or_default(self.data.as_deref());
        let mut candidates: Vec<String> = data::noted_grpc_url(folder).into_iter().collect();
        if self.data.is_none() {
            let service: Config = self.config.load()?.section("service")?;
            let agent = AGENTS.iter().find(|agent| agent.name == self.agent);
            let own = agent.unwrap_or(&DOOR).ports.grpc;
            // Port 0 takes any free one, which the data folder names.
            let configured = service.grpc_port.filter(|port| *port > 0);
            for port in [configured.unwrap_or(own), DOOR.ports.grpc] {
                candidates.push(format!("http://127.0.0.1:{port}"));
            }
            candidates.dedup();
        }
        anyhow::ensure!(!candidates.is_empty(), "no pipeline runs on {}", folder.display());
        Ok(candidates)
    }
}

/// Makes one admin call and prints the status of the agents.
pub(crate) fn run(args: &AdminArgs) -> anyhow::Result<()> {
    let candidates = args.candidates()?;
    http::block_on(async {
        let (address, channel) = connect(&candidates).await?;
        let mut client = AdminClient::new(channel);
        match call(&mut client, args).await {
            Ok(()) => Ok(()),
            Err(status) => Err(grpc::refused(&address, status).await),
        }
    })
}

async fn connect(candidates: &[String]) -> anyhow::Result<(String, Channel)> {
    for address in candidates {
        if let Some(channel) = grpc::connect(address).await? {
            return Ok((address.clone(), channel));
        }
    }
    anyhow::bail!("no agent answers at {}", candidates.join(" or "))
}

async fn call(client: &mut AdminClient<Channel>, args: &AdminArgs) -> Result<(), Status> {
    let agent = args.name();
    let agents = match &args.call {
        Call::Status => client.get_status(GetStatusRequest { agent }).await?.into_inner().agents,
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
    if matches!(args.call, Call::Drain) {
        // A process that has finished already does not answer, and nothing is left to say.
        let all = client.get_status(GetStatusRequest::default()).await;
        outln!("{}", after_drain(&all.map(|all| all.into_inner().agents).unwrap_or_default()));
    }
    Ok(())
}

/// Says what becomes of a process with these agents once one of them drains.
fn after_drain(agents: &[AgentStatus]) -> String {
    let drains = |agent: &&AgentStatus| agent.state() >= AgentState::Draining;
    let left: Vec<_> = agents.iter().filter(|agent| !drains(agent)).collect();
    if left.is_empty() {
        return "the process ends when what is in flight is finished".to_owned();
    }
    let names: Vec<_> = left.iter().map(|agent| agent.agent.as_str()).collect();
    format!("the process goes on with {}; `courant admin all drain` ends it", names.join(", "))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drain_says_whether_the_process_ends() {
        let status = |agent: &str, state: AgentState| AgentStatus {
            agent: agent.into(),
            state: state.into(),
            ..AgentStatus::default()
        };
        let crawler = status("crawler", AgentState::Draining);
        let gateway = |state| status("gateway", state);
        let goes_on = after_drain(&[crawler.clone(), gateway(AgentState::Paused)]);
        assert!(goes_on.contains("goes on with gateway;"), "{goes_on}");
        let ends = after_drain(&[crawler, gateway(AgentState::Stopped)]);
        assert!(ends.starts_with("the process ends"), "{ends}");
    }
}
