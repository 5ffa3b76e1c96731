use cudarc::driver::CudaContext;

use super::super::Edge;
use super::*;

/// Xorshift (Marsaglia, 2003).
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end
    }

    /// Edges between any two nodes, every tenth with the first one; some weigh nothing.
    fn graph(&mut self, nodes: usize, edges: usize) -> Graph {
        let edges: Vec<Edge> = (0..edges)
            .map(|number| Edge {
                from: if number.is_multiple_of(10) { 0 } else { self.below(nodes) },
                to: self.below(nodes),
                weight: self.below(100) as f32 / 30.0,
            })
            .collect();
        Graph::from_edges(nodes, &edges).unwrap()
    }

    fn seeds(&mut self, nodes: usize) -> Vec<(usize, f32)> {
        (0..5).map(|_| (self.below(nodes), self.below(1000) as f32 / 700.0)).collect()
    }
}

fn device() -> Kernels {
    Kernels::compile(SOURCE, &CudaContext::new(0).unwrap().default_stream()).unwrap()
}

#[test]
#[ignore = "needs a CUDA device"]
fn a_device_spreads_activation_as_the_cpu_does() {
    let (kernels, mut draw) = (device(), Draw(12_345));
    let mut scratch = Scratch::default();
    for (nodes, edges) in [(1, 0), (1, 3), (7, 10), (1000, 10_000), (50_000, 400_000)] {
        let (graph, seeds) = (draw.graph(nodes, edges), draw.seeds(nodes));
        let resident = DeviceGraph::upload(&graph, &kernels).unwrap();
        // The last passes nothing on long before its hops are over.
        for (hops, decay, threshold) in
            [(0, 0.5, 0.0), (3, 0.5, 0.0), (3, 0.9, 0.001), (40, 1.0, 0.0), (1_000_000, 0.5, 0.001)]
        {
            let spreading = Spreading { hops, decay, threshold };
            for k in [20, nodes] {
                let mut spread = || resident.spread(&seeds, &spreading, k, &mut scratch).unwrap();
                let (found, again) = (spread(), spread());
                let expected = graph.spread(&seeds, &spreading, k, &mut scratch).unwrap();
                assert_eq!(found, expected, "{nodes} {spreading:?}");
                assert_eq!(again, expected, "{nodes} {spreading:?}");
            }
        }
    }
}

#[test]
#[ignore = "needs a CUDA device"]
fn a_device_refuses_what_the_cpu_does() {
    let kernels = device();
    let mut scratch = Scratch::default();
    let resident = DeviceGraph::upload(&Draw(1).graph(3, 4), &kernels).unwrap();
    let spreading = Spreading { hops: 1, decay: 0.5, threshold: 0.0 };
    let refused = resident.spread(&[(3, 1.0)], &spreading, 1, &mut scratch);
    let outside = SpreadingError::Seed { seed: 3, nodes: 3 };
    assert!(matches!(refused, Err(DeviceError::Spreading(error)) if error == outside));
    let empty = Graph::from_edges(0, &[]).unwrap();
    let empty = DeviceGraph::upload(&empty, &kernels).unwrap();
    assert_eq!(empty.spread(&[], &spreading, 1, &mut scratch).unwrap(), []);
}
