//! Accepting connections. Where the system gives no more, as with all files open, clients only
//! wait: that is told in the log, once a minute.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

use crate::reminder::Reminder;

/// The pause after a failure: the next try would fail at once.
const PAUSE: Duration = Duration::from_millis(100);

/// A listener that tells what keeps it from accepting.
pub(super) struct Accepting {
    listener: TcpListener,
    reminder: Reminder,
}

impl Accepting {
    pub(super) fn new(listener: TcpListener) -> Self {
        Self { listener, reminder: Reminder::default() }
    }

    /// Accepts the next connection, and returns it with the address of the client.
    pub(super) async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok(accepted) => {
                    if self.reminder.is_over() {
                        tracing::info!("connections are accepted again");
                    }
                    return accepted;
                }
                // Only that client has gone.
                Err(error) if is_of_one_client(&error) => {}
                Err(error) => {
                    if self.reminder.is_due(&error.to_string()) {
                        tracing::error!(
                            %error,
                            "no connection is accepted; more open files may be needed (ulimit -n)"
                        );
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
}

fn is_of_one_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_has_gone_is_no_trouble() {
        assert!(is_of_one_client(&io::ErrorKind::ConnectionAborted.into()));
        assert!(!is_of_one_client(&io::Error::other("too many open files")));
    }
}
