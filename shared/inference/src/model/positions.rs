//! The longest text by a model's `config.json`.

use serde::Deserialize;

/// Families whose positions begin behind that of the padding.
const BEHIND_PADDING: [&str; 9] = [
    "roberta",
    "xlm-roberta",
    "xlm-roberta-xl",
    "roberta-prelayernorm",
    "camembert",
    "longformer",
    "mpnet",
    "data2vec-text",
    "xmod",
];

/// The part of a `config.json` about a model's positions.
#[derive(Debug, Deserialize)]
pub(crate) struct Positions {
    #[serde(default)]
    model_type: String,
    max_position_embeddings: Option<i64>,
    pad_token_id: Option<usize>,
}

impl Positions {
    /// The most tokens of one input; `None` where nothing bounds them.
    pub(crate) fn max_tokens(&self) -> Option<usize> {
        let positions = usize::try_from(self.max_position_embeddings?).ok()?;
        if !BEHIND_PADDING.contains(&self.model_type.as_str()) {
            return Some(positions);
        }
        positions.checked_sub(self.pad_token_id.unwrap_or(1) + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_that_no_text_can_have_do_not_count() {
        let max_tokens = |json| serde_json::from_str::<Positions>(json).unwrap().max_tokens();
        let roberta = r#"{"model_type": "roberta", "max_position_embeddings": 514}"#;
        assert_eq!(max_tokens(roberta), Some(512));
        let bert = r#"{"model_type": "bert", "max_position_embeddings": 512}"#;
        assert_eq!(max_tokens(bert), Some(512));
        assert_eq!(max_tokens(r#"{"max_position_embeddings": -1}"#), None);
    }
}
