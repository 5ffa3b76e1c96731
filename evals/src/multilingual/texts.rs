//! Reads the sets of labelled texts in many languages.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

/// A text with its label.
#[derive(Deserialize)]
pub(super) struct LabelledText {
    #[serde(default)]
    pub(super) title: String,
    pub(super) text: String,
    #[serde(alias = "topic")]
    pub(super) label: String,
}

/// The texts of one language.
pub(super) struct LanguageTexts {
    pub(super) language: String,
    pub(super) texts: Vec<LabelledText>,
}

/// Reads up to `most` texts of each language of a set, by language. The sets are sorted by label
/// or by id, so texts are taken from all of a file. Prints a line if the set is absent.
pub(super) fn read(data: &Path, set: &str, most: usize) -> Result<Vec<LanguageTexts>> {
    let folder = data.join(set);
    if !folder.is_dir() {
        println!("SKIPPED: {set} is not at {}", folder.display());
        return Ok(Vec::new());
    }
    let mut files: Vec<_> =
        std::fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    files.iter().map(|file| read_language(file, most)).collect()
}

fn read_language(file: &Path, most: usize) -> Result<LanguageTexts> {
    let language = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let lines = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let row = |line| serde_json::from_str(line).with_context(|| file.display().to_string());
    let step = lines.lines().count().div_ceil(most.max(1)).max(1);
    let texts = lines.lines().step_by(step).map(row).collect::<Result<_>>()?;
    Ok(LanguageTexts { language, texts })
}
