//! The `courant` command: the five agents in one process (`courant run`), and the
//! tools around them.

#[macro_use]
mod output;

mod admin;
mod ask;
mod assemble;
mod bench;
pub mod cli;
mod data;
mod dead_letters;
mod doctor;
mod feeds;
pub mod figures;
mod http;
mod ingest;
mod jsonl;
mod mcp;
mod models;
mod pipeline;
mod progress;
mod run;
mod sample;
mod summary;
mod tools;
