//! The gRPC admin service.

use courant_proto::v1::admin_server::Admin;
use courant_proto::v1::{
    AgentStatus, DrainRequest, DrainResponse, GetStatusRequest, GetStatusResponse, PauseRequest,
    PauseResponse, ResumeRequest, ResumeResponse, SetLogLevelRequest, SetLogLevelResponse,
};
use courant_telemetry::LogFilter;
use tonic::{Request, Response, Status};

use crate::control::{AgentState, Control};

/// Steers the agents of one process.
pub(crate) struct AdminService {
    pub(crate) agents: Vec<Control>,
    pub(crate) log_filter: LogFilter,
}

impl AdminService {
    /// Does `action` to the agent of that name, or to all where it is empty.
    fn each(&self, name: &str, action: impl Fn(&Control)) -> Result<Vec<AgentStatus>, Status> {
        let agents = self.named(name)?;
        agents.iter().for_each(|agent| action(agent));
        Ok(agents.into_iter().map(Control::status).collect())
    }

    /// Does `action` like [`Self::each`], unless one of the agents drains or has ended: it takes no
    /// work any more, whatever is asked of it.
    fn each_alive(
        &self,
        name: &str,
        action: impl Fn(&Control),
    ) -> Result<Vec<AgentStatus>, Status> {
        let ended = |agent: &&Control| agent.state() >= AgentState::Draining;
        if let Some(agent) = self.named(name)?.into_iter().find(ended) {
            let state = match agent.state() {
                AgentState::Stopped => "has ended",
                _ => "drains and will end",
            };
            let message =
                format!("the {} {state}; start its process again to go on", agent.agent());
            return Err(Status::failed_precondition(message));
        }
        self.each(name, action)
    }

    fn named(&self, name: &str) -> Result<Vec<&Control>, Status> {
        let meant = |agent: &&Control| name.is_empty() || agent.agent() == name;
        let agents: Vec<&Control> = self.agents.iter().filter(meant).collect();
        if agents.is_empty() {
            let names: Vec<_> = self.agents.iter().map(Control::agent).collect();
            let message =
                format!("no agent {name:?} in this process; it runs {}", names.join(", "));
            return Err(Status::not_found(message));
        }
        Ok(agents)
    }
}

#[tonic::async_trait]
impl Admin for AdminService {
    async fn get_status(
        &self,
        request: Request<GetStatusRequest>,
    ) -> Result<Response<GetStatusResponse>, Status> {
        let agents = self.each(&request.get_ref().agent, |_| ())?;
        Ok(Response::new(GetStatusResponse { agents }))
    }

    async fn pause(
        &self,
        request: Request<PauseRequest>,
    ) -> Result<Response<PauseResponse>, Status> {
        let agents = self.each_alive(&request.get_ref().agent, Control::pause)?;
        Ok(Response::new(PauseResponse { agents }))
    }

    async fn resume(
        &self,
        request: Request<ResumeRequest>,
    ) -> Result<Response<ResumeResponse>, Status> {
        let agents = self.each_alive(&request.get_ref().agent, Control::resume)?;
        Ok(Response::new(ResumeResponse { agents }))
    }

    async fn drain(
        &self,
        request: Request<DrainRequest>,
    ) -> Result<Response<DrainResponse>, Status> {
        let agents = self.each(&request.get_ref().agent, Control::drain)?;
        Ok(Response::new(DrainResponse { agents }))
    }

    async fn set_log_level(
        &self,
        request: Request<SetLogLevelRequest>,
    ) -> Result<Response<SetLogLevelResponse>, Status> {
        let previous_filter = self
            .log_filter
            .set(&request.get_ref().filter)
            .map_err(|error| Status::invalid_argument(error.to_string()))?;
        Ok(Response::new(SetLogLevelResponse { previous_filter }))
    }
}

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;

    use super::*;

    #[tokio::test]
    async fn an_agent_that_drains_is_neither_resumed_nor_paused_and_says_so() {
        let agents = ["crawler", "gateway"];
        let agents = agents.map(|name| Control::new(name, &CancellationToken::new())).to_vec();
        let admin = AdminService { agents, log_filter: LogFilter::detached() };
        assert_eq!(admin.each_alive("", Control::resume).unwrap().len(), 2);

        admin.each("crawler", Control::drain).unwrap();
        for (name, action) in [("crawler", Control::resume as fn(&Control)), ("", Control::pause)] {
            let refused = admin.each_alive(name, action).unwrap_err();
            assert_eq!(refused.code(), tonic::Code::FailedPrecondition);
            assert!(refused.message().contains("the crawler drains"), "{refused}");
        }
        assert!(admin.each_alive("gateway", Control::pause).is_ok());
        admin.agents[0].finished();
        let refused = admin.each_alive("crawler", Control::resume).unwrap_err();
        assert!(refused.message().contains("the crawler has ended"), "{refused}");
    }
}
