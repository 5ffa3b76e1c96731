//! TLS on the ports. The certificate is read again when its file changes. Clients of this machine may
//! speak without TLS on the same port: probes, and commands that ask the service of a data folder.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, ensure};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::connections::HEADER_TIMEOUT;
use super::protocol::Protocol;

/// The time between two looks at the files.
const LOOK: Duration = Duration::from_secs(1);
/// The first byte of a client that begins TLS.
const HANDSHAKE: u8 = 0x16;

/// A stream with or without TLS.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// The TLS of the ports of a process. Clones share the certificate.
#[derive(Clone)]
pub(crate) struct Tls(Arc<Certificate>);

impl Tls {
    /// Reads the certificate chain and the key, both as PEM.
    ///
    /// # Errors
    /// If a file cannot be read, or the key is not that of the certificate.
    pub(crate) fn read(certificate: &Path, key: &Path) -> anyhow::Result<Self> {
        let files = [certificate.to_owned(), key.to_owned()];
        let read = CertificateRead {
            modified: modified(&files),
            key: certified_key(&files)?,
            looked_at: Instant::now(),
        };
        Ok(Self(Arc::new(Certificate { files, read: Mutex::new(read) })))
    }

    /// Returns the acceptor for the protocol of a port.
    pub(crate) fn acceptor(&self, protocol: Protocol) -> anyhow::Result<TlsAcceptor> {
        let provider = Arc::new(ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .context("TLS has no versions")?;
        let mut config = config.with_no_client_auth().with_cert_resolver(self.0.clone());
        config.alpn_protocols = match protocol {
            Protocol::Http => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            Protocol::Grpc => vec![b"h2".to_vec()],
        };
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

/// Begins a connection: with TLS if the client does, without only for clients of this machine.
/// `None` if it does not come about in time.
pub(super) async fn begin(
    stream: TcpStream,
    address: SocketAddr,
    acceptor: &TlsAcceptor,
) -> Option<Box<dyn Stream>> {
    let beginning = async {
        let mut first = [0];
        let speaks_tls = stream.peek(&mut first).await.ok()? == 1 && first[0] == HANDSHAKE;
        if speaks_tls {
            return Some(Box::new(acceptor.accept(stream).await.ok()?) as Box<dyn Stream>);
        }
        let is_local = address.ip().to_canonical().is_loopback();
        is_local.then(|| Box::new(stream) as Box<dyn Stream>)
    };
    tokio::time::timeout(HEADER_TIMEOUT, beginning).await.ok().flatten()
}

/// The certificate and its key, as their files have them.
struct Certificate {
    files: [PathBuf; 2],
    read: Mutex<CertificateRead>,
}

struct CertificateRead {
    key: Arc<CertifiedKey>,
    modified: [Option<SystemTime>; 2],
    looked_at: Instant,
}

impl Certificate {
    fn current(&self) -> Arc<CertifiedKey> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if read.looked_at.elapsed() >= LOOK {
            read.looked_at = Instant::now();
            let changed = modified(&self.files);
            if changed != read.modified {
                // If only one of the two is new yet, the next look finds the other.
                match certified_key(&self.files) {
                    Ok(key) => (read.key, read.modified) = (key, changed),
                    Err(error) => {
                        let error = format!("{error:#}");
                        tracing::warn!(error, "the old certificate stays in force");
                    }
                }
            }
        }
        read.key.clone()
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Certificate").field(&self.files).finish()
    }
}

fn modified(files: &[PathBuf; 2]) -> [Option<SystemTime>; 2] {
    files.each_ref().map(|file| std::fs::metadata(file).and_then(|data| data.modified()).ok())
}

fn certified_key([certificate, key]: &[PathBuf; 2]) -> anyhow::Result<Arc<CertifiedKey>> {
    let unreadable = || format!("cannot read the certificate {}", certificate.display());
    let chain = CertificateDer::pem_file_iter(certificate).with_context(unreadable)?;
    let chain: Vec<_> = chain.collect::<Result<_, _>>().with_context(unreadable)?;
    ensure!(!chain.is_empty(), "{} holds no certificate", certificate.display());
    let unreadable = || format!("cannot read the key {}", key.display());
    let key = PrivateKeyDer::from_pem_file(key).with_context(unreadable)?;
    let made = CertifiedKey::from_der(chain, key, &ring::default_provider());
    Ok(Arc::new(made.context("the key is not that of the certificate")?))
}

#[cfg(test)]
mod tests;
