use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const SPREADING: Spreading = Spreading { hops: 3, decay: 0.5, threshold: 0.0 };

/// By a matrix of all nodes with all, in doubles. The threshold is left out:
/// near it, rounding decides.
fn dense(nodes: usize, edges: &[Edge], seeds: &[(usize, f32)], spreading: &Spreading) -> Vec<f64> {
    let mut weights = vec![vec![0.0; nodes]; nodes];
    for edge in edges {
        weights[edge.from][edge.to] += f64::from(edge.weight);
        if edge.from != edge.to {
            weights[edge.to][edge.from] += f64::from(edge.weight);
        }
    }
    let mut pulse = vec![0.0; nodes];
    for (seed, activation) in seeds {
        pulse[*seed] += f64::from(*activation);
    }
    let mut total = pulse.clone();
    for _ in 0..spreading.hops {
        let mut next = vec![0.0; nodes];
        for from in 0..nodes {
            let fan: f64 = weights[from].iter().sum();
            for to in 0..nodes {
                if fan > 0.0 {
                    let share = weights[from][to] / fan;
                    next[to] += pulse[from] * f64::from(spreading.decay) * share;
                }
            }
        }
        total.iter_mut().zip(&next).for_each(|(total, received)| *total += received);
        pulse = next;
    }
    total
}

fn graphs() -> impl Strategy<Value = (usize, Vec<Edge>, Vec<(usize, f32)>)> {
    (1_usize..30).prop_flat_map(|nodes| {
        let weight = prop_oneof![Just(0.0_f32), 0.01_f32..4.0];
        let edge =
            (0..nodes, 0..nodes, weight).prop_map(|(from, to, weight)| Edge { from, to, weight });
        (Just(nodes), vec(edge, 0..90), vec((0..nodes, 0.0_f32..2.0), 0..5))
    })
}

fn edge(from: usize, to: usize, weight: f32) -> Edge {
    Edge { from, to, weight }
}

fn spread(graph: &Graph, seeds: &[(usize, f32)], spreading: Spreading) -> Vec<(usize, f32)> {
    let found = graph.spread(seeds, &spreading, 100, &mut SpreadingScratch::default()).unwrap();
    found.into_iter().map(|activated| (activated.node, activated.activation)).collect()
}

proptest! {
    #[test]
    fn activations_are_those_of_a_dense_computation(
        (nodes, edges, seeds) in graphs(),
        hops in 0_usize..6,
        decay in 0.0_f32..=1.0,
    ) {
        let spreading = Spreading { hops, decay, threshold: 0.0 };
        let graph = Graph::from_edges(nodes, &edges).unwrap();
        let mut found = vec![0.0; nodes];
        for (node, activation) in spread(&graph, &seeds, spreading) {
            found[node] = f64::from(activation);
        }
        for (found, expected) in found.iter().zip(dense(nodes, &edges, &seeds, &spreading)) {
            prop_assert!((found - expected).abs() <= 1e-5 * (1.0 + expected), "{found} {expected}");
        }
    }

    #[test]
    fn the_best_are_sorted_and_a_prefix_of_all((nodes, edges, seeds) in graphs(), k in 0_usize..31) {
        let graph = Graph::from_edges(nodes, &edges).unwrap();
        let mut scratch = SpreadingScratch::default();
        let all = graph.spread(&seeds, &SPREADING, nodes, &mut scratch).unwrap();
        let in_order = |a: &ActivatedNode, b: &ActivatedNode| {
            a.activation > b.activation || (a.activation == b.activation && a.node < b.node)
        };
        prop_assert!(all.is_sorted_by(in_order));
        let best = graph.spread(&seeds, &SPREADING, k, &mut scratch).unwrap();
        prop_assert_eq!(&best[..], &all[..k.min(all.len())]);
    }

    #[test]
    fn a_hop_passes_on_no_more_than_it_received((nodes, edges, seeds) in graphs()) {
        let graph = Graph::from_edges(nodes, &edges).unwrap();
        let sown: f32 = seeds.iter().map(|(_, activation)| activation).sum();
        let reached: f32 = spread(&graph, &seeds, SPREADING).iter().map(|(_, a)| a).sum();
        prop_assert!(reached <= sown * (1.0 + 0.5 + 0.25 + 0.125) * 1.0001);
    }
}

#[test]
fn a_node_divides_what_it_passes_on_by_weight() {
    let graph = Graph::from_edges(3, &[edge(0, 1, 3.0), edge(0, 2, 1.0)]).unwrap();
    let one_hop = Spreading { hops: 1, ..SPREADING };
    assert_eq!(spread(&graph, &[(0, 1.0)], one_hop), [(0, 1.0), (1, 0.375), (2, 0.125)]);
}

#[test]
fn a_pulse_below_the_threshold_is_received_but_not_passed_on() {
    let graph = Graph::from_edges(3, &[edge(0, 1, 1.0), edge(1, 2, 1.0)]).unwrap();
    let passing = Spreading { threshold: 0.5, ..SPREADING };
    let stopping = Spreading { threshold: 0.51, ..SPREADING };
    assert_eq!(spread(&graph, &[(0, 1.0)], stopping), [(0, 1.0), (1, 0.5)]);
    assert_eq!(spread(&graph, &[(0, 1.0)], passing), [(0, 1.125), (1, 0.5), (2, 0.125)]);
}

#[test]
fn scratch_of_a_larger_graph_leaves_nothing_behind() {
    let large = Graph::from_edges(5, &[edge(0, 4, 1.0), edge(0, 1, 1.0)]).unwrap();
    let small = Graph::from_edges(2, &[edge(0, 1, 1.0)]).unwrap();
    let mut scratch = SpreadingScratch::default();
    large.spread(&[(0, 1.0)], &SPREADING, 9, &mut scratch).unwrap();
    let used = small.spread(&[(1, 1.0)], &SPREADING, 9, &mut scratch);
    assert_eq!(used, small.spread(&[(1, 1.0)], &SPREADING, 9, &mut SpreadingScratch::default()));
}

#[test]
fn a_graph_without_nodes_activates_none() {
    assert_eq!(spread(&Graph::from_edges(0, &[]).unwrap(), &[], SPREADING), []);
}

#[test]
fn edges_out_of_range_are_refused() {
    let outside = Graph::from_edges(2, &[edge(0, 1, 1.0), edge(2, 1, 1.0)]);
    assert_eq!(outside, Err(GraphError::Node { edge: 1, node: 2, nodes: 2 }));
    let negative = Graph::from_edges(2, &[edge(0, 1, -1.0)]);
    assert_eq!(negative, Err(GraphError::Weight { edge: 0, weight: -1.0 }));
    for weight in [f32::NAN, f32::INFINITY] {
        let refused = Graph::from_edges(2, &[edge(0, 1, weight)]);
        assert!(matches!(refused, Err(GraphError::Weight { edge: 0, .. })), "{weight}");
    }
}

#[test]
fn seeds_and_parameters_out_of_range_are_refused() {
    let graph = Graph::from_edges(2, &[edge(0, 1, 1.0)]).unwrap();
    let refusal = |seeds: &[(usize, f32)], spreading: Spreading| {
        graph.spread(seeds, &spreading, 1, &mut SpreadingScratch::default()).unwrap_err()
    };
    assert_eq!(refusal(&[(2, 1.0)], SPREADING), SpreadingError::Seed { seed: 2, nodes: 2 });
    let negative = SpreadingError::Activation { seed: 0, activation: -1.0 };
    assert_eq!(refusal(&[(0, -1.0)], SPREADING), negative);
    let decay = Spreading { decay: 1.5, ..SPREADING };
    assert_eq!(refusal(&[], decay), SpreadingError::Decay(1.5));
    let threshold = Spreading { threshold: -1.0, ..SPREADING };
    assert_eq!(refusal(&[], threshold), SpreadingError::Threshold(-1.0));
}
