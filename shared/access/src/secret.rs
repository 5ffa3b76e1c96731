//! Random secrets, and the digests by which they are known.
//!
//! A secret has 256 random bits, so no list of likely ones exists, and a fast digest is as good as a
//! slow one: whoever reads the digests can try guesses for ever. The digest covers the id as well,
//! so that equal secrets, if there were any, would not look alike.

use std::fmt;

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD, HEXLOWER};
use sha2::{Digest, Sha256};

/// The opening of each token, by which scanners of leaked secrets find it.
const OPENING: &str = "courant";
/// A longer text is no token.
const MAX_CHARS: usize = 128;

/// A secret that was made now. It is shown once.
pub struct NewSecret {
    /// The public id.
    pub id: String,
    /// The whole text that a client sends.
    pub text: String,
    /// The digest that is kept.
    pub digest: String,
}

impl NewSecret {
    /// Makes a secret.
    pub fn random() -> Self {
        let id = BASE32_NOPAD.encode(&rand::random::<[u8; 10]>()).to_ascii_lowercase();
        let secret = BASE64URL_NOPAD.encode(&rand::random::<[u8; 32]>());
        Self { text: format!("{OPENING}_{id}_{secret}"), digest: digest(&id, &secret), id }
    }
}

impl fmt::Debug for NewSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewSecret({})", self.id)
    }
}

/// The two parts of a token that a client sent.
#[derive(Clone, Copy)]
pub struct TokenText<'a> {
    /// The public id.
    pub id: &'a str,
    secret: &'a str,
}

impl<'a> TokenText<'a> {
    /// Reads a token. `None` if the text has not its form.
    pub fn parse(text: &'a str) -> Option<Self> {
        if text.len() > MAX_CHARS {
            return None;
        }
        let rest = text.strip_prefix(OPENING)?.strip_prefix('_')?;
        let (id, secret) = rest.split_once('_')?;
        (!id.is_empty() && !secret.is_empty()).then_some(Self { id, secret })
    }

    /// Returns its digest.
    pub fn digest(self) -> String {
        digest(self.id, self.secret)
    }
}

/// Returns the digest of a token's secret.
pub fn digest(id: &str, secret: &str) -> String {
    hashed(&["courant token", id, secret])
}

/// Returns the digest of a session's secret, which is also its id.
pub fn session_digest(secret: &str) -> String {
    hashed(&["courant session", secret])
}

/// Returns the token that pages of a session send along with changes.
pub(crate) fn csrf_token(session_secret: &str) -> String {
    hashed(&["courant csrf", session_secret])
}

fn hashed(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    HEXLOWER.encode(&hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_secret_is_known_by_its_digest_alone() {
        let new = NewSecret::random();
        let text = TokenText::parse(&new.text).unwrap();
        assert_eq!((text.id, text.digest()), (new.id.as_str(), new.digest.clone()));
        assert!(!new.text.contains(&new.digest) && !format!("{new:?}").contains(text.secret));
        assert_ne!(NewSecret::random().text, new.text);
    }

    #[test]
    fn other_texts_are_no_tokens() {
        let long = format!("courant_a_{}", "b".repeat(MAX_CHARS));
        for text in ["", "courant", "courant_", "courant_a", "courant__b", "other_a_b", &long] {
            assert!(TokenText::parse(text).is_none(), "{text}");
        }
    }
}
