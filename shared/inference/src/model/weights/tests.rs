use std::sync::Arc;

use super::*;
use crate::batch::answer::Rows;
use crate::batch::input::Input;
use crate::device::placement::ModelPlacement;
use crate::model::Pooling;
use crate::model::locate::locate;
use crate::session::{ModelSession, runtime};
use crate::{Config, Deps, Precision, Prefixes};

/// Half of what fp32's matrices take when they are packed; int8's take a quarter.
const MUCH: u64 = 20 << 20;

fn environment() -> Environment {
    runtime::environment(&Deps::resolve().runtime_library().unwrap()).unwrap()
}

fn encoder(precision: Precision) -> LocatedModel {
    locate(&Config { precision: precision.into(), ..Config::default() }, &Deps::resolve()).unwrap()
}

/// A classifier of the fixtures: its only weight lies within the graph.
fn tiny() -> LocatedModel {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = folder.join("tests/fixtures/classifiers/tiny-sentiment");
    LocatedModel {
        name: "tiny".into(),
        version: "0".into(),
        precision: Precision::Fp32,
        dimension: 3,
        states: None,
        max_tokens: 16,
        pooling: Pooling::Sequence,
        prefixes: Prefixes::default(),
        graph: folder.join("onnx/model.onnx"),
        tokenizer: folder.join("tokenizer.json"),
        files: Vec::new(),
    }
}

fn placed(model: &LocatedModel, weights: Weights) -> ModelPlacement {
    let mut placement = ModelPlacement::cpu(model);
    placement.weights = Some(Arc::new(weights));
    placement
}

fn load(model: &LocatedModel, placement: &ModelPlacement) -> ModelSession {
    ModelSession::load(&environment(), model, placement).unwrap()
}

fn rows(session: &mut ModelSession) -> Vec<Rows> {
    let short = Input::new(vec![1, 2, 3]);
    let long = Input::new((0..16).map(|id| id % 8).collect());
    [short, long].iter().flat_map(|input| session.run(&[input]).unwrap().vectors).collect()
}

fn in_use(session: &ModelSession, placement: &ModelPlacement) -> u64 {
    session.arena(placement).unwrap().stats().unwrap().in_use_bytes
}

/// The memory of the process that no file backs.
fn anonymous_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

#[test]
fn sessions_that_share_give_the_same_vectors() {
    for precision in [Precision::Fp32, Precision::Int8] {
        let model = encoder(precision);
        let shared = placed(&model, Weights::of(&environment(), &model));
        let (mut first, mut second) = (load(&model, &shared), load(&model, &shared));
        let alone = rows(&mut load(&model, &ModelPlacement::cpu(&model)));
        assert_eq!(rows(&mut first), alone, "{precision}");
        assert_eq!(rows(&mut second), alone, "{precision}");
    }
}

#[test]
fn the_packed_weights_are_in_memory_once() {
    let model = encoder(Precision::Fp32);
    let shared = placed(&model, Weights::of(&environment(), &model));
    let first = load(&model, &shared);
    let before = anonymous_bytes();
    let others: Vec<ModelSession> = (0..4).map(|_| load(&model, &shared)).collect();
    let grown = anonymous_bytes().saturating_sub(before);
    assert!(grown < others.len() as u64 * MUCH / 2, "{grown} bytes for {}", others.len());
    // Nor do they lie in a session's own arena.
    let alone = ModelPlacement::cpu(&model);
    let own = in_use(&load(&model, &alone), &alone);
    for session in others.iter().chain([&first]) {
        assert!(in_use(session, &shared) + MUCH < own);
    }
}

#[test]
fn weights_outlive_the_last_placement_that_names_them() {
    let model = encoder(Precision::Int8);
    let shared = placed(&model, Weights::of(&environment(), &model));
    let mut session = load(&model, &shared);
    let before = rows(&mut session);
    drop(shared);
    assert_eq!(rows(&mut session), before);
}

#[test]
fn what_is_small_is_left_to_the_runtime() {
    let model = tiny();
    let weights = Weights::of(&environment(), &model);
    assert!(weights.shared.is_empty());
    let alone = rows(&mut load(&model, &ModelPlacement::cpu(&model)));
    assert_eq!(rows(&mut load(&model, &placed(&model, weights))), alone);
}

#[test]
fn weights_within_the_graph_are_shared_too() {
    let model = tiny();
    let weights = Weights::of_at_least(16, &environment(), &model);
    assert_eq!(weights.shared.iter().map(|weight| &weight.name).collect::<Vec<_>>(), ["table"]);
    let alone = rows(&mut load(&model, &ModelPlacement::cpu(&model)));
    assert_eq!(rows(&mut load(&model, &placed(&model, weights))), alone);
}

#[test]
fn a_session_that_refuses_shared_weights_has_its_own() {
    let model = tiny();
    let mut weights = Weights::of_at_least(16, &environment(), &model);
    // No initializer can be handed over twice.
    weights.shared.extend(Weights::of_at_least(16, &environment(), &model).shared);
    let alone = rows(&mut load(&model, &ModelPlacement::cpu(&model)));
    assert_eq!(rows(&mut load(&model, &placed(&model, weights))), alone);
}

#[test]
fn files_that_are_not_the_model_s_are_not_mapped() {
    let model = LocatedModel { files: Vec::new(), ..encoder(Precision::Fp32) };
    assert!(Weights::of(&environment(), &model).shared.is_empty());
    let damaged = LocatedModel { graph: model.tokenizer.clone(), ..model };
    assert!(Weights::of(&environment(), &damaged).shared.is_empty());
}
