//! Articles with the vectors and analyses that the pipeline gives them, which are kept in a file.
//!
//! The file has one JSON line per text. Its name has the encoder and its version.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use anyhow::{Context, Result};
use courant_analyst::{Analyzer, Config};
use courant_article::{Analysis, Embedding, TextKind};
use courant_inference::{Deps, FrozenEncoder, PrecisionChoice};
use courant_store::StoredArticle;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::archive::stored;
use super::sets::{Asked, Document};
use crate::heads::topics_of;

/// The number of texts that are embedded before they are written.
const AT_ONCE: usize = 32;

/// Embeds and analyzes texts that no earlier run has embedded.
pub(super) struct KnownArticles {
    encoder: FrozenEncoder,
    analyzer: Analyzer,
    known: HashMap<String, Known>,
    file: File,
}

#[derive(Clone, Serialize, Deserialize)]
struct Known {
    /// The SHA-256 of title and text.
    sha256: String,
    vector: Embedding,
    analysis: Analysis,
}

impl KnownArticles {
    /// Loads the encoder as this machine would choose it, and what earlier runs computed with it.
    pub(super) fn open(data: &Path) -> Result<Self> {
        let encoder =
            FrozenEncoder::load(&crate::encoder::config(PrecisionChoice::Auto), &Deps::resolve())
                .context("cannot load the encoder")?;
        let analyzer = Analyzer::new(Config::default(), topics_of(&encoder)?)?;
        let model = encoder.model();
        let path = data.join(format!("articles-{}-{}.jsonl", model.name, model.version));
        let file = OpenOptions::new().read(true).append(true).create(true).open(&path);
        let mut file = file.with_context(|| format!("cannot keep {}", path.display()))?;
        let known = read(&mut file)?;
        Ok(Self { encoder, analyzer, known, file })
    }

    /// Returns the vectors of questions.
    pub(super) fn vectors(&mut self, questions: &[Asked]) -> Result<Vec<Embedding>> {
        let texts = questions.iter().map(|asked| asked.text.clone()).collect();
        Ok(self.encoder.vectors(texts, TextKind::Query)?)
    }

    /// Returns documents as they are stored.
    pub(super) fn of(&mut self, documents: &[Document]) -> Result<Vec<StoredArticle>> {
        let missing: Vec<&Document> =
            documents.iter().filter(|document| !self.known.contains_key(&key(document))).collect();
        if !missing.is_empty() {
            eprintln!("embedding {} texts", missing.len());
        }
        for documents in missing.chunks(AT_ONCE) {
            self.embed(documents)?;
        }
        let model = self.encoder.model();
        let record = |document: &Document| {
            let Known { vector, analysis, .. } = self.known[&key(document)].clone();
            stored(document, model.clone(), vector, analysis)
        };
        Ok(documents.iter().map(record).collect())
    }

    fn embed(&mut self, documents: &[&Document]) -> Result<()> {
        let texts: Vec<&str> = documents.iter().map(|document| document.text.as_str()).collect();
        for (document, embeddings) in documents.iter().zip(self.encoder.documents(&texts)?) {
            let analysis = self.analyzer.analyze(&document.title, &document.text, &embeddings);
            let known = Known { sha256: key(document), vector: embeddings.vector, analysis };
            let line = serde_json::to_string(&known)? + "\n";
            self.file.write_all(line.as_bytes())?;
            self.known.insert(known.sha256.clone(), known);
        }
        Ok(())
    }
}

fn key(document: &Document) -> String {
    let whole = format!("{}\n{}", document.title, document.text);
    HEXLOWER.encode(&Sha256::digest(whole))
}

/// Reads the whole lines. An interrupted run may leave half a line, which is removed.
fn read(file: &mut File) -> Result<HashMap<String, Known>> {
    let (mut known, mut whole) = (HashMap::new(), 0);
    let mut reader = BufReader::new(&mut *file);
    let mut line = String::new();
    while reader.read_line(&mut line)? > 0 && line.ends_with('\n') {
        let one: Known = serde_json::from_str(&line).context("a line is of another release")?;
        known.insert(one.sha256.clone(), one);
        whole += line.len();
        line.clear();
    }
    file.set_len(whole as u64)?;
    Ok(known)
}
