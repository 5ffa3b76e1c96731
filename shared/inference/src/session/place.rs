//! The choice of the provider that runs a model: TensorRT, else CUDA, else the CPU. The
//! one that really ran is in every record.

use courant_gpu_utils::device::{Choice, Cuda, CudaAbsence, Provider, Unused, choose};
use ort::environment::Environment;

use crate::batch::input::Input;
use crate::device::host::Host;
use crate::device::placement::Placement;
use crate::device::share::{Demand, Share};
use crate::model::Model;
use crate::session::ModelSession;
use crate::{Error, Precision};

/// Returns the first provider that has the memory of `demand`, loads the model and gives
/// unit vectors for a probe batch; on the CPU the sessions' own first run is the probe.
///
/// # Errors
/// [`Error::Provider`] where none that may be used works.
pub(crate) fn place(
    host: &Host,
    environment: &Environment,
    model: &Model,
    demand: Demand,
) -> Result<Placement, Error> {
    let gpu = &host.gpu;
    let weights_bytes = model.size_bytes()?;
    // Left alone, the driver is not even loaded.
    let absent = Cuda::Absent(CudaAbsence::NoDriver);
    let cuda = if gpu.force_cpu { absent } else { Cuda::detect() };
    let probe = |provider| {
        if provider != Provider::Cpu && model.precision == Precision::Int8 {
            return Err(Unused::Unsuited("int8 computes on CPUs, fp16 and int8-static on GPUs"));
        }
        let mut placement = Placement::on(provider, gpu, &cuda, model, &host.deps);
        if provider == Provider::Cpu {
            return Ok(placement);
        }
        let share = Share::of(host.budget(&cuda), model.pooling.operation(), weights_bytes, demand);
        placement.share = Some(share.map_err(|error| Unused::Register(error.to_string()))?);
        let mut session = ModelSession::load(environment, model, &placement)
            .map_err(|error| Unused::Register(error.to_string()))?;
        let input = Input::new(vec![0; model.max_tokens.min(64)]);
        session.run(&[&input, &input]).map_err(|error| Unused::Probe(error.to_string()))?;
        Ok(placement)
    };
    let Choice { session: mut placement, passed_over, .. } =
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
