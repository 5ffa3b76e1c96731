//! `courant models calibrate`: makes a static int8 graph for TensorRT, with ranges from a named
//! set of texts.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};
use clap::Args;
use courant_article::TextKind;
use courant_heads::file::sha256;
use courant_heads::labelled::{self, TextLine};
use courant_inference::{BareModel, Config, Deps, FrozenEncoder, Precision, catalog};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::labelled::content;
use super::setup::{Loaded, Setup};

pub(super) const HELP: &str = "\
The file holds a JSON object a line, {\"text\": \"…\"}; a fifth of the texts is held back to
measure on. The graph becomes the precision int8-static of the configured encoder, whose
default stays what it was. Needs Python and what `make deps` fetched.

Example:
  courant models calibrate --data articles.jsonl";

/// The scripts that make the graph. They belong to this version of the program.
const SCRIPT: &str = "calibrate_encoder.py";
const SCRIPTS: [(&str, &str); 2] = [
    (SCRIPT, include_str!("../../../../scripts/calibrate_encoder.py")),
    ("export_encoder.py", include_str!("../../../../scripts/export_encoder.py")),
];
const GRAPH: &str = "encoder-int8-static.onnx";
const WEIGHTS: &str = "encoder-int8-static.weights";
const METADATA: &str = "encoder-int8-static.json";
const MANIFEST: &str = "model.json";

#[derive(Debug, Args)]
pub(super) struct CalibrateArgs {
    /// The calibration set
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// The percentage of a value's absolute numbers that its range holds; 100: all
    #[arg(long, value_name = "P", default_value = "99.99")]
    percentage: f64,
    /// Texts that set the ranges at most: each takes about 0.1 s
    #[arg(long, value_name = "N", default_value = "256")]
    max_texts: usize,
    #[command(flatten)]
    setup: Setup,
}

/// The metadata of a calibrated graph, which is written to a file beside it.
#[derive(Serialize)]
struct Metadata {
    encoder: String,
    precision: &'static str,
    method: &'static str,
    percentage: f64,
    calibration: LabelledTexts,
    quality: Quality,
    /// The version of the graph that it was made from.
    fp32_version: String,
    runtime: String,
    /// The greatest absolute number that each value can represent, by the value's name.
    ranges: Map<String, Value>,
}

#[derive(Serialize)]
struct LabelledTexts {
    name: String,
    sha256: String,
    texts: usize,
}

/// The cosines between the new vectors and those of fp32, on held-back texts.
#[derive(Serialize)]
struct Quality {
    texts: usize,
    mean_cosine: f64,
    least_cosine: f64,
}

pub(super) fn run(args: &CalibrateArgs) -> anyhow::Result<()> {
    let in_range = args.percentage > 0.0 && args.percentage <= 100.0;
    ensure!(in_range, "--percentage is {}, it must be above 0 and up to 100", args.percentage);
    let loaded = args.setup.load()?;
    let deps = Deps::resolve();
    let folder = catalog::folder(&loaded.encoder, &deps)?;
    let folder = folder.context("an encoder from the hub has no folder to add a precision to")?;
    let (calibrating, held_back, data) = texts(&args.data, args.max_texts)?;
    let fp32 = Config { precision: Precision::Fp32.into(), ..loaded.encoder.clone() };
    let ids = token_ids(&fp32, &calibrating, &deps)?;
    // The folder is beside the model's files, so that new files can be renamed into place.
    let staging = tempfile::Builder::new().prefix(".calibrating-").tempdir_in(&folder);
    let staging = staging.with_context(|| format!("cannot write to {}", folder.display()))?;
    let ranges = quantized(&folder, staging.path(), args.percentage, &ids, &deps)?;
    let manifest = Manifest::read(&folder)?;
    let reference = FrozenEncoder::load(&fp32, &deps).context("cannot load the fp32 encoder")?;
    let quality = quality(&loaded, &manifest, staging.path(), &reference, held_back, &deps)?;
    let metadata = Metadata {
        encoder: reference.model().name.clone(),
        precision: Precision::Int8Static.name(),
        method: "static QDQ, symmetric, percentile of the absolute values",
        percentage: args.percentage,
        calibration: data,
        quality,
        fp32_version: reference.model().version.clone(),
        runtime: reference.runtime().to_owned(),
        ranges,
    };
    fs::write(staging.path().join(METADATA), serde_json::to_vec_pretty(&metadata)?)?;
    manifest.publish(&folder, staging.path())?;
    args.setup.show(&metadata, |metadata| text(metadata, &folder))
}

/// Returns the texts that set the ranges, the held-back texts, and the set's name and hash.
fn texts(path: &Path, most: usize) -> anyhow::Result<(Vec<String>, Vec<String>, LabelledTexts)> {
    let content = content(path)?;
    let lines: Vec<TextLine> =
        labelled::read(&content).with_context(|| path.display().to_string())?;
    let (seen, held_back) = labelled::divide(lines);
    let of = |lines: Vec<TextLine>| -> Vec<String> {
        lines.into_iter().map(|line| line.text).take(most).collect()
    };
    let (seen, held_back) = (of(seen), of(held_back));
    let both = !seen.is_empty() && !held_back.is_empty();
    ensure!(both, "{} holds too few texts: some set ranges, some are held back", path.display());
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let data = LabelledTexts { name, sha256: sha256(content.as_bytes()), texts: seen.len() };
    Ok((seen, held_back, data))
}

fn token_ids(config: &Config, texts: &[String], deps: &Deps) -> anyhow::Result<Vec<Vec<u32>>> {
    let model = BareModel::load(config, deps).context("cannot load the fp32 encoder")?;
    Ok(texts.iter().map(|text| model.tokens(text)).collect::<Result<_, _>>()?)
}

/// Runs the script, which writes the graph and its weights into `staging`. Returns the ranges.
fn quantized(
    folder: &Path,
    staging: &Path,
    percentage: f64,
    ids: &[Vec<u32>],
    deps: &Deps,
) -> anyhow::Result<Map<String, Value>> {
    let packages = deps.root().map(|root| root.join("python")).filter(|path| path.is_dir());
    let packages = packages.context("cannot find .deps/python (run `make deps`)")?;
    let scripts = tempfile::tempdir().context("cannot make a folder for the scripts")?;
    for (name, script) in SCRIPTS {
        fs::write(scripts.path().join(name), script)?;
    }
    let input = scripts.path().join("ids.json");
    fs::write(&input, serde_json::to_vec(ids)?)?;
    let mut command = Command::new("python3");
    command.arg(scripts.path().join(SCRIPT)).args([folder, staging]);
    command.arg(percentage.to_string()).env("PYTHONPATH", packages);
    command.env("PYTHONDONTWRITEBYTECODE", "1").stdin(Stdio::from(fs::File::open(input)?));
    let done = command.output().context("cannot start python3")?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        bail!("{}", said.lines().last().unwrap_or("the script failed without a word"));
    }
    serde_json::from_slice(&done.stdout).context("the script tells no ranges")
}

/// Measures the cosines between the vectors of held-back texts and those of fp32.
fn quality(
    loaded: &Loaded,
    manifest: &Manifest,
    staging: &Path,
    reference: &FrozenEncoder,
    texts: Vec<String>,
    deps: &Deps,
) -> anyhow::Result<Quality> {
    manifest.try_out(staging)?;
    let model = staging.to_str().context("the model's folder has a name that is no text")?;
    let precision = Precision::Int8Static.into();
    let config = Config { model: model.to_owned(), precision, ..loaded.encoder.clone() };
    let encoder = FrozenEncoder::load(&config, deps).context("cannot load the calibrated graph")?;
    let (exact, near) = (
        reference.vectors(texts.clone(), TextKind::Document)?,
        encoder.vectors(texts, TextKind::Document)?,
    );
    let cosines: Vec<f64> = exact.iter().zip(&near).map(|(a, b)| f64::from(a.cosine(b))).collect();
    let mean_cosine = cosines.iter().sum::<f64>() / cosines.len() as f64;
    let least_cosine = cosines.iter().copied().fold(1.0, f64::min);
    Ok(Quality { texts: cosines.len(), mean_cosine, least_cosine })
}

/// The whole content of `model.json`, so that none of it is lost.
struct Manifest {
    folder: PathBuf,
    whole: Value,
}

impl Manifest {
    fn read(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(MANIFEST);
        let json = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let whole = serde_json::from_slice(&json);
        let whole = whole.with_context(|| format!("{} is no JSON", path.display()))?;
        Ok(Self { folder: folder.canonicalize()?, whole })
    }

    /// Returns the content with the new precision added. `own` maps its files to their SHA-256.
    /// `shared` lists the other files that it needs.
    fn with(&self, own: &BTreeMap<String, String>, shared: &[String]) -> anyhow::Result<Value> {
        let mut whole = self.whole.clone();
        let files: Vec<&String> = own.keys().chain(shared).collect();
        let precision = Precision::Int8Static.name();
        whole["graphs"][precision] = json!({ "graph": GRAPH, "files": files });
        let listed = whole["files"].as_object_mut().context("model.json lists no files")?;
        listed.extend(own.iter().map(|(file, hash)| (file.clone(), json!(hash))));
        Ok(whole)
    }

    /// Writes a description of the new graph into `staging`, with the model's own tokenizer.
    fn try_out(&self, staging: &Path) -> anyhow::Result<()> {
        let mut described = self.with(&hashes(staging, &[GRAPH, WEIGHTS])?, &[])?;
        let tokenizer = described["tokenizer"].as_str().context("model.json has no tokenizer")?;
        let hash = described["files"][tokenizer].clone();
        let absolute = self.folder.join(tokenizer).display().to_string();
        described["tokenizer"] = json!(absolute);
        described["files"][&absolute] = hash;
        Ok(fs::write(staging.join(MANIFEST), serde_json::to_vec(&described)?)?)
    }

    /// Moves the new files into the model's folder, the description last.
    fn publish(&self, folder: &Path, staging: &Path) -> anyhow::Result<()> {
        let own = hashes(staging, &[GRAPH, WEIGHTS, METADATA])?;
        let shared = self.whole["tokenizer"].as_str().map(str::to_owned);
        let described = self.with(&own, shared.as_slice())?;
        fs::write(staging.join(MANIFEST), serde_json::to_string_pretty(&described)? + "\n")?;
        for file in [WEIGHTS, GRAPH, METADATA, MANIFEST] {
            fs::rename(staging.join(file), folder.join(file))
                .with_context(|| format!("cannot write {}", folder.join(file).display()))?;
        }
        Ok(())
    }
}

fn hashes(folder: &Path, files: &[&str]) -> anyhow::Result<BTreeMap<String, String>> {
    let hash = |file: &&str| Ok(((*file).to_owned(), sha256(&fs::read(folder.join(file))?)));
    files.iter().map(hash).collect()
}

fn text(metadata: &Metadata, folder: &Path) -> String {
    let Metadata { encoder, calibration, quality, percentage, .. } = metadata;
    format!(
        "{encoder} int8-static: {} ranges of {} texts of {}, {percentage} % of each value\n\
         on {} that were held back: cosine with fp32 {:.4} on average, {:.4} at least\n\
         written to {}; to use it: precision = \"int8-static\" in [inference]\n",
        metadata.ranges.len(),
        calibration.texts,
        calibration.name,
        quality.texts,
        quality.mean_cosine,
        quality.least_cosine,
        folder.display(),
    )
}
