use std::net::SocketAddr;

use axum::routing::get;
use courant_telemetry::Meters;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

/// Longer than anything takes that should happen at once.
const SOON: Duration = Duration::from_secs(5);

/// A service on a free port of loopback, with room for `most` connections.
struct House {
    address: SocketAddr,
    closing: CancellationToken,
    serving: tokio::task::JoinHandle<()>,
}

impl House {
    async fn open(most: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let meters = Meters::new("test").unwrap();
        let connections = Connections::new(most, &meters.meter());
        let closing = CancellationToken::new();
        let routes = Router::new()
            .route("/healthz", get(async || "alive\n"))
            .route("/quick", get(async || "quick"))
            .route("/never", get(std::future::pending::<&str>));
        let served = serve(listener, routes, Protocol::Http, connections, None, closing.clone());
        Self { address, closing, serving: tokio::spawn(served) }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn send(&self, path: &str) -> TcpStream {
        let mut stream = self.connect().await;
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    async fn get(&self, path: &str) -> String {
        read(self.send(path).await).await
    }
}

async fn read(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    let reading = stream.read_to_string(&mut answer);
    tokio::time::timeout(SOON, reading).await.expect("an answer in time").unwrap();
    answer
}

#[tokio::test]
async fn clients_that_say_nothing_keep_nobody_from_being_answered() {
    let house = House::open(8).await;
    let mut silent = Vec::new();
    for _ in 0..50 {
        silent.push(house.connect().await);
    }
    assert!(house.get("/quick").await.ends_with("quick"));
    assert!(house.get("/healthz").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn if_all_connections_are_busy_probes_are_answered_and_others_are_sent_away() {
    let house = House::open(2).await;
    let _busy = [house.send("/never").await, house.send("/never").await];
    // Both requests have to arrive before the next connection is judged.
    let refused = async {
        loop {
            let answer = house.get("/quick").await;
            if answer.starts_with("HTTP/1.1 503") {
                return answer;
            }
        }
    };
    let refused = tokio::time::timeout(SOON, refused).await.unwrap();
    assert!(refused.contains("all connections are busy") && refused.contains("retry-after: 1"));
    assert!(house.get("/healthz").await.ends_with("alive\n"));
}

#[tokio::test]
async fn an_end_waits_for_the_requests_in_progress_and_not_for_idle_clients() {
    let house = House::open(8).await;
    let _idle = house.connect().await;
    assert!(house.get("/quick").await.ends_with("quick"));
    house.closing.cancel();
    tokio::time::timeout(SOON, house.serving).await.expect("an end in time").unwrap();
}

/// The clock of the test stands still, so the times are those of the sockets.
#[tokio::test(start_paused = true)]
async fn a_header_that_comes_too_slowly_ends_its_connection() {
    let house = House::open(8).await;
    for start in ["", "GET /quick HTTP/1.1\r\nHost: ", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let mut stream = house.connect().await;
        stream.write_all(start.as_bytes()).await.unwrap();
        let started = tokio::time::Instant::now();
        let mut answer = Vec::new();
        // A reset is an end, too.
        let _read = tokio::time::timeout(HEADER_TIMEOUT * 3, stream.read_to_end(&mut answer))
            .await
            .expect("an end of the connection");
        assert!(started.elapsed() >= HEADER_TIMEOUT - Duration::from_millis(50), "{start:?}");
    }
}
