//! Tests of the analyst on an in-process bus, with small classifiers.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use courant_article::{Analysis, Embedding, Embeddings, EntityKind, ModelRef, SentimentLabel};
use courant_bus::{Bus, MessageId, Stage, Subject};
use courant_gpu_utils::Config as GpuConfig;
use courant_inference::{ClassifierConfig, ClassifierTask, Deps, Error, ModelHost};
use courant_proto::v1;
use courant_proto::v1::classifier_client::ClassifierClient;
use courant_service::Control;
use courant_telemetry::{Clock, Meters};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tonic::Code;
use tower::ServiceExt;

use crate::{Analyst, Classifiers, Config};

const DEADLINE: Duration = Duration::from_secs(60);
const ENGLISH: &str = "The town council said that alpha delta will close the old bridge in beta for a \
                       whole year, alpha said.";
const GERMAN: &str =
    "Der Gemeinderat beschloss am Dienstag, die alte Brücke für ein Jahr zu schließen.";

fn host() -> ModelHost {
    ModelHost::new(&courant_inference::Config::default(), &GpuConfig::default(), Deps::resolve())
}

/// A classifier of `shared/inference`'s tests, pinned as its errors say.
async fn classifier(
    name: &str,
    fixture: &str,
    task: ClassifierTask,
    languages: &[&str],
) -> ClassifierConfig {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/inference/tests/fixtures/classifiers")
        .join(fixture);
    let mut config = ClassifierConfig {
        task,
        languages: languages.iter().map(ToString::to_string).collect(),
        overlap: 4,
        ..ClassifierConfig::new(name, fixtures.to_str().unwrap())
    };
    let mut pins = BTreeMap::new();
    loop {
        let all = Config { classifiers: vec![config.clone()], ..Config::default() };
        let meters = Meters::new("test").unwrap();
        let classifiers = Classifiers::new(&all, host(), &meters.meter()).unwrap();
        match classifiers.models().get(name).await {
            Err(Error::Unpinned { file, found, .. }) => pins.insert(file, found),
            Err(error) => panic!("{error}"),
            Ok(_) => return config,
        };
        config.sha256.clone_from(&pins);
    }
}

/// Configures classifiers for sentiment in English and for names in any language.
async fn config() -> Config {
    let classifiers = vec![
        classifier("tone", "tiny-sentiment", ClassifierTask::Sentiment, &["en"]).await,
        classifier("names", "tiny-names", ClassifierTask::Entities, &[]).await,
    ];
    Config { classifiers, ..Config::default() }
}

fn encoder() -> ModelRef {
    ModelRef {
        name: "all-MiniLM-L6-v2".into(),
        version: "a".into(),
        precision: "fp32".into(),
        provider: "cpu".into(),
    }
}

fn vector() -> Embedding {
    Embedding::normalized(vec![1.0; 384])
}

struct House {
    bus: Bus,
    analyst: Analyst,
    _folder: TempDir,
}

impl House {
    fn with(config: Config) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let meter = Meters::new("test").unwrap().meter();
        let spool = folder.path().join("spool.db");
        let bus = courant_bus::Config::default();
        let bus = Bus::embedded(&bus, &spool, Clock::system(), &meter).unwrap();
        let analyst = Analyst::build(config, host(), bus.clone(), &meter).unwrap();
        Self { bus, analyst, _folder: folder }
    }

    /// Answers requests in place of the embedder.
    async fn embedder(&self) {
        let mut requests =
            self.bus.serve::<v1::EmbedRequest>(Subject::REQUEST_EMBED).await.unwrap();
        tokio::spawn(async move {
            while let Some(request) = requests.next().await {
                let values = vector().as_slice().to_vec();
                let one = v1::Vector { values };
                let reply = v1::EmbedReply {
                    model: Some(encoder().into()),
                    vectors: vec![one; request.message.texts.len()],
                    ..v1::EmbedReply::default()
                };
                request.reply(&reply).await.unwrap();
            }
        });
    }
}

async fn ask(api: &Router, body: Value) -> (u16, Value) {
    let request = Request::post("/v1/classify")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    let response = api.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

/// An article called `digit`.
fn embedded(digit: &str, text: &str) -> v1::ArticleEmbedded {
    let embeddings = Embeddings {
        model: encoder(),
        vector: vector(),
        sentences_left_out: 0,
        sentences: Vec::new(),
        entities: Err("nobody looked".into()),
    };
    let article = v1::Article {
        id: digit.repeat(32),
        revision: 1,
        url: "https://example.com/a".into(),
        content_hash: "b".repeat(32),
        text: text.into(),
        decision: v1::Decision::New.into(),
        ..v1::Article::default()
    };
    v1::ArticleEmbedded { article: Some(article), embeddings: Some(embeddings.into()) }
}

#[tokio::test(flavor = "multi_thread")]
async fn articles_are_judged_by_the_classifiers_that_cover_their_language() {
    let house = House::with(config().await);
    house.embedder().await;
    let shutdown = CancellationToken::new();
    let control = Control::new("analyst", &shutdown);
    let mut analyzed = house.bus.consume(Stage::STORAGE, 2).await.unwrap();
    let running = tokio::spawn(house.analyst.run(control));
    let mut analyze = async |digit: &str, text: &str| -> Analysis {
        let id = MessageId::new(digit.to_owned());
        house.bus.publish(Subject::ARTICLE_EMBEDDED, &id, &embedded(digit, text)).await.unwrap();
        let delivery = tokio::time::timeout(DEADLINE, analyzed.next()).await.unwrap().unwrap();
        let message: v1::ArticleAnalyzed = delivery.decode().unwrap();
        delivery.settle(Ok(())).await;
        message.analysis.unwrap().try_into().unwrap()
    };

    let analysis = analyze("1", ENGLISH).await;
    assert_eq!(analysis.language.as_deref(), Some("en"));
    assert_eq!(analysis.sentiment.unwrap().label, SentimentLabel::Negative);
    let names: Vec<_> = analysis.entities.iter().map(|it| (it.text.as_str(), it.kind)).collect();
    let (person, place) = (EntityKind::Person, EntityKind::Location);
    assert_eq!(names, [("alpha delta", person), ("beta", place), ("alpha", person)]);
    let models: Vec<_> = analysis.models.iter().map(|it| (&*it.name, &*it.provider)).collect();
    assert!(models.contains(&("tiny-sentiment", "cpu")), "{models:?}");
    assert!(models.contains(&("tiny-names", "cpu")), "{models:?}");

    let analysis = analyze("2", GERMAN).await;
    assert_eq!(analysis.sentiment, None);
    assert_eq!(analysis.skipped["sentiment"], "news-sentiment learned en, not de");
    assert!(!analysis.skipped.contains_key("entities"), "{:?}", analysis.skipped);

    shutdown.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn http_and_grpc_tell_the_same_labels_with_what_computed_them() {
    let house = House::with(config().await);
    let (status, told) =
        ask(&house.analyst.routes().into_router(), json!({ "model": "tone", "texts": [ENGLISH] }))
            .await;
    assert_eq!(status, 200, "{told}");
    let mut client = ClassifierClient::new(house.analyst.grpc());
    let request = v1::ClassifyRequest {
        model: "tone".into(),
        texts: vec![ENGLISH.into()],
        language: String::new(),
    };
    let reply = client.classify(request).await.unwrap().into_inner();
    let model = reply.model.unwrap();
    assert_eq!(told["model"]["name"], "tiny-sentiment");
    assert_eq!(told["model"]["precision"], "fp32");
    assert_eq!(told["model"]["provider"], "cpu");
    assert_eq!(told["model"]["version"], *model.version);
    let labels = told["results"][0]["labels"].as_array().unwrap();
    assert_eq!(labels.len(), 3);
    for (over_http, over_grpc) in labels.iter().zip(&reply.results[0].labels) {
        assert_eq!(over_http["label"], *over_grpc.label);
        let score = over_http["score"].as_f64().unwrap() as f32;
        assert!((score - over_grpc.score).abs() < 1e-6);
    }
    assert_eq!(labels[0]["label"], "negative");
}

#[tokio::test]
async fn names_come_with_their_places() {
    let house = House::with(config().await);
    let text = "Łuk: alpha delta.";
    let (_, told) =
        ask(&house.analyst.routes().into_router(), json!({ "model": "names", "texts": [text] }))
            .await;
    let found = &told["results"][0]["entities"];
    assert_eq!(found.as_array().unwrap().len(), 1, "{told}");
    assert_eq!(found[0]["text"], "alpha delta");
    assert_eq!(found[0]["type"], "person");
    assert_eq!((&found[0]["start"], &found[0]["end"]), (&json!(5), &json!(16)));
}

#[tokio::test]
async fn a_text_in_another_language_gets_the_reason_and_no_score() {
    let house = House::with(config().await);
    let api = house.analyst.routes().into_router();
    let texts = [ENGLISH, GERMAN, "alpha", " "];
    let (status, told) = ask(&api, json!({ "model": "tone", "texts": texts })).await;
    assert_eq!(status, 200, "{told}");
    let results = told["results"].as_array().unwrap();
    assert!(results[0]["labels"].is_array(), "{told}");
    assert_eq!(results[1], json!({ "skipped": "tone covers en, not de" }));
    assert_eq!(results[2], json!({ "skipped": "the language is not known" }));
    let known = json!({ "model": "tone", "texts": texts, "language": "en" });
    let (_, told) = ask(&api, known).await;
    assert_eq!(told["results"][2]["labels"][0]["label"], "negative");
    assert_eq!(told["results"][3], json!({ "skipped": "the text has no words" }));
}

#[tokio::test]
async fn what_cannot_be_answered_is_one_clear_error_over_both() {
    let house = House::with(config().await);
    let api = house.analyst.routes().into_router();
    let mut client = ClassifierClient::new(house.analyst.grpc());
    for (model, texts, status, code, said) in [
        (
            "other",
            vec!["text".to_owned()],
            404,
            Code::NotFound,
            "there are: sentiment, topics, names, tone",
        ),
        ("tone", Vec::new(), 400, Code::InvalidArgument, "0 texts"),
        ("tone", vec!["x".repeat(300_000)], 400, Code::InvalidArgument, "300000 bytes"),
        ("topics", vec!["text".to_owned()], 503, Code::Unavailable, "try again"),
    ] {
        let (found, told) = ask(&api, json!({ "model": model, "texts": texts })).await;
        assert_eq!(found, status, "{told}");
        let message = told["error"]["message"].as_str().unwrap();
        assert!(message.contains(said), "{message}");
        let request = v1::ClassifyRequest { model: model.into(), texts, ..Default::default() };
        let refused = client.classify(request).await.unwrap_err();
        assert_eq!((refused.code(), refused.message()), (code, message));
    }
    let (status, _) = ask(&api, json!({ "model": "tone", "text": "alpha" })).await;
    assert_eq!(status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_with_courant_answers_once_the_embedder_does() {
    let house = House::with(Config::default());
    let api = house.analyst.routes().into_router();
    house.embedder().await;
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(house.analyst.run(Control::new("analyst", &shutdown)));
    let ready = async {
        loop {
            let (status, told) = ask(&api, json!({ "model": "topics", "texts": [ENGLISH] })).await;
            if status != 503 {
                return told;
            }
            tokio::task::yield_now().await;
        }
    };
    let told = tokio::time::timeout(DEADLINE, ready).await.unwrap();
    assert_eq!(told["results"][0]["labels"].as_array().unwrap().len(), 17, "{told}");
    assert_eq!(told["model"]["name"], "iptc-zero-shot");
    let texts = json!([ENGLISH, GERMAN, "?"]);
    let (_, told) = ask(&api, json!({ "model": "sentiment", "texts": texts })).await;
    let labels = told["results"][0]["labels"].as_array().unwrap();
    let sum: f64 = labels.iter().map(|label| label["score"].as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-5, "{told}");
    assert_eq!(told["results"][1]["skipped"], "news-sentiment learned en, not de");
    assert_eq!(told["results"][2]["skipped"], "the text has no words");
    shutdown.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_classifier_that_cannot_be_loaded_is_told_before_the_first_article() {
    let mut config = config().await;
    config.classifiers[0].labels.insert("LABEL_7".into(), "negative".into());
    let house = House::with(config);
    let control = Control::new("analyst", &CancellationToken::new());
    let error = tokio::time::timeout(DEADLINE, house.analyst.run(control)).await.unwrap();
    let error = format!("{:#}", error.unwrap_err());
    assert!(error.contains("LABEL_7"), "{error}");
}
