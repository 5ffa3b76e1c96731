//! The errors of inference, with the values needed to act on them.

use std::path::PathBuf;
use std::sync::Arc;

use courant_config::RangeError;
use courant_gpu_utils::cuda::DriverError;
use courant_gpu_utils::memory::StagingError;
use courant_gpu_utils::operation::{LostItem, RunFailure, is_out_of_memory_message};
use courant_heads::registry::RegistryError;

/// The reasons why nothing was computed. Cheap to clone: all inputs of a failed batch get the
/// same error.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// A value of the configuration is out of its range.
    #[error(transparent)]
    Range(#[from] RangeError),
    /// A configuration value does not suit the model.
    #[error("{section} {key} {reason}")]
    Config {
        /// As `[inference]`.
        section: &'static str,
        /// The key in it.
        key: &'static str,
        /// The condition that it must meet.
        reason: String,
    },
    /// There is no `.deps`, and the configuration does not name the files.
    #[error("cannot find .deps (run `make deps`, or set COURANT_DEPS, or configure {wanted})")]
    NoDeps {
        /// The key that would do instead.
        wanted: &'static str,
    },
    /// A file that is needed cannot be read.
    #[error("cannot read {path}; `make deps` fetches it")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: Arc<std::io::Error>,
    },
    /// `model.json` or `config.json` is not valid.
    #[error("{path} does not describe the model: {reason}")]
    Manifest {
        /// The file.
        path: PathBuf,
        /// The fault.
        reason: String,
    },
    /// The SHA-256 of a file is wrong.
    #[error("{path} is corrupt: its SHA-256 is {found}, expected is {expected}")]
    Checksum {
        /// The file.
        path: PathBuf,
        /// The expected SHA-256.
        expected: String,
        /// The SHA-256 found.
        found: String,
    },
    /// A file has no SHA-256 in the configuration.
    #[error("{file} is not pinned: add \"{file}\" = \"{found}\" to {section}")]
    Unpinned {
        /// As `[inference.sha256]`.
        section: &'static str,
        /// The file's path in its repository or folder.
        file: String,
        /// The SHA-256 of what is there.
        found: String,
    },
    /// A file could not be fetched from the hub.
    #[error("cannot fetch {file} of {repository}")]
    Hub {
        /// `owner/repo`.
        repository: String,
        /// The file's path in it.
        file: String,
        /// Why not.
        source: Arc<hf_hub::api::sync::ApiError>,
    },
    /// A model from the hub is not in the cache.
    #[error("{file} of {repository} is not in the cache: `courant models pull` fetches it")]
    NotFetched {
        /// `owner/repo`.
        repository: String,
        /// The file's path in it.
        file: String,
    },
    /// The runtime library cannot be used.
    #[error("cannot load ONNX Runtime from {path}: {reason}")]
    Library {
        /// The library.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The graph does not match the declared model.
    #[error("{path} is not the declared model: {reason}")]
    Graph {
        /// The graph's file.
        path: PathBuf,
        /// The difference.
        reason: String,
    },
    /// The tokenizer cannot be read, or failed on a text.
    #[error("the tokenizer failed: {0}")]
    Tokenizer(String),
    /// The runtime failed: the whole batch is lost.
    #[error("ONNX Runtime failed: {0}")]
    Runtime(Arc<ort::Error>),
    /// No execution provider that may be used works.
    #[error("{0}")]
    Provider(String),
    /// The device failed outside of the runtime.
    #[error("the device failed: {0}")]
    Device(String),
    /// There is no buffer for the inputs or outputs of a batch.
    #[error(transparent)]
    Staging(Arc<StagingError>),
    /// The device has no memory for a text, not even alone.
    #[error("the device has no memory for the text: {0}")]
    OutOfMemory(String),
    /// The encoder's result is not a unit vector. No value replaces it.
    #[error("the encoder gave no unit vector")]
    NotAVector,
    /// A score is not finite. No value replaces it.
    #[error("the classifier gave no finite scores")]
    NotScores,
    /// No classifier of this name is configured.
    #[error("no classifier is called {name}; there are: {known}")]
    NoClassifier {
        /// The requested name.
        name: String,
        /// The configured names, separated by commas.
        known: String,
    },
    /// A classifier needs more memory than all classifiers may take together.
    #[error("the classifier {name} takes {needed} MB, all together may take {capacity} MB")]
    TooLarge {
        /// Which one.
        name: String,
        /// Its files' size, times its sessions.
        needed: u32,
        /// The configured megabytes.
        capacity: u32,
    },
    /// The head for names that was promoted cannot be used.
    #[error("cannot use the promoted head for names")]
    Heads(#[source] Arc<RegistryError>),
    /// The graph has no output `states`.
    #[error("the encoder gives no states of its tokens")]
    NoStates,
    /// A text has no tokens.
    #[error("text {index} is empty")]
    EmptyText {
        /// Its place among the texts given.
        index: usize,
    },
    /// The queue is full: nothing was queued.
    #[error("the queue of {capacity} is full")]
    Overloaded {
        /// The number of texts that may wait.
        capacity: usize,
    },
    /// The deadline passed before a session was free: nothing was computed.
    #[error("no session was free before the deadline")]
    Late,
    /// The model has stopped, or one of its threads has died.
    #[error("the model has stopped")]
    Stopped,
}

impl From<ort::Error> for Error {
    fn from(error: ort::Error) -> Self {
        Self::Runtime(Arc::new(error))
    }
}

impl From<StagingError> for Error {
    fn from(error: StagingError) -> Self {
        Self::Staging(Arc::new(error))
    }
}

impl From<DriverError> for Error {
    fn from(error: DriverError) -> Self {
        Self::Device(error.to_string())
    }
}

impl Error {
    /// The error of a wrong key of `[inference]`.
    pub(crate) fn inference(key: &'static str, reason: String) -> Self {
        Self::Config { section: "[inference]", key, reason }
    }

    pub(crate) fn read(path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::Read { path: path.into(), source: Arc::new(source) }
    }
}

impl RunFailure for Error {
    fn is_out_of_memory(&self) -> bool {
        match self {
            Self::Runtime(error) => is_out_of_memory_message(error.message()),
            Self::Staging(error) => error.is_out_of_memory(),
            Self::Device(message) => is_out_of_memory_message(message),
            _ => false,
        }
    }
}

impl From<LostItem<Error>> for Error {
    fn from(lost: LostItem<Error>) -> Self {
        match lost {
            LostItem::OutOfMemory(error) => Self::OutOfMemory(error.to_string()),
            LostItem::Failed(error) => error,
            LostItem::Miscounted { .. } => Self::NotAVector,
        }
    }
}
