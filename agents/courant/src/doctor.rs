//! `courant doctor`: is this machine, and the configuration, fit for Courant?

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use courant_config::Document;
use courant_gpu_utils::doctor::Report;
use courant_telemetry::Meters;

use crate::assemble::{classifiers, load_encoder};

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// The configuration file [default: courant.toml, if there is one]
    #[arg(long, value_name = "FILE", env = "COURANT_CONFIG")]
    config: Option<PathBuf>,
}

/// Checks every section of the configuration, loads the encoder, and tells the
/// devices with what to do about them.
pub(crate) fn run(args: &DoctorArgs) -> anyhow::Result<()> {
    let document = Document::load(args.config.as_deref(), std::env::vars())?;
    let mut ill = Vec::new();
    let mut check = |what: &str, result: anyhow::Result<String>| match result {
        Ok(found) => outln!("ok    {what}: {found}"),
        Err(error) => {
            outln!("fault {what}: {error:#}");
            ill.push(what.to_owned());
        }
    };
    check("configuration", sections(&document));
    check("encoder", encoder(&document));
    check("classifiers", loaded_classifiers(&document));
    match document.section("gpu") {
        // One agent and device share it: the embedder.
        Ok(gpu) => out!("{}", Report::gather(&gpu, 1)),
        Err(error) => check("devices", Err(error.into())),
    }
    anyhow::ensure!(ill.is_empty(), "not fit: {}", ill.join(", "));
    Ok(())
}

/// Reads each section as its owner does.
fn sections(document: &Document) -> anyhow::Result<String> {
    document.section::<courant_telemetry::Config>("telemetry")?;
    document.section::<courant_service::Config>("service")?;
    document.section::<courant_bus::Config>("bus")?.validate()?;
    document.section::<courant_store::Config>("store")?.validate()?;
    document.section::<courant_cache::Config>("cache")?.validate()?;
    document.section::<courant_inference::Config>("inference")?.validate()?;
    document.section::<courant_gpu_utils::Config>("gpu")?.validate()?;
    document.section::<courant_crawler::Config>("crawler")?.validate()?;
    document.section::<courant_gateway::Config>("gateway")?.validate()?;
    document.section::<courant_embedder::Config>("embedder")?.validate()?;
    document.section::<courant_analyst::Config>("analyst")?.validate()?;
    document.section::<courant_storage::Config>("storage")?.validate()?;
    Ok("every section is valid".to_owned())
}

/// Loads each configured classifier, one after the other.
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

fn encoder(document: &Document) -> anyhow::Result<String> {
    let meter = Meters::new("courant")?.meter();
    let started = std::time::Instant::now();
    let encoder = load_encoder(document, &meter)?;
    let model = encoder.model();
    Ok(format!(
        "{} {} ({} on {}), {} dimensions, loaded in {:.2} s",
        model.name,
        model.version,
        model.precision,
        model.provider,
        encoder.dimension(),
        started.elapsed().as_secs_f64()
    ))
}
