//! The shape of the workspace, read from its sources: files of a crate do not import
//! one another in a circle, no crate grows too large, no agent depends on another, and no
//! comment opens oddly.
//! Needs no server.

mod circles;
mod comments;
mod crates;
mod module;
mod tokens;

use std::collections::BTreeMap;

use circles::Circle;
use comments::{Odd, odd_openings};
use crates::{Member, members, root};

/// Lines of Rust outside tests that a crate may have.
const MOST_LINES: usize = 7_000;
/// Crates that may be larger, each with its reason.
const LARGE: [(&str, &str); 1] = [(
    "shared/extract",
    "the rules for pages and those for sources share what reads strangers' bytes",
)];

/// Files that still import one another in circles: the crate, how many circles, how
/// many files in them, and the reason. The numbers are exact, so that they only shrink.
const REMAINING: [(&str, usize, usize, &str); 7] = [
    ("evals", 3, 7, CHILDREN),
    ("shared/article", 2, 4, "an article, its page and its analyses name each other's types"),
    ("shared/dedup", 1, 2, CHILDREN),
    ("shared/extract", 1, 2, CHILDREN),
    ("shared/heads", 2, 4, CHILDREN),
    ("shared/newsstand", 1, 2, "a template shows an article of the sample"),
    ("shared/telemetry", 1, 3, CHILDREN),
];
const CHILDREN: &str = "a child reads constants and types of its parent, which calls it";

#[test]
fn files_import_one_another_in_one_direction() {
    let mut problems = Vec::new();
    let members = members();
    for (path, ..) in REMAINING {
        assert!(members.iter().any(|member| member.path == path), "no crate is at {path}");
    }
    for member in members {
        let circles = member.circles();
        let files: usize = circles.iter().map(|circle| circle.files.len()).sum();
        let allowed = REMAINING.iter().find(|(path, ..)| *path == member.path);
        let (most_circles, most_files) = allowed.map_or((0, 0), |row| (row.1, row.2));
        if (circles.len(), files) != (most_circles, most_files) {
            let found: Vec<String> = circles.iter().map(Circle::to_string).collect();
            problems.push(format!(
                "{}: {} circles of {files} files, expected {most_circles} of {most_files}\n{}",
                member.path,
                circles.len(),
                found.join("\n")
            ));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

#[test]
fn no_crate_is_larger_than_a_reader_can_hold() {
    let mut problems = Vec::new();
    for member in members() {
        let lines = member.lines();
        println!("{lines:6} {}", member.path);
        let is_large = LARGE.iter().any(|(path, _)| *path == member.path);
        if lines > MOST_LINES && !is_large {
            problems.push(format!("{} has {lines} lines, more than {MOST_LINES}", member.path));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn no_agent_depends_on_another_but_the_one_that_runs_them_all() {
    let members = members();
    let agents: BTreeMap<&str, &str> = members
        .iter()
        .filter(|member| member.is_agent())
        .map(|member| (member.name.as_str(), member.path.as_str()))
        .collect();
    let is_composer = |member: &&Member| member.path.starts_with("agents/courant");
    let mut problems = Vec::new();
    for member in members.iter().filter(|member| member.is_agent() && !is_composer(member)) {
        for other in member.dependencies.iter().filter(|name| agents.contains_key(name.as_str())) {
            problems.push(format!("{} depends on {other}", member.path));
        }
    }
    assert!(!agents.is_empty() && problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn comments_open_with_a_verb_or_a_noun() {
    let odd: Vec<String> = odd_openings(&root()).iter().map(Odd::to_string).collect();
    assert!(odd.is_empty(), "{}", odd.join("\n"));
}

#[test]
fn no_document_has_the_marks_of_an_unfinished_merge() {
    let docs = std::fs::read_dir(root().join("docs")).expect("a folder of documents");
    let at_root = std::fs::read_dir(root()).expect("the root");
    let mut documents = 0;
    for path in docs.chain(at_root).map(|entry| entry.expect("an entry").path()) {
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        documents += 1;
        let text = std::fs::read_to_string(&path).expect("a document is UTF-8");
        let marked = text
            .lines()
            .find(|line| ["<<<<<<< ", ">>>>>>> "].iter().any(|mark| line.starts_with(mark)));
        assert_eq!(marked, None, "{}", path.display());
    }
    assert!(documents > 5, "{documents} documents");
}
