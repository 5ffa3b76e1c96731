//! The parts that the processes of all agents share: signals and drain ([`block_on`]), the
//! control of an agent ([`Control`]), probes and metrics over HTTP with health, admin and
//! reflection over gRPC ([`Process`]), the limit on requests in progress ([`Admission`]), the face
//! of every route (`http`), which asks the gate of `courant-access` who may do what, described
//! routes ([`Routes`]), the reading of requests ([`Parameters`], [`JsonBody`], [`BodyLines`]),
//! refusals that are the same over HTTP and gRPC ([`Refusal`]), the
//! loop that consumes a queue ([`work`]), and the errors of a command line ([`command_line`]).

mod admin;
mod admission;
mod body_lines;
mod causes;
mod clock_watch;
mod config;
mod control;
mod description;
mod http;
mod metrics;
mod pace;
mod probes;
mod process;
mod refusal;
mod reminder;
mod request;
mod routes;
mod signals;
mod start;
mod usage;
mod work;

pub use admission::{Admission, AdmittedRequest, Unserved, check_count};
pub use body_lines::{BodyLines, LineFault};
pub use causes::in_one_line;
pub use config::{Agent, Config, Ports};
pub use control::{AgentState, Control, InFlight};
pub use metrics::AgentMetrics;
pub use pace::Pace;
pub use process::{BoundProcess, Process};
pub use refusal::{Refusal, RefusalKind};
pub use reminder::Reminder;
pub use request::{JsonBody, Parameters, RawBody};
pub use routes::Routes;
pub use signals::block_on;
pub use start::{AgentArgs, AgentStart, main};
pub use usage::{command_line, usage_error};
pub use work::{work, work_decoding};
