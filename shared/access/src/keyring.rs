//! The known credentials, in memory, so that a request waits for no disk.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use subtle::ConstantTimeEq;

use crate::principal::{Principal, PrincipalKind};
use crate::record::{PersonRecord, SessionRecord, TokenRecord};
use crate::secret::{TokenText, csrf_token, session_digest};

/// All credentials at one time.
#[derive(Clone, Debug, Default)]
pub struct KeyringContent {
    /// The tokens of programs, also those that ended.
    pub tokens: Vec<TokenRecord>,
    /// The people.
    pub people: Vec<PersonRecord>,
    /// The sessions.
    pub sessions: Vec<SessionRecord>,
}

/// The credentials that a process knows. Clones share them.
#[derive(Clone, Default)]
pub struct Keyring(Arc<Inner>);

#[derive(Default)]
struct Inner {
    known: RwLock<Known>,
    /// When each token was used last, Unix milliseconds, since [`Keyring::take_uses`].
    uses: Mutex<HashMap<String, i64>>,
}

#[derive(Default)]
struct Known {
    tokens: HashMap<String, TokenRecord>,
    people: HashMap<String, PersonRecord>,
    sessions: HashMap<String, SessionRecord>,
}

/// The reason why a credential does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rejected {
    /// Nobody has it, or its secret is another.
    Unknown,
    Expired,
    Revoked,
    /// It is for another service.
    Audience,
}

impl Keyring {
    /// Replaces everything that is known.
    pub fn replace(&self, content: KeyringContent) {
        let KeyringContent { tokens, people, sessions } = content;
        let known = Known {
            tokens: tokens.into_iter().map(|token| (token.id.clone(), token)).collect(),
            people: people.into_iter().map(|person| (person.name.clone(), person)).collect(),
            sessions: sessions.into_iter().map(|one| (one.digest.clone(), one)).collect(),
        };
        *self.0.known.write().unwrap_or_else(PoisonError::into_inner) = known;
    }

    /// Returns true if there is a token or a person: then the door is guarded.
    pub fn guards(&self) -> bool {
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        !known.tokens.is_empty() || !known.people.is_empty()
    }

    /// Returns the person of that name.
    pub fn person(&self, name: &str) -> Option<PersonRecord> {
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        known.people.get(name).cloned()
    }

    /// Returns the tokens and when each was used last, and forgets the uses.
    pub fn take_uses(&self) -> HashMap<String, i64> {
        std::mem::take(&mut self.0.uses.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns the program that has this token.
    pub(crate) fn program(
        &self,
        text: TokenText<'_>,
        audience: Option<&str>,
        now_ms: i64,
    ) -> Result<Principal, Rejected> {
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        let token = known.tokens.get(text.id).ok_or(Rejected::Unknown)?;
        if !equal(&token.digest, &text.digest()) {
            return Err(Rejected::Unknown);
        }
        if token.revoked_at_ms.is_some() {
            return Err(Rejected::Revoked);
        }
        if token.expires_at_ms.is_some_and(|end| end <= now_ms) {
            return Err(Rejected::Expired);
        }
        if token.audience.is_some() && token.audience.as_deref() != audience {
            return Err(Rejected::Audience);
        }
        let principal = Principal::new(PrincipalKind::Program, &token.id, token.scopes);
        drop(known);
        let mut uses = self.0.uses.lock().unwrap_or_else(PoisonError::into_inner);
        uses.insert(principal.name.clone(), now_ms);
        Ok(principal)
    }

    /// Returns the person who has this session.
    pub(crate) fn session(&self, secret: &str, now_ms: i64) -> Result<Principal, Rejected> {
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        let session = known.sessions.get(&session_digest(secret)).ok_or(Rejected::Unknown)?;
        if session.expires_at_ms <= now_ms {
            return Err(Rejected::Expired);
        }
        let person = known.people.get(&session.person).ok_or(Rejected::Revoked)?;
        if person.generation != session.generation {
            return Err(Rejected::Revoked);
        }
        let scopes = person.role.scopes();
        let principal = Principal::new(PrincipalKind::Person, &person.name, scopes);
        Ok(Principal { csrf_token: Some(csrf_token(secret)), ..principal })
    }
}

/// Compares in a time that does not depend on the content.
pub(crate) fn equal(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scope::{Role, Scope, Scopes};
    use crate::secret::NewSecret;

    fn token(secret: &NewSecret) -> TokenRecord {
        TokenRecord {
            id: secret.id.clone(),
            name: "script".into(),
            digest: secret.digest.clone(),
            scopes: Scopes::parse("search").unwrap(),
            audience: None,
            created_at_ms: 0,
            expires_at_ms: Some(1000),
            revoked_at_ms: None,
            used_at_ms: None,
        }
    }

    #[test]
    fn a_token_counts_until_it_expires_or_is_revoked_and_only_for_its_audience() {
        let (keyring, secret) = (Keyring::default(), NewSecret::random());
        let text = TokenText::parse(&secret.text).unwrap();
        assert_eq!(keyring.program(text, None, 0), Err(Rejected::Unknown));
        assert!(!keyring.guards());
        let hold = |token| {
            keyring.replace(KeyringContent { tokens: vec![token], ..KeyringContent::default() });
        };
        hold(token(&secret));
        assert!(keyring.guards());
        let program = keyring.program(text, None, 999).unwrap();
        assert!(program.may(Scope::Search) && !program.may(Scope::Read));
        assert_eq!(keyring.take_uses().get(&secret.id), Some(&999));
        assert!(keyring.take_uses().is_empty());
        assert_eq!(keyring.program(text, None, 1000), Err(Rejected::Expired));
        hold(TokenRecord { revoked_at_ms: Some(5), ..token(&secret) });
        assert_eq!(keyring.program(text, None, 10), Err(Rejected::Revoked));
        hold(TokenRecord { audience: Some("https://a".into()), ..token(&secret) });
        assert_eq!(keyring.program(text, None, 10), Err(Rejected::Audience));
        assert!(keyring.program(text, Some("https://a"), 10).is_ok());
        let forged = secret.text.replace(&secret.text[secret.text.len() - 4..], "AAAA");
        let forged = keyring.program(TokenText::parse(&forged).unwrap(), None, 10);
        assert_eq!(forged, Err(Rejected::Unknown));
    }

    #[test]
    fn a_session_ends_with_its_time_its_person_and_their_password() {
        let keyring = Keyring::default();
        let person = PersonRecord {
            name: "ann".into(),
            password: String::new(),
            role: Role::Reader,
            created_at_ms: 0,
            generation: 1,
        };
        let session = SessionRecord {
            digest: session_digest("s"),
            person: "ann".into(),
            generation: 1,
            expires_at_ms: 100,
        };
        let hold = |people: &[PersonRecord]| {
            keyring.replace(KeyringContent {
                people: people.to_vec(),
                sessions: vec![session.clone()],
                ..KeyringContent::default()
            });
        };
        hold(std::slice::from_ref(&person));
        let principal = keyring.session("s", 99).unwrap();
        assert_eq!(principal.label(), "person:ann");
        assert!(principal.csrf_token.is_some_and(|token| token != session.digest));
        assert_eq!(keyring.session("s", 100), Err(Rejected::Expired));
        assert_eq!(keyring.session("t", 99), Err(Rejected::Unknown));
        hold(&[PersonRecord { generation: 2, ..person }]);
        assert_eq!(keyring.session("s", 99), Err(Rejected::Revoked));
        hold(&[]);
        assert_eq!(keyring.session("s", 99), Err(Rejected::Revoked));
    }
}
