//! Words that set articles apart, and what somebody may be typing.

use courant_article::{Entity, EntityKind, Span};
use courant_search::SuggestionKind;
use courant_store::StoredArticle;

use crate::archive::{Archive, query, record};
use crate::conformance;

conformance!(
    words_that_are_frequent_in_the_articles_set_them_apart,
    what_is_typed_is_completed_by_the_most_frequent,
);

const X: [f32; 4] = [1.0, 0.0, 0.0, 0.0];

/// One of twenty articles, whose first five are about a ferry.
fn numbered(n: usize) -> StoredArticle {
    let (title, text) = if n < 5 {
        ("Ferry late", "The Ferry was late at the Harbour because of fog, the harbour master said.")
    } else {
        ("Council votes", "The council voted on the budget for 2027, the mayor said.")
    };
    let mut record = record(&n.to_string(), &format!("{title} {n}"), text, X);
    record.article.url = format!("https://www.harbour-courier.example/{n}");
    let name = |text: &str, kind| Entity {
        text: text.to_owned(),
        kind,
        span: Span::default(),
        score: 1.0,
    };
    let rare = if n == 7 { "Adam Smith" } else { "Ada Lovelace" };
    record.analysis.entities =
        vec![name(rare, EntityKind::Person), name("Adriatic Sea", EntityKind::Location)];
    record
}

async fn words_that_are_frequent_in_the_articles_set_them_apart(archive: Archive) {
    archive.put(&(0..20).map(numbered).collect::<Vec<_>>()).await;
    let found = archive.search.outstanding_words(&query("ferry"), 10).await.unwrap();
    assert_eq!((found.total, found.sample), (5, 5));
    let words: Vec<&str> = found.words.iter().map(|word| word.word.as_str()).collect();
    assert!(words.contains(&"Harbour") && words.contains(&"fog"), "{words:?}");
    let common = ["The", "the", "said", "Ferry", "ferry", "2027"];
    assert!(common.iter().all(|word| !words.contains(word)), "{words:?}");
    let fog = found.words.iter().find(|word| word.word == "fog").unwrap();
    assert_eq!((fog.articles, fog.of_archive, fog.lift), (5, 5, 4.0));
    let two = archive.search.outstanding_words(&query("ferry"), 2).await.unwrap();
    assert_eq!(two.words, found.words[..2]);
    let none = archive.search.outstanding_words(&query("zeppelin"), 10).await.unwrap();
    assert_eq!((none.total, none.words.len()), (0, 0));
}

async fn what_is_typed_is_completed_by_the_most_frequent(archive: Archive) {
    archive.put(&(0..20).map(numbered).collect::<Vec<_>>()).await;
    let typed = async |text: &str| {
        let found = archive.search.suggest(text, 10).await.unwrap();
        let told = |s: courant_search::Suggestion| (s.kind.as_str(), s.value, s.articles);
        found.into_iter().map(told).collect::<Vec<_>>()
    };
    let names = typed("ad").await;
    assert_eq!(names[0], ("place", "Adriatic Sea".to_owned(), 20));
    assert_eq!(names[1], ("person", "Ada Lovelace".to_owned(), 19));
    assert_eq!(names[2], ("person", "Adam Smith".to_owned(), 1));
    assert_eq!(typed("ada lo").await, [("person", "Ada Lovelace".to_owned(), 19)]);
    assert_eq!(typed("harb").await, [("site", "harbour-courier.example".to_owned(), 20)]);
    assert_eq!(typed("Counc").await, [("word", "council".to_owned(), 15)]);
    assert!(typed("").await.is_empty() && typed("zzz").await.is_empty());
    let one = archive.search.suggest("ad", 1).await.unwrap();
    assert_eq!((one.len(), one[0].kind), (1, SuggestionKind::Place));
}
