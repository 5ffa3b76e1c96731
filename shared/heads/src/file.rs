//! A head as a file: one JSON object of at most a few hundred kilobytes, so that
//! it can lie in the repository and its changes can be read.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use data_encoding::HEXLOWER;
use half::f16;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::entities::EntityHeadError;

/// An error in a head's file, or in training a head.
#[derive(Debug, thiserror::Error)]
pub enum HeadError {
    /// The file is not JSON of the right form.
    #[error("the head cannot be read")]
    Form(#[from] serde_json::Error),
    /// Another kind of head is needed.
    #[error("the head is called {found}, {expected} is needed")]
    Name {
        /// The name that is needed.
        expected: String,
        /// The name that the file states.
        found: String,
    },
    /// The weights do not match the version.
    #[error("the head says version {stated}, its weights are version {found}")]
    Version {
        /// The version that the file states.
        stated: String,
        /// The version that its weights have.
        found: String,
    },
    /// The classes are not the expected ones.
    #[error("the head tells {found:?} apart, {expected:?} are needed")]
    Labels {
        /// The labels that are needed, in order.
        expected: Vec<String>,
        /// The labels that the file states.
        found: Vec<String>,
    },
    /// A part of the weights is missing.
    #[error("the head has no weights called {0}")]
    Missing(String),
    /// A part of the weights has another shape than the head needs.
    #[error("the weights {name} have the shape {found:?}, {expected:?} is needed")]
    Shape {
        /// Which part.
        name: String,
        /// Rows and columns as needed.
        expected: [usize; 2],
        /// Rows and columns as stated.
        found: [usize; 2],
    },
    /// A part of the weights has another number of values than its shape, or a value that is
    /// not finite.
    #[error("the weights {0} are not whole")]
    Weights(String),
    /// There are too few examples to train on or to judge by.
    #[error("there are too few examples to learn from")]
    NoExamples,
    /// The file is neither JSON nor a head for names.
    #[error("the file is no head")]
    NoText,
    /// The head has an unknown name.
    #[error("a head called {0} is not known")]
    Unknown(String),
    /// A head for names is not valid.
    #[error(transparent)]
    Entities(#[from] EntityHeadError),
}

/// The encoder whose vectors a head understands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncoderRef {
    /// The name of the encoder, such as `all-MiniLM-L6-v2`.
    pub name: String,
    /// Values per vector.
    pub dimension: usize,
}

/// The data that a head learned from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingData {
    /// The name of the data.
    pub name: String,
    /// SHA-256 of the file or files.
    pub sha256: String,
    /// The number of training examples.
    pub examples: usize,
    /// The number of examples that were held back for measuring.
    pub held_back: usize,
}

/// A head as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadFile {
    /// The name of the head's kind, such as `news-sentiment`.
    pub name: String,
    /// The first 12 hexadecimal digits of the weights' SHA-256.
    pub version: String,
    /// The encoder whose vectors the head takes.
    pub encoder: EncoderRef,
    /// The ISO 639-1 codes of the languages of the training data.
    pub languages: Vec<String>,
    /// The classes, in the weights' order.
    pub labels: Vec<String>,
    /// The data that it learned from.
    pub data: TrainingData,
    /// The scores measured on the examples held back, by name.
    pub scores: BTreeMap<String, f64>,
    /// The weights, by name.
    weights: BTreeMap<String, Tensor>,
}

/// Rows and columns of half-precision numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tensor {
    shape: [usize; 2],
    /// Row by row, little-endian, in base64.
    f16: String,
}

impl HeadFile {
    /// Makes a head without weights.
    pub fn new(
        name: &str,
        encoder: EncoderRef,
        languages: &[&str],
        labels: Vec<String>,
        data: TrainingData,
    ) -> Self {
        let mut file = Self {
            name: name.to_owned(),
            version: String::new(),
            encoder,
            languages: languages.iter().map(|&code| code.to_owned()).collect(),
            labels,
            data,
            scores: BTreeMap::new(),
            weights: BTreeMap::new(),
        };
        file.version = file.weights_version();
        file
    }

    /// Reads a head, and checks its weights against its version and its name against `name`.
    ///
    /// # Errors
    /// [`HeadError::Form`], [`HeadError::Name`] or [`HeadError::Version`].
    pub fn read(json: &str, name: &str) -> Result<Self, HeadError> {
        let file = Self::parse(json)?;
        if file.name == name {
            return Ok(file);
        }
        Err(HeadError::Name { expected: name.to_owned(), found: file.name })
    }

    /// Reads a head of whatever name.
    ///
    /// # Errors
    /// [`HeadError::Form`] or [`HeadError::Version`].
    pub(crate) fn parse(json: &str) -> Result<Self, HeadError> {
        let file: Self = serde_json::from_str(json)?;
        let found = file.weights_version();
        if file.version != found {
            return Err(HeadError::Version { stated: file.version, found });
        }
        Ok(file)
    }

    /// The file's content.
    pub fn write(&self) -> String {
        let json = serde_json::to_string_pretty(self);
        json.expect("names, numbers and strings make JSON") + "\n"
    }

    /// Adds weights, row by row, rounded to half precision.
    ///
    /// # Panics
    /// If the number of values is not rows times columns.
    pub fn set_weights(&mut self, name: &str, shape: [usize; 2], values: &[f32]) {
        assert_eq!(shape[0] * shape[1], values.len(), "the shape of {name} fits its values");
        let bytes: Vec<u8> =
            values.iter().flat_map(|value| f16::from_f32(*value).to_le_bytes()).collect();
        let tensor = Tensor { shape, f16: STANDARD.encode(bytes) };
        self.weights.insert(name.to_owned(), tensor);
        self.version = self.weights_version();
    }

    /// Returns the weights called `name`, row by row.
    ///
    /// # Errors
    /// [`HeadError::Missing`], [`HeadError::Shape`] or [`HeadError::Weights`].
    pub fn weights(&self, name: &str, shape: [usize; 2]) -> Result<Vec<f32>, HeadError> {
        let tensor = self.weights.get(name).ok_or_else(|| HeadError::Missing(name.to_owned()))?;
        if tensor.shape != shape {
            let name = name.to_owned();
            return Err(HeadError::Shape { name, expected: shape, found: tensor.shape });
        }
        let broken = || HeadError::Weights(name.to_owned());
        let bytes = STANDARD.decode(&tensor.f16).map_err(|_| broken())?;
        let (pairs, rest) = bytes.as_chunks::<2>();
        let values: Vec<f32> =
            pairs.iter().map(|pair| f16::from_le_bytes(*pair).to_f32()).collect();
        let whole = rest.is_empty() && Some(values.len()) == shape[0].checked_mul(shape[1]);
        if whole && values.iter().all(|value| value.is_finite()) {
            Ok(values)
        } else {
            Err(broken())
        }
    }

    /// Checks that the head has the expected classes.
    ///
    /// # Errors
    /// [`HeadError::Labels`].
    pub fn check_labels(&self, expected: &[&str]) -> Result<(), HeadError> {
        if self.labels == expected {
            return Ok(());
        }
        let expected = expected.iter().map(|&label| label.to_owned()).collect();
        Err(HeadError::Labels { expected, found: self.labels.clone() })
    }

    fn weights_version(&self) -> String {
        let mut digest = Sha256::new();
        for (name, tensor) in &self.weights {
            digest
                .update(format!("{name} {} {} {}\n", tensor.shape[0], tensor.shape[1], tensor.f16));
        }
        sha256_hex(digest)[..12].to_owned()
    }
}

/// Assigns a text to one of `parts` by its SHA-256. The same text always gets the same part.
/// `draw` 0 to 7 gives independent divisions.
///
/// # Panics
/// If `draw` is greater than 7, or `parts` is 0.
pub fn fold(text: &str, draw: usize, parts: u32) -> u32 {
    let hash = Sha256::digest(text);
    let bytes = [0, 1, 2, 3].map(|byte| hash[4 * draw + byte]);
    u32::from_be_bytes(bytes) % parts
}

/// The SHA-256 of `bytes` in hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    sha256_hex(Sha256::new_with_prefix(bytes))
}

fn sha256_hex(digest: Sha256) -> String {
    HEXLOWER.encode(&digest.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> HeadFile {
        let encoder = EncoderRef { name: "encoder".into(), dimension: 2 };
        let data =
            TrainingData { name: "made up".into(), sha256: sha256(b""), examples: 2, held_back: 1 };
        let labels = vec!["no".into(), "yes".into()];
        let mut file = HeadFile::new("test", encoder, &["en"], labels, data);
        file.set_weights("dense", [2, 2], &[0.5, -1.0, 2.0, 0.25]);
        file.scores.insert("macro_f1".into(), 0.5);
        file
    }

    #[test]
    fn a_head_comes_back_as_it_was_written() {
        let read = HeadFile::read(&file().write(), "test").unwrap();
        assert_eq!(read, file());
        assert_eq!(read.weights("dense", [2, 2]).unwrap(), [0.5, -1.0, 2.0, 0.25]);
    }

    #[test]
    fn weights_that_were_changed_are_found_out() {
        let other = file().version.replace(|c: char| c.is_ascii_digit(), "x");
        let forged = file().write().replace(&file().version, &other);
        assert!(matches!(HeadFile::read(&forged, "test"), Err(HeadError::Version { .. })));
    }

    #[test]
    fn a_head_of_another_kind_is_refused() {
        assert!(matches!(HeadFile::read(&file().write(), "topics"), Err(HeadError::Name { .. })));
        assert!(matches!(HeadFile::read("{}", "test"), Err(HeadError::Form(_))));
        assert!(matches!(file().check_labels(&["no"]), Err(HeadError::Labels { .. })));
        assert!(file().check_labels(&["no", "yes"]).is_ok());
    }

    #[test]
    fn a_text_always_falls_into_the_same_part() {
        let parts: Vec<u32> = ["a", "b", "c", "a"].iter().map(|text| fold(text, 0, 5)).collect();
        assert_eq!(parts[0], parts[3]);
        // SHA-256 of "a" begins with ca978112.
        assert_eq!(parts[0], 0xca97_8112 % 5);
    }

    #[test]
    fn weights_of_another_shape_are_refused() {
        let file = file();
        assert!(matches!(file.weights("dense", [4, 1]), Err(HeadError::Shape { .. })));
        assert!(matches!(file.weights("sparse", [2, 2]), Err(HeadError::Missing(_))));
        let mut short = file.clone();
        short.weights.get_mut("dense").unwrap().f16 = STANDARD.encode([0; 6]);
        assert!(matches!(short.weights("dense", [2, 2]), Err(HeadError::Weights(_))));
        let mut endless = file;
        endless.set_weights("dense", [1, 1], &[f32::INFINITY]);
        assert!(matches!(endless.weights("dense", [1, 1]), Err(HeadError::Weights(_))));
    }
}
