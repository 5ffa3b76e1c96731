//! One process: its agents, its ports, its probes.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::response::IntoResponse;
use courant_access::Gate;
use courant_host::HostSources;
use courant_proto::v1::FILE_DESCRIPTOR_SET;
use courant_proto::v1::admin_server::AdminServer;
use courant_telemetry::{LogFilter, Meters, Telemetry};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::codegen::http::Request;
use tonic::server::NamedService;
use tonic::service::Routes as GrpcRoutes;
use tonic_health::ServingStatus;
use tower::Service;

use crate::admin::AdminService;
use crate::clock_watch;
use crate::config::{Config, Ports};
use crate::control::Control;
use crate::description::described;
use crate::http::{Connections, Protocol, Tls, over_grpc, over_http, serve};
use crate::probes::{self, Readiness};
use crate::routes::Routes;

/// The interval at which the health service looks at the agents.
const HEALTH_INTERVAL: Duration = Duration::from_millis(500);
/// The time that the servers may take to close their connections at the end: open health
/// watches would keep them open for ever.
const CLOSING: Duration = Duration::from_secs(2);

/// A process that is being built.
pub struct Process {
    readiness: Readiness,
    /// The shutdown that each agent drains on, once for each agent.
    shutdowns: Vec<CancellationToken>,
    meters: Meters,
    log_filter: LogFilter,
    http: Routes,
    grpc: Vec<AddService>,
    gate: Gate,
}

type AddService = Box<dyn FnOnce(GrpcRoutes) -> GrpcRoutes + Send>;

impl Process {
    /// Makes a process without agents.
    pub fn new(telemetry: &Telemetry) -> Self {
        Self {
            readiness: Readiness { agents: Vec::new(), checks: Vec::new() },
            shutdowns: Vec::new(),
            meters: telemetry.meters(),
            log_filter: telemetry.log_filter(),
            http: Routes::new(),
            grpc: Vec::new(),
            gate: Gate::open(),
        }
    }

    /// Lets `gate` decide who may do what. Without a call, the ports are open on loopback.
    pub fn guard(&mut self, gate: Gate) {
        self.gate = gate;
    }

    /// Exports the metrics of the host and of the file system of `folder`.
    pub fn observe_host(&self, folder: &Path) {
        courant_host::observe_host(&self.meters.meter(), &HostSources::of_process(folder));
    }

    /// Adds an agent that drains when `shutdown` is cancelled. Once an operator has drained every
    /// agent of the process, `shutdown` is cancelled, and the process ends as after a signal.
    pub fn agent(&mut self, name: &'static str, shutdown: &CancellationToken) -> Control {
        let control = Control::new(name, shutdown);
        self.readiness.agents.push(control.clone());
        self.shutdowns.push(shutdown.clone());
        control
    }

    /// Adds a condition of readiness: the process is ready only while `check` of `part`
    /// succeeds.
    pub fn requires<P, F>(
        &mut self,
        name: &'static str,
        part: &P,
        check: impl Fn(P) -> F + Send + Sync + 'static,
    ) where
        P: Clone + Send + Sync + 'static,
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let part = part.clone();
        self.readiness.checks.push((name, Box::new(move || Box::pin(check(part.clone())))));
    }

    /// Serves `routes` beside the probes. Each has its [limits](Routes::limited).
    pub fn http(&mut self, routes: Routes) {
        self.http = std::mem::replace(&mut self.http, Routes::new()).merge(routes);
    }

    /// Serves a gRPC service beside health, admin and reflection.
    pub fn grpc<S>(&mut self, service: S)
    where
        S: Service<Request<Body>, Error = Infallible> + NamedService + Clone,
        S: Send + Sync + 'static,
        S::Response: IntoResponse,
        S::Future: Send + 'static,
    {
        self.grpc.push(Box::new(move |routes| routes.add_service(service)));
    }

    /// Binds both ports.
    ///
    /// # Errors
    /// If a port is taken: the error names the port. If the certificate cannot be read. If a network could reach the ports, and nothing
    /// guards them.
    pub async fn listen(self, config: &Config, ports: Ports) -> anyhow::Result<BoundProcess> {
        check_guarded(&self.gate, config)?;
        let tls = match (&config.tls_cert, &config.tls_key) {
            (Some(certificate), Some(key)) => Some(Tls::read(certificate, key)?),
            _ => None,
        };
        let http = bind(config.http(ports), "http_port").await?;
        let grpc = bind(config.grpc(ports), "grpc_port").await?;
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            http = %http.local_addr()?,
            grpc = %grpc.local_addr()?,
            "listening"
        );
        Ok(BoundProcess { process: self, config: config.clone(), tls, http, grpc })
    }
}

/// Refuses ports that a network can reach while nothing guards them.
fn check_guarded(gate: &Gate, config: &Config) -> anyhow::Result<()> {
    if config.bind.is_loopback() || config.insecure {
        return Ok(());
    }
    anyhow::ensure!(
        gate.is_guarded(),
        "service.bind is {}, and nothing guards the ports: make a token (courant token create \
         --scope admin), name a file with access.service_token_file, set access.required = \
         \"always\", or let anyone in with service.insecure = true",
        config.bind
    );
    gate.expose();
    Ok(())
}

async fn bind(address: SocketAddr, key: &str) -> anyhow::Result<TcpListener> {
    let bound = TcpListener::bind(address).await;
    bound.with_context(|| {
        format!(
            "cannot listen on {address}; is another process using the port? \
             [service] {key} names another one, 0 any that is free"
        )
    })
}

/// A process with its ports bound.
pub struct BoundProcess {
    process: Process,
    config: Config,
    tls: Option<Tls>,
    http: TcpListener,
    grpc: TcpListener,
}

impl BoundProcess {
    /// Returns the address at which HTTP is served.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn http_address(&self) -> std::io::Result<SocketAddr> {
        self.http.local_addr()
    }

    /// Returns the address at which gRPC is served.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn grpc_address(&self) -> std::io::Result<SocketAddr> {
        self.grpc.local_addr()
    }

    /// Serves until `work` is done, and returns its result. The probes and the admin service
    /// answer until then, so that a drain can be observed.
    ///
    /// # Errors
    /// Those of `work`, or of a server that failed earlier.
    pub async fn serve<T>(
        self,
        work: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        let closing = CancellationToken::new();
        let (agents, shutdowns) =
            (self.process.readiness.agents.clone(), self.process.shutdowns.clone());
        let ending = tokio::spawn(end_when_drained(agents, shutdowns));
        let mut servers = tokio::spawn(self.servers(closing.clone()));
        let result = tokio::select! {
            result = work => result,
            ended = &mut servers => {
                ended.context("a server panicked")??;
                anyhow::bail!("the servers ended before the work");
            }
        };
        ending.abort();
        closing.cancel();
        if tokio::time::timeout(CLOSING, &mut servers).await.is_err() {
            servers.abort();
        }
        result
    }

    async fn servers(self, closing: CancellationToken) -> anyhow::Result<()> {
        let Process { readiness, meters, log_filter, http, grpc, gate, .. } = self.process;
        let readiness = Arc::new(readiness);
        let (reporter, health) = tonic_health::server::health_reporter();
        // The reporter starts as serving; nothing is, until an agent runs.
        reporter.set_service_status("", ServingStatus::NotServing).await;
        let reporting = report_health(reporter, readiness.clone());
        let clock = clock_watch::watch(meters.meter());

        let admin = AdminService { agents: readiness.agents.clone(), log_filter };
        let reflection = || {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        };
        let newer = reflection().build_v1().context("cannot build gRPC reflection")?;
        let older = reflection().build_v1alpha().context("cannot build gRPC reflection")?;
        let routes = GrpcRoutes::new(AdminServer::new(admin))
            .add_service(health)
            .add_service(newer)
            .add_service(older);
        let routes = grpc.into_iter().fold(routes, |routes, add| add(routes));
        let meter = meters.meter();
        let connections = Connections::new(self.config.connections(), &meter);
        let routes = over_grpc(routes.into_axum_router(), &gate);
        let acceptor = |protocol| self.tls.as_ref().map(|tls| tls.acceptor(protocol)).transpose();
        let (tls, tls_of_grpc) = (acceptor(Protocol::Http)?, acceptor(Protocol::Grpc)?);
        let grpc = serve(
            self.grpc,
            routes,
            Protocol::Grpc,
            connections.clone(),
            tls_of_grpc,
            closing.clone(),
        );
        let http = described(http, env!("CARGO_PKG_VERSION")).into_router();
        let probes = probes::routes(readiness, meters);
        let routes = over_http(http, probes, &gate, &self.config, &meter);
        let http = serve(self.http, routes, Protocol::Http, connections, tls, closing);
        tokio::select! {
            _ended = async { tokio::join!(http, grpc) } => {}
            () = reporting => {}
            () = clock => {}
        }
        Ok(())
    }
}

/// Cancels the shutdowns of the process once each of its agents drains.
async fn end_when_drained(agents: Vec<Control>, shutdowns: Vec<CancellationToken>) {
    for agent in &agents {
        agent.stopped().await;
    }
    shutdowns.iter().for_each(CancellationToken::cancel);
}

/// Tells `grpc.health.v1` of every agent, and of the process under the empty name.
async fn report_health(reporter: tonic_health::server::HealthReporter, readiness: Arc<Readiness>) {
    let serving = |yes| if yes { ServingStatus::Serving } else { ServingStatus::NotServing };
    loop {
        for agent in &readiness.agents {
            let runs = agent.state() == crate::AgentState::Running;
            reporter.set_service_status(agent.agent(), serving(runs)).await;
        }
        let ready = readiness.obstacles().await.is_empty();
        reporter.set_service_status("", serving(ready)).await;
        tokio::time::sleep(HEALTH_INTERVAL).await;
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn ports_that_a_network_reaches_are_guarded_or_said_to_be_open() {
        let open = Config::default();
        let exposed = Config { bind: Ipv4Addr::UNSPECIFIED.into(), ..Config::default() };
        let insecure = Config { insecure: true, ..exposed.clone() };
        let gate = Gate::open();
        assert!(check_guarded(&gate, &open).is_ok() && check_guarded(&gate, &insecure).is_ok());
        assert!(!gate.is_closed());
        let refused = check_guarded(&gate, &exposed).unwrap_err().to_string();
        for way in ["token create", "service_token_file", "access.required", "service.insecure"] {
            assert!(refused.contains(way), "{refused}");
        }
        assert!(!refused.contains('\n'));
        let required = courant_access::Required::Always;
        let config = courant_access::Config { required, ..courant_access::Config::default() };
        let clock = courant_telemetry::Clock::fixed(0);
        let gate = Gate::new(&config, courant_access::Keyring::default(), clock).unwrap();
        assert!(check_guarded(&gate, &exposed).is_ok());
    }

    #[tokio::test]
    async fn a_process_shuts_down_once_its_last_agent_drains() {
        let shutdown = CancellationToken::new();
        let agents = ["crawler", "gateway"].map(|name| Control::new(name, &shutdown));
        let ending = tokio::spawn(end_when_drained(agents.to_vec(), vec![shutdown.clone()]));
        agents[1].drain();
        tokio::task::yield_now().await;
        assert!(!shutdown.is_cancelled());
        agents[0].drain();
        ending.await.unwrap();
        assert!(shutdown.is_cancelled());
    }
}
