//! Searches, articles, events and dead letters over gRPC.

use courant_bus::{Failure, Stage};
use courant_proto::v1::archive_client::ArchiveClient;
use courant_proto::v1::archive_server::ArchiveServer;
use courant_proto::v1::dead_letters_client::DeadLettersClient;
use courant_proto::v1::event::Event;
use courant_proto::v1::events_client::EventsClient;
use courant_proto::v1::submissions_client::SubmissionsClient;
use tonic::{Code, Status};

use super::*;
use crate::grpc::archive::ArchiveService;
use crate::grpc::{archive, dead_letters, events};
use crate::submissions;

impl House {
    fn archive(&self) -> ArchiveClient<ArchiveServer<ArchiveService>> {
        ArchiveClient::new(archive::service(self.gateway.api()))
    }

    async fn listen(&self, request: v1::ListenRequest) -> Result<Vec<v1::Event>, Status> {
        let count = 2;
        let service = events::service(self.gateway.api(), CancellationToken::new());
        let mut told = soon(EventsClient::new(service).listen(request)).await?.into_inner();
        let mut all = Vec::new();
        while all.len() < count {
            all.extend(soon(told.message()).await?);
        }
        Ok(all)
    }
}

fn code(status: &Status) -> &str {
    status.metadata().get("error-code").unwrap().to_str().unwrap()
}

fn words_of(query: &str) -> v1::SearchRequest {
    let mode = v1::SearchMode::Text.into();
    v1::SearchRequest { query: query.into(), mode, ..v1::SearchRequest::default() }
}

#[tokio::test]
async fn a_search_over_grpc_has_the_hits_and_pages_of_http() {
    let house = House::new().await;
    for number in 0..3 {
        let url = format!("https://a.example/{number}");
        let text = format!("{BRIDGE} {}", words(number * 20..number * 20 + 20));
        house.has_stored(&url, "The bridge", &text, [1.0, 0.0, 0.0]).await;
    }
    let mut archive = house.archive();
    let filters = [("lang".to_owned(), "en".to_owned())].into();
    let request = v1::SearchRequest { limit: 2, filters, ..words_of("harbour bridge") };
    let first = archive.search(request.clone()).await.unwrap().into_inner();
    let (_, over_http) = house.get("/v1/search?q=harbour+bridge&mode=text&lang=en&limit=2").await;
    let ids: Vec<&str> = first.hits.iter().map(|hit| &*hit.id).collect();
    let expected = over_http["hits"].as_array().unwrap().iter().map(|hit| &hit["id"]);
    assert!(expected.eq(ids.iter()), "{ids:?} and {over_http}");
    assert_eq!((first.total, first.mode()), (3, v1::SearchMode::Text));
    assert_eq!(first.hits[0].title_highlights, [v1::CodePoints { start: 4, end: 10 }]);

    let next = v1::SearchRequest { cursor: first.cursor.clone(), ..request };
    let rest = archive.search(next).await.unwrap().into_inner();
    assert!(rest.hits.len() == 1 && rest.cursor.is_empty() && rest.change == first.change);
    let newest = archive.search(v1::SearchRequest::default()).await.unwrap().into_inner();
    assert_eq!((newest.hits.len(), newest.sort()), (3, v1::SortOrder::Newest));
    assert_eq!(newest.hits[0].score, None);
}

#[tokio::test]
async fn what_http_refuses_grpc_refuses_with_the_same_code() {
    let house = House::new().await;
    let mut archive = house.archive();
    let wrong = [
        words_of("(a"),
        v1::SearchRequest { limit: 1_000, ..words_of("a") },
        v1::SearchRequest { mode: 9, ..words_of("a") },
        v1::SearchRequest { sort: -1, ..words_of("a") },
        v1::SearchRequest { half_life: "P1M".into(), ..words_of("a") },
        v1::SearchRequest { cursor: "x".into(), ..words_of("a") },
        v1::SearchRequest { change: 99, ..words_of("a") },
        v1::SearchRequest { filters: [("langs".into(), "en".into())].into(), ..words_of("a") },
    ];
    for request in wrong {
        let status = archive.search(request.clone()).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{request:?}: {status}");
        assert_eq!(code(&status), "invalid_request", "{request:?}: {status}");
    }
    let absent = v1::GetArticleRequest { id: "a".repeat(32), as_of_ms: None };
    let status = archive.get_article(absent).await.unwrap_err();
    assert_eq!((status.code(), code(&status)), (Code::NotFound, "not_found"));
    let never = v1::GetArticleRequest { id: "a".repeat(32), as_of_ms: Some(i64::MAX) };
    assert_eq!(archive.get_article(never).await.unwrap_err().code(), Code::InvalidArgument);
    let unknown = v1::ListenRequest { types: vec!["x".into()], ..v1::ListenRequest::default() };
    assert_eq!(house.listen(unknown).await.unwrap_err().code(), Code::InvalidArgument);
    let long = archive.search(words_of(&"a ".repeat(1 << 20))).await.unwrap_err();
    assert_eq!(long.code(), Code::OutOfRange, "larger than the body of an HTTP request: {long}");
}

#[tokio::test]
async fn an_article_over_grpc_is_as_it_is_stored() {
    let house = House::new().await;
    let id = house.has_stored("https://a.example/1", "Bridge", BRIDGE, [1.0, 0.0, 0.0]).await;
    let request = v1::GetArticleRequest { id: id.to_string()[..8].to_owned(), as_of_ms: None };
    let answer = house.archive().get_article(request).await.unwrap().into_inner();
    let (article, analysis) = (answer.article.unwrap(), answer.analysis.unwrap());
    assert_eq!((&*article.text, &*analysis.language), (BRIDGE, "en"));
    assert_eq!((&*answer.model.unwrap().name, answer.stored_at_ms), ("test-encoder", NOW_MS));
}

#[tokio::test]
async fn events_over_grpc_go_on_behind_a_position() {
    let house = House::new().await.open();
    let mut decisions = house.decisions().await;
    house.submit(entry("s-1", "https://a.example/1", BRIDGE, NOW_MS)).await;
    soon(decisions.next()).await.unwrap();
    let ids = [("https://a.example/1", BRIDGE), ("https://a.example/2", HARVEST)];
    for (url, text) in ids {
        let id = house.has_stored(url, "A title", text, [1.0, 0.0, 0.0]).await;
        house.tells_stored(id, url).await;
    }
    let from = |after| v1::ListenRequest { after: Some(after), ..v1::ListenRequest::default() };
    let first = house.listen(from(0)).await.unwrap();
    let Some(Event::Decided(decided)) = &first[0].event else { panic!("{first:?}") };
    assert_eq!((&*decided.submission_id, decided.decision()), ("s-1", v1::Decision::New));
    let rest = house.listen(from(first[0].position)).await.unwrap();
    assert_eq!(rest[0], first[1]);
    let Some(Event::Stored(stored)) = &rest[1].event else { panic!("{rest:?}") };
    assert_eq!(stored.title, "https://a.example/2");
    house.close().await;
}

#[tokio::test]
async fn a_dead_letter_over_grpc_is_shown_and_dropped() {
    let house = House::new().await;
    house.submit(entry("s-1", "https://a.example/1", BRIDGE, NOW_MS)).await;
    let mut entries = house.bus.consume(Stage::GATEWAY, 1).await.unwrap();
    let delivery = soon(entries.next()).await.unwrap();
    delivery.settle(Err(Failure::discard(Status::internal("broken")))).await;
    let mut letters = DeadLettersClient::new(dead_letters::service(house.gateway.api()));
    let listed = letters.list(v1::ListDeadLettersRequest::default()).await.unwrap().into_inner();
    let number = listed.letters[0].number;
    let shown = letters.show(v1::ShowDeadLetterRequest { number }).await.unwrap().into_inner();
    assert!(shown.letter.unwrap().error.contains("broken") && !shown.payload.is_empty());
    letters.drop(v1::DropDeadLetterRequest { number }).await.unwrap();
    for number in [number, 0, u64::MAX] {
        let status = letters.drop(v1::DropDeadLetterRequest { number }).await.unwrap_err();
        assert_eq!((status.code(), code(&status)), (Code::NotFound, "not_found"));
    }
    let many = v1::ListDeadLettersRequest { limit: 1_001 };
    assert_eq!(letters.list(many).await.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn a_stream_that_cannot_be_taken_in_says_why() {
    let house = House::new().await;
    let mut submissions = SubmissionsClient::new(submissions::service(house.gateway.api()));
    let published_at = "yesterday".into();
    let wrong = v1::Entry { submission_id: "s-1".into(), published_at, ..v1::Entry::default() };
    let mut decisions =
        submissions.submit(futures::stream::iter([wrong])).await.unwrap().into_inner();
    let status = soon(decisions.message()).await.unwrap_err();
    assert_eq!((status.code(), code(&status)), (Code::InvalidArgument, "invalid_request"));
    assert!(status.message().contains("s-1"), "{status}");
}
