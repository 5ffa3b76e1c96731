//! Bytes become messages and what they mean, or errors; what was read is written and read alike.

#![no_main]

use courant_article::{Article, Entry};
use courant_proto::v1;
use libfuzzer_sys::fuzz_target;
use prost::Message;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(message) = v1::Entry::decode(bytes)
        && let Ok(entry) = Entry::try_from(message)
    {
        let entry = entry.bounded();
        let written = v1::Entry::from(entry.clone()).encode_to_vec();
        let again = v1::Entry::decode(&*written).expect("what was written is read");
        assert_eq!(Entry::try_from(again).ok(), Some(entry));
    }
    if let Ok(message) = v1::ArticleAnalyzed::decode(bytes)
        && let Some(article) = message.article
    {
        drop(Article::try_from(article));
        drop(message.analysis.map(courant_article::Analysis::try_from));
        drop(message.embeddings.map(courant_article::Embeddings::try_from));
    }
    drop(v1::SearchRequest::decode(bytes));
    drop(v1::ListenRequest::decode(bytes));
    drop(v1::CrawlRequested::decode(bytes));
});
