//! The token that the agents share, in a file that is read again when it changes.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::keyring::equal;

/// The shortest token that is taken: a short one could be guessed.
const MIN_CHARS: usize = 16;
/// The time between two looks at the file.
const LOOK: Duration = Duration::from_millis(500);

/// The token in a file. Clones share what was read.
#[derive(Clone)]
pub struct ServiceToken(Arc<Inner>);

struct Inner {
    path: PathBuf,
    read: Mutex<TokenRead>,
}

struct TokenRead {
    token: String,
    modified: Option<SystemTime>,
    looked_at: Instant,
}

impl ServiceToken {
    /// Reads the token at `path`.
    ///
    /// # Errors
    /// If the file cannot be read, or holds less than 16 characters.
    pub fn read(path: &Path) -> Result<Self, std::io::Error> {
        let read = TokenRead {
            modified: modified(path),
            token: token_at(path)?,
            looked_at: Instant::now(),
        };
        Ok(Self(Arc::new(Inner { path: path.to_owned(), read: Mutex::new(read) })))
    }

    /// Returns the token as it stands in the file now.
    pub fn current(&self) -> String {
        let mut read = self.0.read.lock().unwrap_or_else(PoisonError::into_inner);
        if read.looked_at.elapsed() >= LOOK {
            read.looked_at = Instant::now();
            let changed = modified(&self.0.path);
            if changed != read.modified {
                read.modified = changed;
                match token_at(&self.0.path) {
                    Ok(token) => read.token = token,
                    Err(error) => {
                        let path = self.0.path.display();
                        tracing::error!(%path, %error, "the old service token stays in force");
                    }
                }
            }
        }
        read.token.clone()
    }

    pub(crate) fn is(&self, text: &str) -> bool {
        equal(&self.current(), text)
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|data| data.modified()).ok()
}

fn token_at(path: &Path) -> Result<String, std::io::Error> {
    let token = std::fs::read_to_string(path)?.trim().to_owned();
    if token.len() < MIN_CHARS {
        let message = format!("the token has less than {MIN_CHARS} characters");
        return Err(std::io::Error::other(message));
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_is_read_again_and_a_broken_one_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let write = |text: &str, second: u64| {
            std::fs::write(&path, text).unwrap();
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
            std::fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
        };
        write("short", 1);
        assert!(ServiceToken::read(&path).is_err());
        write("first-token-0123456789\n", 1);
        let token = ServiceToken::read(&path).unwrap();
        assert!(token.is("first-token-0123456789") && !token.is("first-token-0123456788"));
        let later = |token: &ServiceToken| {
            let mut read = token.0.read.lock().unwrap();
            read.looked_at = Instant::now().checked_sub(LOOK).unwrap();
        };
        write("second-token-0123456789", 2);
        later(&token);
        assert!(token.is("second-token-0123456789") && !token.is("first-token-0123456789"));
        write("", 3);
        later(&token);
        assert!(token.is("second-token-0123456789"));
    }
}
