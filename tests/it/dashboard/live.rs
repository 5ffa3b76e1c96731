//! The dashboards of a running pipeline: a Prometheus scrapes the agents, and every
//! query finds data, but for those that need a GPU.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::ensure;
use courant_tests::prometheus::Prometheus;
use courant_tests::{AgentProcess, Publishers, Stack, http, round, until};
use serde_json::json;

use super::{NEED_A_GPU, Query, queries};

const CONFIGURATION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docker/prometheus.yml");
/// For a few scrapes, until the rates and quantiles have something to go by.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn every_query_finds_data_while_articles_pass_and_people_search() {
    let publishers = Publishers::sample().await.unwrap();
    let stack = Stack::start(&publishers).await.unwrap();
    let mut crawler = stack.crawl_on().unwrap();
    crawler.ready().await.unwrap();
    let jobs = jobs(&stack, &crawler);
    let prometheus = Prometheus::start(&jobs).await.unwrap();
    all_up(&prometheus, jobs.len()).await.unwrap();
    worked_off(&crawler, publishers.pages).await.unwrap();
    stack.drained().await.unwrap();

    let mut without_data = queries("courant-.+", ".+", "30s");
    without_data.retain(|query| !NEED_A_GPU.contains(&query.panel.as_str()));
    let mut articles = 0;
    let waited = until("every query finds data", PATIENCE, async || {
        articles += 1;
        use_it(&stack, articles).await?;
        without_data = still_without_data(&prometheus, std::mem::take(&mut without_data)).await?;
        Ok(without_data.is_empty())
    })
    .await;

    let lines = without_data.iter().map(|Query { panel, expr }| format!("\n{panel}: {expr}"));
    waited.unwrap_or_else(|error| {
        panic!("{error:#}{}\n{}\n{}", lines.collect::<String>(), stack.logs(), crawler.log())
    });
}

/// The jobs of the project's configuration, and where this test's agents answer.
fn jobs(stack: &Stack, crawler: &AgentProcess) -> Vec<(String, u16)> {
    let mut ports: BTreeMap<_, _> = stack.http_ports().into_iter().collect();
    ports.insert("crawler", crawler.http);
    let configuration = std::fs::read_to_string(CONFIGURATION).expect("docker/prometheus.yml");
    let names = configuration.lines().filter_map(|line| line.trim().strip_prefix("- job_name: "));
    let jobs = names
        .map(|job| {
            let port = job.strip_prefix("courant-").and_then(|agent| ports.remove(agent));
            (job.to_owned(), port.unwrap_or_else(|| panic!("{job} is no agent's job")))
        })
        .collect();
    assert!(ports.is_empty(), "agents that are not scraped: {ports:?}");
    jobs
}

async fn all_up(prometheus: &Prometheus, jobs: usize) -> anyhow::Result<()> {
    until("every agent is scraped", PATIENCE, async || {
        Ok(prometheus.query("up").await? == vec![1.0; jobs])
    })
    .await
}

/// Waits until the crawler has settled at least `pages` pages: it goes on for ever.
async fn worked_off(crawler: &AgentProcess, pages: usize) -> anyhow::Result<()> {
    until("the crawler works its sources off", round(), async || {
        let figures = crawler.figures().await;
        Ok(figures.is_some_and(|f| f.sum("courant_crawl_pages_total", &[]) >= pages as f64))
    })
    .await
}

/// One article is sent and one search made.
async fn use_it(stack: &Stack, number: usize) -> anyhow::Result<()> {
    let article = json!({
        "url": format!("https://gazette.example/ferries/{number}"),
        "title": format!("Ferry {number} leaves the harbour"),
        "text": format!(
            "Ferry number {number} left the harbour on Monday with its first passengers. It calls \
             at the islands twice a day until the bridge has been repaired."
        ),
    });
    let url = stack.url("/v1/articles?wait=10");
    let answer = http().post(url).json(&article).send().await?;
    ensure!(answer.status().is_success(), "{}: {}", answer.status(), answer.text().await?);
    stack.ask("/v1/search?q=ferries+to+the+islands&k=3").await.map(|_| ())
}

/// Those of `queries` for which Prometheus has no finite value.
async fn still_without_data(
    prometheus: &Prometheus,
    queries: Vec<Query>,
) -> anyhow::Result<Vec<Query>> {
    let mut without = Vec::new();
    for query in queries {
        let values = prometheus.query(&query.expr).await?;
        if !values.iter().any(|value| value.is_finite()) {
            without.push(query);
        }
    }
    Ok(without)
}
