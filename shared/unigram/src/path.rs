//! The best path through a word: the pieces whose scores add up to the most.

use courant_article::Span;

use crate::pieces::Pieces;

/// The tokens of one text, without special ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// The ids of the pieces.
    pub ids: Vec<u32>,
    /// The place of each piece in the text, in code points.
    pub spans: Vec<Span>,
}

/// A word, with the place of each of its characters in the text.
#[derive(Default)]
pub(crate) struct Word {
    text: String,
    /// The byte at which each character starts, and its place.
    places: Vec<(usize, Span)>,
    best: Vec<Best>,
    path: Vec<Piece>,
}

/// The best path to a byte of a word: its score, and its last piece.
#[derive(Clone, Copy)]
struct Best {
    score: f64,
    start: usize,
    id: u32,
}

/// A piece of a word: its id and its bytes.
struct Piece {
    id: u32,
    start: usize,
    end: usize,
}

/// No path leads to a byte yet.
const NO_PATH: Best = Best { score: f64::NEG_INFINITY, start: usize::MAX, id: u32::MAX };

impl Word {
    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(crate) fn push(&mut self, char: char, span: Span) {
        self.places.push((self.text.len(), span));
        self.text.push(char);
    }

    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.places.clear();
    }

    /// The place of the characters that start within some bytes.
    fn span(&self, start: usize, end: usize) -> Span {
        let first = self.places.partition_point(|(byte, _)| *byte < start);
        let behind = self.places.partition_point(|(byte, _)| *byte < end);
        Span { start: self.places[first].1.start, end: self.places[behind - 1].1.end }
    }

    /// Keeps a path to `end` if it is better than the best one so far.
    fn offer(&mut self, end: usize, offered: Best) {
        let known = &mut self.best[end];
        if known.start == usize::MAX || offered.score > known.score {
            *known = offered;
        }
    }

    /// Walks back from the word's end. Neighbouring unknown characters become one piece.
    fn trace_back(&mut self, unknown: u32) {
        self.path.clear();
        let mut end = self.text.len();
        while end > 0 {
            let Best { start, id, .. } = self.best[end];
            match self.path.last_mut() {
                Some(next) if id == unknown && next.id == unknown => next.start = start,
                _ => self.path.push(Piece { id, start, end }),
            }
            end = start;
        }
    }

    /// Appends the pieces of the best path. `unknown_score`: that of [`Pieces::unknown_score`].
    pub(crate) fn append_best_path(
        &mut self,
        pieces: &Pieces,
        unknown_score: f64,
        tokens: &mut Tokens,
    ) {
        self.find_paths(pieces, unknown_score);
        self.trace_back(pieces.unknown);
        for piece in self.path.iter().rev() {
            tokens.ids.push(piece.id);
            tokens.spans.push(self.span(piece.start, piece.end));
        }
    }

    /// Finds the best path to each byte at which a character ends.
    fn find_paths(&mut self, pieces: &Pieces, unknown_score: f64) {
        let text = std::mem::take(&mut self.text);
        self.best.clear();
        self.best.resize(text.len() + 1, NO_PATH);
        self.best[0].score = 0.0;
        for (start, char) in text.char_indices() {
            let here = self.best[start].score;
            let single = start + char.len_utf8();
            let mut is_known = false;
            for (length, rank) in pieces.trie.prefixes(&text.as_bytes()[start..]) {
                let score = f64::from(pieces.scores[rank]) + here;
                self.offer(start + length, Best { score, start, id: pieces.ids[rank] });
                is_known |= start + length == single;
            }
            if !is_known {
                let score = unknown_score + here;
                self.offer(single, Best { score, start, id: pieces.unknown });
            }
        }
        self.text = text;
    }
}
