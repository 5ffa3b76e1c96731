//! The encoder on a GPU. Needs a CUDA device, ONNX Runtime's build for GPUs in
//! `$COURANT_DEPS/lib`, and the libraries that it loads: scripts/gpu-check has them.
#![expect(clippy::unwrap_used, reason = "what builds a test's input may fail it")]

use courant_article::{Embedding, TextKind};
use courant_gpu_utils::Config as GpuConfig;
use courant_inference::{Config, Deps, Encoder, Precision, Priority};
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;

/// The least cosine allowed between the vectors of one text on two devices.
const SAME: f32 = 0.999;

fn load(gpu: &GpuConfig) -> Encoder {
    let precision = Precision::Fp32.into();
    let config = Config { precision, sessions: Some(1), result_cache_mb: 0, ..Config::default() };
    let meter = SdkMeterProvider::default().meter("test");
    Encoder::load(&config, gpu, &Deps::resolve(), &meter).unwrap()
}

async fn vectors(encoder: &Encoder) -> Vec<Embedding> {
    let texts = (0..40).map(|n| format!("Report {n}: {}", "rain fell on the town ".repeat(1 + n)));
    encoder.embed(texts.collect(), TextKind::Document, Priority::Bulk).await.unwrap()
}

async fn gives_the_vectors_of_the_cpu(tensorrt: bool, provider: &str) {
    let on_gpu = load(&GpuConfig { require_gpu: true, tensorrt, ..GpuConfig::default() });
    assert_eq!(on_gpu.model().provider, provider);
    let on_cpu = load(&GpuConfig { force_cpu: true, ..GpuConfig::default() });
    let (found, expected) = (vectors(&on_gpu).await, vectors(&on_cpu).await);
    for (found, expected) in found.iter().zip(&expected) {
        let pairs = found.as_slice().iter().zip(expected.as_slice());
        let cosine: f32 = pairs.map(|(a, b)| a * b).sum();
        assert!(cosine >= SAME, "{cosine}");
    }
}

#[tokio::test]
#[ignore = "needs a CUDA device"]
async fn cuda_gives_the_vectors_of_the_cpu() {
    gives_the_vectors_of_the_cpu(false, "cuda").await;
}

#[tokio::test]
#[ignore = "needs a CUDA device and TensorRT"]
async fn tensorrt_gives_the_vectors_of_the_cpu() {
    gives_the_vectors_of_the_cpu(true, "tensorrt").await;
}
