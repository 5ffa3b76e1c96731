//! The modules of a crate: the file of each, its names, and the paths it writes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::tokens::{Token, tokens};

/// A module outside tests.
#[derive(Debug, Default)]
pub(crate) struct Module {
    pub(crate) file: PathBuf,
    pub(crate) parent: Option<usize>,
    pub(crate) children: BTreeMap<String, usize>,
    /// Names brought in by `use`, and where from.
    pub(crate) imports: BTreeMap<String, Vec<String>>,
    /// The paths that the code writes, `use` included; `pub use` of its own children
    /// is none.
    pub(crate) paths: BTreeSet<Vec<String>>,
}

/// All modules of one crate, the root first, and the lines that are for tests.
#[derive(Debug, Default)]
pub(crate) struct Modules {
    pub(crate) all: Vec<Module>,
    /// Files that only tests have, without the folders of their own modules.
    pub(crate) test_files: BTreeSet<PathBuf>,
    /// Lines of tests in other files.
    pub(crate) test_lines: usize,
}

impl Modules {
    /// Reads the crate whose root file is `root`.
    pub(crate) fn read(root: &Path) -> Self {
        let mut modules = Self::default();
        let folder = root.parent().expect("a file stands in a folder").to_owned();
        modules.read_file(root.to_owned(), folder, None);
        modules
    }

    fn read_file(&mut self, file: PathBuf, folder: PathBuf, parent: Option<usize>) -> usize {
        let text = std::fs::read_to_string(&file).expect("a source is text");
        let module = self.add(file, parent);
        Walk { tokens: tokens(&text), at: 0, modules: self }.body(module, &folder);
        module
    }

    fn add(&mut self, file: PathBuf, parent: Option<usize>) -> usize {
        self.all.push(Module { file, parent, ..Module::default() });
        self.all.len() - 1
    }
}

/// The walk through the tokens of one file.
struct Walk<'a> {
    tokens: Vec<Token>,
    at: usize,
    modules: &'a mut Modules,
}

impl Walk<'_> {
    fn text(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).map_or("", |token| token.text.as_str())
    }

    /// Reads what `module` holds up to the `}` that ends it, or the end of the file.
    fn body(&mut self, module: usize, folder: &Path) {
        let (mut depth, mut is_public, mut is_test) = (0_usize, false, false);
        while self.at < self.tokens.len() {
            match self.text(0) {
                "#" => {
                    is_test |= self.attribute();
                    continue;
                }
                _ if std::mem::take(&mut is_test) => {
                    self.skip_item(folder);
                    continue;
                }
                "pub" => {
                    self.at += 1;
                    if self.text(0) == "(" {
                        self.skip_group();
                    }
                    is_public = true;
                    continue;
                }
                "mod" if is_name(self.text(1)) && matches!(self.text(2), ";" | "{") => {
                    self.module(module, folder);
                }
                // `use<'a>` in a type imports nothing.
                "use" if self.text(1) != "<" => {
                    self.at += 1;
                    self.import(module, &mut Vec::new(), is_public);
                }
                "{" => (depth, self.at) = (depth + 1, self.at + 1),
                "}" if depth == 0 => return self.at += 1,
                "}" => (depth, self.at) = (depth - 1, self.at + 1),
                _ => self.path(module),
            }
            is_public = false;
        }
    }

    /// Passes over `#[...]`; tells whether it is `cfg(test)`.
    fn attribute(&mut self) -> bool {
        self.at += 1 + usize::from(self.text(1) == "!");
        let from = self.at;
        self.skip_group();
        let words: Vec<&str> =
            self.tokens[from..self.at].iter().map(|token| token.text.as_str()).collect();
        words.get(1) == Some(&"cfg") && words.contains(&"test") && !words.contains(&"not")
    }

    /// Passes over a group in any brackets.
    fn skip_group(&mut self) {
        let mut depth = 0_usize;
        while self.at < self.tokens.len() {
            match self.text(0) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }

    /// Passes over an item of tests, and counts its lines or notes its file.
    fn skip_item(&mut self, folder: &Path) {
        let first = self.tokens[self.at].line;
        if self.text(0) == "pub" {
            self.at += 1;
            if self.text(0) == "(" {
                self.skip_group();
            }
        }
        if self.text(0) == "mod" && self.text(2) == ";" {
            let name = self.text(1).to_owned();
            self.modules.test_files.insert(file_of(folder, &name));
            self.modules.test_files.insert(folder.join(name));
        }
        let is_use = self.text(0) == "use";
        while self.at < self.tokens.len() && self.text(0) != ";" {
            let is_body = self.text(0) == "{" && !is_use;
            match self.text(0) {
                "(" | "[" | "{" => self.skip_group(),
                _ => self.at += 1,
            }
            if is_body {
                self.at -= 1;
                break;
            }
        }
        let last = self.tokens.get(self.at).map_or(first, |token| token.line);
        // With the attribute above it.
        self.modules.test_lines += last - first + 2;
        self.at += 1;
    }

    fn module(&mut self, parent: usize, folder: &Path) {
        let name = self.text(1).to_owned();
        let inner = folder.join(&name);
        let is_file = self.text(2) == ";";
        self.at += 3;
        let child = if is_file {
            self.modules.read_file(file_of(folder, &name), inner, Some(parent))
        } else {
            let file = self.modules.all[parent].file.clone();
            let child = self.modules.add(file, Some(parent));
            self.body(child, &inner);
            child
        };
        self.modules.all[parent].children.insert(name, child);
    }

    /// Reads one tree of a `use` behind `prefix`.
    fn import(&mut self, module: usize, prefix: &mut Vec<String>, is_public: bool) {
        let before = prefix.len();
        loop {
            match self.text(0).to_owned().as_str() {
                "::" => self.at += 1,
                "{" => {
                    self.at += 1;
                    while !matches!(self.text(0), "}" | ";" | "") {
                        self.import(module, prefix, is_public);
                        self.at += usize::from(self.text(0) == ",");
                    }
                    self.at += 1;
                    break;
                }
                "*" => {
                    self.at += 1;
                    self.note(module, prefix.clone(), None, is_public);
                    break;
                }
                "as" => {
                    let name = self.text(1).to_owned();
                    self.at += 2;
                    self.note(module, prefix.clone(), Some(name), is_public);
                    break;
                }
                "," | "}" | ";" | "" => {
                    let name = prefix.iter().rev().find(|name| *name != "self").cloned();
                    self.note(module, prefix.clone(), name, is_public);
                    break;
                }
                word => {
                    self.at += 1;
                    prefix.push(word.to_owned());
                }
            }
        }
        prefix.truncate(before);
        self.at += usize::from(self.text(0) == ";" && before == 0);
    }

    fn note(
        &mut self,
        module: usize,
        mut path: Vec<String>,
        name: Option<String>,
        is_public: bool,
    ) {
        path.retain(|part| part != "self");
        let module = &mut self.modules.all[module];
        // The parent shows what its child has: it uses nothing of it.
        if !is_public || matches!(path.first().map(String::as_str), Some("crate" | "super")) {
            module.paths.insert(path.clone());
        }
        if let Some(name) = name {
            module.imports.insert(name, path);
        }
    }

    /// Reads a path in the code, or passes over one token.
    fn path(&mut self, module: usize) {
        let is_start = is_name(self.text(0))
            && self.text(1) == "::"
            && (self.at == 0 || !matches!(self.tokens[self.at - 1].text.as_str(), "::" | "."));
        if !is_start {
            return self.at += 1;
        }
        let mut path = vec![self.text(0).to_owned()];
        self.at += 1;
        while self.text(0) == "::" && is_name(self.text(1)) {
            path.push(self.text(1).to_owned());
            self.at += 2;
        }
        path.retain(|part| part != "self");
        self.modules.all[module].paths.insert(path);
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

fn file_of(folder: &Path, name: &str) -> PathBuf {
    let beside = folder.join(format!("{name}.rs"));
    if beside.is_file() { beside } else { folder.join(name).join("mod.rs") }
}
