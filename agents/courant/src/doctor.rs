//! `courant doctor`: checks that this machine and the configuration are fit for Courant.

use std::num::NonZeroUsize;

use anyhow::Context;
use clap::Args;
use courant_config::Document;
use courant_gpu_utils::Config as GpuConfig;
use courant_gpu_utils::device::{Advice, Gpu, UnusedProvider};
use courant_gpu_utils::doctor::DeviceReport;
use courant_gpu_utils::libraries;
use courant_inference::{Deps, ModelHost, Precision, PrecisionChoice, catalog};
use courant_telemetry::Meters;

use crate::assemble::{classifiers, load_encoder, load_reranker};
use crate::config_args::ConfigArgs;
use crate::{sections, servers};

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Processes that share the GPU, where they are more than the configuration tells:
    /// replicas, or programs of others
    #[arg(long, value_name = "N")]
    processes: Option<NonZeroUsize>,
    #[command(flatten)]
    config: ConfigArgs,
}

/// Checks every section of the configuration, tries the configured servers, loads the encoder, the
/// classifiers and the re-ranker, and lists the devices with advice.
pub(crate) fn run(args: &DoctorArgs) -> anyhow::Result<()> {
    let document = args.config.load()?;
    let mut ill = Vec::new();
    let mut check = |what: &str, result: anyhow::Result<String>| match result {
        Ok(found) => outln!("ok    {what}: {found}"),
        Err(error) => {
            outln!("fault {what}: {}", courant_service::in_one_line(&error));
            ill.push(what.to_owned());
        }
    };
    check("configuration", sections(&document));
    for (key, checked) in servers::check(&document) {
        check(key, checked);
    }
    check("encoder", encoder(&document));
    check("classifiers", loaded_classifiers(&document));
    check("re-ranker", loaded_reranker(&document));
    match devices(&document, args.processes) {
        Ok(report) => out!("{report}"),
        Err(error) => check("devices", Err(error)),
    }
    anyhow::ensure!(ill.is_empty(), "not fit: {}", ill.join(", "));
    Ok(())
}

fn sections(document: &Document) -> anyhow::Result<String> {
    sections::check(document)?;
    Ok("every section is valid".to_owned())
}

/// Loads the configured classifiers, one after the other.
fn loaded_classifiers(document: &Document) -> anyhow::Result<String> {
    let classifiers = classifiers(document, &Meters::new("courant")?.meter())?;
    let runtime = tokio::runtime::Runtime::new()?;
    let mut found = Vec::new();
    for config in classifiers.models().configs() {
        let loaded = runtime.block_on(classifiers.models().get(&config.name));
        let loaded = loaded.with_context(|| config.name.clone())?;
        let model = loaded.model();
        let (name, version, provider) = (&model.name, &model.version, &model.provider);
        found.push(format!("{}: {name} {version} on {provider}", config.name));
    }
    Ok(if found.is_empty() { "none configured".to_owned() } else { found.join(", ") })
}

fn loaded_reranker(document: &Document) -> anyhow::Result<String> {
    let reranker = load_reranker(document, &Meters::new("courant")?.meter())?;
    Ok(reranker.map_or_else(
        || "none configured".to_owned(),
        |reranker| {
            let model = reranker.model();
            format!("{} {} on {}", model.name, model.version, model.provider)
        },
    ))
}

fn encoder(document: &Document) -> anyhow::Result<String> {
    let meter = Meters::new("courant")?.meter();
    let started = std::time::Instant::now();
    let encoder = load_encoder(document, &meter)?;
    let model = encoder.model();
    Ok(format!(
        "{} {} ({} on {}), {} dimensions, loaded in {:.2} s{}{}",
        model.name,
        model.version,
        model.precision,
        model.provider,
        encoder.dimension(),
        started.elapsed().as_secs_f64(),
        passed_over(encoder.passed_over()),
        missing_prefixes(&document.section("inference")?)
    ))
}

/// Warns of a model from the hub whose card asks for prefixes that are not configured.
fn missing_prefixes(config: &courant_inference::Config) -> String {
    let Some(wanted) = catalog::missing_prefixes(config) else { return String::new() };
    format!(
        "; its card asks for prefixes, without which it finds less: set [inference.prefixes] \
         query = {:?}, document = {:?}",
        wanted.query, wanted.document
    )
}

fn passed_over(providers: &[UnusedProvider]) -> String {
    let reasons: Vec<String> = providers.iter().map(ToString::to_string).collect();
    if reasons.is_empty() { String::new() } else { format!("; not on {}", reasons.join(", ")) }
}

/// Reports on the devices of this machine and their use by the configuration.
fn devices(document: &Document, processes: Option<NonZeroUsize>) -> anyhow::Result<DeviceReport> {
    let gpu: GpuConfig = document.section("gpu")?;
    let inference: courant_inference::Config = document.section("inference")?;
    let processes = match processes {
        Some(processes) => processes.get(),
        None => processes_on_gpu(document)?,
    };
    let library = ModelHost::new(&inference, &gpu, Deps::resolve()).library().ok();
    let version = library.as_deref().and_then(libraries::onnx_runtime);
    let mut report = DeviceReport::gather(&gpu, processes).with_version("onnxruntime", version);
    for gpu in &mut report.gpus {
        gpu.advice.extend(precision(&gpu.gpu, inference.precision));
    }
    Ok(report)
}

/// Returns the number of processes that use the GPU. `courant run` is one process. Of separate
/// agents, the embedder uses the GPU, and so does an analyst with classifiers. The others do
/// not, because Postgres compares the vectors.
fn processes_on_gpu(document: &Document) -> anyhow::Result<usize> {
    let analyst: courant_analyst::Config = document.section("analyst")?;
    let has_agents = document.has("bus.url");
    Ok(if has_agents && !analyst.classifiers.is_empty() { 2 } else { 1 })
}

fn precision(gpu: &Gpu, configured: PrecisionChoice) -> Option<Advice> {
    let text = "16-bit floats are 1.5 to 2 times as fast as 32-bit ones: try \
                `inference.precision = \"fp16\"`";
    let is_fp32 =
        matches!(configured, PrecisionChoice::Auto | PrecisionChoice::Fixed(Precision::Fp32));
    let is_worth_it = is_fp32 && gpu.has_fast_fp16();
    is_worth_it.then(|| Advice { topic: "precision", text: text.into() })
}

#[cfg(test)]
mod tests {
    use courant_gpu_utils::device::{CudaAbsence, GpuClass, Provider, UnusedReason};

    use super::*;

    fn processes(toml: &str) -> usize {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("courant.toml");
        std::fs::write(&path, toml).unwrap();
        processes_on_gpu(&Document::load(Some(&path), []).unwrap()).unwrap()
    }

    #[test]
    fn agents_that_use_the_gpu_are_counted_apart_but_not_in_one_process() {
        let servers = "[bus]\nurl = \"nats://127.0.0.1:4222\"\n";
        let classifier = "[[analyst.classifiers]]\nname = \"mood\"\nmodel = \"mood\"\n";
        assert_eq!(processes(""), 1);
        assert_eq!(processes(classifier), 1);
        assert_eq!(processes(servers), 1);
        assert_eq!(processes(&format!("{servers}{classifier}")), 2);
    }

    #[test]
    fn fp16_is_advised_where_it_is_faster_and_not_yet_used() {
        let gpu = |major| Gpu {
            ordinal: 0,
            name: "a card".into(),
            class: GpuClass::Datacenter,
            compute_capability: (major, 0),
            memory_bytes: 1 << 34,
        };
        assert_eq!(precision(&gpu(9), PrecisionChoice::Auto).unwrap().topic, "precision");
        assert_eq!(precision(&gpu(9), Precision::Fp16.into()), None);
        assert_eq!(precision(&gpu(7), Precision::Fp32.into()), None);
    }

    #[test]
    fn better_providers_are_told_with_the_reason() {
        let unused = UnusedReason::NoCuda(CudaAbsence::NoDriver);
        let over = UnusedProvider { provider: Provider::Cuda, unused };
        assert_eq!(passed_over(&[over]), "; not on cuda (there is no CUDA driver library)");
        assert_eq!(passed_over(&[]), "");
    }
}
