//! Stores of earlier releases, brought up to date by this one.
//!
//! `tests/fixtures/VERSION` holds what each release wrote: a SQLite file and a dump of a
//! Postgres database, both filled by [`fill`].

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use courant_article::{Analysis, ContentHash, Embedding, Evidence, FeedFields, PageFields};
use courant_config::Secret;
use courant_dedup::Sketch;
use courant_store::{
    Access, Claim, Config, Error, Listing, Note, NoteKind, Store, StoredArticle, Visit,
};
use courant_telemetry::{Clock, Meters};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use tokio_postgres::NoTls;

use crate::articles::assert_same;
use crate::claims::{made, near_to};
use crate::guarded::deps;
use crate::house::{House, config, id, record, revised};
use crate::postgres::Postgres;

const FERRY: &str = "The ferry to the island was cancelled on Monday because of the storm. \
    Two hundred passengers waited in the harbour hall until the wind fell in the evening.";
const FERRY_LATER: &str = "The ferry to the island sails again. On Monday it had been cancelled \
    because of the storm, and two hundred passengers had waited in the harbour hall.";
const COUNCIL: &str = "The town council voted to keep the old bridge open for one more year. \
    Its repair is to cost nine million, which the region will pay for the most part.";

fn sketch(text: &str) -> Option<Sketch> {
    Sketch::of(text, 5)
}

/// One article in two revisions, another publisher's copy of it, and one of its own, with
/// the fields that release 0.1.0 kept.
fn records() -> [StoredArticle; 4] {
    let ferry = record("ferry", "No ferry on Monday", FERRY, [1.0, 0.0, 0.0, 0.0]);
    let later = revised(ferry.clone(), 2000, FERRY_LATER);
    let mut copy = record("copy", "Storm stops ferry", FERRY, [0.9, 0.1, 0.0, 0.0]);
    copy.article.syndicated_of = Some(id("ferry"));
    let council = record("council", "Bridge stays open", COUNCIL, [0.0, 0.0, 1.0, -1.0]);
    [ferry, later, copy, council].map(|mut record| {
        record.article.page = PageFields::default();
        record.article.feed = FeedFields::default();
        record.article.evidence = Evidence::default();
        record
    })
}

/// The last claim of each URL, after an earlier one of "ferry".
fn claims() -> [Claim; 4] {
    let with_sketch = |claim: Claim, text| Claim { sketch: sketch(text), ..claim };
    let near = near_to("ferry", FERRY, false);
    [
        with_sketch(made("copy", FERRY, 1000, "b.com"), FERRY),
        Claim { near, ..made("print", FERRY, 1500, "b.com") },
        with_sketch(made("ferry", FERRY_LATER, 2000, "a.com"), FERRY_LATER),
        with_sketch(made("council", COUNCIL, 1000, "a.com"), COUNCIL),
    ]
}

fn visits() -> [Visit; 2] {
    let fetched = Visit {
        url: "https://a.com/ferry".into(),
        etag: Some("W/\"5\"".into()),
        last_modified: Some("Wed, 21 Oct 2015 07:28:00 GMT".into()),
        fetched_at_ms: 5,
        status: 200,
        content_hash: Some(ContentHash::of_normalized(FERRY)),
    };
    let missing = Visit { url: "https://a.com/gone".into(), status: 404, ..Visit::default() };
    [fetched, missing]
}

fn listing() -> Listing {
    Listing {
        url: "https://a.com/feed".into(),
        kind: "feed".into(),
        checked_at_ms: 7,
        next_check_at_ms: 900_007,
        interval_s: 900,
        failures: 2,
        problem: Some("not fetched: é".into()),
        fingerprint: Some(ContentHash::of_normalized("urls")),
        leads_to: vec!["https://a.com/other.xml".into()],
    }
}

/// Release 0.1.0 kept no domain.
fn notes() -> [Note; 3] {
    [
        (NoteKind::Page, "https://a.com/next", "{\"depth\":1}"),
        (NoteKind::Pause, "b.com", "429"),
        (NoteKind::Robots, "https://a.com", "User-agent: *"),
    ]
    .map(|(kind, name, body)| Note {
        kind,
        name: name.into(),
        domain: String::new(),
        body: Some(body.into()),
        until_ms: 9,
    })
}

async fn fill(store: &Store) {
    let first = Claim { sketch: sketch(FERRY), ..made("ferry", FERRY, 1000, "a.com") };
    store.claims().judge(&first).await.unwrap();
    for claim in claims() {
        store.claims().judge(&claim).await.unwrap();
    }
    for record in records() {
        store.articles().upsert(&[record]).await.unwrap();
    }
    store.crawl().record_visits(&[], &visits()).await.unwrap();
    store.crawl().record_listing(&[], &listing()).await.unwrap();
    store.crawl().record_notes(&[], &notes()).await.unwrap();
}

/// Everything that [`fill`] stored is there, is near its vector, and stands among the changes.
async fn check(store: &Store) {
    let [_, ferry, copy, council] = records();
    for record in [&ferry, &copy, &council] {
        let stored = store.articles().get(record.article.id).await.unwrap().unwrap();
        assert_same(&stored, record);
    }
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.articles, counts.fingerprints, counts.visits), (3, 4, 2));
    check_claims(store).await;
    for visit in visits() {
        assert_eq!(store.crawl().visit(&visit.url).await.unwrap(), Some(visit));
    }
    assert_eq!(store.crawl().listings("", 9).await.unwrap(), [listing()]);
    for note in notes() {
        assert_eq!(store.crawl().note(note.kind, &note.name).await.unwrap(), Some(note));
    }
    check_vectors(store).await;
    check_changes(store).await;
}

async fn check_claims(store: &Store) {
    let expected = [
        ("syndicated", Some(id("ferry"))),
        ("duplicate", Some(id("ferry"))),
        ("revision", Some(id("ferry"))),
        ("new", None),
    ];
    let claims = claims();
    let ids = claims.clone().map(|claim| claim.id);
    assert_eq!(store.claims().known(&ids).await.unwrap(), [true; 4]);
    for (claim, expected) in claims.iter().zip(expected) {
        let verdict = store.claims().judge(claim).await.unwrap().verdict;
        assert_eq!((verdict.decision.as_str(), verdict.of), expected, "{claim:?}");
    }
    assert_eq!(store.claims().open(9).await.unwrap(), []);
    let known = store.claims().sketches(0, 9).await.unwrap();
    let mut found: Vec<_> = known.into_iter().map(|known| (known.id, known.sketch)).collect();
    found.sort_by_key(|(id, _)| *id);
    let current = [("ferry", FERRY_LATER), ("copy", FERRY), ("council", COUNCIL)];
    let mut expected = current.map(|(name, text)| (id(name), sketch(text)));
    expected.sort_by_key(|(id, _)| *id);
    assert_eq!(found, expected);
}

async fn check_vectors(store: &Store) {
    let vector = Embedding::normalized(vec![1.0, 0.0, 0.0, 0.0]);
    let near = store.articles().nearest(&vector, 1, None).await.unwrap();
    assert_eq!(near[0].id, id("ferry"));
}

/// Whoever derives something from the articles finds each of them among the changes.
async fn check_changes(store: &Store) {
    let changes = store.articles().changes(0, 100).await.unwrap();
    let mut changed: Vec<_> = changes.iter().map(|change| change.id).collect();
    changed.sort();
    let mut expected = ["ferry", "copy", "council"].map(id);
    expected.sort();
    assert_eq!(changed, expected);
    let last = changes.last().unwrap().number;
    assert_eq!(store.articles().head().await.unwrap().change, last);
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// One folder per release.
fn releases() -> Vec<PathBuf> {
    let folders: Vec<_> =
        std::fs::read_dir(fixtures()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!folders.is_empty());
    folders
}

#[tokio::test]
async fn sqlite_files_of_earlier_releases_are_brought_up_to_date() {
    for release in releases() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("courant.db");
        let packed = std::fs::File::open(release.join("courant.db.gz")).unwrap();
        let mut bytes = Vec::new();
        GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
        std::fs::write(&path, bytes).unwrap();
        let meter = Meters::new("test").unwrap().meter();
        let (config, clock) = (config(), Clock::fixed(1_700_000_000_000));
        let reader = Store::sqlite(&path, Access::ReadOnly, &config, clock.clone(), &meter).await;
        assert!(matches!(reader, Err(Error::Older { .. })), "{reader:?}");
        for _ in 0..2 {
            let (access, clock) = (Access::ReadWrite, clock.clone());
            let store = Store::sqlite(&path, access, &config, clock, &meter).await.unwrap();
            check(&store).await;
        }
        assert!(!Store::sqlite_schema(&path).await.unwrap().is_pending());
    }
}

#[tokio::test]
async fn postgres_databases_of_earlier_releases_are_brought_up_to_date() {
    for release in releases() {
        let server = Postgres::start().unwrap();
        let dump = std::fs::read_to_string(release.join("postgres.sql")).unwrap();
        let (client, connection) = tokio_postgres::connect(&server.url(), NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(&dump).await.unwrap();
        let config = Config { url: Some(Secret::new(server.url())), ..config() };
        let meter = Meters::new("test").unwrap().meter();
        for _ in 0..2 {
            let clock = Clock::fixed(1_700_000_000_000);
            check(&Store::postgres(&config, clock, &meter).await.unwrap()).await;
        }
        assert!(!Store::postgres_schema(&config).await.unwrap().is_pending());
    }
}

#[tokio::test]
#[ignore = "writes the fixtures of a release"]
async fn the_fixtures_of_this_release_are_written() {
    let folder = fixtures().join(env!("CARGO_PKG_VERSION"));
    std::fs::create_dir_all(&folder).unwrap();

    let house = House::sqlite().await;
    fill(&house.store).await;
    let path = house.file();
    house.store.close().await.unwrap();
    let packed = std::fs::File::create(folder.join("courant.db.gz")).unwrap();
    let mut packed = GzEncoder::new(packed, Compression::best());
    packed.write_all(&std::fs::read(path).unwrap()).unwrap();
    packed.finish().unwrap();

    let mut house = House::postgres().await;
    fill(&house.store).await;
    let dump = dump(&house.server().url());
    std::fs::write(folder.join("postgres.sql"), dump).unwrap();
}

/// The database as SQL statements, without comments and what only `psql` or one version
/// of Postgres understands.
fn dump(url: &str) -> String {
    let programs = deps().join("postgres");
    let output = Command::new(programs.join("bin/pg_dump"))
        .args(["--inserts", "--no-owner", "--no-privileges", url])
        .env("LD_LIBRARY_PATH", programs.join("lib"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let dump = String::from_utf8(output.stdout).unwrap();
    let noise = ["--", "\\", "SET ", "SELECT pg_catalog.set_config("];
    let lines = dump.lines().filter(|line| !line.is_empty());
    let kept = lines.filter(|line| !noise.iter().any(|start| line.starts_with(start)));
    kept.map(|line| format!("{line}\n")).collect()
}

/// The steps that made the tables before articles had partitions.
const BEFORE_PARTITIONS: [&str; 10] = [
    include_str!("../../migrations/postgres/001_articles.sql"),
    include_str!("../../migrations/postgres/002_sketches.sql"),
    include_str!("../../migrations/postgres/003_crawl.sql"),
    include_str!("../../migrations/postgres/004_leases.sql"),
    include_str!("../../migrations/postgres/005_page_fields.sql"),
    include_str!("../../migrations/postgres/006_obligations.sql"),
    include_str!("../../migrations/postgres/007_evidence.sql"),
    include_str!("../../migrations/postgres/008_vectors.sql"),
    include_str!("../../migrations/postgres/009_changes.sql"),
    include_str!("../../migrations/postgres/010_facts.sql"),
];

/// 500 articles, one a day, in two revisions each; every tenth of another encoder.
const ROWS: &str = r#"
CREATE INDEX article_vector ON article USING hnsw (vector halfvec_cosine_ops);
INSERT INTO article (id, revision, url, content_hash, title, authors, body, truncated, source,
    submission_id, decision, model, analysis, vector, stored_at_ms, first_observed_ms, site)
SELECT decode(md5(n::text), 'hex'), 1700000000000 + n::bigint * 86400000, 'https://a.com/' || n,
    decode(md5('text ' || n), 'hex'), 'Title ' || n, '[]', 'Text ' || n, false, 'source', 's',
    'new', json_build_object('name', CASE WHEN n % 10 = 0 THEN 'older' ELSE 'ours' END,
        'version', '1', 'precision', 'int8', 'provider', 'cpu'),
    '{analysis}',
    format('[1,%s,0,0]', n / 500.0)::halfvec(4), 1, 1700000000000 + n::bigint * 86400000, 'a.com'
FROM generate_series(1, 500) AS n;
UPDATE article SET revision = revision + 1, title = title || ' again';
DELETE FROM article WHERE url = 'https://a.com/500';
CREATE TABLE courant_schema (version bigint PRIMARY KEY);
INSERT INTO courant_schema SELECT generate_series(1, 10);
"#;

#[tokio::test]
async fn a_filled_store_without_partitions_is_divided() {
    let server = Postgres::start().unwrap();
    let (client, connection) = tokio_postgres::connect(&server.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute("CREATE EXTENSION vector").await.unwrap();
    for step in BEFORE_PARTITIONS {
        client.batch_execute(&step.replace("{dimension}", "4")).await.unwrap();
    }
    let analysis = serde_json::to_string(&Analysis::default()).unwrap();
    client.batch_execute(&ROWS.replace("{analysis}", &analysis)).await.unwrap();
    let changes = "SELECT change, id, first_observed_ms, number, title FROM article
                   ORDER BY change";
    let rows = async || -> Vec<(i64, Vec<u8>, i64, i64, String)> {
        let rows = client.query(changes, &[]).await.unwrap();
        rows.iter()
            .map(|row| (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4)))
            .collect()
    };
    let before = rows().await;
    assert_eq!(before.len(), 499);

    let config = Config { url: Some(Secret::new(server.url())), ..config() };
    let meter = Meters::new("test").unwrap().meter();
    let store = Store::postgres(&config, Clock::fixed(1_700_000_000_000), &meter).await.unwrap();
    assert_eq!(rows().await, before);
    let articles = store.articles();
    assert_eq!(articles.encoder().await.unwrap().as_deref(), Some("ours"));
    let count = async |query: &str| -> i64 { client.query_one(query, &[]).await.unwrap().get(0) };
    let partitions = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'article'::regclass";
    assert_eq!(count(partitions).await, 17);
    assert_eq!(count("SELECT count(*) FROM article_revision").await, 500);
    assert_eq!(count("SELECT count(*) FROM article_place").await, 499);
    assert_eq!(count("SELECT count(*) FROM embedding_ours").await, 450);
    assert_eq!(count("SELECT count(*) FROM embedding_older").await, 49);
    let near = Embedding::normalized(vec![1.0, 0.002, 0.0, 0.0]);
    let near = articles.nearest(&near, 500, None).await.unwrap();
    assert_eq!((near.len(), near[0].number), (450, before[0].3.try_into().unwrap()));
    let last = articles.changes(0, 1_000).await.unwrap();
    assert_eq!(last.len(), 500, "the deleted one is known");

    let mut new = record("new", "New", "new", [0.0, 0.0, 1.0, 0.0]);
    new.model.name = "ours".into();
    articles.upsert(&[new]).await.unwrap();
    let greatest = before.iter().map(|row| row.3).max().unwrap();
    let number = "SELECT number FROM article WHERE title = 'New'";
    assert!(count(number).await > greatest, "numbers go on");
    let deleted = client.execute("DELETE FROM article WHERE site = 'a.com'", &[]).await.unwrap();
    assert_eq!(deleted, 499);
    assert_eq!(count("SELECT count(*) FROM embedding_ours").await, 1);
    assert_eq!(count("SELECT count(*) FROM embedding_older").await, 0);
    assert_eq!(store.counts().await.unwrap().articles, 1);
}
