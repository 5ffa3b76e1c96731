//! The crates of the workspace, as their manifests tell.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::circles::{Circle, circles};
use crate::module::Modules;

/// A crate of the workspace.
#[derive(Debug)]
pub(crate) struct Member {
    /// Below the workspace, with slashes.
    pub(crate) path: String,
    pub(crate) name: String,
    /// Other crates that its code needs; those of its tests only are left out.
    pub(crate) dependencies: BTreeSet<String>,
    folder: PathBuf,
}

impl Member {
    fn read(folder: PathBuf) -> Self {
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest");
        let path = folder.strip_prefix(root()).expect("a member is below the workspace");
        let path = path.to_str().expect("a plain name").to_owned();
        let name = section(&manifest, "package").find_map(|line| line.strip_prefix("name = "));
        let name = name.expect("a package has a name").trim_matches('"').to_owned();
        let dependencies = section(&manifest, "dependencies").map(|line| key(line).to_owned());
        Self { path, name, dependencies: dependencies.collect(), folder }
    }

    /// An agent, or a crate below one.
    pub(crate) fn is_agent(&self) -> bool {
        self.path.starts_with("agents/")
    }

    fn source(&self) -> PathBuf {
        self.folder.join("src")
    }

    /// The roots of its library and its programs.
    fn roots(&self) -> Vec<PathBuf> {
        let roots = ["lib.rs", "main.rs"].map(|name| self.source().join(name));
        roots.into_iter().filter(|file| file.is_file()).collect()
    }

    /// Circles among the files of its library and of its program.
    pub(crate) fn circles(&self) -> Vec<Circle> {
        let roots = self.roots();
        roots.iter().flat_map(|root| circles(&Modules::read(root), &self.source())).collect()
    }

    /// Lines of Rust in `src`, without those of tests.
    pub(crate) fn lines(&self) -> usize {
        let read: Vec<Modules> = self.roots().iter().map(|root| Modules::read(root)).collect();
        let is_test = |file: &Path| {
            let tests = read.iter().flat_map(|modules| &modules.test_files);
            tests.into_iter().any(|test| file.starts_with(test))
        };
        let all: usize = sources(&self.source())
            .iter()
            .filter(|file| !is_test(file))
            .map(|file| std::fs::read_to_string(file).expect("a source is text").lines().count())
            .sum();
        all - read.iter().map(|modules| modules.test_lines).sum::<usize>()
    }
}

/// All crates of the workspace.
pub(crate) fn members() -> Vec<Member> {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("a manifest");
    let listed = manifest.split("members = [").nth(1).and_then(|rest| rest.split(']').next());
    let listed = listed.expect("the workspace lists its members").split(',');
    let mut folders = BTreeSet::new();
    for name in listed.map(|name| name.trim().trim_matches('"')).filter(|name| !name.is_empty()) {
        match name.strip_suffix("/*") {
            Some(parent) => folders.extend(entries(&root().join(parent))),
            None => drop(folders.insert(root().join(name))),
        }
    }
    folders.retain(|folder| folder.join("Cargo.toml").is_file());
    folders.into_iter().map(Member::read).collect()
}

pub(crate) fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the tests stand in the workspace").to_owned()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

/// All Rust files below `folder`.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let (folders, mut files): (Vec<_>, Vec<_>) =
        entries(folder).into_iter().partition(|path| path.is_dir());
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
    files.into_iter().chain(folders.iter().flat_map(|folder| sources(folder))).collect()
}

/// The lines below `[name]`.
fn section<'a>(manifest: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let head = format!("[{name}]");
    let lines = manifest.lines().skip_while(move |line| line.trim() != head).skip(1);
    lines.take_while(|line| !line.starts_with('['))
}

/// `a` of `a = 1` and `a.b = 1`.
fn key(line: &str) -> &str {
    line.split([' ', '.', '=']).next().unwrap_or_default()
}
