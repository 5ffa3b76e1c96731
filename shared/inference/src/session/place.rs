//! The choice of the provider that runs a model: TensorRT, else CUDA, else the CPU. The
//! one that really ran is in every record.

use courant_gpu_utils::device::{
    Cuda, CudaAbsence, Provider, ProviderChoice, UnusedReason, choose,
};
use ort::environment::Environment;

use crate::batch::input::Input;
use crate::device::host::ModelHost;
use crate::device::placement::ModelPlacement;
use crate::device::share::{Demand, Share};
use crate::model::LocatedModel;
use crate::session::ModelSession;
use crate::{Error, Precision};

/// Returns the first provider that has the memory of `demand`, loads the model and gives
/// unit vectors for a probe batch; on the CPU the sessions' own first run is the probe.
///
/// # Errors
/// [`Error::Provider`] where none that may be used works.
pub(crate) fn place(
    host: &ModelHost,
    environment: &Environment,
    model: &LocatedModel,
    demand: Demand,
) -> Result<ModelPlacement, Error> {
    let gpu = &host.gpu;
    let weights_bytes = model.size_bytes()?;
    // Left alone, the driver is not even loaded.
    let absent = Cuda::Absent(CudaAbsence::NoDriver);
    let cuda = if gpu.force_cpu { absent } else { Cuda::detect() };
    let probe = |provider| {
        if provider != Provider::Cpu && model.precision == Precision::Int8 {
            return Err(UnusedReason::Unsuited(
                "int8 computes on CPUs, fp16 and int8-static on GPUs",
            ));
        }
        let mut placement = ModelPlacement::on(provider, gpu, &cuda, model, &host.deps);
        if provider == Provider::Cpu {
            return Ok(placement);
        }
        let share = Share::of(host.budget(&cuda), model.pooling.operation(), weights_bytes, demand);
        placement.share = Some(share.map_err(|error| UnusedReason::Register(error.to_string()))?);
        let mut session = ModelSession::load(environment, model, &placement)
            .map_err(|error| UnusedReason::Register(error.to_string()))?;
        let input = Input::new(vec![0; model.max_tokens.min(64)]);
        session.run(&[&input, &input]).map_err(|error| UnusedReason::Probe(error.to_string()))?;
        Ok(placement)
    };
    let ProviderChoice { session: mut placement, passed_over, .. } =
        choose(gpu, &cuda, probe).map_err(|none| Error::Provider(none.to_string()))?;
    let reasons: Vec<String> = passed_over.iter().map(ToString::to_string).collect();
    tracing::info!(
        model = model.name,
        provider = %placement.provider,
        passed_over = reasons.join(", "),
        "placed the model"
    );
    placement.passed_over = passed_over;
    Ok(placement)
}
