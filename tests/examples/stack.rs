//! Runs the pipeline as separate processes on NATS, Postgres and Redis, with the articles of the
//! sample. Prints the address of the gateway. Ends when standard input does.
//! Usage: stack

use courant_tests::{Publishers, Stack};
use tokio::io::AsyncReadExt;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let publishers = Publishers::sample().await?;
    let stack = Stack::start(&publishers).await?;
    stack.round().await?;
    let _crawler = stack.crawl_on()?;
    println!("{}", stack.url(""));
    // Whatever it says: the other side is gone.
    drop(tokio::io::stdin().read_to_end(&mut Vec::new()).await);
    Ok(())
}
