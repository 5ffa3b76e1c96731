//! The parts that the processes of all agents share: signals and drain ([`block_on`]), an
//! operator's control of the agent ([`Control`]), probes and metrics over HTTP, health, admin
//! and reflection over gRPC ([`Process`]), the bound on the requests in hand ([`Admission`]),
//! the span and id of every request (`http`), refusals that are the same over HTTP and gRPC
//! ([`Refusal`]), and the loop that works off a queue ([`work`]).

mod admin;
mod admission;
mod clock_watch;
mod config;
mod control;
mod http;
mod metrics;
mod probes;
mod process;
mod refusal;
mod reminder;
mod signals;
mod start;
mod work;

pub use admission::{Admission, Admitted, Unserved, check_count};
pub use config::{Agent, Config, Ports};
pub use control::{Control, InFlight, State};
pub use metrics::AgentMetrics;
pub use process::{Listening, Process};
pub use refusal::{Refusal, Refused};
pub use reminder::Reminder;
pub use signals::block_on;
pub use start::{Args, Start, main};
pub use work::{work, work_decoding};
