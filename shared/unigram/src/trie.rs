//! A trie over bytes, laid out level by level: the children of a node stand side by side in the
//! order of their bytes.

use std::collections::VecDeque;
use std::ops::Range;

/// A node at which no key ends.
const NO_KEY: u32 = u32::MAX;
/// Up to so many children are looked through one by one.
const FEW: usize = 8;

/// A set of keys, with the rank of each.
#[derive(Debug)]
pub(crate) struct Trie {
    /// The byte that leads to each node.
    bytes: Vec<u8>,
    /// The first child of each node; the last one is that of the next node before its own.
    first_child: Vec<u32>,
    /// The rank of the key that ends at each node.
    ranks: Vec<u32>,
}

impl Trie {
    /// Builds it from keys in rising order, without doubles.
    pub(crate) fn new<'k>(count: usize, key: impl Fn(usize) -> &'k [u8]) -> Self {
        let mut trie = Self { bytes: vec![0], first_child: Vec::new(), ranks: Vec::new() };
        let mut waiting = VecDeque::from([(0..count, 0)]);
        while let Some((mut keys, depth)) = waiting.pop_front() {
            trie.first_child.push(index(trie.bytes.len()));
            let ends_here = !keys.is_empty() && key(keys.start).len() == depth;
            trie.ranks.push(if ends_here { index(keys.start) } else { NO_KEY });
            keys.start += usize::from(ends_here);
            while !keys.is_empty() {
                let byte = key(keys.start)[depth];
                let shared = keys.clone().take_while(|&rank| key(rank)[depth] == byte).count();
                trie.bytes.push(byte);
                waiting.push_back((keys.start..keys.start + shared, depth + 1));
                keys.start += shared;
            }
        }
        trie.first_child.push(index(trie.bytes.len()));
        trie
    }

    /// The keys with which `text` starts, shortest first: the length and the rank of each.
    pub(crate) fn prefixes<'t>(&'t self, text: &'t [u8]) -> impl Iterator<Item = (usize, usize)> {
        let mut node = Some(0);
        let steps = text.iter().enumerate().map_while(move |(at, byte)| {
            node = self.child(node?, *byte);
            node.map(|node| (at + 1, self.ranks[node]))
        });
        let keys = steps.filter(|(_, rank)| *rank != NO_KEY);
        keys.map(|(length, rank)| (length, rank as usize))
    }

    fn child(&self, node: usize, byte: u8) -> Option<usize> {
        let range = self.children(node);
        let bytes = &self.bytes[range.clone()];
        let found = match bytes.len() {
            0..=FEW => bytes.iter().position(|child| *child == byte),
            _ => bytes.binary_search(&byte).ok(),
        };
        Some(range.start + found?)
    }

    fn children(&self, node: usize) -> Range<usize> {
        self.first_child[node] as usize..self.first_child[node + 1] as usize
    }
}

/// The reader of files keeps keys below 4 GB together.
fn index(value: usize) -> u32 {
    u32::try_from(value).expect("a trie has fewer nodes than its keys have bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_that_a_text_starts_with_are_found_and_no_others() {
        let keys: Vec<&[u8]> = vec![b"a", b"ab", b"abcd", b"b", b"c\xc3\xa9"];
        let trie = Trie::new(keys.len(), |rank| keys[rank]);
        let found = |text: &str| trie.prefixes(text.as_bytes()).collect::<Vec<_>>();
        assert_eq!(found("abcde"), [(1, 0), (2, 1), (4, 2)]);
        assert_eq!(found("abc"), [(1, 0), (2, 1)]);
        assert_eq!(found("cé"), [(3, 4)]);
        assert!(found("x").is_empty() && found("").is_empty());
    }

    #[test]
    fn nodes_with_many_children_find_each() {
        let keys: Vec<[u8; 1]> = (10..200).map(|byte| [byte]).collect();
        let trie = Trie::new(keys.len(), |rank| &keys[rank]);
        for byte in 0..=u8::MAX {
            let expected = (10..200).contains(&byte).then(|| (1, usize::from(byte) - 10));
            assert_eq!(trie.prefixes(&[byte]).next(), expected);
        }
    }
}
