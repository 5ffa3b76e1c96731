//! The encoder inputs of an article's text, and the article's vectors from their results. Pure.

use std::ops::Range;
use std::sync::Arc;

use courant_article::{Embedding, Embeddings, ModelRef, Sentence, Span, TextKind};
use courant_heads::entities::EntityHead;
use courant_heads::sentences;
use half::f16;

use crate::Error;
use crate::batch::answer::{InputResult, Rows, ran};
use crate::batch::input::Input;
use crate::encoder::entities::WordPlan;
use crate::text::chunk::windows;
use crate::text::tokenize::{TextTokenizer, Tokens};

/// Sentences of one text that get a vector of their own: the first ones, from
/// which news are summarized.
const MAX_SENTENCES: usize = 200;
/// The most bytes that their vectors have together, in half precision: what is left of
/// a message beside the longest text, the most names and the longest fields. For encoders
/// of more than 1,024 values these are fewer sentences than [`MAX_SENTENCES`].
const MAX_SENTENCE_BYTES: usize = 400 * 1024;

/// Returns the most sentences of one text that get a vector of `dimension` values.
pub fn most_sentences(dimension: usize) -> usize {
    MAX_SENTENCES.min(MAX_SENTENCE_BYTES / (dimension.max(1) * size_of::<f16>()))
}

/// The encoder's result for an article's text.
#[derive(Clone, Debug, PartialEq)]
pub struct EmbeddedDocument {
    /// The vectors that are published with the article.
    pub embeddings: Embeddings,
    /// The encoder's inputs with their vectors, in the text's order.
    pub chunks: Vec<Chunk>,
}

/// One encoder input: at most [`crate::Config::max_tokens`] tokens of the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Chunk {
    /// The span of the chunk in the text.
    pub span: Span,
    /// The number of tokens, with the special ones.
    pub tokens: u32,
    /// Its vector.
    pub vector: Embedding,
}

/// The limits by which an article's text is cut.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    /// The most tokens of a chunk, special ones included.
    pub(crate) max_tokens: usize,
    /// Tokens that a chunk shares with the next.
    pub(crate) overlap: usize,
    /// Sentences that get a vector of their own.
    pub(crate) sentences: usize,
}

/// The parts of an article's text.
pub(crate) struct Plan {
    chunks: Vec<PlannedChunk>,
    sentences: Vec<PlannedSentence>,
    /// Sentences beyond those.
    sentences_left_out: u32,
    /// The words in which a head finds names, or the reason why none does.
    names: Result<(WordPlan, Arc<EntityHead>), String>,
}

struct PlannedChunk {
    span: Span,
    input: Input,
}

/// A sentence and the row of the chunk that its vector comes from.
struct PlannedSentence {
    span: Span,
    chunk: usize,
    row: usize,
}

impl Plan {
    /// Cuts a text into chunks, and finds the chunk of every sentence.
    pub(crate) fn new(
        tokenizer: &TextTokenizer,
        text: &str,
        cut: Cut,
        head: Result<Arc<EntityHead>, String>,
    ) -> Result<Self, Error> {
        let tokens = tokenizer.tokens(text)?;
        let window = cut.max_tokens - tokenizer.added_tokens(TextKind::Document);
        let ranges = windows(tokens.ids.len(), window, cut.overlap);
        let mut chunks: Vec<PlannedChunk> =
            ranges.iter().map(|range| plan_chunk(tokenizer, &tokens, range)).collect();
        let spans = sentences_with_tokens(&tokens, &sentences(text));
        let first = &spans[..spans.len().min(cut.sentences)];
        let sentences = plan_sentences(&ranges, first, |chunk, taken| {
            let lead = tokenizer.leading_tokens();
            chunks[chunk].input.add_row(taken.start + lead..taken.end + lead)
        });
        let sentences_left_out = u32::try_from(spans.len() - first.len()).unwrap_or(u32::MAX);
        let names =
            head.map(|head| (WordPlan::new(text, &tokens, &ranges, Some(Arc::clone(&head))), head));
        if let Ok((names, _)) = &names {
            for (index, chunk) in chunks.iter_mut().enumerate() {
                chunk.input.reader = Some(names.reader(index, tokenizer));
            }
        }
        Ok(Self { chunks, sentences, sentences_left_out, names })
    }

    /// The encoder inputs, one per chunk; none for a text without tokens.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = &Input> {
        self.chunks.iter().map(|chunk| &chunk.input)
    }

    /// Puts the vectors of [`Plan::inputs`] together, in their order.
    pub(crate) fn assemble(
        self,
        answers: Vec<InputResult>,
        model: &ModelRef,
    ) -> Result<EmbeddedDocument, Error> {
        let model = ran(model, answers.iter().map(|answer| answer.provider));
        let (vectors, words): (Vec<_>, Vec<_>) =
            answers.into_iter().map(|answer| (answer.rows, answer.words)).unzip();
        let entities = match self.names {
            Ok((names, head)) => Ok(names.entities(&head, &words)?),
            Err(reason) => Err(reason),
        };
        let sentence = |planned: &PlannedSentence| Sentence {
            span: planned.span,
            vector: vectors[planned.chunk][planned.row]
                .iter()
                .copied()
                .map(f16::from_f32)
                .collect(),
        };
        let sentences = self.sentences.iter().map(sentence).collect();
        let chunk = |(planned, rows): (PlannedChunk, Rows)| Chunk {
            span: planned.span,
            tokens: u32::try_from(planned.input.len()).unwrap_or(u32::MAX),
            vector: whole(rows),
        };
        let chunks: Vec<Chunk> = self.chunks.into_iter().zip(vectors).map(chunk).collect();
        let weighted = chunks.iter().map(|chunk| (&chunk.vector, chunk.tokens as f32));
        let vector = Embedding::weighted_mean(weighted).ok_or(Error::EmptyText { index: 0 })?;
        let sentences_left_out = self.sentences_left_out;
        let embeddings = Embeddings { model, vector, sentences, sentences_left_out, entities };
        Ok(EmbeddedDocument { embeddings, chunks })
    }
}

/// The vector of an input as a whole.
pub(crate) fn whole(rows: Rows) -> Embedding {
    Embedding::from_unit(rows.into_iter().next().expect("every input asks for row 0"))
}

fn plan_chunk(tokenizer: &TextTokenizer, tokens: &Tokens, range: &Range<usize>) -> PlannedChunk {
    let span =
        Span { start: tokens.spans[range.start].start, end: tokens.spans[range.end - 1].end };
    PlannedChunk { span, input: Input::new(tokenizer.input(tokens, range.clone())) }
}

/// The sentences that hold a token, each with its tokens.
fn sentences_with_tokens(tokens: &Tokens, sentences: &[Span]) -> Vec<(Span, Range<usize>)> {
    let within = sentences.iter().map(|&span| (span, tokens_within(tokens, span)));
    within.filter(|(_, range)| !range.is_empty()).collect()
}

/// Gives every sentence a row in the chunk that holds most of it. `add_row` takes a
/// chunk and the tokens within it, and returns the row.
fn plan_sentences(
    chunks: &[Range<usize>],
    sentences: &[(Span, Range<usize>)],
    mut add_row: impl FnMut(usize, Range<usize>) -> usize,
) -> Vec<PlannedSentence> {
    let mut planned = Vec::with_capacity(sentences.len());
    for (span, range) in sentences {
        let chunk = best_chunk(chunks, range).expect("chunks cover every token");
        let taken = shared(&chunks[chunk], range);
        let start = chunks[chunk].start;
        let row = add_row(chunk, taken.start - start..taken.end - start);
        planned.push(PlannedSentence { span: *span, chunk, row });
    }
    planned
}

/// The tokens that stand within `span`.
fn tokens_within(tokens: &Tokens, span: Span) -> Range<usize> {
    let start = tokens.spans.partition_point(|token| token.end <= span.start);
    let end = tokens.spans.partition_point(|token| token.start < span.end);
    start..end.max(start)
}

/// The first chunk that holds the most tokens of `range`: all of them, where
/// any chunk does. `None` for an empty range.
fn best_chunk(chunks: &[Range<usize>], range: &Range<usize>) -> Option<usize> {
    let first = chunks.partition_point(|chunk| chunk.end <= range.start);
    let candidates = (first..chunks.len()).take_while(|&at| chunks[at].start < range.end);
    candidates
        .map(|at| (shared(&chunks[at], range).len(), at))
        .filter(|&(held, _)| held > 0)
        .max_by_key(|&(held, at)| (held, std::cmp::Reverse(at)))
        .map(|(_, at)| at)
}

fn shared(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
    a.start.max(b.start)..a.end.min(b.end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_sentence_belongs_to_the_chunk_that_holds_it_whole() {
        let chunks = windows(30, 12, 4);
        assert_eq!(chunks, [0..12, 8..20, 16..28, 24..30]);
        assert_eq!(best_chunk(&chunks, &(9..11)), Some(0));
        assert_eq!(best_chunk(&chunks, &(9..14)), Some(1));
        assert_eq!(best_chunk(&chunks, &(2..30)), Some(1), "two hold 12 tokens of it: the first");
        assert_eq!(best_chunk(&chunks, &(5..5)), None);
    }

    proptest! {
        #[test]
        fn no_chunk_holds_more_of_a_sentence_than_the_chosen_one(
            (start, length) in (0usize..400, 1usize..200), window in 40usize..100, overlap in 0usize..30,
        ) {
            let chunks = windows(600, window, overlap);
            let range = start..start + length;
            let best = best_chunk(&chunks, &range).unwrap();
            let held = shared(&chunks[best], &range).len();
            let most = chunks.iter().map(|chunk| shared(chunk, &range).len()).max().unwrap();
            prop_assert_eq!(held, most);
        }
    }
}
