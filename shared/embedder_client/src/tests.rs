use courant_article::TextKind;
use courant_bus::{Config, RequestError, Requests};
use courant_telemetry::{Clock, Meters};
use tempfile::TempDir;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

struct Bench {
    bus: Bus,
    client: EmbedderClient,
    _folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let meter = Meters::new("test").unwrap().meter();
        let spool = folder.path().join("spool.db");
        let bus = Bus::embedded(&Config::default(), &spool, Clock::system(), &meter).unwrap();
        Self { client: EmbedderClient::new(bus.clone(), TextKind::Query), bus, _folder: folder }
    }

    async fn requests(&self) -> Requests<v1::EmbedRequest> {
        self.bus.serve(Subject::REQUEST_EMBED).await.unwrap()
    }

    /// Answers with `replies`, one after the other; returns the number given.
    async fn replies(&self, replies: Vec<v1::EmbedReply>) -> tokio::task::JoinHandle<usize> {
        let mut requests = self.requests().await;
        tokio::spawn(async move {
            let count = replies.len();
            for reply in replies {
                requests.next().await.unwrap().reply(&reply).await.unwrap();
            }
            count
        })
    }
}

fn texts(count: usize) -> Vec<String> {
    (0..count).map(|nth| format!("text {nth}")).collect()
}

fn refusal(code: v1::EmbedErrorCode) -> v1::EmbedReply {
    v1::EmbedReply { error: "no".into(), code: code.into(), ..Default::default() }
}

fn vectors(model: &str, count: usize) -> v1::EmbedReply {
    let one = v1::Vector { values: vec![1.0, 0.0] };
    let model = Some(v1::Model { name: model.into(), ..Default::default() });
    v1::EmbedReply { model, vectors: vec![one; count], ..Default::default() }
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_again_until_the_deadline() {
    let bench = Bench::new();
    let started = Instant::now();
    let error = bench.client.embed(&texts(1), started + 5 * SECOND).await.unwrap_err();
    assert!(matches!(error, EmbedError::NoAnswer(RequestError::NoResponder(_))), "{error:?}");
    assert!(started.elapsed() > 4 * SECOND && started.elapsed() <= 5 * SECOND);
    let once = bench.client.embed_once(&texts(1), started + 60 * SECOND).await;
    assert!(matches!(once, Err(EmbedError::NoAnswer(_))));
    assert!(started.elapsed() <= 5 * SECOND, "once is once");
}

#[tokio::test(start_paused = true)]
async fn an_embedder_that_starts_later_is_waited_for() {
    let bench = Bench::new();
    let client = bench.client.clone();
    let asking = tokio::spawn(async move { client.embed_at_start(&texts(1)).await });
    tokio::time::sleep(60 * SECOND).await;
    let answering = bench.replies(vec![vectors("m", 1)]).await;
    assert_eq!(asking.await.unwrap().unwrap().model.name, "m");
    assert_eq!(answering.await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn overload_is_tried_again_after_its_pause_and_a_late_or_failed_one_too() {
    use v1::EmbedErrorCode::{Internal, Late, Overloaded, Unavailable, Unspecified};
    let bench = Bench::new();
    let again = [Overloaded, Late, Unavailable, Internal, Unspecified];
    let mut replies: Vec<_> = again.map(refusal).into();
    replies.push(vectors("m", 2));
    let answering = bench.replies(replies).await;
    let started = Instant::now();
    let found = bench.client.embed(&texts(2), started + 30 * SECOND).await.unwrap();
    assert_eq!(found.vectors.len(), 2);
    assert_eq!(started.elapsed(), LONG + 4 * SHORT);
    assert_eq!(answering.await.unwrap(), 6);
}

const LONG: Duration = SECOND;
const SHORT: Duration = Duration::from_millis(250);

#[tokio::test(start_paused = true)]
async fn an_invalid_question_and_an_incomplete_answer_are_not_asked_again() {
    let bench = Bench::new();
    let started = Instant::now();
    let deadline = started + 30 * SECOND;
    let answering =
        bench.replies(vec![refusal(v1::EmbedErrorCode::Invalid), vectors("m", 3)]).await;
    let invalid = bench.client.embed(&texts(1), deadline).await.unwrap_err();
    assert!(!invalid.is_transient() && invalid.to_string().ends_with(": no"), "{invalid}");
    let incomplete = bench.client.embed(&texts(1), deadline).await;
    assert!(matches!(incomplete, Err(EmbedError::Incomplete)));
    assert_eq!(answering.await.unwrap(), 2);
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn the_embedder_is_told_the_deadline() {
    let bench = Bench::new();
    let mut requests = bench.requests().await;
    let client = bench.client.clone();
    let asking =
        tokio::spawn(async move { client.embed(&texts(1), Instant::now() + 3 * SECOND).await });
    let request = requests.next().await.unwrap();
    let left = request.deadline().unwrap() - std::time::Instant::now();
    assert!(left > 2 * SECOND && left <= 3 * SECOND, "{left:?}");
    request.reply(&vectors("m", 1)).await.unwrap();
    asking.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn many_texts_are_asked_for_in_parts_of_one_model() {
    let bench = Bench::new();
    let parts = vec![vectors("a", 64), vectors("b", 6), vectors("b", 64), vectors("b", 6)];
    let answering = bench.replies(parts).await;
    let found = bench.client.embed(&texts(70), Instant::now() + 30 * SECOND).await.unwrap();
    assert_eq!((found.model.name.as_str(), found.vectors.len()), ("b", 70));
    assert_eq!(answering.await.unwrap(), 4, "a part of another model begins anew");
}
