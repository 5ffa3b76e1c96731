//! Messages recorded from releases are read by the code of today: an upgrade finds
//! them in the queues.
//!
//! `fixtures/VERSION/SUBJECT.NAME.pb` is a message as that release sent it, and the
//! file `.headers` beside it the headers that say how to read it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use courant_article::{Analysis, Article, Embeddings, Entry};
use courant_proto::{Schema, v1};

mod samples;

use samples::{Sample, samples};

/// The releases whose messages are kept.
const RELEASES: [&str; 1] = ["0.1.0"];

fn folder(release: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(release)
}

/// Reads a recorded message as the bus does: by the schema in its header.
fn recorded<M: Schema>(release: &str, subject: &str, name: &str) -> M {
    let file = folder(release).join(format!("{subject}.{name}"));
    let headers = fs::read_to_string(file.with_added_extension("headers")).unwrap();
    assert!(headers.lines().any(|line| line == format!("Courant-Schema: {}", M::NAME)), "{file:?}");
    M::decode(fs::read(file.with_added_extension("pb")).unwrap().as_slice()).unwrap()
}

fn entry_decided(sample: &Sample) -> v1::EntryDecided {
    v1::EntryDecided {
        submission_id: sample.entry.submission_id.clone(),
        decision: v1::Decision::from(sample.article.decision).into(),
        article_id: sample.article.id.to_string(),
        of: sample.article.syndicated_of.map_or_else(String::new, |id| id.to_string()),
        reason: String::new(),
        url: sample.entry.url.clone(),
        ..v1::EntryDecided::default()
    }
}

fn article_stored(sample: &Sample) -> v1::ArticleStored {
    let article = &sample.article;
    v1::ArticleStored {
        id: article.id.to_string(),
        revision: article.revision.0,
        url: article.url.clone(),
        title: article.title.clone(),
        published_at: article.published_at.as_ref().map_or_else(String::new, ToString::to_string),
        language: sample.analysis.language.clone().unwrap_or_default(),
        submission_id: article.submission_id.clone(),
        changed: true,
    }
}

#[test]
fn entries_of_every_release_are_read() {
    for (release, (name, sample)) in of_every_release() {
        let entry: v1::Entry = recorded(release, "entry.submitted", name);
        assert_eq!(Entry::try_from(entry).unwrap(), sample.entry, "{release} {name}");
    }
}

#[test]
fn accepted_articles_of_every_release_are_read() {
    for (release, (name, sample)) in of_every_release() {
        let accepted: v1::ArticleAccepted = recorded(release, "article.accepted", name);
        assert_eq!(Article::try_from(accepted.article.unwrap()).unwrap(), sample.article);
    }
}

#[test]
fn embedded_articles_of_every_release_are_read() {
    for (release, (name, sample)) in of_every_release() {
        let embedded: v1::ArticleEmbedded = recorded(release, "article.embedded", name);
        assert_eq!(Article::try_from(embedded.article.unwrap()).unwrap(), sample.article);
        let embeddings = Embeddings::try_from(embedded.embeddings.unwrap()).unwrap();
        assert_eq!(embeddings, sample.embeddings, "{release} {name}");
    }
}

#[test]
fn analyzed_articles_of_every_release_are_read() {
    for (release, (name, sample)) in of_every_release() {
        let analyzed: v1::ArticleAnalyzed = recorded(release, "article.analyzed", name);
        assert_eq!(Article::try_from(analyzed.article.unwrap()).unwrap(), sample.article);
        let embeddings = Embeddings::try_from(analyzed.embeddings.unwrap()).unwrap();
        assert_eq!(embeddings.model, sample.embeddings.model);
        assert_eq!(embeddings.vector, sample.embeddings.vector, "{release} {name}");
        assert_eq!(Analysis::try_from(analyzed.analysis.unwrap()).unwrap(), sample.analysis);
    }
}

#[test]
fn events_of_every_release_are_read() {
    for (release, (name, sample)) in of_every_release() {
        let decided: v1::EntryDecided = recorded(release, "entry.decided", name);
        assert_eq!(decided, entry_decided(&sample));
        let stored: v1::ArticleStored = recorded(release, "article.stored", name);
        assert_eq!(stored, article_stored(&sample), "{release} {name}");
    }
}

fn of_every_release() -> impl Iterator<Item = (&'static str, (&'static str, Sample))> {
    RELEASES.into_iter().flat_map(|release| samples().map(|sample| (release, sample)))
}

/// Run before a release with `--ignored`, and name it in [`RELEASES`]. A recording is
/// never changed afterwards.
#[test]
#[ignore = "records the messages of a release"]
fn record() {
    let folder = folder(env!("CARGO_PKG_VERSION"));
    assert!(!folder.exists(), "this release is recorded already");
    fs::create_dir_all(&folder).unwrap();
    for (name, sample) in samples() {
        let Sample { entry, article, embeddings, analysis } = &sample;
        let accepted = v1::ArticleAccepted::of(article.clone());
        let embedded = v1::ArticleEmbedded::of(article.clone(), embeddings.clone());
        let analyzed =
            v1::ArticleAnalyzed::of(article.clone(), embeddings.clone(), analysis.clone());
        write(&folder.join(format!("entry.submitted.{name}")), &v1::Entry::from(entry.clone()));
        write(&folder.join(format!("entry.decided.{name}")), &entry_decided(&sample));
        write(&folder.join(format!("article.accepted.{name}")), &accepted);
        write(&folder.join(format!("article.embedded.{name}")), &embedded);
        write(&folder.join(format!("article.analyzed.{name}")), &analyzed);
        write(&folder.join(format!("article.stored.{name}")), &article_stored(&sample));
    }
}

fn write<M: Schema>(file: &Path, message: &M) {
    fs::write(file.with_added_extension("headers"), format!("Courant-Schema: {}\n", M::NAME))
        .unwrap();
    fs::write(file.with_added_extension("pb"), message.encode_to_vec()).unwrap();
}
