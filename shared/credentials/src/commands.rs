//! The commands `courant token`, `courant people` and `courant audit`: the records, without a service. Whoever may
//! write to the data folder or to the database may do everything anyway.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use courant_access::{AuditEntry, Config, Role, Scopes, TokenRecord};
use courant_config::{Document, Ranged, Ranges, Secret};
use courant_telemetry::Clock;
use serde::Deserialize;

use crate::credentials::Credentials;
use crate::error::Error;
use crate::records::Records;
use crate::tokens::{NewToken, new_token};
use crate::wording::{audit_lines, time, token_lines};

/// The arguments of `courant token`.
#[derive(Debug, Args)]
pub struct TokenArgs {
    #[command(subcommand)]
    call: TokenCall,
    #[command(flatten)]
    place: Place,
}

/// The arguments of `courant people`.
#[derive(Debug, Args)]
pub struct PeopleArgs {
    #[command(subcommand)]
    call: PeopleCall,
    #[command(flatten)]
    place: Place,
}

/// The place of the credentials.
#[derive(Debug, Args)]
struct Place {
    /// The data folder [default: the Postgres of store.url where that is set, else courant-data]
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<PathBuf>,
    /// The configuration file [default: courant.toml, if there is one]
    #[arg(long, value_name = "FILE", env = "COURANT_CONFIG", global = true)]
    config: Option<PathBuf>,
}

/// The one key of the section `[store]` that counts here.
#[derive(Default, Deserialize)]
#[serde(default)]
struct StorePlace {
    url: Option<Secret>,
}

impl Ranged for StorePlace {
    fn ranges(&self, _: &mut Ranges) {}
}

impl Place {
    /// Opens the records. Those of a folder are made only if the call `makes` something.
    async fn records(&self, default: &Path, makes: bool) -> anyhow::Result<Records> {
        let document = Document::load(self.config.as_deref(), std::env::vars())?;
        let store: StorePlace = document.section("store")?;
        let opened = match (&self.data, &store.url) {
            (None, Some(url)) => Records::postgres(url).await,
            _ => {
                let folder = self.data.as_deref().unwrap_or(default);
                anyhow::ensure!(
                    makes || Records::are_in(folder),
                    "there are no credentials in {}; `courant token create` makes one, --data names \
                     another folder",
                    folder.display()
                );
                std::fs::create_dir_all(folder)?;
                Records::in_folder(folder).await
            }
        };
        opened.context("cannot open the credentials")
    }
}

#[derive(Debug, Subcommand)]
enum TokenCall {
    /// Make a token, and print it once
    Create {
        /// Its scopes, from search, read, submit, watch, admin, metrics
        #[arg(long, value_name = "SCOPE,…", value_parser = Scopes::parse)]
        scope: Scopes,
        /// When it ends, such as 30d, 12h or 2y [default: not by itself]
        #[arg(long, value_name = "TIME", value_parser = seconds)]
        expires: Option<u64>,
        /// A name for people
        #[arg(long, default_value = "")]
        name: String,
        /// The service that alone may take it, as its access.audience says
        #[arg(long, value_name = "URL")]
        audience: Option<String>,
    },
    /// List the tokens
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// End a token, within a second everywhere
    Revoke {
        /// Its id
        id: String,
    },
    /// Make a token in place of another
    Rotate {
        /// Its id
        id: String,
        /// The time for which the old one still counts
        #[arg(long, value_name = "TIME", default_value = "1m", value_parser = seconds)]
        keep: u64,
    },
}

#[derive(Debug, Subcommand)]
enum PeopleCall {
    /// Make an account; the password is the first line of standard input
    Create {
        /// The name to sign in with
        name: String,
        /// reader, editor or admin
        #[arg(long, value_parser = role, default_value = "reader")]
        role: Role,
    },
    /// List the accounts
    List,
    /// Remove an account, and end its sessions
    Remove {
        /// Its name
        name: String,
    },
}

/// The arguments of `courant audit`.
#[derive(Debug, Args)]
pub struct AuditArgs {
    /// The most changes, the newest first
    #[arg(short, value_name = "N", default_value = "100")]
    n: usize,
    /// Print a line of JSON for each
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

fn role(word: &str) -> Result<Role, &'static str> {
    Role::named(word).ok_or("not reader, editor or admin")
}

/// Reads `90s`, `5m`, `12h`, `30d` or `2y`.
fn seconds(text: &str) -> Result<u64, &'static str> {
    const WRONG: &str = "not a time such as 30d, 12h or 5m";
    let unit = text.chars().last().ok_or(WRONG)?;
    let number = text.strip_suffix(unit).and_then(|number| number.parse::<u64>().ok());
    let length = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 24 * 3600,
        'y' => 365 * 24 * 3600,
        _ => return Err(WRONG),
    };
    number.and_then(|number| number.checked_mul(length)).ok_or(WRONG)
}

impl TokenArgs {
    /// Does the call, and returns the lines to print. `default` is the data folder if none is named.
    ///
    /// # Errors
    /// A failure of the records, or a call that they do not take.
    pub async fn run(self, default: &Path) -> anyhow::Result<String> {
        let records =
            self.place.records(default, matches!(self.call, TokenCall::Create { .. })).await?;
        self.call.run(&records, Clock::system().unix_ms()).await
    }
}

impl TokenCall {
    async fn run(self, records: &Records, now_ms: i64) -> anyhow::Result<String> {
        match self {
            Self::Create { scope, expires, name, audience } => {
                let new = NewToken { name, scopes: scope, expires_in_s: expires, audience };
                let made = new_token(records, new, now_ms).await?;
                Ok(shown(records, made, "create", now_ms).await?)
            }
            Self::List { json } => {
                let mut tokens = records.content().await?.tokens;
                tokens.sort_by_key(|token| std::cmp::Reverse(token.created_at_ms));
                Ok(token_lines(tokens, json)?)
            }
            Self::Revoke { id } => {
                records.revoke(&id, now_ms).await?;
                note(records, "revoke", &id, now_ms).await?;
                Ok(format!("{id} is revoked\n"))
            }
            Self::Rotate { id, keep } => {
                let made = records.rotate(&id, keep, now_ms).await?;
                Ok(shown(records, made, "rotate", now_ms).await?)
            }
        }
    }
}

async fn shown(
    records: &Records,
    (secret, token): (String, TokenRecord),
    call: &str,
    now_ms: i64,
) -> Result<String, Error> {
    note(records, call, &token.id, now_ms).await?;
    let end = token.expires_at_ms.map_or("has no end".into(), |end| format!("ends {}", time(end)));
    Ok(format!("{secret}\n# {} may {}, {end}; it is not shown again\n", token.id, token.scopes))
}

/// Notes a call in the audit.
async fn note(records: &Records, call: &str, id: &str, now_ms: i64) -> Result<(), Error> {
    let entry = AuditEntry {
        at_ms: now_ms,
        who: "service:command-line".into(),
        what: format!("courant {call}"),
        target: id.to_owned(),
        result: "done".into(),
        request: String::new(),
        address: String::new(),
    };
    records.note(vec![entry]).await
}

impl PeopleArgs {
    /// Does the call, and returns the lines to print. `default` is the data folder if none is named.
    ///
    /// # Errors
    /// A failure of the records, or a call that they do not take.
    pub async fn run(self, default: &Path) -> anyhow::Result<String> {
        let records =
            self.place.records(default, matches!(self.call, PeopleCall::Create { .. })).await?;
        let credentials = Credentials::open(records, &Config::default(), Clock::system()).await?;
        self.call.run(&credentials).await
    }
}

impl PeopleCall {
    async fn run(self, credentials: &Credentials) -> anyhow::Result<String> {
        let now_ms = credentials.now_ms();
        match self {
            Self::Create { name, role } => {
                let line = std::io::stdin().lines().next();
                let password = line.unwrap_or_else(|| Ok(String::new()))?;
                let person = credentials.new_person(&name, password.trim_end(), role).await?;
                credentials.keep_person(&person).await?;
                note(credentials.records(), "people create", &person.name, now_ms).await?;
                Ok(format!("{} may sign in as {}\n", person.name, role.as_str()))
            }
            Self::List => {
                let people = credentials.records().content().await?.people;
                let line = |person: &courant_access::PersonRecord| {
                    format!("{}  {}\n", person.name, person.role.as_str())
                };
                Ok(people.iter().map(line).collect())
            }
            Self::Remove { name } => {
                credentials.remove_person(&name).await?;
                note(credentials.records(), "people remove", &name, now_ms).await?;
                Ok(format!("{name} is removed\n"))
            }
        }
    }
}

impl AuditArgs {
    /// Returns the lines to print. `default` is the data folder if none is named.
    ///
    /// # Errors
    /// A failure of the records.
    pub async fn run(self, default: &Path) -> anyhow::Result<String> {
        let records = self.place.records(default, false).await?;
        let (mut lines, mut before, mut left) = (String::new(), None, self.n);
        while left > 0 {
            let page = records.audit(before, left).await?;
            left -= page.entries.len().min(left);
            lines += &audit_lines(page.entries, self.json)?;
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        Ok(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_unit() {
        assert_eq!(seconds("30d"), Ok(30 * 86_400));
        assert_eq!((seconds("5m"), seconds("0s")), (Ok(300), Ok(0)));
        for wrong in ["", "d", "30", "3w", "-1d", "99999999999999999999y"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_command_that_reads_makes_no_folder() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let place = || Place { data: Some(data.clone()), config: None };
        let audit = AuditArgs { n: 1, json: false, place: place() };
        let error = audit.run(&data).await.unwrap_err().to_string();
        assert!(error.starts_with("there are no credentials in "), "{error}");
        let list = TokenArgs { call: TokenCall::List { json: false }, place: place() };
        assert!(list.run(&data).await.is_err() && !data.exists());
        let name = String::new();
        let scope = Scopes::parse("read").unwrap();
        let call = TokenCall::Create { scope, expires: None, name, audience: None };
        TokenArgs { call, place: place() }.run(&data).await.unwrap();
        assert!(Records::are_in(&data));
    }
}
