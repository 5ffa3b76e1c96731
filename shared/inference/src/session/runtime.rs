//! ONNX Runtime, loaded from a shared library at run time.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use ort::LoadDynamicError;
use ort::environment::Environment;
use ort::logging::LogLevel;

use crate::Error;

/// The runtime allows one environment per process; it lives until the end.
static ENVIRONMENT: Mutex<Option<Environment>> = Mutex::new(None);

/// The process's environment; the first call loads `library`, later ones must
/// name a file that exists but get what is loaded already.
///
/// The library's version is compared before anything else of it is called: an
/// API that it does not have would be undefined behaviour. Releases from 1.29 on
/// send telemetry unless the variable `ORT_DISABLE_TELEMETRY` is 1, whatever is asked
/// of them here; `scripts/fetch-deps` takes an earlier one.
pub(crate) fn environment(library: &Path) -> Result<Environment, Error> {
    library.metadata().map_err(|source| Error::read(library, source))?;
    let mut loaded = ENVIRONMENT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(environment) = loaded.as_ref() {
        return Ok(environment.clone());
    }
    let builder = ort::init_from(library).map_err(|error| refused(library, &error))?;
    let environment = builder.with_name("courant").with_telemetry(false).build()?;
    environment.set_log_level(LogLevel::Warning);
    *loaded = Some(environment.clone());
    Ok(environment)
}

fn refused(library: &Path, error: &LoadDynamicError) -> Error {
    let reason = match error {
        LoadDynamicError::Dlopen { error, .. } => error.to_string(),
        LoadDynamicError::MissingApi { .. } => "it is another library".into(),
        LoadDynamicError::InvalidVersionString => "it does not state its version".into(),
        LoadDynamicError::BadVersion { version_str, .. } => {
            format!("its version is {version_str}, needed is 1.{} or later", ort::MINOR_VERSION)
        }
    };
    Error::Library { path: library.to_owned(), reason }
}
