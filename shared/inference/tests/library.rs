//! The runtime library is loaded once per process, so its failure has a test
//! binary of its own.

use courant_gpu_utils::Config as GpuConfig;
use courant_inference::{Config, Deps, Encoder, Error};
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;

#[test]
fn a_file_that_is_no_library_gives_one_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().join("libonnxruntime.so");
    std::fs::write(&library, "not a library").unwrap();
    let config = Config { runtime_library: Some(library), ..Config::default() };
    let meter = SdkMeterProvider::default().meter("test");
    let Err(error) = Encoder::load(&config, &GpuConfig::default(), &Deps::resolve(), &meter) else {
        panic!("it was loaded");
    };
    assert!(matches!(error, Error::Library { .. }), "{error}");
    assert!(!error.to_string().contains('\n'), "{error}");
}
