//! Exports.

use axum::body::Body;
use axum::http::Request;
use futures::StreamExt;

use super::{BRIDGE, House};

/// Head, rows and trailer of an export.
async fn export(house: &House, parameters: &str) -> (String, String, u64) {
    let path = format!("/v1/export{parameters}");
    let answer = house.ask(Request::get(path).body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status(), 200);
    let total = answer.headers()["courant-total"].to_str().unwrap().to_owned();
    let (mut text, mut counted) = (String::new(), None);
    let mut frames = http_body_frames(answer.into_body());
    while let Some(frame) = frames.next().await {
        match frame.into_data() {
            Ok(bytes) => text.push_str(std::str::from_utf8(&bytes).unwrap()),
            Err(frame) => {
                let trailers = frame.into_trailers().ok().unwrap();
                counted = trailers["courant-rows"].to_str().unwrap().parse().ok();
            }
        }
    }
    (total, text, counted.expect("a trailer"))
}

fn http_body_frames(
    mut body: Body,
) -> impl futures::Stream<Item = http_body::Frame<bytes::Bytes>> + Unpin {
    futures::stream::poll_fn(move |context| {
        let frame = http_body::Body::poll_frame(std::pin::Pin::new(&mut body), context);
        frame.map(|frame| frame.map(Result::unwrap))
    })
}

#[tokio::test]
async fn an_export_is_whole_and_goes_on_behind_any_row() {
    let house = House::new().await;
    for n in 0..450 {
        let url = format!("https://a.example/{n}");
        house.has_stored_only(&url, &format!("={n}"), BRIDGE).await;
    }
    house.search.catch_up().await.unwrap();
    let (total, text, rows) = export(&house, "?q=bridge").await;
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((total.as_str(), rows, lines.len()), ("450", 450, 450));
    let mut ids: Vec<&str> = lines.iter().map(|line| line["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 450, "no double");

    let cursor = lines[199]["cursor"].as_str().unwrap();
    let (_, rest, rows) = export(&house, &format!("?q=bridge&cursor={cursor}")).await;
    assert_eq!(rows, 250);
    let rest: Vec<serde_json::Value> =
        rest.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rest, lines[200..]);

    let (_, csv, rows) = export(&house, "?q=bridge&format=csv").await;
    assert_eq!((rows, csv.matches("\r\n").count()), (450, 451), "a head and the rows");
    assert!(csv.starts_with("id,url,title,") && csv.contains(",'=7,"));
    assert_eq!(export(&house, "?q=nothing").await.2, 0);
    let (status, problem) = house.get("/v1/export?cursor=x").await;
    assert_eq!(status, 400, "{problem}");
}
