//! The gRPC admin service.

use courant_proto::v1::admin_server::Admin;
use courant_proto::v1::{
    AgentStatus, DrainRequest, DrainResponse, GetStatusRequest, GetStatusResponse, PauseRequest,
    PauseResponse, ResumeRequest, ResumeResponse, SetLogLevelRequest, SetLogLevelResponse,
};
use courant_telemetry::LogFilter;
use tonic::{Request, Response, Status};

use crate::control::Control;

/// Steers the agents of one process.
pub(crate) struct AdminService {
    pub(crate) agents: Vec<Control>,
    pub(crate) log_filter: LogFilter,
}

impl AdminService {
    /// Does `action` to the agent of that name, or to all where it is empty.
    fn each(&self, name: &str, action: impl Fn(&Control)) -> Result<Vec<AgentStatus>, Status> {
        let meant = |agent: &&Control| name.is_empty() || agent.agent() == name;
        let agents: Vec<&Control> = self.agents.iter().filter(meant).collect();
        if agents.is_empty() {
            let names: Vec<_> = self.agents.iter().map(Control::agent).collect();
            let message =
                format!("no agent {name:?} in this process; it runs {}", names.join(", "));
            return Err(Status::not_found(message));
        }
        Ok(agents
            .into_iter()
            .map(|agent| {
                action(agent);
                agent.status()
            })
            .collect())
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
        let agents = self.each(&request.get_ref().agent, Control::pause)?;
        Ok(Response::new(PauseResponse { agents }))
    }

    async fn resume(
        &self,
        request: Request<ResumeRequest>,
    ) -> Result<Response<ResumeResponse>, Status> {
        let agents = self.each(&request.get_ref().agent, Control::resume)?;
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
