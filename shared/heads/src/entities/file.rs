//! The file format of a head: a line of JSON, then half-precision values, little-endian.

use data_encoding::HEXLOWER;
use half::f16;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::crf::Transitions;
use super::dense::Dense;
use super::features::FEATURES;
use super::head::{EntityHead, Layers, Provenance};
use super::label::{LABELS, NAMES};

const FORMAT: &str = "courant-entities/1";

/// Hexadecimal digits of a head's version.
const VERSION_DIGITS: usize = 12;

/// Values per word or token that no head has more of.
const MAX_WIDTH: usize = 1 << 14;

/// The reasons why bytes are not a valid head, or states do not match a text.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum EntityHeadError {
    /// The first line is not valid JSON of a head.
    #[error("the head's first line cannot be read: {0}")]
    Header(String),
    /// A file of another kind or version.
    #[error("the head has format {found:?}, expected is {FORMAT:?}")]
    Format {
        /// The format that the file states.
        found: String,
    },
    /// The numbers of labels, features or layers differ from those of this version.
    #[error("the head has {found} {what}, expected are {expected}")]
    Shape {
        /// The things that are counted, such as `labels`.
        what: &'static str,
        /// The number that this version needs.
        expected: usize,
        /// The number that the file has.
        found: usize,
    },
    /// The labels have other names or another order.
    #[error("the head's labels are {0:?}")]
    Labels(Vec<String>),
    /// A weight is infinite or NaN.
    #[error("a value of the head is not finite")]
    NotFinite,
    /// The number of values does not match the number of words.
    #[error("the words have {found} values, expected are {expected}")]
    Rows {
        /// Values that the words need.
        expected: usize,
        /// Values given.
        found: usize,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: String,
    states: usize,
    hidden: usize,
    features: usize,
    labels: Vec<String>,
    provenance: Provenance,
}

pub(super) fn write(provenance: &Provenance, layers: &Layers) -> Vec<u8> {
    let header = Header {
        format: FORMAT.into(),
        states: layers.project.inputs(),
        hidden: layers.project.outputs(),
        features: FEATURES,
        labels: NAMES.map(str::to_owned).into(),
        provenance: provenance.clone(),
    };
    let mut bytes = serde_json::to_vec(&header).expect("a header has only strings and numbers");
    bytes.push(b'\n');
    let dense = [&layers.project, &layers.mix, &layers.score];
    let values = dense.into_iter().flat_map(|layer| layer.weight.iter().chain(&layer.bias));
    let steps = layers.transitions.step.iter().flatten();
    for value in values.chain(&layers.transitions.start).chain(steps) {
        bytes.extend(f16::from_f32(*value).to_le_bytes());
    }
    bytes
}

pub(super) fn read(bytes: &[u8]) -> Result<EntityHead, EntityHeadError> {
    let (line, values) = match bytes.iter().position(|&byte| byte == b'\n') {
        Some(end) => (&bytes[..end], &bytes[end + 1..]),
        None => (bytes, &[][..]),
    };
    let header = check(line)?;
    let mut values = decode(values)?;
    let expected = value_count(header.states, header.hidden);
    expect("values", expected, values.len())?;
    let mut take = |count: usize| {
        let rest = values.split_off(count);
        std::mem::replace(&mut values, rest)
    };
    let mut dense = |inputs: usize, outputs: usize| Dense {
        weight: take(inputs * outputs),
        bias: take(outputs),
    };
    let project = dense(header.states, header.hidden);
    let mix = dense(3 * (header.hidden + FEATURES), header.hidden);
    let score = dense(header.hidden, LABELS);
    let mut row = || std::array::from_fn(|_| take(1)[0]);
    let transitions = Transitions { start: row(), step: std::array::from_fn(|_| row()) };
    let version = HEXLOWER.encode(&Sha256::digest(bytes));
    Ok(EntityHead {
        provenance: header.provenance,
        version: version[..VERSION_DIGITS].to_owned(),
        layers: Layers { project, mix, score, transitions },
    })
}

fn check(line: &[u8]) -> Result<Header, EntityHeadError> {
    let header: Header =
        serde_json::from_slice(line).map_err(|error| EntityHeadError::Header(error.to_string()))?;
    if header.format != FORMAT {
        return Err(EntityHeadError::Format { found: header.format });
    }
    expect("features", FEATURES, header.features)?;
    expect("labels", LABELS, header.labels.len())?;
    if header.labels != NAMES {
        return Err(EntityHeadError::Labels(header.labels));
    }
    for (what, width) in [("states", header.states), ("hidden values", header.hidden)] {
        if !(1..=MAX_WIDTH).contains(&width) {
            return Err(EntityHeadError::Shape { what, expected: MAX_WIDTH, found: width });
        }
    }
    Ok(header)
}

fn expect(what: &'static str, expected: usize, found: usize) -> Result<(), EntityHeadError> {
    if found == expected { Ok(()) } else { Err(EntityHeadError::Shape { what, expected, found }) }
}

fn decode(bytes: &[u8]) -> Result<Vec<f32>, EntityHeadError> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    expect("bytes behind its last value", 0, rest.len())?;
    let values: Vec<f32> = pairs.iter().map(|&pair| f16::from_le_bytes(pair).to_f32()).collect();
    if values.iter().all(|value| value.is_finite()) {
        Ok(values)
    } else {
        Err(EntityHeadError::NotFinite)
    }
}

fn value_count(states: usize, hidden: usize) -> usize {
    let dense = |inputs: usize, outputs: usize| (inputs + 1) * outputs;
    dense(states, hidden)
        + dense(3 * (hidden + FEATURES), hidden)
        + dense(hidden, LABELS)
        + LABELS * (LABELS + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The embedded head with another first line.
    fn with_header(change: impl Fn(String) -> String) -> Result<EntityHead, EntityHeadError> {
        let bytes = EntityHead::embedded().to_bytes();
        let end = bytes.iter().position(|&byte| byte == b'\n').unwrap();
        let line = change(String::from_utf8(bytes[..end].to_vec()).unwrap());
        EntityHead::from_bytes(&[line.as_bytes(), &bytes[end..]].concat())
    }

    #[test]
    fn another_format_or_shape_is_named() {
        let format = with_header(|line| line.replace(FORMAT, "courant-entities/9"));
        assert!(matches!(format, Err(EntityHeadError::Format { found }) if found.ends_with("/9")));
        let labels = with_header(|line| line.replace("begin person", "begin persona"));
        assert!(matches!(labels, Err(EntityHeadError::Labels(_))));
        let fewer = with_header(|line| line.replace(r#""outside","#, ""));
        assert!(matches!(fewer, Err(EntityHeadError::Shape { what: "labels", found: 6, .. })));
        let wider = with_header(|line| line.replace(r#""states":768"#, r#""states":384"#));
        assert!(matches!(wider, Err(EntityHeadError::Shape { what: "values", .. })));
        let huge = with_header(|line| line.replace(r#""states":768"#, r#""states":99999999"#));
        assert!(matches!(huge, Err(EntityHeadError::Shape { what: "states", .. })));
    }

    #[test]
    fn a_cut_file_and_one_with_a_broken_value_are_refused() {
        let mut bytes = EntityHead::embedded().to_bytes();
        let whole = bytes.len();
        let read = |bytes: &[u8]| EntityHead::from_bytes(bytes).unwrap_err();
        assert!(matches!(read(&bytes[..whole - 2]), EntityHeadError::Shape { what: "values", .. }));
        assert!(matches!(read(&bytes[..whole - 1]), EntityHeadError::Shape { .. }));
        assert!(matches!(read(b""), EntityHeadError::Header(_)));
        bytes[whole - 2..].copy_from_slice(&f16::INFINITY.to_le_bytes());
        assert_eq!(read(&bytes), EntityHeadError::NotFinite);
    }
}
