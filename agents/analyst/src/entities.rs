//! Takes the names that the embedder found, if its head covers the language.

use courant_article::{Embeddings, Entities};

use crate::Absent;

/// Returns the names in `embeddings`. `covered` lists the languages whose names are reliable; an
/// empty list stands for all languages.
///
/// # Errors
/// [`Absent`] if the embedder did not look for names, or `covered` does not list the language.
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
