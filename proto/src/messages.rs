//! The messages of an article's way, as each stage builds them: what the next stage
//! reads, and nothing else.

use courant_article::{Analysis, Article, Embeddings};

use crate::v1;

impl v1::ArticleAccepted {
    /// The message of an article that the gateway lets in.
    pub fn of(article: Article) -> Self {
        Self { article: Some(article.into()) }
    }
}

impl v1::ArticleEmbedded {
    /// The message of an article with its vectors and names.
    pub fn of(article: Article, embeddings: Embeddings) -> Self {
        Self { article: Some(article.into()), embeddings: Some(embeddings.into()) }
    }
}

impl v1::ArticleAnalyzed {
    /// The message of an article with its analysis. It takes the model and the article's
    /// vector from `embeddings`: names travel once, in the analysis.
    pub fn of(article: Article, embeddings: Embeddings, analysis: Analysis) -> Self {
        let vector = v1::Embeddings {
            model: Some(embeddings.model.into()),
            vector: embeddings.vector.as_slice().to_vec(),
            ..v1::Embeddings::default()
        };
        Self {
            article: Some(article.into()),
            embeddings: Some(vector),
            analysis: Some(analysis.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use courant_article::{
        ArticleId, ContentHash, Decision, Embedding, Evidence, FeedFields, ModelRef, Origin,
        PageFields, Revision, Sentence, Span, Text,
    };

    use super::*;

    fn article() -> Article {
        Article {
            id: ArticleId::from_bytes([1; 16]),
            revision: Revision(1),
            url: "https://a.example/1".into(),
            content_hash: ContentHash::from_bytes([2; 16]),
            title: "A".into(),
            authors: Vec::new(),
            published_at: None,
            declared_language: None,
            site_name: None,
            text: Text::new("Text.".into()),
            source: "test".into(),
            submission_id: "s".into(),
            decision: Decision::New,
            syndicated_of: None,
            page: PageFields { section: Some("Local".into()), ..PageFields::default() },
            feed: FeedFields { title: Some("B".into()), ..FeedFields::default() },
            evidence: Evidence { title: Some(Origin::Listed), ..Evidence::default() },
        }
    }

    #[test]
    fn an_analyzed_article_has_its_vector_and_no_sentences_or_names_of_the_embedder() {
        let embeddings = Embeddings {
            model: ModelRef { name: "encoder".into(), ..ModelRef::default() },
            vector: Embedding::from_unit(vec![0.6, 0.8]),
            sentences: vec![Sentence { span: Span::default(), vector: Vec::new() }],
            sentences_left_out: 3,
            entities: Err("none".into()),
        };
        let sent = v1::ArticleAnalyzed::of(article(), embeddings, Analysis::default());
        let alone = v1::Embeddings {
            model: Some(v1::Model { name: "encoder".into(), ..v1::Model::default() }),
            vector: vec![0.6, 0.8],
            ..v1::Embeddings::default()
        };
        assert_eq!(sent.embeddings, Some(alone));
        assert_eq!(Article::try_from(sent.article.unwrap()).unwrap(), article());
    }
}
