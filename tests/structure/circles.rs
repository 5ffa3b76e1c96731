//! Files that import one another in a circle.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::path::{Path, PathBuf};

use crate::module::Modules;

/// Files each of which imports, by way of others, all of them.
#[derive(Debug)]
pub(crate) struct Circle {
    pub(crate) files: BTreeSet<PathBuf>,
    /// The shortest way from a file back to it: who imports, what, from whom.
    way: Vec<(PathBuf, String, PathBuf)>,
}

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.files.iter().map(|file| file.display().to_string()).collect();
        writeln!(f, "  a circle of {}: {}", names.len(), names.join(", "))?;
        for (from, name, to) in &self.way {
            writeln!(f, "    {} uses {name} of {}", from.display(), to.display())?;
        }
        Ok(())
    }
}

/// From a file to the files it imports, with one name for each.
type Imports = BTreeMap<PathBuf, BTreeMap<PathBuf, String>>;

/// The circles among the files of a crate, named below `folder`.
pub(crate) fn circles(modules: &Modules, folder: &Path) -> Vec<Circle> {
    let imports = imports(modules, folder);
    let reach: BTreeMap<&PathBuf, BTreeSet<PathBuf>> =
        imports.keys().map(|file| (file, reached(&imports, file))).collect();
    let mut circles = Vec::new();
    let mut seen = BTreeSet::new();
    for (file, others) in &reach {
        if seen.contains(*file) || !others.contains(*file) {
            continue;
        }
        let back = |other: &&PathBuf| reach.get(*other).is_some_and(|set| set.contains(*file));
        let files: BTreeSet<PathBuf> = others.iter().filter(back).cloned().collect();
        seen.extend(files.iter().cloned());
        let ways = files.iter().filter_map(|file| way_back(&imports, file));
        let way = ways.min_by_key(Vec::len).unwrap_or_default();
        circles.push(Circle { files, way });
    }
    circles
}

fn imports(modules: &Modules, folder: &Path) -> Imports {
    let below = |file: &Path| file.strip_prefix(folder).unwrap_or(file).to_owned();
    let mut imports = Imports::new();
    for (at, module) in modules.all.iter().enumerate() {
        for path in &module.paths {
            let Some(target) = resolve(modules, at, path, 0) else { continue };
            let file = &modules.all[target].file;
            if *file != module.file {
                let name = path.join("::");
                imports.entry(below(&module.file)).or_default().entry(below(file)).or_insert(name);
            }
        }
    }
    imports
}

/// The module that defines the end of `path`, written in the module `at`; `None` for
/// what is of another crate, or a local name.
fn resolve(modules: &Modules, at: usize, path: &[String], depth: usize) -> Option<usize> {
    let (first, rest) = path.split_first()?;
    let (mut module, mut rest) = match first.as_str() {
        "crate" => (0, rest),
        "super" => (modules.all[at].parent?, rest),
        name => (*modules.all[at].children.get(name)?, rest),
    };
    while let Some((name, behind)) = rest.split_first() {
        if name == "super" {
            module = modules.all[module].parent?;
        } else if let Some(child) = modules.all[module].children.get(name) {
            module = *child;
        } else if let Some(origin) = modules.all[module].imports.get(name) {
            // A type brought in from another crate is that crate's.
            return if depth < 16 { resolve(modules, module, origin, depth + 1) } else { None };
        } else {
            break;
        }
        rest = behind;
    }
    Some(module)
}

fn reached(imports: &Imports, start: &PathBuf) -> BTreeSet<PathBuf> {
    let mut seen = BTreeSet::new();
    let mut open = vec![start];
    while let Some(file) = open.pop() {
        for next in imports.get(file).into_iter().flat_map(BTreeMap::keys) {
            if seen.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    seen
}

fn way_back(imports: &Imports, start: &PathBuf) -> Option<Vec<(PathBuf, String, PathBuf)>> {
    let mut open = VecDeque::from([(start, Vec::new())]);
    let mut seen = BTreeSet::new();
    while let Some((file, way)) = open.pop_front() {
        for (next, name) in imports.get(file).into_iter().flatten() {
            let mut way: Vec<_> = way.clone();
            way.push((file.clone(), name.clone(), next.clone()));
            if next == start {
                return Some(way);
            }
            if seen.insert(next) {
                open.push_back((next, way));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The circles of a crate with these files.
    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let file = folder.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        let modules = Modules::read(&folder.path().join("lib.rs"));
        circles(&modules, folder.path()).iter().map(Circle::to_string).collect()
    }

    #[test]
    fn a_circle_is_named_with_its_shortest_way() {
        let found = found(&[
            ("lib.rs", "mod a; mod b; mod c; pub use c::C;"),
            ("a.rs", "use crate::b::{B, other as another};"),
            ("b.rs", "fn f(c: &crate::C) {}"),
            ("c.rs", "use super::{a, b}; impl C { fn g() -> impl Sized + use<'_> { a::A } }"),
        ]);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("  a circle of 3: a.rs, b.rs, c.rs\n"), "{}", found[0]);
        assert!(found[0].contains("b.rs uses crate::C of c.rs"), "{}", found[0]);
    }

    #[test]
    fn tests_comments_and_what_a_parent_shows_are_no_imports() {
        let found = found(&[
            ("lib.rs", "mod a; mod b; pub(crate) struct Shared;"),
            ("a.rs", "pub use inner::X; mod inner;\n#[cfg(test)]\nmod tests { use crate::b::B; }"),
            ("a/inner.rs", "use super::Y; // crate::b::B\n"),
            ("b.rs", "use crate::a::X; const S: &str = \"crate::a::inner\";"),
        ]);
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn a_child_and_its_parent_that_use_each_other_are_a_circle() {
        let found = found(&[
            ("lib.rs", "mod a;"),
            ("a.rs", "mod inner; const LIMIT: usize = 1; fn f() { inner::g() }"),
            ("a/inner.rs", "pub(super) fn g() -> usize { super::LIMIT }"),
        ]);
        assert_eq!(found.len(), 1);
    }
}
