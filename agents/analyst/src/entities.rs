//! The names that the embedder found, where they can be trusted.

use courant_article::{Embeddings, Entities};

use crate::Absent;

/// # Errors
/// [`Absent`] where the embedder looked for none, or `covered` does not list the
/// language; an empty list covers all.
pub(crate) fn covered(
    language: Option<&str>,
    embeddings: &Embeddings,
    covered: &[String],
) -> Result<Entities, Absent> {
    let found = embeddings.entities.as_ref().map_err(|why| Absent::NoEntities(why.clone()))?;
    if !covered.is_empty() {
        let language = language.ok_or(Absent::LanguageUnknown)?;
        if !covered.iter().any(|code| code == language) {
            return Err(Absent::NamesNotCovered { language: language.to_owned() });
        }
    }
    Ok(found.clone())
}
