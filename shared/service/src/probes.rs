//! `/healthz`, `/readyz` and `/metrics`.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State as Extract;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use courant_api::openapi::{Media, Operation};
use courant_telemetry::Meters;
use futures::future::BoxFuture;

use crate::control::{AgentState, Control};

/// The time that a check may take before it counts as failed.
const CHECK_TIMEOUT: Duration = Duration::from_secs(3);

/// Asks something that the process needs whether it is there.
pub(crate) type Check = Box<dyn Fn() -> BoxFuture<'static, anyhow::Result<()>> + Send + Sync>;

/// The agents and checks that decide if the process can do its work.
pub(crate) struct Readiness {
    pub(crate) agents: Vec<Control>,
    pub(crate) checks: Vec<(&'static str, Check)>,
}

impl Readiness {
    /// The reasons why not; none where it is ready.
    pub(crate) async fn obstacles(&self) -> Vec<String> {
        let mut obstacles: Vec<String> = self
            .agents
            .iter()
            .filter(|agent| !matches!(agent.state(), AgentState::Running | AgentState::Paused))
            .map(|agent| format!("{} is {:?}", agent.agent(), agent.state()).to_lowercase())
            .collect();
        for (name, check) in &self.checks {
            match tokio::time::timeout(CHECK_TIMEOUT, check()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => obstacles.push(format!("{name}: {error:#}")),
                Err(_) => obstacles.push(format!("{name}: no answer within {CHECK_TIMEOUT:?}")),
            }
        }
        obstacles
    }
}

const HEALTH: &str = "/healthz";
const READINESS: &str = "/readyz";
const METRICS: &str = "/metrics";
/// The gRPC service of probes.
const GRPC_HEALTH: &str = "/grpc.health.v1.Health/";

/// Returns true if `path` is that of a probe, over HTTP or gRPC.
pub(crate) fn is_probe(path: &str) -> bool {
    [HEALTH, READINESS, METRICS].contains(&path) || path.starts_with(GRPC_HEALTH)
}

/// The descriptions of the three probes.
pub(crate) fn operations() -> [Operation; 3] {
    let text = Media::Text("text/plain");
    [
        Operation::get(HEALTH, "health", "Tells that the process lives").answer(200, text),
        Operation::get(READINESS, "readiness", "Tells if the process can do its work, or why not")
            .answer(200, text)
            .answer(503, text),
        Operation::get(METRICS, "metrics", "Shows the metrics, for Prometheus").answer(200, text),
    ]
}

/// The routes of the three probes.
pub(crate) fn routes(readiness: Arc<Readiness>, meters: Meters) -> Router {
    Router::new()
        .route(HEALTH, get(async || "alive\n"))
        .route(READINESS, get(ready).with_state(readiness))
        .route(METRICS, get(metrics).with_state(meters))
}

async fn ready(Extract(readiness): Extract<Arc<Readiness>>) -> Response {
    let obstacles = readiness.obstacles().await;
    if obstacles.is_empty() {
        return "ready\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", obstacles.join("\n"))).into_response()
}

/// Drivers are asked, which may take their time.
async fn metrics(Extract(meters): Extract<Meters>) -> Response {
    let rendered = tokio::task::spawn_blocking(move || meters.render()).await;
    match rendered.map_err(anyhow::Error::from).and_then(|text| Ok(text?)) {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}
