//! The crawler's memory in Postgres.

pub(super) mod leases;
pub(super) mod listings;
pub(super) mod notes;
pub(super) mod visits;
