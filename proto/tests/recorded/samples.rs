//! Small articles of our own with everything that the agents add to them, as the
//! domain's types: what [`super`] records and what it expects of a recording.

use courant_article::{
    Analysis, Article, ArticleId, CanonicalUrl, ContentHash, Decision, Embedding, Embeddings,
    Entities, Entity, EntityKind, Entry, Evidence, FeedFields, KeyPhrase, ModelRef, PageFields,
    Revision, Sentence, Sentiment, Span, SummarySentence, Text, Topic,
};
use half::f16;

/// Values per vector: a real encoder's 384 would only make the files larger.
const DIMENSION: usize = 16;

/// One article at every stage of its way.
pub(crate) struct Sample {
    pub(crate) entry: Entry,
    pub(crate) article: Article,
    pub(crate) embeddings: Embeddings,
    pub(crate) analysis: Analysis,
}

/// The articles that are recorded, each with the name of its files.
pub(crate) fn samples() -> [(&'static str, Sample); 2] {
    [("bridge", bridge()), ("bruecke", bruecke())]
}

fn bridge() -> Sample {
    let sentences = [
        "The town council of Harwick voted on Tuesday to close the old bridge for a year.",
        "Engineers of Tarn Rail had found deep cracks in two of its stone piers.",
        "Mayor Ann Łukasz promised that repairs would begin before the winter.",
    ];
    let names = [
        ("Harwick", EntityKind::Location, 0.97),
        ("Tarn Rail", EntityKind::Organization, 0.91),
        ("Ann Łukasz", EntityKind::Person, 0.99),
    ];
    let entry = Entry {
        submission_id: "9d1c4dd3a3f64a5e8c5a3f0a5e1c77b2".into(),
        url: "https://news.harwick.example/2026/bridge?utm_source=feed".into(),
        declared_canonical_url: Some("https://news.harwick.example/2026/bridge".into()),
        title: "Council closes old bridge".into(),
        authors: vec!["Mara Quist".into(), "Jon Ebert".into()],
        published_at: Some("2026-03-03T09:30:00+01:00".parse().unwrap()),
        language: Some("en".into()),
        site_name: Some("The Harwick Courier".into()),
        text: Text::new(sentences.join(" ")),
        observed_at: Revision(1_772_526_600_000),
        source: "https://news.harwick.example/feed".into(),
        ..Entry::default()
    };
    let embeddings = embeddings(&sentences, Ok(names_in(&sentences.join(" "), &names)));
    let analysis = Analysis {
        language: Some("en".into()),
        topics: vec![
            Topic {
                code: "medtop:11000000".into(),
                label: "politics and government".into(),
                score: 0.75,
            },
            Topic {
                code: "medtop:03000000".into(),
                label: "disaster, accident and emergency incident".into(),
                score: 0.25,
            },
        ],
        sentiment: Some(Sentiment::of([0.5, 0.375, 0.125])),
        key_phrases: vec![
            KeyPhrase { text: "bridge".into(), score: 1.0 },
            KeyPhrase { text: "stone piers".into(), score: 0.25 },
        ],
        summary: vec![SummarySentence {
            span: Span { start: 0, end: 80 },
            text: sentences[0].into(),
        }],
        entities: embeddings.entities.clone().unwrap().entities,
        models: vec![model("news-sentiment", "3f0a5e1c77b2+all-MiniLM-L6-v2:1a2b3c4d5e6f")],
        ..Analysis::default()
    };
    sample(entry, Decision::New, embeddings, analysis)
}

/// Another publisher's copy in a language that neither names nor topics cover.
fn bruecke() -> Sample {
    let sentences = [
        "Der Gemeinderat von Härwick beschloss am Dienstag, die alte Brücke zu schließen.",
        "Fachleute hatten tiefe Risse in zwei Pfeilern gefunden.",
    ];
    let entry = Entry {
        submission_id: "s-2".into(),
        url: "https://zeitung.example/brücke".into(),
        title: "Rat schließt alte Brücke".into(),
        published_at: Some("2026-03-04".parse().unwrap()),
        text: Text::with_flag(sentences.join("\n\n"), true),
        observed_at: Revision(1_772_600_000_001),
        source: "api".into(),
        ..Entry::default()
    };
    let reason = "the encoder gives no states of its tokens".to_owned();
    let embeddings = embeddings(&sentences, Err(reason.clone()));
    let skipped = [
        ("entities".to_owned(), reason),
        ("sentiment".to_owned(), "news-sentiment learned en, not de".to_owned()),
        ("topics".to_owned(), "the encoder does not cover the language de".to_owned()),
    ];
    let analysis = Analysis {
        language: Some("de".into()),
        skipped: skipped.into_iter().collect(),
        ..Analysis::default()
    };
    sample(entry, Decision::Syndicated, embeddings, analysis)
}

fn sample(entry: Entry, decision: Decision, embeddings: Embeddings, analysis: Analysis) -> Sample {
    let canonical = entry.declared_canonical_url.clone().unwrap_or_else(|| entry.url.clone());
    let article = Article {
        id: ArticleId::of(&CanonicalUrl::from_canonical(canonical.clone())),
        revision: entry.observed_at,
        url: canonical,
        content_hash: ContentHash::of_normalized(entry.text.as_str()),
        title: entry.title.clone(),
        authors: entry.authors.clone(),
        published_at: entry.published_at.clone(),
        declared_language: entry.language.clone(),
        site_name: entry.site_name.clone(),
        text: entry.text.clone(),
        source: entry.source.clone(),
        submission_id: entry.submission_id.clone(),
        decision,
        syndicated_of: (decision == Decision::Syndicated).then(|| ArticleId::from_bytes([7; 16])),
        page: PageFields::default(),
        feed: FeedFields::default(),
        evidence: Evidence::default(),
    };
    Sample { entry, article, embeddings, analysis }
}

fn embeddings(sentences: &[&str], names: Result<Vec<Entity>, String>) -> Embeddings {
    let mut start = 0;
    let mut spans = Vec::new();
    let gap = if names.is_ok() { 1 } else { 2 };
    for sentence in sentences {
        let end = start + u32::try_from(sentence.chars().count()).unwrap();
        spans.push(Span { start, end });
        start = end + gap;
    }
    let sentence = |(at, span): (usize, &Span)| Sentence {
        span: *span,
        vector: vector(at).as_slice().iter().copied().map(f16::from_f32).collect(),
    };
    Embeddings {
        model: model("all-MiniLM-L6-v2", "1a2b3c4d5e6f"),
        vector: vector(7),
        sentences: spans.iter().enumerate().map(sentence).collect(),
        sentences_left_out: 0,
        entities: names.map(|entities| Entities {
            model: model("entities", "77b2c0ffee00"),
            entities,
            left_out: 0,
        }),
    }
}

/// Unit length, and another for each seed.
fn vector(seed: usize) -> Embedding {
    let value = |at: usize| ((seed * 31 + at * 17) % 23) as f32 - 11.0;
    Embedding::normalized((0..DIMENSION).map(value).collect())
}

fn names_in(text: &str, names: &[(&str, EntityKind, f32)]) -> Vec<Entity> {
    let code_points = |text: &str| u32::try_from(text.chars().count()).unwrap();
    let entity = |&(name, kind, score): &(&str, EntityKind, f32)| {
        let start = code_points(&text[..text.find(name).expect("the name is in the text")]);
        let span = Span { start, end: start + code_points(name) };
        Entity { text: name.into(), kind, span, score }
    };
    names.iter().map(entity).collect()
}

fn model(name: &str, version: &str) -> ModelRef {
    ModelRef {
        name: name.into(),
        version: version.into(),
        precision: "int8".into(),
        provider: "cpu".into(),
    }
}
