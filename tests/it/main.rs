//! The whole of Courant, on real servers, as a user meets it.

mod commands;
mod dashboard;
mod deletion;
mod disk;
mod faults;
mod guard;
mod journey;
mod kills;
mod operator;
mod traces;
