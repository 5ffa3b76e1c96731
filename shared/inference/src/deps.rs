//! The folder of the files that `make deps` fetches.

use std::path::{Path, PathBuf};

use crate::Error;

/// The folder `.deps`: the runtime library, models, and the servers of tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deps {
    root: Option<PathBuf>,
}

impl Deps {
    /// Returns the folder that `COURANT_DEPS` names, else `.deps` of the checkout that contains
    /// the executable. Without either, only files that are configured by path can be used.
    pub fn resolve() -> Self {
        let named = std::env::var_os("COURANT_DEPS").filter(|value| !value.is_empty());
        let root = named.map(PathBuf::from).or_else(|| beside(&std::env::current_exe().ok()?));
        Self { root }
    }

    /// Makes the value for the folder `root`.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: Some(root.into()) }
    }

    /// Returns the folder, if there is one.
    pub fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// The shared library of ONNX Runtime.
    ///
    /// # Errors
    /// [`Error::NoDeps`] if there is no folder.
    pub fn runtime_library(&self) -> Result<PathBuf, Error> {
        Ok(self.require("[inference] runtime_library")?.join("lib/libonnxruntime.so"))
    }

    /// Returns the folder of the model `name`.
    ///
    /// # Errors
    /// [`Error::NoDeps`] if there is no folder.
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
