//! People and their sessions.

use courant_access::{NewSecret, PersonRecord, Role, SessionRecord, session_digest};

use crate::credentials::Credentials;
use crate::error::Error;
use crate::records::Kind;

/// The most accounts, and the most sessions of one person.
const MAX_PEOPLE: usize = 1000;
const MAX_SESSIONS: usize = 20;

impl Credentials {
    pub(crate) async fn new_person(
        &self,
        name: &str,
        password: &str,
        role: Role,
    ) -> Result<PersonRecord, Error> {
        let name = name.trim().to_ascii_lowercase();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-@".contains(c);
        if !(1..=64).contains(&name.len()) || !name.chars().all(is_plain) {
            let message = "a name has 1 to 64 letters, digits, `.`, `_`, `-` or `@`";
            return Err(Error::Invalid(message.into()));
        }
        let people = self.records().content().await?.people;
        if people.iter().any(|person| person.name == name) {
            return Err(Error::Exists(format!("person {name}")));
        }
        if people.len() >= MAX_PEOPLE {
            return Err(Error::Invalid(format!("there are {MAX_PEOPLE} accounts already")));
        }
        let password = self.passwords().hash(password).await?;
        let created_at_ms = self.now_ms();
        Ok(PersonRecord { name, password, role, created_at_ms, generation: 0 })
    }

    pub(crate) async fn keep_person(&self, person: &PersonRecord) -> Result<(), Error> {
        self.records().put(Kind::Person, &person.name, person, None).await?;
        self.reload().await
    }

    pub(crate) async fn change_person(
        &self,
        name: &str,
        role: Option<Role>,
        password: Option<&str>,
    ) -> Result<PersonRecord, Error> {
        let mut person = self.keyring().person(name).ok_or_else(|| missing(name))?;
        person.role = role.unwrap_or(person.role);
        if let Some(password) = password {
            person.password = self.passwords().hash(password).await?;
            person.generation = person.generation.wrapping_add(1);
        }
        self.keep_person(&person).await?;
        Ok(person)
    }

    pub(crate) async fn remove_person(&self, name: &str) -> Result<(), Error> {
        if !self.records().remove(Kind::Person, name).await? {
            return Err(missing(name));
        }
        self.reload().await
    }

    /// Signs a person in, and returns the secret of the session; `None` if name or password is
    /// wrong.
    pub(crate) async fn sign_in(
        &self,
        name: &str,
        password: &str,
    ) -> Result<Option<String>, Error> {
        let person = self.keyring().person(&name.trim().to_ascii_lowercase());
        let known = person.as_ref().map(|person| person.password.as_str());
        let is_right = self.passwords().check(password, known).await?;
        let Some(person) = person.filter(|_| is_right) else { return Ok(None) };
        self.end_oldest(&person.name).await?;
        let secret = NewSecret::random().text;
        let seconds = u64::from(self.config().session_hours) * 3600;
        let session = SessionRecord {
            digest: session_digest(&secret),
            person: person.name,
            generation: person.generation,
            expires_at_ms: crate::tokens::in_seconds(self.now_ms(), seconds),
        };
        let until_ms = Some(session.expires_at_ms);
        self.records().put(Kind::Session, &session.digest, &session, until_ms).await?;
        self.reload().await?;
        Ok(Some(secret))
    }

    /// Ends the session with this secret.
    pub(crate) async fn sign_out(&self, secret: &str) -> Result<(), Error> {
        self.records().remove(Kind::Session, &session_digest(secret)).await?;
        self.reload().await
    }

    /// Makes room for one more session of a person.
    async fn end_oldest(&self, name: &str) -> Result<(), Error> {
        let sessions = self.records().content().await?.sessions;
        let mut own: Vec<_> = sessions.into_iter().filter(|one| one.person == name).collect();
        own.sort_by_key(|session| session.expires_at_ms);
        let beyond = (own.len() + 1).saturating_sub(MAX_SESSIONS);
        for session in own.iter().take(beyond) {
            self.records().remove(Kind::Session, &session.digest).await?;
        }
        Ok(())
    }
}

fn missing(name: &str) -> Error {
    Error::Missing(format!("person {}", name.chars().take(64).collect::<String>()))
}
