//! The packed file, as `scripts/export_multilingual.py` writes it. Numbers are little-endian.
//!
//! ```text
//! magic            8 bytes
//! version          u32
//! unknown          u32      the id of characters that no piece has
//! before, after    u32, u32 the numbers of ids around a text's own
//! pieces           u32
//! replacements     u32
//! ids              u32 each: before, after, then one per piece
//! scores           f32 per piece
//! ends             u32 per piece, then the pieces' bytes, in rising order
//! code points      u32 per replacement, in rising order
//! ends             u32 per replacement, then their texts
//! ```

use crate::normal::Normalization;
use crate::pieces::Pieces;
use crate::tokenizer::Unigram;
use crate::trie::Trie;

/// The start of every file.
pub const MAGIC: &[u8; 8] = b"CUNIGRAM";
const VERSION: u32 = 1;

/// The reason why a file cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is something else.
    #[error("it is no packed Unigram vocabulary")]
    Magic,
    /// A newer program wrote it.
    #[error("its version is {0}, known is {VERSION}")]
    Version(u32),
    /// It ends too early, or says so of one of its parts.
    #[error("it is cut short")]
    Cut,
    /// Something follows its last part.
    #[error("it has bytes behind its end")]
    Longer,
    /// Pieces or code points are empty, doubled or not in rising order.
    #[error("its {0} are not in rising order")]
    Order(&'static str),
    /// A piece or replacement is not UTF-8.
    #[error("one of its {0} is not UTF-8")]
    Text(&'static str),
    /// A score is no number.
    #[error("a score is not finite")]
    Score,
}

impl Unigram {
    /// Reads a packed file.
    ///
    /// # Errors
    /// [`ReadError`] says what is wrong with it.
    pub fn read(file: &[u8]) -> Result<Self, ReadError> {
        let mut rest = Rest(file.strip_prefix(MAGIC).ok_or(ReadError::Magic)?);
        let version = rest.number()?;
        if version != VERSION {
            return Err(ReadError::Version(version));
        }
        let unknown = rest.number()?;
        let [before, after, pieces, replacements] =
            [rest.count()?, rest.count()?, rest.count()?, rest.count()?];
        let (before, after) = (rest.numbers(before)?, rest.numbers(after)?);
        let ids = rest.numbers(pieces)?;
        let scores: Vec<f32> = rest.numbers(pieces)?.into_iter().map(f32::from_bits).collect();
        let (trie, normalization) = (rest.trie(pieces)?, rest.normalization(replacements)?);
        if !rest.0.is_empty() {
            return Err(ReadError::Longer);
        }
        if !scores.iter().all(|score| score.is_finite()) {
            return Err(ReadError::Score);
        }
        let pieces = Pieces { trie, ids, scores, unknown };
        Ok(Self::new(pieces, normalization, before, after))
    }
}

/// The bytes that are still to be read.
struct Rest<'f>(&'f [u8]);

impl<'f> Rest<'f> {
    fn bytes(&mut self, count: usize) -> Result<&'f [u8], ReadError> {
        let (bytes, rest) = self.0.split_at_checked(count).ok_or(ReadError::Cut)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn number(&mut self) -> Result<u32, ReadError> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(ReadError::Cut)?;
        self.0 = rest;
        Ok(u32::from_le_bytes(*bytes))
    }

    fn count(&mut self) -> Result<usize, ReadError> {
        usize::try_from(self.number()?).map_err(|_| ReadError::Cut)
    }

    fn numbers(&mut self, count: usize) -> Result<Vec<u32>, ReadError> {
        let bytes = self.bytes(count.checked_mul(4).ok_or(ReadError::Cut)?)?;
        Ok(bytes.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect())
    }

    /// Some texts, each as the range of its bytes.
    fn texts(&mut self, count: usize) -> Result<Texts<'f>, ReadError> {
        let ends = self.numbers(count)?;
        if !ends.is_sorted() {
            return Err(ReadError::Cut);
        }
        let bytes = self.bytes(ends.last().map_or(0, |end| *end as usize))?;
        Ok(Texts { ends, bytes })
    }

    fn trie(&mut self, pieces: usize) -> Result<Trie, ReadError> {
        let texts = self.texts(pieces)?;
        let is_rising = |rank: usize| rank == 0 || texts.get(rank - 1) < texts.get(rank);
        if !(0..pieces).all(|rank| is_rising(rank) && !texts.get(rank).is_empty()) {
            return Err(ReadError::Order("pieces"));
        }
        if (0..pieces).any(|rank| std::str::from_utf8(texts.get(rank)).is_err()) {
            return Err(ReadError::Text("pieces"));
        }
        Ok(Trie::new(pieces, |rank| texts.get(rank)))
    }

    fn normalization(&mut self, count: usize) -> Result<Normalization, ReadError> {
        let code_points = self.numbers(count)?;
        if !code_points.is_sorted_by(|a, b| a < b) {
            return Err(ReadError::Order("code points"));
        }
        let texts = self.texts(count)?;
        let text = |at| std::str::from_utf8(texts.get(at)).map(Box::from);
        let replacements = (0..count).map(text).collect::<Result<_, _>>();
        let replacements = replacements.map_err(|_| ReadError::Text("replacements"))?;
        Ok(Normalization::new(code_points, replacements))
    }
}

/// Texts that stand one after the other.
struct Texts<'f> {
    ends: Vec<u32>,
    bytes: &'f [u8],
}

impl<'f> Texts<'f> {
    fn get(&self, at: usize) -> &'f [u8] {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        &self.bytes[start..self.ends[at] as usize]
    }
}
