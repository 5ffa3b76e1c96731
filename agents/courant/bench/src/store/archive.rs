//! Synthetic articles: words by Zipf's law, vectors in clusters.

use courant_article::{
    Analysis, Article, ArticleId, CanonicalUrl, ContentHash, Decision, Embedding, Entity,
    EntityKind, Evidence, FeedFields, ModelRef, PageFields, Revision, Sentiment, Span, Text,
};
use courant_store::StoredArticle;
use courant_vectors::dot;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Questions of each kind.
pub(super) const QUESTIONS: usize = 200;
/// Values per vector, as those of the encoder.
pub(super) const DIMENSION: usize = 384;
/// Words of a text, about as many as a wire story has.
const WORDS: usize = 130;
/// Different words of all texts.
const VOCABULARY: usize = 60_000;
/// Groups of vectors.
const CLUSTERS: usize = 1_000;
/// The first publication, 2026-01-01, and the milliseconds between two.
const FIRST_MS: i64 = 1_767_225_600_000;
const APART_MS: i64 = 12_000;

/// Articles that are made when they are needed: the same ones each time.
pub(super) struct Archive {
    articles: usize,
    centers: Vec<Vec<f32>>,
}

/// A question for articles.
pub(super) struct Question {
    /// A dozen words of one article.
    pub(super) text: String,
    /// A vector near that of the article.
    pub(super) vector: Embedding,
}

impl Question {
    /// Two of the words.
    pub(super) fn brief(&self) -> String {
        self.text.split(' ').skip(3).take(2).collect::<Vec<_>>().join(" ")
    }
}

impl Archive {
    pub(super) fn new(articles: usize) -> Self {
        let mut random = StdRng::seed_from_u64(1);
        let center = |_| (0..DIMENSION).map(|_| gaussian(&mut random)).collect();
        Self { articles, centers: (0..CLUSTERS).map(center).collect() }
    }

    pub(super) fn len(&self) -> usize {
        self.articles
    }

    pub(super) fn batches(&self, size: usize) -> impl Iterator<Item = Vec<StoredArticle>> {
        let articles = self.articles;
        (0..articles.div_ceil(size)).map(move |batch| {
            let numbers = batch * size..((batch + 1) * size).min(articles);
            numbers.map(|number| self.record(number)).collect()
        })
    }

    /// The question of this number, about one of the articles.
    pub(super) fn question(&self, number: usize) -> Question {
        let about = number * 7_919 % self.articles;
        let text = self.text(about);
        let words: Vec<&str> = text.split(' ').step_by(11).take(12).collect();
        let mut random = StdRng::seed_from_u64(number as u64 ^ 0xface);
        let vector = self.vector(about);
        let values = vector.as_slice().iter().map(|value| value + 0.02 * gaussian(&mut random));
        Question { text: words.join(" "), vector: Embedding::normalized(values.collect()) }
    }

    /// The articles whose vectors are nearest, by comparing with each.
    pub(super) fn nearest(&self, vector: &Embedding, k: usize) -> Vec<ArticleId> {
        let cosine = |number| (dot(vector.as_slice(), self.vector(number).as_slice()), number);
        let mut all: Vec<(f32, usize)> = (0..self.articles).map(cosine).collect();
        all.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        all.iter().take(k).map(|(_, number)| id(*number)).collect()
    }

    pub(super) fn id(&self, number: usize) -> ArticleId {
        id(number)
    }

    pub(super) fn title(&self, number: usize) -> String {
        self.text(number).split(' ').take(8).collect::<Vec<_>>().join(" ")
    }

    pub(super) fn text(&self, number: usize) -> String {
        let mut random = StdRng::seed_from_u64(number as u64 ^ 0xbeef);
        let words: Vec<String> = (0..WORDS).map(|_| word(&mut random)).collect();
        words.join(" ")
    }

    pub(super) fn vector(&self, number: usize) -> Embedding {
        let mut random = StdRng::seed_from_u64(number as u64 ^ 0xcafe);
        let center = &self.centers[random.random_range(0..CLUSTERS)];
        let values = center.iter().map(|value| value + 0.8 * gaussian(&mut random));
        Embedding::normalized(values.collect())
    }

    fn record(&self, number: usize) -> StoredArticle {
        let text = self.text(number);
        let language = ["en", "en", "en", "de", "fr", "es", "ru"][number % 7];
        let name = format!("Person {}", number % 20_000);
        let positive = (number % 100) as f32 / 100.0;
        let article = Article {
            id: id(number),
            revision: Revision(FIRST_MS + number as i64),
            url: url(number),
            content_hash: ContentHash::of_normalized(&text),
            title: self.title(number),
            authors: vec![format!("Author {}", number % 500)],
            published_at: published(number),
            declared_language: Some(language.into()),
            site_name: None,
            text: Text::new(text),
            source: format!("https://site{}.example/feed", number % 100),
            submission_id: number.to_string(),
            decision: Decision::New,
            syndicated_of: None,
            page: PageFields {
                image: (!number.is_multiple_of(3)).then(|| "https://example.com/1.jpg".into()),
                ..PageFields::default()
            },
            feed: FeedFields::default(),
            evidence: Evidence::default(),
        };
        let entity =
            Entity { text: name, kind: EntityKind::Person, span: Span::default(), score: 0.9 };
        StoredArticle {
            article,
            model: ModelRef::default(),
            vector: self.vector(number),
            analysis: Analysis {
                language: Some(language.into()),
                sentiment: Some(Sentiment::of([1.0 - positive, 0.0, positive])),
                entities: vec![entity],
                ..Analysis::default()
            },
            stored_at: jiff::Timestamp::UNIX_EPOCH,
        }
    }
}

fn url(number: usize) -> String {
    format!("https://site{}.example/{number}", number % 100)
}

fn id(number: usize) -> ArticleId {
    ArticleId::of(&CanonicalUrl::from_canonical(url(number)))
}

fn published(number: usize) -> Option<courant_article::PublishedAt> {
    let ms = FIRST_MS + number as i64 * APART_MS;
    jiff::Timestamp::from_millisecond(ms).ok()?.to_string().parse().ok()
}

/// A word by Zipf's law: its rank is the exponential of an even value.
fn word(random: &mut StdRng) -> String {
    let rank = (VOCABULARY as f64).powf(random.random::<f64>()) as usize;
    // Letters by the digits of a mixed rank, so that neighbours do not look alike.
    let mut rest = rank.wrapping_mul(2_654_435_761) % 8_031_810_176;
    let mut word = String::new();
    while rest > 0 && word.len() < 8 {
        word.push(char::from(b'a' + (rest % 26) as u8));
        rest /= 26;
    }
    word
}

/// Nearly normal: the sum of four even values.
fn gaussian(random: &mut StdRng) -> f32 {
    (0..4).map(|_| random.random::<f32>() - 0.5).sum::<f32>() * 1.7
}
