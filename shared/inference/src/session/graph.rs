//! The inputs and outputs of a graph, compared with the declared ones.

use ort::session::Session;
use ort::value::{Outlet, TensorElementType, ValueType};

use crate::model::{LocatedModel, Pooling};
use crate::session::states::STATES;

pub(crate) fn output_name(pooling: Pooling) -> &'static str {
    match pooling {
        Pooling::Graph => "embeddings",
        Pooling::Mean | Pooling::Cls => "last_hidden_state",
        Pooling::Sequence | Pooling::Tokens => "logits",
    }
}

pub(crate) fn has(outlets: &[Outlet], name: &str) -> bool {
    outlets.iter().any(|outlet| outlet.name() == name)
}

/// Compares the session's inputs and outputs with the declared ones.
pub(crate) fn check(session: &Session, model: &LocatedModel) -> Result<(), String> {
    let needed: &[&str] = match model.pooling {
        Pooling::Graph => &["input_ids", "attention_mask", "spans"],
        _ => &["input_ids", "attention_mask"],
    };
    if let Some(missing) = needed.iter().find(|name| !has(session.inputs(), name)) {
        return Err(format!("it has no input {missing}"));
    }
    let is_known = |name: &str| needed.contains(&name) || name == "token_type_ids";
    if let Some(other) = session.inputs().iter().find(|input| !is_known(input.name())) {
        return Err(format!("it wants an input {}, which is not known here", other.name()));
    }
    let name = output_name(model.pooling);
    let output = session.outputs().iter().find(|output| output.name() == name);
    let found = output.ok_or_else(|| missing_output(name, session.outputs()))?.dtype();
    match model.pooling {
        Pooling::Graph | Pooling::Mean | Pooling::Cls => check_output(found, model.dimension)?,
        Pooling::Sequence => check_logits(found, 2, model.dimension)?,
        Pooling::Tokens => check_logits(found, 3, model.dimension)?,
    }
    check_states(session.outputs(), model.states)
}

fn missing_output(name: &str, found: &[Outlet]) -> String {
    let found: Vec<&str> = found.iter().map(Outlet::name).collect();
    format!("it has no output {name}, only {}", found.join(", "))
}

/// Checks that scores have as many dimensions and labels as declared.
fn check_logits(found: &ValueType, rank: usize, labels: usize) -> Result<(), String> {
    let ValueType::Tensor { ty: TensorElementType::Float32, shape, .. } = found else {
        return Err(format!("its output is {found}, needed is a tensor of f32"));
    };
    let declared = i64::try_from(labels).unwrap_or(i64::MAX);
    match shape.last() {
        // The first run checks a length that the graph leaves open.
        Some(&width) if shape.len() == rank && (width == declared || width < 0) => Ok(()),
        _ => Err(format!(
            "its output has shape {shape}, declared are {labels} labels in {rank} dimensions"
        )),
    }
}

fn check_output(found: &ValueType, dimension: usize) -> Result<(), String> {
    let ValueType::Tensor { shape, .. } = found else {
        return Err("its output is no tensor".into());
    };
    let declared = i64::try_from(dimension).unwrap_or(i64::MAX);
    match **shape {
        // The first run checks a length that the graph leaves open.
        [_, _, width] if width == declared || width < 0 => Ok(()),
        _ => Err(format!("its output has shape {shape}, declared is dimension {dimension}")),
    }
}

/// Checks that the graph gives the states that are declared.
fn check_states(outputs: &[Outlet], dimension: Option<usize>) -> Result<(), String> {
    let Some(dimension) = dimension else { return Ok(()) };
    let output = outputs.iter().find(|output| output.name() == STATES);
    check_output(output.ok_or(format!("it has no output {STATES}"))?.dtype(), dimension)
}
