//! Tests that the messages of every article fit the bus, whatever its text is made of. Analyses
//! are cut to fit; articles are not. The vectors are made up. Sentences, names, analyses and
//! messages are made as the agents make them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use courant_analyst::{Analyzer, Config, Topics};
use courant_article::{
    Article, ArticleId, ContentHash, Decision, Embedding, Embeddings, Entities, Entity, EntityKind,
    Entry, Evidence, FeedFields, MAX_TEXT_BYTES, ModelRef, Origin, PageFields, Revision, Sentence,
    Span, Text,
};
use courant_bus::MAX_MESSAGE_BYTES;
use courant_heads::sentences;
use courant_inference::most_sentences;
use courant_proto::{Schema, v1};
use half::f16;
use proptest::prelude::*;

/// The room for the ids and the trace context, in bytes.
const HEADER_BYTES: usize = 4 * 1024;
/// The dimensions of made-up encoders.
const DIMENSIONS: [usize; 4] = [8, 384, 1024, 4096];

/// Parts of texts: names, numbers, one long word, sentences as short as can
/// be, scripts without spaces, with and without stops, characters of four bytes.
const PIECES: [&str; 9] = [
    "Ann Łukasz met Bob Ólafsson in New York. ",
    "Zoë Ł., ",
    "1,234.56 ",
    "supercalifragilistic",
    "Go! ",
    "市议会投票决定保留旧港口大桥。",
    "ประเทศไทย",
    "😀",
    "The old bridge stays closed because its stone piers have deep cracks.\n\n",
];

fn repeated(piece: &str, bytes: usize) -> String {
    piece.repeat(bytes.div_ceil(piece.len()))
}

/// A text of a few pieces, each repeated.
fn text() -> impl Strategy<Value = String> {
    let part = (prop::sample::select(&PIECES[..]), 1..MAX_TEXT_BYTES);
    let parts = prop::collection::vec(part, 1..4);
    parts.prop_map(|parts| parts.iter().map(|(piece, bytes)| repeated(piece, *bytes)).collect())
}

/// An article with every field at its limit.
fn article(text: &str) -> Article {
    let long = "😀".repeat(3_000);
    let url = format!("https://a.example/{}", "x".repeat(4_000));
    let at = "2026-03-03T09:30:00.123456789+01:00".parse().ok();
    let page = PageFields {
        image: Some(url.clone()),
        tags: vec![long.clone(); 40],
        section: Some(long.clone()),
        modified_at: at.clone(),
        paywalled: true,
        outer_id: Some(long.clone()),
    };
    let feed = FeedFields {
        title: Some(long.clone()),
        summary: Some(long.clone()),
        authors: vec![long.clone(); 60],
        categories: vec![long.clone(); 40],
        published_at: at.clone(),
    };
    let entry = Entry {
        title: long.clone(),
        authors: vec![long.clone(); 60],
        site_name: Some(long.clone()),
        source: long,
        page,
        feed,
        ..Entry::default()
    };
    let entry = entry.bounded();
    Article {
        id: ArticleId::from_bytes([255; 16]),
        revision: Revision(i64::MAX),
        url,
        content_hash: ContentHash::from_bytes([255; 16]),
        title: entry.title,
        authors: entry.authors,
        published_at: at,
        declared_language: Some("en".into()),
        site_name: entry.site_name,
        text: Text::new(text.to_owned()),
        source: entry.source,
        submission_id: "s".repeat(1_000),
        decision: Decision::Syndicated,
        syndicated_of: Some(ArticleId::from_bytes([255; 16])),
        page: entry.page,
        feed: entry.feed,
        evidence: Evidence {
            title: Some(Origin::Declared),
            authors: Some(Origin::Declared),
            published_at: Some(Origin::Declared),
            language: Some(Origin::Declared),
            section: Some(Origin::Declared),
            is_article: Some(Origin::Declared),
        },
    }
}

fn model(name: &str) -> ModelRef {
    ModelRef {
        name: name.into(),
        version: "1a2b3c4d5e6f".into(),
        precision: "int8".into(),
        provider: "tensorrt".into(),
    }
}

/// The largest embeddings of a text: a vector for each of the first sentences, and every word as
/// a name.
fn embeddings(text: &str, dimension: usize) -> Embeddings {
    let vector = Embedding::normalized(vec![0.9; dimension]);
    let half: Vec<f16> = vector.as_slice().iter().copied().map(f16::from_f32).collect();
    let spans = sentences(text);
    let first = &spans[..spans.len().min(most_sentences(dimension))];
    let sentence = |span: &Span| Sentence { span: *span, vector: half.clone() };
    Embeddings {
        model: model("all-MiniLM-L6-v2"),
        vector,
        sentences: first.iter().map(sentence).collect(),
        sentences_left_out: u32::try_from(spans.len() - first.len()).unwrap(),
        entities: Ok(Entities::first(model("entities"), words(text))),
    }
}

/// Returns each word as a name.
fn words(text: &str) -> Vec<Entity> {
    let mut end = 0;
    let name = |word: &str| {
        let start = end;
        end += u32::try_from(word.chars().count()).unwrap();
        let span = Span { start, end };
        Entity { text: word.into(), kind: EntityKind::Organization, span, score: 0.123 }
    };
    text.split_inclusive(' ').map(name).collect()
}

fn analyzer(dimension: usize) -> Analyzer {
    let axis = |place: usize| {
        let mut values = vec![0.1; dimension];
        values[place % dimension] = 1.0;
        Embedding::normalized(values)
    };
    let vectors: Vec<_> = (0..Topics::definitions().count()).map(axis).collect();
    let topics = Topics::new(model("all-MiniLM-L6-v2"), &vectors).unwrap();
    let everywhere = Config {
        entity_languages: Vec::new(),
        topic_languages: Vec::new(),
        language_min_confidence: 0.0,
        ..Config::default()
    };
    Analyzer::new(everywhere, topics).unwrap()
}

fn weight<M: Schema>(message: &M) -> usize {
    message.encoded_len() + HEADER_BYTES
}

/// Returns the size of the largest message of an article with this text.
fn greatest(text: &str, dimension: usize) -> usize {
    let article = article(text);
    let embeddings = embeddings(article.text.as_str(), dimension);
    let found = embeddings.entities.clone().unwrap();
    let analysis = analyzer(dimension).analyze(&article.title, article.text.as_str(), &embeddings);
    assert_eq!((&analysis.entities, analysis.entities_left_out), (&found.entities, found.left_out));
    assert_eq!(analysis.sentences_left_out, embeddings.sentences_left_out);
    let accepted = weight(&v1::ArticleAccepted::of(article.clone()));
    let embedded = weight(&v1::ArticleEmbedded::of(article.clone(), embeddings.clone()));
    let analyzed = weight(&v1::ArticleAnalyzed::of(article, embeddings, analysis));
    accepted.max(embedded).max(analyzed)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn an_article_within_the_limits_fits_every_queue(
        text in text(), dimension in prop::sample::select(&DIMENSIONS[..]),
    ) {
        let greatest = greatest(&text, dimension);
        prop_assert!(greatest <= MAX_MESSAGE_BYTES, "{greatest} bytes");
    }
}

#[test]
fn the_longest_text_of_each_kind_fits_every_queue() {
    let mut heaviest = 0;
    for piece in PIECES {
        let text = repeated(piece, MAX_TEXT_BYTES);
        for dimension in DIMENSIONS {
            let greatest = greatest(&text, dimension);
            assert!(greatest <= MAX_MESSAGE_BYTES, "{piece}, {dimension}: {greatest} bytes");
            heaviest = heaviest.max(greatest);
        }
    }
    assert!(heaviest > MAX_MESSAGE_BYTES / 4 * 3, "the limits are put to use: {heaviest} bytes");
}
