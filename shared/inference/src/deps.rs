//! The folder of the things that `make deps` fetches.

use std::path::{Path, PathBuf};

use crate::Error;

/// The folder `.deps`: the runtime library, models, and the servers of tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deps {
    root: Option<PathBuf>,
}

impl Deps {
    /// The folder that the environment's `COURANT_DEPS` names, else `.deps` of
    /// the checkout that holds the executable. Where there is neither, what is
    /// configured by path still works.
    pub fn resolve() -> Self {
        let named = std::env::var_os("COURANT_DEPS").filter(|value| !value.is_empty());
        let root = named.map(PathBuf::from).or_else(|| beside(&std::env::current_exe().ok()?));
        Self { root }
    }

    /// The folder `root`.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: Some(root.into()) }
    }

    /// The folder, where there is one.
    pub fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// The shared library of ONNX Runtime.
    ///
    /// # Errors
    /// [`Error::NoDeps`] where there is no folder.
    pub fn runtime_library(&self) -> Result<PathBuf, Error> {
        Ok(self.require("[inference] runtime_library")?.join("lib/libonnxruntime.so"))
    }

    /// The folder of the model `name`.
    ///
    /// # Errors
    /// [`Error::NoDeps`] where there is no folder.
    pub fn model(&self, name: &str) -> Result<PathBuf, Error> {
        Ok(self.require("[inference] model")?.join("models").join(name))
    }

    fn require(&self, wanted: &'static str) -> Result<&Path, Error> {
        self.root().ok_or(Error::NoDeps { wanted })
    }
}

/// `.deps` in the nearest folder above `executable` that has one.
fn beside(executable: &Path) -> Option<PathBuf> {
    executable.ancestors().map(|folder| folder.join(".deps")).find(|deps| deps.is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checkout_s_folder_is_found_from_its_executable() {
        let checkout = tempfile::tempdir().unwrap();
        let deps = checkout.path().join(".deps");
        std::fs::create_dir(&deps).unwrap();
        assert_eq!(beside(&checkout.path().join("target/release/courant")), Some(deps));
    }

    #[test]
    fn without_a_folder_the_error_names_the_key_that_would_do() {
        let none = Deps { root: None };
        assert!(none.runtime_library().unwrap_err().to_string().contains("runtime_library"));
    }
}
