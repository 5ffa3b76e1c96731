//! Accepting connections. Where the system gives no more, as with all files open, clients only
//! wait: that is told in the log, once a minute.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

/// The pause after a failure: the next try would fail at once.
const PAUSE: Duration = Duration::from_millis(100);
/// A trouble that stays is told again.
const REMINDER: Duration = Duration::from_secs(60);

/// A listener that tells what keeps it from accepting.
pub(crate) struct Accepting {
    listener: TcpListener,
    /// The time at which the trouble was told last.
    told: Option<Instant>,
}

impl Accepting {
    pub(crate) fn new(listener: TcpListener) -> Self {
        Self { listener, told: None }
    }

    fn fail(&mut self, error: &io::Error) {
        if self.told.is_none_or(|told| told.elapsed() >= REMINDER) {
            tracing::error!(
                %error,
                "no connection is accepted; more open files may be needed (ulimit -n)"
            );
            self.told = Some(Instant::now());
        }
    }

    fn recover(&mut self) {
        if self.told.take().is_some() {
            tracing::info!("connections are accepted again");
        }
    }
}

impl Listener for Accepting {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok(accepted) => {
                    self.recover();
                    return accepted;
                }
                // Only that client has gone.
                Err(error) if is_of_one_client(&error) => {}
                Err(error) => {
                    self.fail(&error);
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

fn is_of_one_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_trouble_is_told_once_a_minute_until_it_is_over() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut accepting = Accepting::new(listener);
        let full = io::Error::other("too many open files");
        accepting.fail(&full);
        let first = accepting.told.unwrap();
        tokio::time::advance(REMINDER / 2).await;
        accepting.fail(&full);
        assert_eq!(accepting.told, Some(first), "told already");
        tokio::time::advance(REMINDER / 2).await;
        accepting.fail(&full);
        assert!(accepting.told > Some(first));
        accepting.recover();
        assert_eq!(accepting.told, None);
    }

    #[test]
    fn a_client_that_has_gone_is_no_trouble() {
        assert!(is_of_one_client(&io::ErrorKind::ConnectionAborted.into()));
        assert!(!is_of_one_client(&io::Error::other("too many open files")));
    }
}
