//! Decides by boosted trees, which other programs learn and write to a file.
//!
//! The first line of the file names the numbers that the trees decide from. The second line is the
//! logit that the trees start from: a constant, and a weight for each number if it has any. Each
//! further line is a tree, in which a split `3<0.5` comes before the tree for numbers up to 0.5 and
//! the tree for larger ones.

/// The names and values of the numbers that a decision is made from.
pub type Signs = Vec<(&'static str, f32)>;

/// Marks a leaf in the place of a sign.
const LEAF: u16 = u16::MAX;
/// The deepest tree. A file with a deeper one is refused.
const MAX_DEPTH: usize = 64;

/// An ensemble of trees whose leaves are summed.
#[derive(Debug)]
pub(crate) struct Trees {
    names: Vec<&'static str>,
    bias: f32,
    weights: Vec<f32>,
    roots: Vec<u32>,
    nodes: Vec<Node>,
}

/// A split, or a leaf with its value. The left child of a split is the next node.
#[derive(Debug, Clone, Copy)]
struct Node {
    sign: u16,
    right: u32,
    value: f32,
}

impl Trees {
    /// Reads a file. Returns `None` if it is malformed.
    pub(crate) fn parse(text: &'static str) -> Option<Self> {
        let mut lines = text.lines();
        let names: Vec<&str> = lines.next()?.split('\t').collect();
        let line: Result<Vec<f32>, _> = lines.next()?.split(' ').map(str::parse).collect();
        let mut weights = line.ok()?;
        let bias = weights.remove(0);
        let mut trees = Self { names, bias, weights, roots: Vec::new(), nodes: Vec::new() };
        for line in lines {
            trees.roots.push(u32::try_from(trees.nodes.len()).ok()?);
            let mut tokens = line.split(' ');
            trees.grow(&mut tokens, MAX_DEPTH)?;
            if tokens.next().is_some() {
                return None;
            }
        }
        Some(trees)
    }

    /// Reads one tree in preorder.
    fn grow(&mut self, tokens: &mut std::str::Split<'_, char>, depth: usize) -> Option<()> {
        let token = tokens.next()?;
        let at = self.nodes.len();
        let Some((sign, threshold)) = token.split_once('<') else {
            self.nodes.push(Node { sign: LEAF, right: 0, value: token.parse().ok()? });
            return Some(());
        };
        let sign: u16 = sign.parse().ok()?;
        if usize::from(sign) >= self.names.len() || depth == 0 {
            return None;
        }
        self.nodes.push(Node { sign, right: 0, value: threshold.parse().ok()? });
        self.grow(tokens, depth - 1)?;
        self.nodes[at].right = u32::try_from(self.nodes.len()).ok()?;
        self.grow(tokens, depth - 1)
    }

    /// Returns the names of the numbers that [`Trees::logit`] takes, in their order.
    #[cfg(test)]
    pub(crate) fn names(&self) -> &[&'static str] {
        &self.names
    }

    /// Returns the logarithm of the odds, from one number for each name. A number that is missing
    /// counts as zero.
    pub(crate) fn logit(&self, numbers: &[f32]) -> f32 {
        self.start(numbers) + self.sum(&self.roots, numbers)
    }

    /// Returns the same as [`Trees::logit`], or the sum over the first `count` trees if that is at
    /// most `sure`.
    pub(crate) fn logit_unless(&self, numbers: &[f32], count: usize, sure: f32) -> f32 {
        let (first, rest) = self.roots.split_at(count.min(self.roots.len()));
        let early = self.start(numbers) + self.sum(first, numbers);
        if early <= sure { early } else { early + self.sum(rest, numbers) }
    }

    fn start(&self, numbers: &[f32]) -> f32 {
        let products = numbers.iter().zip(&self.weights).map(|(number, weight)| number * weight);
        self.bias + products.sum::<f32>()
    }

    fn sum(&self, roots: &[u32], numbers: &[f32]) -> f32 {
        roots.iter().map(|root| self.leaf(*root, numbers)).sum()
    }

    fn leaf(&self, root: u32, numbers: &[f32]) -> f32 {
        let mut at = root as usize;
        loop {
            let node = self.nodes[at];
            if node.sign == LEAF {
                return node.value;
            }
            let number = numbers.get(usize::from(node.sign)).copied().unwrap_or(0.0);
            at = if number <= node.value { at + 1 } else { node.right as usize };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "length\tlinks\n-0.5\n0<2.5 1<0.5 1 -1 3\n0.25";

    #[test]
    fn the_leaves_of_all_trees_are_summed() {
        let trees = Trees::parse(TWO).unwrap();
        assert_eq!(trees.names(), ["length", "links"]);
        assert_eq!(trees.logit(&[2.5, 0.5]), 0.75);
        assert_eq!(trees.logit(&[1.0, 0.6]), -1.25);
        assert_eq!(trees.logit(&[2.6, 0.0]), 2.75);
        assert_eq!(trees.logit(&[]), 0.75);
    }

    #[test]
    fn the_trees_start_from_a_weighted_sum() {
        let trees = Trees::parse("length\tlinks\n1 0.5 -2\n0.25").unwrap();
        assert_eq!(trees.logit(&[4.0, 1.0]), 1.25);
    }

    #[test]
    fn a_sure_refusal_by_the_first_trees_stands() {
        let trees = Trees::parse(TWO).unwrap();
        assert_eq!(trees.logit_unless(&[1.0, 0.6], 1, -1.0), -1.5);
        assert_eq!(trees.logit_unless(&[2.6, 0.0], 1, -1.0), 2.75);
    }

    #[test]
    fn malformed_files_are_refused() {
        for text in ["", "a\nx", "a\n0\n0<1 2", "a\n0\n1<1 2 3", "a\n0\n1 2", "a\n0\n0<x 1 2"] {
            assert!(Trees::parse(text).is_none(), "{text}");
        }
    }
}
