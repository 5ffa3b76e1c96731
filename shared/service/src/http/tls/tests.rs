use std::path::PathBuf;

use axum::Router;
use axum::routing::get;
use courant_telemetry::Meters;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::http::{Connections, serve};

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/http/tls/fixtures").join(name)
}

/// Puts the certificate of that name into `folder`, as of second `second`.
fn place(folder: &Path, name: &str, second: u64) {
    for end in ["crt", "key"] {
        let path = folder.join(format!("server.{end}"));
        std::fs::copy(fixture(&format!("{name}.{end}")), &path).unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    }
}

/// Asks over TLS, and trusts the certificate of that name alone.
async fn ask(address: SocketAddr, trusted: &str) -> Result<String, std::io::Error> {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(fixture(&format!("{trusted}.crt"))).unwrap();
    roots.add(certificate).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TcpStream::connect(address).await?;
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    talk(&mut stream).await
}

async fn talk(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
) -> Result<String, std::io::Error> {
    let request = b"GET /quick HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn a_port_speaks_tls_and_takes_a_new_certificate_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    place(folder.path(), "first", 1);
    let [certificate, key] = ["server.crt", "server.key"].map(|name| folder.path().join(name));
    let tls = Tls::read(&certificate, &key).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let routes = Router::new().route("/quick", get(async || "quick"));
    let connections = Connections::new(8, &Meters::new("test").unwrap().meter());
    let (closing, acceptor) = (CancellationToken::new(), tls.acceptor(Protocol::Http).unwrap());
    let serving =
        serve(listener, routes, Protocol::Http, connections, Some(acceptor), closing.clone());
    let serving = tokio::spawn(serving);
    assert!(ask(address, "first").await.unwrap().ends_with("quick"));
    assert!(ask(address, "second").await.is_err());
    let mut plain = TcpStream::connect(address).await.unwrap();
    assert!(talk(&mut plain).await.unwrap().ends_with("quick"), "clients of this machine");

    let look_again = || {
        let mut read = tls.0.read.lock().unwrap();
        read.looked_at = Instant::now().checked_sub(LOOK).unwrap();
    };
    place(folder.path(), "second", 2);
    look_again();
    assert!(ask(address, "second").await.unwrap().ends_with("quick"));
    std::fs::write(&key, "no key").unwrap();
    look_again();
    assert!(ask(address, "second").await.unwrap().ends_with("quick"), "the old one stays");
    closing.cancel();
    serving.await.unwrap();
}

#[tokio::test]
async fn a_foreign_client_without_tls_is_left() {
    let tls = Tls::read(&fixture("first.crt"), &fixture("first.key")).unwrap();
    let acceptor = tls.acceptor(Protocol::Http).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    assert!(begin(stream, "10.0.0.5:1".parse().unwrap(), &acceptor).await.is_none());
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let mixed = Tls::read(&fixture("first.crt"), &fixture("second.key"));
    assert!(mixed.is_err_and(|error| error.to_string().contains("not that of")));
}
