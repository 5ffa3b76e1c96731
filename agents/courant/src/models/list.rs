//! `courant models list`: lists the encoders and heads.

use courant_gpu_utils::Config as GpuConfig;
use courant_heads::metrics::Scores;
use courant_heads::{Head, HeadTask};
use courant_inference::Deps;
use courant_inference::catalog::{self, EncoderInfo};
use serde::Serialize;

use super::setup::{Loaded, Setup};
use super::shelf::{ListedHead, Origin};

#[derive(Serialize)]
struct ModelList {
    encoders: Vec<EncoderRow>,
    heads: Vec<HeadRow>,
}

#[derive(Serialize)]
struct EncoderRow {
    /// The name as in `[inference] model`.
    model: String,
    active: bool,
    name: Option<String>,
    version: Option<String>,
    precision: Option<&'static str>,
    /// The provider; `None` if only a start decides it, because the configuration leaves a choice.
    provider: Option<&'static str>,
    dimension: Option<usize>,
    bytes: Option<u64>,
    fault: Option<String>,
}

#[derive(Serialize)]
struct HeadRow {
    name: &'static str,
    version: String,
    active: bool,
    /// `built-in`, `kept`, or the configured file.
    origin: String,
    precision: &'static str,
    provider: &'static str,
    encoder: Option<String>,
    examples: Option<usize>,
    data_sha256: Option<String>,
    bytes: Option<usize>,
    scores: Scores,
    fault: Option<String>,
}

pub(super) fn run(setup: &Setup) -> anyhow::Result<()> {
    let loaded = setup.load()?;
    let mut heads = Vec::new();
    for task in HeadTask::ALL {
        heads.extend(loaded.shelf(task)?.iter().map(head_row));
    }
    setup.show(&ModelList { encoders: encoders(&loaded)?, heads }, text)
}

fn encoders(loaded: &Loaded) -> anyhow::Result<Vec<EncoderRow>> {
    let gpu: GpuConfig = loaded.document.section("gpu")?;
    let chosen = catalog::precision_on_cpu(&loaded.encoder, &Deps::resolve()).ok();
    let mut rows = Vec::new();
    for listed in catalog::listed(&loaded.encoder, &Deps::resolve()) {
        let named = listed.model == loaded.encoder.model;
        match listed.encoders {
            Ok(found) => rows.extend(found.into_iter().map(|info| {
                let is_chosen = chosen == Some(info.precision);
                let provider = gpu.force_cpu.then_some("cpu");
                let row = EncoderRow::of(&listed.model, info);
                EncoderRow { active: named && is_chosen, provider, ..row }
            })),
            Err(error) => rows.push(EncoderRow {
                active: named,
                fault: Some(format!("{:#}", anyhow::Error::from(error))),
                ..EncoderRow::absent(&listed.model)
            }),
        }
    }
    Ok(rows)
}

impl EncoderRow {
    fn absent(model: &str) -> Self {
        Self {
            model: model.to_owned(),
            active: false,
            name: None,
            version: None,
            precision: None,
            provider: None,
            dimension: None,
            bytes: None,
            fault: None,
        }
    }

    fn of(model: &str, info: EncoderInfo) -> Self {
        Self {
            name: Some(info.name),
            version: Some(info.version),
            precision: Some(info.precision.name()),
            dimension: Some(info.dimension),
            bytes: Some(info.bytes),
            ..Self::absent(model)
        }
    }
}

fn head_row(shelved: &ListedHead) -> HeadRow {
    let head = shelved.head.as_ref().ok().and_then(Option::as_ref);
    HeadRow {
        name: shelved.task.head_name(),
        version: shelved.version.clone(),
        active: shelved.active,
        origin: match &shelved.origin {
            Origin::BuiltIn => "built-in".into(),
            Origin::Kept => "kept".into(),
            Origin::Configured(path) => path.display().to_string(),
        },
        precision: "fp32",
        provider: "cpu",
        encoder: head.map(|head| head.encoder().name),
        examples: head.map(Head::examples),
        data_sha256: head.map(|head| head.data_sha256().to_owned()),
        bytes: head.map(|head| head.to_bytes().len()),
        scores: head.map(Head::scores).unwrap_or_default(),
        fault: shelved.head.as_ref().err().map(|error| format!("{error:#}")),
    }
}

/// Returns one line per model. Models in use are marked.
fn text(answer: &ModelList) -> String {
    let mut out = String::new();
    for row in &answer.encoders {
        out += &format!("{} encoder {}\n", mark(row.active), encoder_text(row));
    }
    for row in &answer.heads {
        out += &format!("{} head    {}\n", mark(row.active), head_text(row));
    }
    out + "* in use\n"
}

fn mark(active: bool) -> char {
    if active { '*' } else { ' ' }
}

fn encoder_text(row: &EncoderRow) -> String {
    let (Some(version), Some(precision)) = (&row.version, row.precision) else {
        return format!("{}  {}", row.model, row.fault.as_deref().unwrap_or_default());
    };
    let (dimension, bytes) = (row.dimension.unwrap_or(0), row.bytes.unwrap_or(0));
    let megabytes = bytes as f64 / 1e6;
    format!("{}  {precision}  {version}  {dimension} values  {megabytes:.1} MB", row.model)
}

fn head_text(row: &HeadRow) -> String {
    let mut text = format!("{}  {}  {}", row.name, row.version, row.origin);
    if let Some(encoder) = &row.encoder {
        text += &format!("  for {encoder}");
    }
    for (name, score) in &row.scores {
        text += &format!("  {name} {score}");
    }
    text + &row.fault.as_ref().map(|fault| format!("  {fault}")).unwrap_or_default()
}
