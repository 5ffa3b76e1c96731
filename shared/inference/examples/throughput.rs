//! How long the encoder takes to load, and how much it embeds per second.
//!
//! `cargo run --release -p courant-inference --example throughput -- [SESSIONS]`

use std::time::Instant;

use courant_inference::{Config, Deps, Encoder, Priority};
use opentelemetry::global;

/// Texts of news-like lengths: 30 % headlines, 40 % summaries, 30 % paragraphs.
fn texts() -> Vec<String> {
    let words = ["market", "police", "minister", "harbour", "striker", "court", "rain", "vaccine"];
    let text = |index: usize| {
        let length = match index % 10 {
            0..3 => 8 + index % 16,
            3..7 => 30 + index % 60,
            _ => 100 + index % 150,
        };
        let word = |place: usize| words[(index * 7 + place * place) % words.len()];
        (0..length).map(word).collect::<Vec<_>>().join(" ")
    };
    (0..192).map(text).collect()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sessions = std::env::args().nth(1).map(|count| count.parse()).transpose()?;
    let start = Instant::now();
    let config = Config { sessions, ..Config::default() };
    let encoder = Encoder::load(&config, &Deps::resolve(), &global::meter("throughput"))?;
    println!("loaded in {:.0} ms", start.elapsed().as_secs_f64() * 1e3);
    for _ in 0..3 {
        let start = Instant::now();
        let count = encoder.embed(texts(), Priority::Bulk).await?.len() as f64;
        println!("{:.1} texts/s", count / start.elapsed().as_secs_f64());
    }
    Ok(())
}
