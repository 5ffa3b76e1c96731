//! Whatever dies in the middle of a crawl: nothing accepted is missing, and no
//! article is stored twice.

use std::collections::BTreeSet;

use anyhow::Context;
use courant_store::ArticleSummary;
use courant_tests::{AgentProcess, EmbeddedPipeline, Publishers, Stack, round, until};

fn urls(stored: &[ArticleSummary]) -> BTreeSet<String> {
    let urls: BTreeSet<_> = stored.iter().map(|article| article.url.to_string()).collect();
    assert_eq!(urls.len(), stored.len(), "no article is stored twice");
    urls
}

/// Waits until `agent` has worked off at least `count` more messages as `name`.
async fn worked_off(agent: &mut AgentProcess, name: &str, count: f64) -> anyhow::Result<()> {
    until(&format!("{name} works"), round(), async || {
        let labels = [("agent", name), ("outcome", "acknowledged")];
        let figures = agent.figures().await;
        Ok(figures.is_some_and(|figures| figures.sum("courant_messages_total", &labels) >= count))
    })
    .await
    .with_context(|| agent.log())
}

/// Returns the URLs of the articles that an undisturbed run stores.
async fn expected(publishers: &Publishers) -> BTreeSet<String> {
    let undisturbed = EmbeddedPipeline::new(publishers).unwrap();
    undisturbed.round().await.unwrap();
    let expected = urls(&undisturbed.stored().await.unwrap());
    assert!(!expected.is_empty());
    expected
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_process_loses_nothing_when_it_is_killed() {
    let publishers = Publishers::to_kill().await.unwrap();
    let expected = expected(&publishers).await;
    let embedded = EmbeddedPipeline::new(&publishers).unwrap();
    let mut process = embedded.start().unwrap();
    for (stage, count) in [("gateway", 3.0), ("embedder", 2.0), ("storage", 1.0)] {
        worked_off(&mut process, stage, count).await.unwrap();
        process.kill().unwrap();
        process.restart().unwrap();
    }
    assert!(process.ended(round()).await.unwrap().success(), "{}", process.log());
    assert_eq!(urls(&embedded.stored().await.unwrap()), expected, "{}", process.log());
    let mut count = embedded.command(&["count", "--json"]).unwrap();
    let output = tokio::task::spawn_blocking(move || count.output()).await.unwrap().unwrap();
    let count: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(count["total"], expected.len(), "everything that is stored can be found");
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_and_servers_lose_nothing_when_they_are_killed() {
    let publishers = Publishers::to_kill().await.unwrap();
    let expected = expected(&publishers).await;
    let mut stack = Stack::start(&publishers).await.unwrap();
    let mut crawler = stack.crawl().unwrap();

    for name in ["gateway", "embedder", "analyst", "storage"] {
        worked_off(stack.agent(name), name, 1.0).await.unwrap();
        stack.agent(name).kill().unwrap();
        stack.agent(name).restart().unwrap();
        stack.agent(name).ready().await.unwrap();
    }
    stack.nats.kill().unwrap();
    stack.nats.restart().await.unwrap();
    crawler.kill().unwrap();
    crawler.restart().unwrap();

    assert!(crawler.ended(round()).await.unwrap().success(), "{}", crawler.log());
    stack.drained().await.unwrap();
    let stored = urls(&stack.stored().await.unwrap());
    assert_eq!(stored, expected, "{}", stack.logs());
}
