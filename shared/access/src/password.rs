//! Passwords, as argon2id hashes. A check costs 19 MiB and some 20 ms of one core, so only a few run
//! at a time: guesses wait for each other, not the pipeline for them.

use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::Semaphore;

/// The characters that a password has at least and at most.
const MIN_CHARS: usize = 10;
const MAX_CHARS: usize = 256;
/// Checks that may wait, for each that runs.
const WAITING: usize = 8;

/// The reasons why a password is not taken or not checked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// It has not the length of one.
    #[error("a password has {MIN_CHARS} to {MAX_CHARS} characters")]
    Length,
    /// Too many checks wait already.
    #[error("too many passwords are being checked; try again in a few seconds")]
    Busy,
    /// The hash in the store is none, or no thread is left.
    #[error("passwords cannot be checked: {0}")]
    Broken(String),
}

/// Hashes and checks passwords, a few at a time. Clones share the places.
#[derive(Clone)]
pub struct Passwords {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Passwords {
    /// Checks at most `at_a_time` passwords at a time.
    pub fn new(at_a_time: usize) -> Self {
        let running = at_a_time.max(1);
        let waiting = Arc::new(Semaphore::new(running * (1 + WAITING)));
        Self { running: Arc::new(Semaphore::new(running)), waiting }
    }

    /// Returns the hash of a new password.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn hash(&self, password: &str) -> Result<String, PasswordError> {
        if !(MIN_CHARS..=MAX_CHARS).contains(&password.chars().count()) {
            return Err(PasswordError::Length);
        }
        let password = password.to_owned();
        self.run(move || {
            let hash = argon2()?.hash_password(password.as_bytes());
            hash.map(|hash| hash.to_string()).map_err(broken)
        })
        .await
    }

    /// Returns true if `password` has the hash `known`. Without one, takes as long and returns
    /// false, so that nobody learns which names exist.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn check(&self, password: &str, known: Option<&str>) -> Result<bool, PasswordError> {
        if password.len() > MAX_CHARS * 4 {
            return Ok(false);
        }
        let (password, known) = (password.to_owned(), known.map(str::to_owned));
        self.run(move || match known {
            Some(known) => {
                let hash = argon2::PasswordHash::new(&known).map_err(broken)?;
                Ok(argon2()?.verify_password(password.as_bytes(), &hash).is_ok())
            }
            None => {
                argon2()?.hash_password(password.as_bytes()).map_err(broken)?;
                Ok(false)
            }
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let place = Arc::clone(&self.waiting).try_acquire_owned();
        let place = place.map_err(|_| PasswordError::Busy)?;
        let turn = Arc::clone(&self.running).acquire_owned().await.map_err(broken)?;
        // The places belong to the work: it runs on after a client has gone.
        let work = move || {
            let result = work();
            drop((place, turn));
            result
        };
        tokio::task::spawn_blocking(work).await.map_err(broken)?
    }
}

/// The cost that OWASP names for argon2id: 19 MiB, two passes, one lane.
fn argon2() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(broken)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn broken(error: impl std::fmt::Display) -> PasswordError {
    PasswordError::Broken(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_and_its_length_is_bounded() {
        let passwords = Passwords::new(1);
        let hash = passwords.hash("correct horse").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_eq!(passwords.check("correct horse", Some(&hash)).await, Ok(true));
        assert_eq!(passwords.check("wrong horse", Some(&hash)).await, Ok(false));
        assert_eq!(passwords.check("correct horse", None).await, Ok(false));
        assert_eq!(passwords.hash("short").await, Err(PasswordError::Length));
        assert_eq!(passwords.hash(&"x".repeat(257)).await, Err(PasswordError::Length));
        assert!(passwords.check("correct horse", Some("none")).await.is_err());
    }

    #[tokio::test]
    async fn guesses_beyond_the_places_are_refused_at_once() {
        let passwords = Passwords::new(1);
        let _turn = passwords.running.clone().acquire_owned().await.unwrap();
        let guess = || {
            let passwords = passwords.clone();
            tokio::spawn(async move { passwords.check("a guess", None).await })
        };
        let waiting: Vec<_> = (0..=WAITING).map(|_| guess()).collect();
        tokio::task::yield_now().await;
        assert_eq!(guess().await.unwrap(), Err(PasswordError::Busy));
        waiting.iter().for_each(tokio::task::JoinHandle::abort);
    }
}
