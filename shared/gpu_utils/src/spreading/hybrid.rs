//! Spreading where that is faster: on the CPU, or on a device to which the graph is
//! copied.

use opentelemetry::metrics::Meter;

use super::device::{DeviceGraph, SOURCE};
use super::{Activated, Graph, Scratch, Spreading, SpreadingError};
use crate::Config;
use crate::device::CudaAbsence;
use crate::hybrid::{Dispatch, Metrics, Operation};

/// Its batch is the nodes. From 512 on, the tuning guide found a device to be faster.
const SPREAD: Operation = Operation { name: "spread", source: SOURCE, least_items: 512 };

/// Where activation spreads, over one graph or another.
pub struct HybridSpreading {
    dispatch: Dispatch<Scratch>,
}

impl HybridSpreading {
    /// On the CPU, until [`use_gpu`](Self::use_gpu) finds better.
    pub fn new(metrics: Metrics) -> Self {
        Self { dispatch: Dispatch::new(SPREAD, metrics) }
    }

    /// Lets activation spread on the device that `config` names, with the thresholds
    /// that hold for it. Copying the graph there counts, since each may be another.
    ///
    /// # Errors
    /// Why there is none: all goes on as before.
    pub fn use_gpu(&mut self, config: &Config, meter: &Meter) -> Result<(), CudaAbsence> {
        self.dispatch.use_gpu(config, meter)
    }

    /// As [`Graph::spread`] of `graph`, wherever it runs. Where the device fails, the
    /// CPU does it.
    ///
    /// # Errors
    /// [`SpreadingError`] if a seed or a parameter is out of range.
    pub fn spread(
        &self,
        graph: &Graph,
        seeds: &[(usize, f32)],
        spreading: &Spreading,
        k: usize,
        scratch: &mut Scratch,
    ) -> Result<Vec<Activated>, SpreadingError> {
        spreading.validate(graph.len(), seeds)?;
        // The arcs, and three values per node.
        let size_bytes = graph.size_bytes() + 3 * graph.len() * size_of::<f32>();
        let cpu = || graph.spread_valid(seeds, spreading, k, scratch);
        Ok(self.dispatch.execute(graph.len(), size_bytes, cpu, |kernels, scratch| {
            DeviceGraph::upload(graph, kernels)?.spread(seeds, spreading, k, scratch)
        }))
    }
}
