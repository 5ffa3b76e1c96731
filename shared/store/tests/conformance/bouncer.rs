//! A store behind a PgBouncer that lends another connection to each transaction.
//!
//! Before version 1.21 PgBouncer does not know statements that were prepared: the connection of
//! the next transaction may have others by the same names, or none.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use courant_article::Embedding;
use courant_config::Secret;
use courant_store::{Config, Store};
use courant_telemetry::{Clock, Meters};
use tempfile::TempDir;
use tokio_postgres::{NoTls, SimpleQueryMessage};

use crate::guarded::Guarded;
use crate::house::{config, id, record, revised};
use crate::postgres::Postgres;

const X: [f32; 4] = [1.0, 0.0, 0.0, 0.0];
/// The user that PgBouncer runs as where the test is root, which it refuses.
const NOBODY: (u32, u32) = (65_534, 65_534);

struct Bouncer {
    folder: TempDir,
    _process: Guarded,
}

impl Bouncer {
    /// Starts one in front of `server`. `None` if it is not installed.
    fn start(server: &Postgres) -> Option<Self> {
        let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"];
        let program = program.into_iter().find(|program| Path::new(program).exists())?;
        let folder = tempfile::Builder::new().prefix("courant-bouncer-").tempdir().unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let is_root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
        let user = is_root.then_some(NOBODY);
        if let Some((user, group)) = user {
            chown(folder.path(), Some(user), Some(group)).unwrap();
        }
        let file = folder.path().join("pgbouncer.ini");
        std::fs::write(&file, settings(server, folder.path())).unwrap();
        let command = [program.to_owned(), file.display().to_string()];
        let socket = folder.path().join(".s.PGSQL.6432");
        let is_ready = || std::os::unix::net::UnixStream::connect(&socket).is_ok();
        let process = Guarded::start(&command, folder.path(), "KILL", user, &[], is_ready);
        Some(Self { folder, _process: process.unwrap() })
    }

    fn url(&self) -> String {
        let socket = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{socket}:6432/postgres")
    }
}

/// Two connections, which the transactions of all clients take in turns.
fn settings(server: &Postgres, folder: &Path) -> String {
    let url = server.url();
    let host = url.split_once('@').unwrap().1.rsplit_once('/').unwrap().0.replace("%2F", "/");
    let folder = PathBuf::from(folder);
    format!(
        "[databases]
postgres = host={host} dbname=postgres user=postgres
[pgbouncer]
listen_port = 6432
unix_socket_dir = {}
auth_type = any
pool_mode = transaction
default_pool_size = 2
server_round_robin = 1
",
        folder.display()
    )
}

async fn connect(url: &str, prepared: bool) -> Store {
    let url = Some(Secret::new(url));
    let config = Config { url, prepared, pool_min: 4, ..config() };
    let meter = Meters::new("test").unwrap().meter();
    Store::postgres(&config, Clock::fixed(0), &meter).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_works_behind_a_bouncer_of_transactions() {
    let server = Postgres::start().unwrap();
    let Some(bouncer) = Bouncer::start(&server) else {
        eprintln!("SKIPPED: pgbouncer is not installed");
        return;
    };
    let stores = [connect(&bouncer.url(), false).await, connect(&bouncer.url(), false).await];
    let tasks: Vec<_> = (0..8)
        .map(|n: i64| {
            let store = stores[usize::from(n % 2 == 0)].clone();
            tokio::spawn(async move { use_all(&store, n).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(stores[0].counts().await.unwrap().articles, 8);
    assert_nothing_is_left_behind(&bouncer.url()).await;
}

/// Writes and reads, five times over.
async fn use_all(store: &Store, n: i64) {
    let name = n.to_string();
    let (articles, vector) = (store.articles(), Embedding::normalized(X.to_vec()));
    for turn in 1..=5 {
        let claim = crate::claims::made(&name, &format!("{name} {turn}"), turn, "a.com");
        store.claims().judge(&claim).await.unwrap();
        let one = revised(record(&name, "Title", "", X), 1000 + turn, &format!("{name} {turn}"));
        articles.upsert(std::slice::from_ref(&one)).await.unwrap();
        let stored = articles.get(id(&name)).await.unwrap().unwrap();
        assert_eq!(stored.article, one.article);
        assert!(!articles.nearest(&vector, 3, None).await.unwrap().is_empty());
        assert_eq!(articles.subjects(&[id(&name)]).await.unwrap().len(), 1);
        assert!(!articles.changes(0, 100).await.unwrap().is_empty());
    }
    assert_eq!(articles.revisions(id(&name), 9).await.unwrap().len(), 4);
}

/// Other programs may get the connections that searches had.
async fn assert_nothing_is_left_behind(url: &str) {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    let query = "SELECT coalesce(current_setting('hnsw.ef_search', true), '40')
                     || ' ' || current_setting('statement_timeout')";
    for _ in 0..4 {
        let answer = client.simple_query(query).await.unwrap();
        let row = answer.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        assert_eq!(row, Some("40 0"));
    }
}
