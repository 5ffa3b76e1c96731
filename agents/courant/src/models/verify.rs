//! `courant models verify`: checks the files of encoders and heads.

use anyhow::{Context, bail, ensure};
use clap::Args;
use courant_article::{Embedding, TextKind};
use courant_heads::HeadTask;
use courant_inference::catalog::{self, EncoderInfo};
use courant_inference::{Config, Deps, Error, FrozenEncoder};
use serde::Serialize;

use super::setup::{Loaded, Setup};
use super::shelf::{ListedHead, UNTRAINED};

const PROBE: &str = "The harbour reopened on Monday after divers had cleared the wreck.";
/// The greatest difference of a vector's length from 1.
const UNIT_TOLERANCE: f32 = 1e-3;
/// The least cosine between the probe's vectors in another precision and in the first one.
const MIN_COSINE: f32 = 0.9;

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// An encoder or a head [default: all]
    name: Option<String>,
    #[command(flatten)]
    setup: Setup,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum CheckResult {
    Ok,
    Skipped,
    Fault,
}

/// The result of checking one model.
#[derive(Serialize)]
struct Finding {
    verdict: CheckResult,
    name: String,
    version: Option<String>,
    precision: Option<&'static str>,
    detail: String,
}

pub(super) fn run(args: &VerifyArgs) -> anyhow::Result<()> {
    let loaded = args.setup.load()?;
    let is_meant = |name: &str| args.name.as_deref().is_none_or(|meant| meant == name);
    let mut findings = encoders(&loaded, is_meant);
    for task in HeadTask::ALL.into_iter().filter(|task| is_meant(task.head_name())) {
        findings.extend(loaded.shelf(task)?.iter().map(head));
    }
    let name = args.name.as_deref().unwrap_or_default();
    ensure!(!findings.is_empty(), "there is no encoder and no head called {name:?}");
    args.setup.show(&findings, |findings| findings.iter().map(line).collect())?;
    let faults = findings.iter().filter(|finding| finding.verdict == CheckResult::Fault);
    match faults.count() {
        0 => Ok(()),
        count => bail!("{count} of {} models cannot be used", findings.len()),
    }
}

fn line(finding: &Finding) -> String {
    let verdict = match finding.verdict {
        CheckResult::Ok => "ok     ",
        CheckResult::Skipped => "skipped",
        CheckResult::Fault => "fault  ",
    };
    let Finding { name, detail, .. } = finding;
    let (version, precision) = (finding.version.as_deref(), finding.precision);
    let known = [Some(name.as_str()), precision, version].into_iter().flatten();
    format!("{verdict} {}: {detail}\n", known.collect::<Vec<_>>().join(" "))
}

fn encoders(loaded: &Loaded, is_meant: impl Fn(&str) -> bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for listed in catalog::listed(&loaded.encoder, &Deps::resolve()) {
        match listed.encoders {
            Ok(found) => {
                let meant = |info: &EncoderInfo| is_meant(&listed.model) || is_meant(&info.name);
                let found: Vec<EncoderInfo> = found.into_iter().filter(meant).collect();
                findings.extend(precisions(loaded, &listed.model, found));
            }
            Err(error) if is_meant(&listed.model) => findings.push(Finding {
                verdict: CheckResult::Fault,
                name: listed.model,
                version: None,
                precision: None,
                detail: format!("{:#}", anyhow::Error::from(error)),
            }),
            Err(_) => {}
        }
    }
    findings
}

/// Checks each precision, and compares its vector of the probe with that of the first precision.
fn precisions(loaded: &Loaded, model: &str, found: Vec<EncoderInfo>) -> Vec<Finding> {
    let mut first: Option<Embedding> = None;
    let mut findings = Vec::new();
    for info in found {
        let config = loaded.encoder_of(model, &info);
        let probed = probe(&config, info.dimension, first.as_ref());
        let (verdict, detail) = match probed {
            Ok((vector, detail)) => {
                first.get_or_insert(vector);
                (CheckResult::Ok, detail)
            }
            Err(error) => match error.downcast_ref() {
                // This machine cannot compute that precision.
                Some(Error::Config { key: "precision", reason, .. }) => {
                    (CheckResult::Skipped, reason.clone())
                }
                _ => (CheckResult::Fault, format!("{error:#}")),
            },
        };
        let (version, precision) = (Some(info.version), Some(info.precision.name()));
        findings.push(Finding { verdict, name: model.to_owned(), version, precision, detail });
    }
    findings
}

/// Loads an encoder and embeds the probe. Loading checks its files and the shapes of its graph.
fn probe(
    config: &Config,
    dimension: usize,
    first: Option<&Embedding>,
) -> anyhow::Result<(Embedding, String)> {
    let encoder = FrozenEncoder::load(config, &Deps::resolve())?;
    let vectors = encoder.vectors(vec![PROBE.to_owned()], TextKind::Document)?;
    let vector = vectors.into_iter().next().context("the probe has no vector")?;
    let found = vector.dimension();
    ensure!(found == dimension, "the probe has {found} values, declared are {dimension}");
    let length = vector.as_slice().iter().map(|value| value * value).sum::<f32>().sqrt();
    ensure!((length - 1.0).abs() < UNIT_TOLERANCE, "the probe's vector has length {length}");
    let Some(first) = first else {
        return Ok((vector, format!("files, shapes, a unit vector of {dimension} values")));
    };
    let cosine = vector.cosine(first);
    ensure!(cosine >= MIN_COSINE, "the probe's cosine with the first precision's is {cosine:.4}");
    let detail = format!(
        "files, shapes, a unit vector of {dimension} values, cosine {cosine:.4} with the first precision"
    );
    Ok((vector, detail))
}

/// Reports on a head. Its version, shapes and labels were checked when it was read.
fn head(shelved: &ListedHead) -> Finding {
    let (verdict, detail) = match &shelved.head {
        Ok(Some(head)) => {
            let encoder = head.encoder();
            let detail =
                format!("weights and labels, for {} of {} values", encoder.name, encoder.dimension);
            (CheckResult::Ok, detail)
        }
        Ok(None) => (CheckResult::Ok, format!("the topics' descriptions, {UNTRAINED}")),
        Err(error) => (CheckResult::Fault, format!("{error:#}")),
    };
    let (name, version) = (shelved.task.head_name().to_owned(), Some(shelved.version.clone()));
    Finding { verdict, name, version, precision: None, detail }
}
