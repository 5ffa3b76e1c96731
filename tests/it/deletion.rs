//! A deleted article is gone from every file, stream and table, and does not come back.

use std::path::{Path, PathBuf};
use std::time::Duration;

use courant_tests::{AgentProcess, EmbeddedPipeline, Publishers, Stack, http, until};
use serde_json::{Value, json};

/// Stands in title, text and address of the article that is deleted, and nowhere else.
const WORD: &str = "hippogriff";
const PATIENCE: Duration = Duration::from_secs(60);

fn article(number: u32) -> Value {
    json!({
        "url": format!("https://zoo.example/{WORD}-{number}"),
        "title": format!("The {WORD} of the zoo, part {number}"),
        "text": format!(
            "Keepers fed the {WORD} on Monday, for the {number}th time this year. It slept until \
             noon, ate two buckets of oats, and flew once around the tower, number {number}."
        ),
    })
}

fn other() -> Value {
    json!({
        "url": "https://zoo.example/lion",
        "title": "The lion of the zoo",
        "text": "Keepers weighed the lion on Tuesday. It has gained four kilograms since spring.",
    })
}

async fn submit(base: &str, article: &Value) -> Value {
    let url = format!("{base}/v1/articles?wait=30&until=stored");
    let answer = http().post(url).timeout(PATIENCE).json(article).send().await.unwrap();
    answer.json().await.unwrap()
}

async fn ask(base: &str, method: reqwest::Method, path: &str, body: Option<Value>) -> (u16, Value) {
    let mut request = http().request(method, format!("{base}{path}")).timeout(PATIENCE);
    if let Some(body) = body {
        request = request.json(&body);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn total(base: &str, words: &str) -> Value {
    let (_, counts) = ask(base, reqwest::Method::GET, &format!("/v1/counts?q={words}"), None).await;
    counts["total"].clone()
}

/// The files below `folder` that hold the word.
fn holders(folder: &Path) -> Vec<PathBuf> {
    let mut holders = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            holders.extend(self::holders(&path));
        } else if let Ok(bytes) = std::fs::read(&path)
            && bytes.windows(WORD.len()).any(|part| part.eq_ignore_ascii_case(WORD.as_bytes()))
        {
            holders.push(path);
        }
    }
    holders
}

/// Stores three articles with the word, one of them revised, deletes one by its id and the others
/// by a question, and offers them again.
async fn plant_and_delete(base: &str) {
    let planted = submit(base, &article(1)).await;
    let id = planted["article_id"].as_str().unwrap_or_else(|| panic!("{planted}")).to_owned();
    let mut revised = article(1);
    revised["text"] = json!(format!("A later report: the {WORD} had eaten the keeper's hat, too."));
    assert_eq!(submit(base, &revised).await["decision"], "revision");
    for number in 2..=3 {
        assert_eq!(submit(base, &article(number)).await["decision"], "new");
    }
    assert_eq!(submit(base, &other()).await["decision"], "new");
    until("all are found", PATIENCE, async || Ok(total(base, WORD).await == 3)).await.unwrap();

    let path = format!("/v1/articles/{id}?reason=test-case");
    let (status, deletion) = ask(base, reqwest::Method::DELETE, &path, None).await;
    assert_eq!((status, &deletion["state"]), (200, &json!("deleted")), "{deletion}");
    until("it is found no more", PATIENCE, async || Ok(total(base, WORD).await == 2))
        .await
        .unwrap();
    let dry = json!({ "q": WORD, "dry_run": true });
    let (_, counted) = ask(base, reqwest::Method::POST, "/v1/deletions", Some(dry)).await;
    assert_eq!((&counted["state"], &counted["articles"]), (&json!("counted"), &json!(2)));
    assert_eq!(counted["examples"].as_array().unwrap().len(), 2);
    let wrong = json!({ "q": WORD, "expect": 3 });
    let (status, _) = ask(base, reqwest::Method::POST, "/v1/deletions", Some(wrong)).await;
    assert_eq!(status, 409);
    let rest = json!({ "q": WORD, "expect": 2, "reason": "test-case" });
    let (status, deletion) = ask(base, reqwest::Method::POST, "/v1/deletions", Some(rest)).await;
    assert_eq!((status, &deletion["state"]), (200, &json!("deleted")), "{deletion}");

    let again = submit(base, &article(1)).await;
    assert_eq!(
        (&again["decision"], &again["reason"]),
        (&json!("refused"), &json!("the article was deleted on request")),
        "{again}"
    );
    let mut elsewhere = article(2);
    elsewhere["url"] = json!("https://copies.example/42");
    assert_eq!(submit(base, &elsewhere).await["decision"], "refused");
    let (status, _) = ask(base, reqwest::Method::GET, &format!("/v1/articles/{id}"), None).await;
    assert_eq!(status, 404);
    until("none is found", PATIENCE, async || Ok(total(base, WORD).await == 0)).await.unwrap();
    assert_eq!(total(base, "lion").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_article_leaves_no_trace_in_the_data_folder() {
    let publishers = Publishers::sample().await.unwrap();
    let embedded = EmbeddedPipeline::new(&publishers).unwrap();
    let mut command = embedded.command(&["run"]).unwrap();
    command.env("COURANT__CRAWLER__SOURCES", "[]").env("COURANT__STORE__ERASE_AFTER_S", "1");
    command.env("COURANT__TELEMETRY__LOG", "info");
    let mut process = AgentProcess::start("service", command, embedded.folder()).unwrap();
    process.ready().await.unwrap();
    let base = format!("http://127.0.0.1:{}", process.http);
    plant_and_delete(&base).await;
    let no_trace = async || Ok(holders(embedded.folder()).is_empty());
    let gone = until("no file has the word", PATIENCE, no_trace).await;
    assert!(gone.is_ok(), "{:?}\n{}", holders(embedded.folder()), process.log());

    process.kill().unwrap();
    process.restart().unwrap();
    process.ready().await.unwrap();
    let base = format!("http://127.0.0.1:{}", process.http);
    assert_eq!((total(&base, WORD).await, total(&base, "lion").await), (json!(0), json!(1)));
    assert_eq!(submit(&base, &article(3)).await["decision"], "refused");
    assert!(process.drain().await.unwrap().success(), "{}", process.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_article_leaves_no_row_and_no_message_on_the_servers() {
    let publishers = Publishers::sample().await.unwrap();
    let variables = [("COURANT__STORE__ERASE_AFTER_S", "1".to_owned())];
    let stack = Stack::start_with(&publishers, &variables).await.unwrap();
    plant_and_delete(&stack.url("")).await;
    assert_eq!(stack.stored().await.unwrap().len(), 1);
    let mut dump = std::process::Command::new(courant_tests::deps().join("postgres/bin/pg_dump"));
    let dump = dump.arg(stack.postgres.url()).output().unwrap();
    let rows = String::from_utf8_lossy(&dump.stdout).into_owned();
    assert!(rows.contains("The lion"), "{}", String::from_utf8_lossy(&dump.stderr));
    assert!(!rows.contains(WORD));
    let letters = stack.ask("/v1/dead-letters").await.unwrap();
    assert!(!letters.to_string().contains(WORD), "{letters}");
}
