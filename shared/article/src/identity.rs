//! Identifiers of articles and of their texts.

use std::fmt;
use std::str::FromStr;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A URL in canonical form, as `courant-dedup` makes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CanonicalUrl(String);

impl CanonicalUrl {
    /// Takes a URL that is already canonical: one from the canonicalizer, the store or one of our
    /// messages. The form is not checked.
    pub fn from_canonical(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// Returns the URL as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CanonicalUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The error for a text that is not 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an id of 32 hexadecimal digits")]
pub struct ParseIdError(String);

/// Returns the first 16 bytes of the SHA-256 of `bytes`.
fn digest(bytes: &[u8]) -> [u8; 16] {
    let full = Sha256::digest(bytes);
    let mut short = [0; 16];
    short.copy_from_slice(&full[..16]);
    short
}

fn parse_hex(text: &str) -> Result<[u8; 16], ParseIdError> {
    let mut bytes = [0; 16];
    let is_id = text.len() == 32
        && HEXLOWER_PERMISSIVE.decode_mut(text.as_bytes(), &mut bytes) == Ok(bytes.len());
    if is_id { Ok(bytes) } else { Err(ParseIdError(text.chars().take(64).collect())) }
}

macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; 16]);

        impl $name {
            /// Returns the 16 bytes.
            pub fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// Takes the 16 bytes that [`Self::as_bytes`] returned.
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                HEXLOWER.encode_display(&self.0).fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                parse_hex(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

hex_id! {
    /// The id of an article: the first 32 hexadecimal digits of the SHA-256 of its canonical URL.
    ArticleId
}

hex_id! {
    /// The hash of a text: the first 32 hexadecimal digits of the SHA-256 of the normalized text.
    ContentHash
}

impl ArticleId {
    /// Returns the id of the article at `url`.
    pub fn of(url: &CanonicalUrl) -> Self {
        Self(digest(url.as_str().as_bytes()))
    }
}

impl ContentHash {
    /// Returns the hash of a text that `courant-dedup` has normalized.
    pub fn of_normalized(text: &str) -> Self {
        Self(digest(text.as_bytes()))
    }
}

/// The version of an article: the time at which the submitter saw it, in Unix milliseconds. The
/// store keeps the greatest.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Revision(pub i64);

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn article_id_is_the_start_of_sha256_of_the_url() {
        let url = CanonicalUrl::from_canonical("https://example.com/");
        assert_eq!(ArticleId::of(&url).to_string(), "0f115db062b7c0dd030b16878c99dea5");
    }

    #[test]
    fn ids_survive_text_and_reject_anything_else() {
        let id = ArticleId::from_bytes(*b"0123456789abcdef");
        assert_eq!(id.to_string().parse(), Ok(id));
        for wrong in
            ["", "12", "zz115db062b7c0dd030b16878c99dea5", "0f115db062b7c0dd030b16878c99deé"]
        {
            assert!(wrong.parse::<ArticleId>().is_err(), "{wrong:?}");
        }
    }
}
