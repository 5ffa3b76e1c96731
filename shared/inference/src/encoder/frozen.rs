//! A reproducible encoder for the training of heads.

use courant_article::{Embedding, Embeddings, ModelRef, TextKind};
use courant_gpu_utils::Config as GpuConfig;
use courant_heads::file::EncoderRef;
use opentelemetry::global;
use tokio::runtime::{Builder, Runtime};

use crate::encoder::entities::WordStates;
use crate::{Config, Deps, Encoder, Error, Priority};

/// Texts on their way through the encoder at a time.
const AT_ONCE: usize = 64;

/// An encoder that always gives a text exactly the same values. It runs on the CPU, one text at
/// a time. In a batch, the last digits depend on the other texts, and a trained head would
/// depend on these digits.
pub struct FrozenEncoder {
    encoder: Encoder,
    runtime: Runtime,
}

impl FrozenEncoder {
    /// Loads the configured encoder. Blocks, like all methods of this type: do not call them in
    /// async tasks.
    ///
    /// # Errors
    /// As [`Encoder::load`].
    pub fn load(config: &Config, deps: &Deps) -> Result<Self, Error> {
        let alone = Config {
            max_items: 1,
            max_items_peak: 1,
            // Measuring one would be for nothing.
            token_budget: Some(config.max_tokens),
            ..config.clone()
        };
        let gpu = GpuConfig { force_cpu: true, ..GpuConfig::default() };
        let encoder = Encoder::load(&alone, &gpu, deps, &global::meter("courant"))?;
        let runtime = Builder::new_multi_thread().worker_threads(1).build();
        Ok(Self { encoder, runtime: runtime.map_err(|_| Error::Stopped)? })
    }

    /// The model that computes the vectors.
    pub fn model(&self) -> &ModelRef {
        self.encoder.model()
    }

    /// Returns the encoder's reference for the files of heads.
    pub fn reference(&self) -> EncoderRef {
        EncoderRef { name: self.model().name.clone(), dimension: self.encoder.dimension() }
    }

    /// Returns the runtime library's own description.
    pub fn runtime(&self) -> &'static str {
        ort::info()
    }

    /// Returns one unit vector per text, cut at `max_tokens`.
    ///
    /// # Errors
    /// As [`Encoder::embed`].
    pub fn vectors(&self, texts: Vec<String>, kind: TextKind) -> Result<Vec<Embedding>, Error> {
        self.runtime.block_on(self.encoder.embed(texts, kind, Priority::Bulk))
    }

    /// Returns the embeddings of texts as the embedder makes them, in order.
    ///
    /// # Errors
    /// As [`Encoder::embed_document`]; [`Error::EmptyText`] gives the index of the text.
    pub fn documents(&self, texts: &[&str]) -> Result<Vec<Embeddings>, Error> {
        let embed = |text: &&str| {
            let (encoder, text) = (self.encoder.clone(), (*text).to_owned());
            self.runtime.spawn(async move { encoder.embed_document(&text).await })
        };
        let mut found = Vec::with_capacity(texts.len());
        for texts in texts.chunks(AT_ONCE) {
            for task in texts.iter().map(embed).collect::<Vec<_>>() {
                let index = found.len();
                let embedded = self.runtime.block_on(task).map_err(|_| Error::Stopped)?;
                let document = embedded.map_err(|error| match error {
                    Error::EmptyText { .. } => Error::EmptyText { index },
                    other => other,
                })?;
                found.push(document.embeddings);
            }
        }
        Ok(found)
    }

    /// Returns the encoder's states of each word of a text.
    ///
    /// # Errors
    /// As [`Encoder::word_states`].
    pub fn word_states(&self, text: &str) -> Result<WordStates, Error> {
        self.runtime.block_on(self.encoder.word_states(text))
    }
}
