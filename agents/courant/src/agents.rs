//! The agents that this command knows.

use courant_service::Agent;

/// Every agent, in the order of an article's path.
pub(crate) const AGENTS: [Agent; 5] = [
    courant_crawler::AGENT,
    courant_gateway::AGENT,
    courant_embedder::AGENT,
    courant_analyst::AGENT,
    courant_storage::AGENT,
];

/// The agent whose address a process with all agents listens on.
pub(crate) const DOOR: Agent = courant_gateway::AGENT;
