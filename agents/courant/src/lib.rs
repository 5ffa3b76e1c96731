//! The `courant` command: the five agents in one process (`courant run`), and the tools around
//! them.
//!
//! `courant-bench` uses the public modules besides [`cli`].

#[macro_use]
pub mod output;
mod paper;

mod address;
mod admin;
mod agents;
mod archive;
mod ask;
mod assemble;
mod check;
pub mod cli;
mod config;
pub mod config_args;
mod counts;
pub mod data;
mod dead_letters;
mod delete;
mod doctor;
mod feeds;
pub mod figures;
mod grpc;
mod hits;
pub mod http;
mod index;
mod ingest;
mod intake;
mod jsonl;
mod mcp;
mod migrate;
mod models;
pub mod pipeline;
mod progress;
mod publish;
mod readable;
mod run;
mod sample;
mod sections;
mod servers;
mod service;
mod sources;
mod summary;
mod tools;
