//! The names of a text, from the states of its chunks' tokens.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use courant_article::{Entities, Entity, Span};
use courant_heads::entities::{EntityHead, TaggedSpan, Word, WordPlacement, stretch, words};
use courant_heads::registry::Registry;
use courant_heads::{Head, HeadTask};

use crate::Error;
use crate::batch::input::StateReader;
use crate::model::LocatedModel;
use crate::text::tokenize::{TextTokenizer, Tokens};

/// The words of a text with the mean of their tokens' states.
#[derive(Clone, Debug, PartialEq)]
pub struct WordStates {
    /// The span of each word, in code points.
    pub spans: Vec<Span>,
    /// One row per word; zeros for a word without tokens.
    pub states: Vec<f32>,
    /// Values per row.
    pub dimension: usize,
}

/// The head that was promoted in the registry `heads`, else the one that comes with
/// Courant.
///
/// # Errors
/// [`Error::Heads`] where the promoted one cannot be used.
pub(crate) fn head_in_use(heads: Option<&Path>) -> Result<Arc<EntityHead>, Error> {
    let promoted = heads.map(|folder| Registry::at(folder).promoted(HeadTask::Entities));
    let promoted = promoted.transpose().map_err(|error| Error::Heads(Arc::new(error)))?;
    Ok(match promoted.flatten() {
        Some(Head::Entities(head)) => Arc::new(head),
        _ => Arc::new(EntityHead::embedded().clone()),
    })
}

/// The head, or why it cannot read a model's states.
pub(crate) fn head_for(
    model: &LocatedModel,
    head: Arc<EntityHead>,
) -> Result<Arc<EntityHead>, String> {
    let expected = &head.provenance().encoder;
    match model.states {
        None => Err(format!("the encoder {} gives no states of its tokens", model.name)),
        Some(_) if model.name != *expected => {
            Err(format!("the head for entities reads {expected}, the encoder is {}", model.name))
        }
        Some(states) if states != head.dimension() => Err(format!(
            "the head for entities reads {} values per token, the encoder gives {states}",
            head.dimension()
        )),
        Some(_) => Ok(head),
    }
}

/// The words of every chunk, and the reader of their states.
pub(crate) struct WordPlan {
    text: String,
    placement: WordPlacement,
    head: Option<Arc<EntityHead>>,
}

impl WordPlan {
    /// `chunks`: ranges of a text's tokens.
    pub(crate) fn new(
        text: &str,
        tokens: &Tokens,
        chunks: &[Range<usize>],
        head: Option<Arc<EntityHead>>,
    ) -> Self {
        let placement = WordPlacement::new(&words(text), &tokens.spans, chunks);
        Self { text: text.to_owned(), placement, head }
    }

    /// The reader of a chunk's states.
    pub(crate) fn reader(&self, chunk: usize, tokenizer: &TextTokenizer) -> StateReader {
        let lead = tokenizer.leading_tokens();
        let placed = self.placement.chunk(chunk).iter();
        let words = placed.map(|word| word.tokens.start + lead..word.tokens.end + lead).collect();
        StateReader { words, head: self.head.clone() }
    }

    /// The names, from what the chunks' readers kept, in their order.
    pub(crate) fn entities(&self, head: &EntityHead, kept: &[Vec<f32>]) -> Result<Entities, Error> {
        let words = words(&self.text);
        let projected = self.rows(&words, kept, head.hidden())?;
        let tagged = head.tag(&words, &projected).map_err(|_| Error::NotAVector)?;
        let entities = tagged.iter().map(|tagged| entity(&self.text, &words, tagged));
        Ok(Entities::first(head.model(), entities.collect()))
    }

    /// The states themselves, where no head reads them.
    pub(crate) fn states(&self, kept: &[Vec<f32>], dimension: usize) -> Result<WordStates, Error> {
        let words = words(&self.text);
        let states = self.rows(&words, kept, dimension)?;
        Ok(WordStates { spans: words.iter().map(|word| word.span).collect(), states, dimension })
    }

    /// One row of `width` values per word; zeros for one without tokens.
    fn rows(&self, words: &[Word<'_>], kept: &[Vec<f32>], width: usize) -> Result<Vec<f32>, Error> {
        let mut rows = vec![0.0; words.len() * width];
        for (chunk, kept) in kept.iter().enumerate() {
            let placed = self.placement.chunk(chunk);
            if kept.len() != placed.len() * width {
                return Err(Error::NotAVector);
            }
            for (word, row) in placed.iter().zip(kept.chunks_exact(width)) {
                rows[word.word * width..][..width].copy_from_slice(row);
            }
        }
        Ok(rows)
    }
}

fn entity(text: &str, words: &[Word<'_>], tagged: &TaggedSpan) -> Entity {
    let (span, text) = stretch(text, words, &tagged.words);
    Entity { text: text.to_owned(), kind: tagged.kind, span, score: tagged.score }
}

#[cfg(test)]
mod tests {
    use courant_article::EntityKind;

    use super::*;

    #[test]
    fn an_entity_is_as_it_stands_in_the_text() {
        let text = "Hé, Zoë  Łuk left";
        let words = words(text);
        let tagged = TaggedSpan { kind: EntityKind::Person, words: 2..4, score: 0.5 };
        let entity = entity(text, &words, &tagged);
        assert_eq!(entity.text, "Zoë  Łuk");
        assert_eq!(entity.span, Span { start: 4, end: 12 });
    }

    #[test]
    fn rows_of_overlapping_chunks_come_together_by_word() {
        let text = "a b c d";
        let spans = (0..4).map(|at| Span { start: 2 * at, end: 2 * at + 1 }).collect();
        let tokens = Tokens { ids: vec![7; 4], spans };
        let plan = WordPlan::new(text, &tokens, &[0..3, 1..4], None);
        let kept = [vec![1.0, 2.0], vec![3.0, 4.0]];
        let states = plan.states(&kept, 1).unwrap();
        assert_eq!(states.states, [1.0, 2.0, 3.0, 4.0]);
        assert!(matches!(plan.states(&kept, 2), Err(Error::NotAVector)));
    }
}
