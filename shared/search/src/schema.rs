//! The fields of the index.

use courant_text::analyzer::ANALYZER_VERSION;
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, NumericOptions, STRING, Schema, TextFieldIndexing,
    TextOptions,
};

use crate::tokens::TOKENIZER;

/// The version of the fields. An index with other fields, or with words of another analyzer, is
/// made anew.
const FIELDS_VERSION: &str = "3";

/// Returns the name of the rules by which documents are made.
pub(crate) fn rules() -> String {
    format!("fields {FIELDS_VERSION}, words {ANALYZER_VERSION}")
}

/// The fields of a document, one document per article.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields {
    /// The 16 bytes of the article's id.
    pub(crate) id: Field,
    /// The first and the last 8 bytes of the id, as numbers.
    pub(crate) id_high: Field,
    pub(crate) id_low: Field,
    /// The article's number in the store.
    pub(crate) number: Field,
    /// Words of the title and the text, each as written and stemmed, for ranking.
    pub(crate) text: Field,
    /// Words of the title, for ranking too.
    pub(crate) title: Field,
    /// Words of the authors' names.
    pub(crate) author: Field,
    /// The registered domain.
    pub(crate) site: Field,
    /// The host, if it is not the registered domain.
    pub(crate) host: Field,
    pub(crate) source: Field,
    pub(crate) language: Field,
    /// Codes of the topics that the article is clearly about.
    pub(crate) topic: Field,
    /// Words of the names of people, organizations and places.
    pub(crate) person: Field,
    pub(crate) organization: Field,
    pub(crate) place: Field,
    /// Names with their kinds, as they are shown in counts.
    pub(crate) name: Field,
    /// The label.
    pub(crate) sentiment: Field,
    /// From -1, surely negative, to 1, surely positive.
    pub(crate) polarity: Field,
    pub(crate) decision: Field,
    /// The time of publication, else of the first observation; Unix milliseconds.
    pub(crate) time: Field,
    /// The time of the first observation, Unix milliseconds.
    pub(crate) observed: Field,
    pub(crate) has_image: Field,
    /// The start of the id of the first article with the same text.
    pub(crate) cluster: Field,
}

impl Fields {
    pub(crate) fn schema() -> (Schema, Self) {
        let mut schema = Schema::builder();
        let words = words(IndexRecordOption::WithFreqsAndPositions);
        let time = NumericOptions::from(INDEXED | FAST);
        let fields = Self {
            id: schema.add_bytes_field("id", INDEXED),
            id_high: schema.add_u64_field("id_high", FAST),
            id_low: schema.add_u64_field("id_low", FAST),
            number: schema.add_u64_field("number", INDEXED | FAST),
            text: schema.add_text_field("text", words.clone()),
            title: schema.add_text_field("title", words.clone()),
            author: schema.add_text_field("author", words.clone()),
            site: schema.add_text_field("site", STRING | FAST),
            host: schema.add_text_field("host", STRING),
            source: schema.add_text_field("source", STRING | FAST),
            language: schema.add_text_field("language", STRING | FAST),
            topic: schema.add_text_field("topic", STRING | FAST),
            person: schema.add_text_field("person", words.clone()),
            organization: schema.add_text_field("organization", words.clone()),
            place: schema.add_text_field("place", words),
            name: schema.add_text_field("name", STRING | FAST),
            sentiment: schema.add_text_field("sentiment", STRING | FAST),
            polarity: schema.add_f64_field("polarity", FAST),
            decision: schema.add_text_field("decision", STRING | FAST),
            time: schema.add_i64_field("time", time.clone()),
            observed: schema.add_i64_field("observed", time),
            has_image: schema.add_bool_field("has_image", INDEXED),
            cluster: schema.add_u64_field("cluster", INDEXED | FAST),
        };
        (schema.build(), fields)
    }
}

fn words(option: IndexRecordOption) -> TextOptions {
    let indexing = TextFieldIndexing::default().set_tokenizer(TOKENIZER).set_index_option(option);
    TextOptions::default().set_indexing_options(indexing)
}
