//! The openings of comments.

use std::fmt;
use std::path::{Path, PathBuf};

/// Openings that put a sentence in an order which a reader has to untangle.
const ODD: [&str; 6] = ["What", "Whether", "How", "Whom", "Of", "Where"];
/// Folders of other people's files, and of those that a program makes.
const LEFT_OUT: [&str; 5] = ["target", ".deps", ".git", "generated", "node_modules"];

/// A comment that opens oddly.
pub(crate) struct Odd {
    file: PathBuf,
    line: usize,
    text: String,
}

impl fmt::Display for Odd {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}", self.file.display(), self.line, self.text)
    }
}

/// Finds the odd openings below `folder`.
pub(crate) fn odd_openings(folder: &Path) -> Vec<Odd> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(folder).expect("a folder that can be read");
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && !LEFT_OUT.contains(&name) {
            found.extend(odd_openings(&path));
        } else if name.ends_with(".rs") || name.ends_with(".proto") {
            let text = std::fs::read_to_string(&path).expect("a source is UTF-8");
            let odd = text.lines().zip(1..).filter(|(line, _)| is_odd(line));
            found.extend(odd.map(|(text, line)| {
                let (file, text) = (path.clone(), text.trim().to_owned());
                Odd { file, line, text }
            }));
        }
    }
    found
}

fn is_odd(line: &str) -> bool {
    let Some(comment) = line.trim_start().strip_prefix("//") else { return false };
    let text = comment.trim_start_matches(['/', '!']).strip_prefix(' ').unwrap_or_default();
    let word = text.split(|c: char| !c.is_alphanumeric()).next();
    word.is_some_and(|word| ODD.contains(&word))
}

#[test]
fn odd_openings_are_told_from_others() {
    for odd in ["/// What it is.", "    // Whether so", "//! Of many, one", "/// How: so"] {
        assert!(is_odd(odd), "{odd}");
    }
    for plain in ["/// Whatever", "let what = 1; // What", "/// Often", "//"] {
        assert!(!is_odd(plain), "{plain}");
    }
}
