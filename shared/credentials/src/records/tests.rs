use courant_access::{NewSecret, Scopes};

use super::*;
use crate::tokens::{NewToken, new_token};

#[path = "../../../../tests/src/guarded.rs"]
mod guarded;
#[path = "../../../../tests/src/postgres.rs"]
#[expect(dead_code, unreachable_pub, reason = "it is shared with tests that use all of it")]
mod postgres_server;

fn entry(number: i64) -> AuditEntry {
    AuditEntry {
        at_ms: number,
        who: "person:ann".into(),
        what: "DELETE /v1/sources/{id}".into(),
        target: format!("/v1/sources/{number}"),
        result: "done".into(),
        request: "r".into(),
        address: "127.0.0.1".into(),
    }
}

/// The promises of both back ends.
async fn keeps_its_promises(records: Records) {
    let before = records.change().await.unwrap();
    let new = NewToken {
        name: "script".into(),
        scopes: Scopes::parse("search,read").unwrap(),
        expires_in_s: Some(60),
        audience: None,
    };
    let (secret, token) = new_token(&records, new.clone(), 1000).await.unwrap();
    assert_ne!(records.change().await.unwrap(), before);
    let content = records.content().await.unwrap();
    assert_eq!(content.tokens, std::slice::from_ref(&token));
    assert!(!format!("{content:?}").contains(&secret), "only the digest is kept");

    let (_, newer) = records.rotate(&token.id, 5, 2000).await.unwrap();
    assert_eq!((&newer.name, newer.scopes), (&token.name, token.scopes));
    assert_eq!(newer.expires_at_ms, token.expires_at_ms);
    assert_eq!(records.token(&token.id).await.unwrap().expires_at_ms, Some(7000));
    records.revoke(&newer.id, 3000).await.unwrap();
    records.revoke(&newer.id, 4000).await.unwrap();
    assert_eq!(records.token(&newer.id).await.unwrap().revoked_at_ms, Some(3000));
    assert!(matches!(records.revoke("none", 0).await, Err(Error::Missing(_))));
    assert!(matches!(records.rotate(&newer.id, 5, 3000).await, Err(Error::Invalid(_))));
    let nothing = NewToken { scopes: Scopes::NONE, ..new };
    assert!(matches!(new_token(&records, nothing, 0).await, Err(Error::Invalid(_))));

    records.note((1..=5).map(entry).collect()).await.unwrap();
    let page = records.audit(None, 3).await.unwrap();
    assert_eq!(page.entries, [entry(5), entry(4), entry(3)]);
    let rest = records.audit(page.next, 3).await.unwrap();
    assert_eq!((rest.entries, rest.next), (vec![entry(2), entry(1)], None));

    let late = NewSecret::random().id;
    records.put(Kind::Setup, &late, &"x", Some(10)).await.unwrap();
    records.forget(11, 3, 2).await.unwrap();
    assert!(!records.remove(Kind::Setup, &late).await.unwrap(), "it was forgotten");
    let left = records.audit(None, 10).await.unwrap();
    assert_eq!(left.entries, [entry(5), entry(4)]);
    assert_eq!(records.content().await.unwrap().tokens.len(), 2, "those that ended stay a while");
    assert!(records.remove(Kind::Token, &token.id).await.unwrap());
    assert!(!records.remove(Kind::Token, &token.id).await.unwrap());
}

#[tokio::test]
async fn a_file_keeps_them_for_its_user_alone_and_for_other_processes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.db");
    let records = Records::sqlite(&path).await.unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{mode:o}");
    }
    let other = Records::sqlite(&path).await.unwrap();
    let before = other.change().await.unwrap();
    keeps_its_promises(records).await;
    assert_ne!(other.change().await.unwrap(), before);
}

#[tokio::test]
async fn a_server_keeps_them_and_two_processes_make_its_tables_once() {
    let server = postgres_server::Postgres::start().unwrap();
    let url = Secret::new(server.url());
    let prepare = async |client: &mut tokio_postgres::Client| {
        Ok::<_, Error>(Postgres::prepare_extension(client).await?)
    };
    let settings = postgres::settings(&url);
    Postgres::once(&settings, std::time::Duration::from_secs(10), prepare).await.unwrap();
    let (one, other) = tokio::join!(Records::postgres(&url), Records::postgres(&url));
    let (one, other) = (one.unwrap(), other.unwrap());
    let before = other.change().await.unwrap();
    keeps_its_promises(one).await;
    assert_ne!(other.change().await.unwrap(), before);
}
