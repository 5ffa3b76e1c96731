//! A graph in compressed sparse rows.

/// Two related nodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edge {
    /// One node's number.
    pub from: usize,
    /// The other's.
    pub to: usize,
    /// The strength of the relation: finite, 0 or more.
    pub weight: f32,
}

/// The reasons why a graph cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum GraphError {
    /// An edge leads to no node.
    #[error("edge {edge} names node {node} of {nodes}")]
    Node {
        /// The edge's place among those given.
        edge: usize,
        /// The node that it names.
        node: usize,
        /// The number of nodes.
        nodes: usize,
    },
    /// A weight is negative or not finite.
    #[error("the weight {weight} of edge {edge} is not a number from 0")]
    Weight {
        /// The edge's place among those given.
        edge: usize,
        /// Its weight.
        weight: f32,
    },
    /// Nodes or edges cannot be counted in 31 bits.
    #[error("{nodes} nodes and {edges} edges are too many")]
    TooLarge {
        /// The number of nodes.
        nodes: usize,
        /// The number of edges.
        edges: usize,
    },
}

/// One direction of an edge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Arc {
    pub(super) to: u32,
    /// The part of the activation passed on that goes this way.
    pub(super) share: f32,
}

/// Nodes 0 to `len`, and the arcs of each behind those of the one before.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    /// The index of each node's first arc, and at the end the number of arcs.
    starts: Vec<u32>,
    arcs: Vec<Arc>,
}

impl Graph {
    /// Builds a graph of `nodes` nodes. Each edge can be walked in both directions. Several
    /// edges between the same two nodes all count.
    ///
    /// # Errors
    /// [`GraphError`] names the first invalid edge.
    pub fn from_edges(nodes: usize, edges: &[Edge]) -> Result<Self, GraphError> {
        validate(nodes, edges)?;
        let mut starts = vec![0_u32; nodes + 1];
        let mut fans = vec![0.0_f64; nodes];
        for (from, _, weight) in edges.iter().flat_map(directions) {
            starts[from + 1] += 1;
            fans[from] += f64::from(weight);
        }
        for node in 0..nodes {
            starts[node + 1] += starts[node];
        }
        let mut ends = starts.clone();
        let mut arcs = vec![Arc { to: 0, share: 0.0 }; starts[nodes] as usize];
        for (from, to, weight) in edges.iter().flat_map(directions) {
            // A node whose edges all weigh nothing passes nothing on.
            let share = if weight > 0.0 { (f64::from(weight) / fans[from]) as f32 } else { 0.0 };
            arcs[ends[from] as usize] = Arc { to: to as u32, share };
            ends[from] += 1;
        }
        Ok(Self { starts, arcs })
    }

    /// The number of nodes.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Returns true if there are no nodes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    pub(super) fn arcs(&self, node: usize) -> &[Arc] {
        &self.arcs[self.starts[node] as usize..self.starts[node + 1] as usize]
    }
}

fn validate(nodes: usize, edges: &[Edge]) -> Result<(), GraphError> {
    // Twice as many arcs as edges are counted in 32 bits.
    const MOST: usize = i32::MAX as usize;
    if nodes > MOST || edges.len() > MOST {
        return Err(GraphError::TooLarge { nodes, edges: edges.len() });
    }
    for (number, edge) in edges.iter().enumerate() {
        if let Some(node) = [edge.from, edge.to].into_iter().find(|node| *node >= nodes) {
            return Err(GraphError::Node { edge: number, node, nodes });
        }
        if !edge.weight.is_finite() || edge.weight < 0.0 {
            return Err(GraphError::Weight { edge: number, weight: edge.weight });
        }
    }
    Ok(())
}

fn directions(edge: &Edge) -> impl Iterator<Item = (usize, usize, f32)> {
    let back = (edge.from != edge.to).then_some((edge.to, edge.from, edge.weight));
    std::iter::once((edge.from, edge.to, edge.weight)).chain(back)
}
