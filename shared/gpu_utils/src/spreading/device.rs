//! A graph on a CUDA device, over which activation spreads by a kernel per hop.
//!
//! Nothing here is called before the caller has compiled the kernels, so that
//! nothing needs CUDA to be built.

#![expect(unsafe_code, reason = "kernels are launched with pointers")]

use std::sync::Arc;

use cudarc::driver::{CudaFunction, CudaSlice, CudaStream, DriverError, PushKernelArg};

use super::{Activated, Graph, Scratch, Spreading, SpreadingError};
use crate::cuda::kernels::{self, Kernels, KernelsError};
use crate::operation::Fault;

/// What [`DeviceGraph`] needs compiled.
pub const SOURCE: &str = include_str!("device/spread.cu");
/// So many hops are launched before the host looks whether any node passes on.
const HOPS: usize = 32;

/// Why a device did not spread activation.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// There are no kernels.
    #[error(transparent)]
    Kernels(#[from] KernelsError),
    /// The driver failed; what was asked for is lost.
    #[error("the CUDA driver failed")]
    Driver(#[from] DriverError),
    /// A seed or a parameter is out of range: nothing was spread.
    #[error(transparent)]
    Spreading(#[from] SpreadingError),
}

impl Fault for DeviceError {
    fn is_out_of_memory(&self) -> bool {
        match self {
            Self::Kernels(error) => error.is_out_of_memory(),
            Self::Driver(error) => error.is_out_of_memory(),
            Self::Spreading(_) => false,
        }
    }
}

/// A copy of a graph in a device's memory.
pub struct DeviceGraph {
    stream: Arc<CudaStream>,
    hop: CudaFunction,
    nodes: usize,
    blocks: usize,
    /// Where the arcs that lead to each node begin, and in the end how many there are.
    starts: CudaSlice<u32>,
    sources: CudaSlice<u32>,
    shares: CudaSlice<f32>,
}

/// What each node received.
struct Activations {
    /// In all hops.
    total: CudaSlice<f32>,
    /// In the last hop.
    pulse: CudaSlice<f32>,
    /// In this one.
    next: CudaSlice<f32>,
}

impl DeviceGraph {
    /// Copies `graph` to the device of `kernels`, which are those of [`SOURCE`], with its
    /// arcs sorted by where they lead.
    ///
    /// # Errors
    /// [`DeviceError`] if memory is short.
    pub fn upload(graph: &Graph, kernels: &Kernels) -> Result<Self, DeviceError> {
        let stream = kernels.stream();
        let (mut sources, mut shares) = graph.inward();
        // CUDA allocates no memory of no length.
        sources.resize(sources.len().max(1), 0);
        shares.resize(shares.len().max(1), 0.0);
        Ok(Self {
            stream: Arc::clone(stream),
            hop: kernels.function("spread_hop")?,
            nodes: graph.len(),
            blocks: kernels.blocks(graph.len())?,
            starts: stream.clone_htod(graph.starts())?,
            sources: stream.clone_htod(&sources)?,
            shares: stream.clone_htod(&shares)?,
        })
    }

    /// Memory taken on the device, in bytes.
    pub fn size_bytes(&self) -> usize {
        self.starts.num_bytes() + self.sources.num_bytes() + self.shares.num_bytes()
    }

    /// As [`Graph::spread`], whose result this is to the bit.
    ///
    /// # Errors
    /// [`DeviceError`] if a seed or a parameter is out of range, or the driver fails.
    pub fn spread(
        &self,
        seeds: &[(usize, f32)],
        spreading: &Spreading,
        k: usize,
        scratch: &mut Scratch,
    ) -> Result<Vec<Activated>, DeviceError> {
        spreading.validate(self.nodes, seeds)?;
        if self.nodes == 0 {
            return Ok(Vec::new());
        }
        scratch.sow(self.nodes, seeds);
        let mut activations = Activations {
            total: self.stream.clone_htod(&scratch.total)?,
            pulse: self.stream.clone_htod(&scratch.pulse)?,
            next: self.stream.alloc_zeros(self.nodes)?,
        };
        for hop in 1..=spreading.hops {
            self.hop(spreading, &mut activations)?;
            if hop.is_multiple_of(HOPS) && !self.passes_on(spreading, &activations)? {
                break;
            }
        }
        self.stream.memcpy_dtoh(&activations.total, &mut scratch.total)?;
        self.stream.synchronize()?;
        Ok(scratch.best(k))
    }

    fn hop(&self, spreading: &Spreading, activations: &mut Activations) -> Result<(), DriverError> {
        let Activations { total, pulse, next } = activations;
        let nodes = self.nodes as i32;
        let mut launch = self.stream.launch_builder(&self.hop);
        launch.arg(&self.starts).arg(&self.sources).arg(&self.shares).arg(&*pulse);
        launch.arg(&spreading.decay).arg(&spreading.threshold).arg(&nodes);
        launch.arg(&mut *next).arg(&mut *total);
        // SAFETY: the arguments are those of the kernel's signature, in order. It reads
        // `nodes + 1` starts, the sources and shares between them, and of what was
        // received what the sources name, and writes `nodes` values: what was allocated.
        unsafe { launch.launch(kernels::launch(self.blocks, 0)) }?;
        std::mem::swap(pulse, next);
        Ok(())
    }

    /// Whether any node does.
    fn passes_on(
        &self,
        spreading: &Spreading,
        activations: &Activations,
    ) -> Result<bool, DriverError> {
        let pulse = self.stream.clone_dtoh(&activations.pulse)?;
        self.stream.synchronize()?;
        Ok(pulse.into_iter().any(|received| spreading.passes_on(received)))
    }
}

#[cfg(test)]
mod tests;
