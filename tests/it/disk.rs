//! A disk that fills in the middle of a run, and is given room again.

use std::collections::BTreeSet;
use std::process::{Command, Output};

use courant_tests::{EmbeddedPipeline, Publishers};

/// Room for the files as they are made, and not for what is crawled.
const TOO_SMALL: &str = "1m";

/// Runs `$3…` with the data folder `$1` on a disk of the size `$2`, and again when the
/// disk has grown. Copies what lies on it back to `$1` at the end.
const ON_A_SMALL_DISK: &str = r#"
    data=$1 size=$2; shift 2
    mkdir -p "$data.disk"
    mount -t tmpfs -o size="$size" tmpfs "$data.disk" || exit 99
    ln -s "$data.disk" "$data"
    "$@" 2> "$data.first"
    echo "first $?"
    mount -o remount,size=200m "$data.disk" || exit 99
    "$@" > /dev/null || exit
    rm "$data"
    cp -r "$data.disk" "$data"
"#;

/// Runs `$2…` with the search index of the data folder `$1` on a disk of its own that is full,
/// and again when the disk has grown. Copies what lies on it back at the end.
const WITH_A_SMALL_INDEX: &str = r#"
    data=$1; shift
    mkdir -p "$data" "$data.index"
    mount -t tmpfs -o size=48k tmpfs "$data.index" || exit 99
    ln -s "$data.index" "$data/index"
    "$@" 2> "$data.first"
    echo "first $?"
    mount -o remount,size=200m "$data.index" || exit 99
    "$@" > /dev/null || exit
    rm "$data/index"
    cp -r "$data.index" "$data/index"
"#;

/// Runs `$2…` while nobody can write to the folder `$1`.
const ON_READ_ONLY_MEDIA: &str = r#"
    data=$1; shift
    mount --bind "$data" "$data" || exit 99
    mount -o remount,bind,ro "$data" || exit 99
    "$@"
"#;

/// A shell for `script` that may mount, seen by nobody else; `None` where the system allows it
/// to nobody but root, and we are not.
fn shell(script: &str) -> Option<Command> {
    let namespace = || {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount"]);
        command
    };
    let probe = namespace().args(["mount", "-t", "tmpfs", "tmpfs", "/mnt"]).output().ok()?;
    let mut shell = namespace();
    shell.args(["sh", "-c", script, "sh"]);
    probe.status.success().then_some(shell)
}

/// Adds `command` to what a shell runs.
fn add(shell: &mut Command, command: &Command) {
    shell.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
}

fn on_a_small_disk(mut shell: Command, embedded: &EmbeddedPipeline) -> Output {
    let run = embedded.command(&["run", "--once", "--json"]).unwrap();
    shell.arg(embedded.data()).arg(TOO_SMALL);
    add(&mut shell, &run);
    shell.env("COURANT__SERVICE__HTTP_PORT", "0").env("COURANT__SERVICE__GRPC_PORT", "0");
    shell.current_dir(embedded.folder()).output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_one_clear_line_and_loses_nothing() {
    let Some(shell) = shell(ON_A_SMALL_DISK) else {
        eprintln!("SKIPPED: this system lets nobody mount a small disk");
        return;
    };
    let publishers = Publishers::sample().await.unwrap();
    let roomy = EmbeddedPipeline::new(&publishers).unwrap();
    roomy.round().await.unwrap();

    let cramped = EmbeddedPipeline::new(&publishers).unwrap();
    let output = on_a_small_disk(shell, &cramped);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the second run, on a larger disk: {said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "first 1\n");
    let first = std::fs::read_to_string(cramped.folder().join("data.first")).unwrap();
    let errors: Vec<_> = first.lines().filter(|line| line.starts_with("courant:")).collect();
    assert_eq!(errors.len(), 1, "{first}");
    assert!(errors[0].contains("full"), "{first}");

    let ids = |stored: Vec<courant_store::ArticleSummary>| -> BTreeSet<String> {
        stored.iter().map(|article| article.id.to_string()).collect()
    };
    let stored = ids(cramped.stored().await.unwrap());
    assert_eq!(stored, ids(roomy.stored().await.unwrap()), "{first}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_of_the_index_costs_no_article() {
    let Some(mut shell) = shell(WITH_A_SMALL_INDEX) else {
        eprintln!("SKIPPED: this system lets nobody mount a small disk");
        return;
    };
    let publishers = Publishers::sample().await.unwrap();
    let embedded = EmbeddedPipeline::new(&publishers).unwrap();
    shell.arg(embedded.data());
    add(&mut shell, &embedded.command(&["run", "--once", "--json"]).unwrap());
    shell.env("COURANT__SERVICE__HTTP_PORT", "0").env("COURANT__SERVICE__GRPC_PORT", "0");
    let output = shell.current_dir(embedded.folder()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the second run, on a larger disk: {said}");
    let first = std::fs::read_to_string(embedded.folder().join("data.first")).unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "first 1\n");
    assert!(first.contains("courant: the search index does not follow the store"), "{first}");
    let causes = first.lines().filter(|line| line.contains("No space left on device")).count();
    assert!((1..=2).contains(&causes), "one for the articles, one for the decisions: {first}");

    let stored = embedded.stored().await.unwrap().len();
    let mut search = embedded.command(&["search", "", "--json"]).unwrap();
    let found = search.output().unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&found.stdout).unwrap();
    assert!(stored > 0 && answer["total"] == stored, "{stored} stored, {answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_on_read_only_media_can_be_searched() {
    if shell(ON_READ_ONLY_MEDIA).is_none() {
        eprintln!("SKIPPED: this system lets nobody mount a folder");
        return;
    }
    let publishers = Publishers::sample().await.unwrap();
    let embedded = EmbeddedPipeline::new(&publishers).unwrap();
    embedded.round().await.unwrap();
    let id = embedded.stored().await.unwrap()[0].id.to_string();
    let commands = [
        &["search", "the", "--mode", "text"][..],
        &["article", &id],
        &["status"],
        &["dlq", "list"],
        &["check"],
    ];
    for arguments in commands {
        let mut shell = shell(ON_READ_ONLY_MEDIA).unwrap();
        shell.arg(embedded.data());
        add(&mut shell, &embedded.command(arguments).unwrap());
        let output = shell.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !output.stdout.is_empty(), "{arguments:?}: {said}");
    }
}
