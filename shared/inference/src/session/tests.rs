use std::path::PathBuf;

use super::*;
use crate::{Config, Deps, Precision, Prefixes};

/// A classifier of the fixtures, whose three labels are scored for each text.
fn tiny() -> LocatedModel {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
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

fn load(model: &LocatedModel) -> Result<ModelSession, Error> {
    let library = Deps::resolve().runtime_library()?;
    let environment = runtime::environment(&library)?;
    ModelSession::load(&environment, model, &ModelPlacement::cpu(model))
}

fn texts(lengths: &[usize]) -> Vec<Input> {
    lengths
        .iter()
        .map(|&length| Input::new((0..length as u32).map(|id| id % 8).collect()))
        .collect()
}

fn scores(session: &mut ModelSession, inputs: &[Input]) -> Vec<Rows> {
    session.run(&inputs.iter().collect::<Vec<_>>()).unwrap().vectors
}

#[test]
fn batches_take_the_buffers_of_those_before() {
    let mut session = load(&tiny()).unwrap();
    let batch = texts(&[5, 2, 9]);
    let first = scores(&mut session, &batch);
    let reserved = session.staging.reserved_bytes();
    assert!(reserved > 0);
    for lengths in [&[1][..], &[9, 9, 9], &[4, 7]] {
        scores(&mut session, &texts(lengths));
        assert_eq!(session.staging.reserved_bytes(), reserved);
    }
    assert_eq!(scores(&mut session, &batch), first, "nothing of other batches is left");
}

#[test]
fn a_lack_of_memory_gives_idle_buffers_back() {
    let mut session = load(&tiny()).unwrap();
    let (large, small) = (texts(&[16; 2_000]), texts(&[3]));
    let small: Vec<&Input> = small.iter().collect();
    scores(&mut session, &large);
    let reserved = session.staging.reserved_bytes();
    session.shrink_and_run(&small).unwrap();
    assert!(session.staging.reserved_bytes() < reserved);
}

#[test]
fn an_output_of_another_size_than_declared_is_refused_in_the_first_run() {
    let encoder = Config { precision: Precision::Fp32.into(), ..Config::default() };
    let model = crate::model::locate::locate(&encoder, &Deps::resolve()).unwrap();
    let declared = LocatedModel { dimension: model.dimension + 1, ..model };
    assert!(matches!(load(&declared), Err(Error::Graph { .. })));
}
