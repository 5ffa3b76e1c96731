//! Articles by how well they answer.

use courant_article::Embedding;
use courant_search::{CANDIDATES, Error, Hit, MAX_RANKED, Question, Ranked, Recency, SearchMode};

use crate::archive::{Archive, asked, ids, near, query, record};
use crate::conformance;
use crate::house::{id, revised};

conformance!(
    words_are_found_whatever_their_ending_and_case,
    articles_with_more_of_the_words_come_first,
    an_article_with_some_of_the_words_is_not_counted,
    phrases_and_unwanted_words_are_respected,
    words_of_other_languages_are_found,
    a_word_counts_once_whatever_its_ending,
    words_that_all_articles_in_the_language_have_weigh_little,
    a_title_counts_more_than_the_text,
    the_nearest_vectors_come_first,
    hybrid_prefers_what_both_searches_find,
    a_common_word_does_not_outweigh_the_meaning,
    hybrid_without_a_vector_is_by_words,
    a_vector_search_needs_a_fitting_vector,
    a_vector_of_zeros_is_near_nothing,
    filters_hold_for_words_and_vectors,
    copies_are_one_hit,
    new_articles_lead_if_ages_count,
    a_hit_shows_the_article,
    a_revised_article_is_found_by_its_new_words_and_vector,
    an_article_that_the_store_lost_is_passed_over,
    lists_are_bounded,
);

const X: [f32; 4] = [1.0, 0.0, 0.0, 0.0];
const Y: [f32; 4] = [0.0, 1.0, 0.0, 0.0];

async fn first_hit(archive: &Archive, question: &Question) -> Hit {
    let list = archive.rank(question).await;
    archive.search.page(&question.query, &list, 0, 1).await.unwrap().0.remove(0)
}

async fn words_are_found_whatever_their_ending_and_case(archive: Archive) {
    archive.put(&[record("a", "Council", "The ferries were CANCELLED on Monday.", X)]).await;
    for query in ["ferry", "Cancelling", "mondays", "council", "FERRIES cancelled"] {
        assert_eq!(archive.texts(query).await, [id("a")], "{query}");
    }
    assert_eq!(archive.texts("train").await, []);
    assert_eq!(archive.texts("").await, []);
}

async fn articles_with_more_of_the_words_come_first(archive: Archive) {
    archive
        .put(&[
            record("one", "News", "The harbour is closed, says the master.", X),
            record("both", "News", "The harbour has a new bridge over a long and quiet bay.", X),
        ])
        .await;
    assert_eq!(archive.texts("harbour bridge").await, [id("both"), id("one")]);
}

async fn an_article_with_some_of_the_words_is_not_counted(archive: Archive) {
    archive
        .put(&[
            record("one", "News", "The harbour is closed.", X),
            record("both", "News", "The harbour has a bridge.", X),
        ])
        .await;
    let list = archive.rank(&asked("harbour bridge", SearchMode::Text)).await;
    let relaxed: Vec<bool> = list.articles.iter().map(|ranked| ranked.is_relaxed).collect();
    assert_eq!((list.total, relaxed), (1, vec![false, true]));
}

async fn phrases_and_unwanted_words_are_respected(archive: Archive) {
    archive
        .put(&[
            record("a", "A", "The prime minister spoke of rail.", X),
            record("b", "B", "A minister of prime importance spoke of roads.", X),
        ])
        .await;
    let strict = async |text| archive.rank(&asked(text, SearchMode::Text)).await;
    assert_eq!(ids(&strict("minister \"prime minister\"").await), [id("a")]);
    assert_eq!(ids(&strict("minister -rail").await), [id("b")]);
    assert_eq!(ids(&strict("minister -rail -roads").await), []);
    assert_eq!(strict("\"prime minister\"").await.total, 1);
    assert_eq!(strict("-rail").await.total, 1);
}

async fn words_of_other_languages_are_found(archive: Archive) {
    let texts = [
        ("de", "Zürich", "Die Straßenbahnen fahren wieder."),
        ("ru", "Москва", "Выборы прошли спокойно."),
        ("el", "Αθήνα", "Οι εκλογές έγιναν χθες."),
        ("zh", "北京", "市议会投票决定保留旧桥。"),
    ];
    let records: Vec<_> = texts
        .iter()
        .map(|(language, title, text)| {
            let mut record = record(language, title, text, X);
            record.analysis.language = Some((*language).into());
            record
        })
        .collect();
    archive.put(&records).await;
    for (query, name) in [
        ("straßenbahn", "de"),
        ("ZÜRICH", "de"),
        ("zurich", "de"),
        ("выбор", "ru"),
        ("москвы", "ru"),
        ("εκλογες", "el"),
        ("投票", "zh"),
    ] {
        assert_eq!(archive.texts(query).await.first(), Some(&id(name)), "{query}");
    }
}

async fn a_word_counts_once_whatever_its_ending(archive: Archive) {
    archive
        .put(&[
            record("as asked", "News", "The harbours.", X),
            record("another form", "News", "The bridges.", X),
        ])
        .await;
    let list = archive.rank(&asked("harbours bridge", SearchMode::Text)).await;
    let scores: Vec<_> = list.articles.iter().map(|ranked| ranked.text_score).collect();
    assert_eq!((scores.len(), scores[0]), (2, scores[1]));
}

async fn words_that_all_articles_in_the_language_have_weigh_little(archive: Archive) {
    let german = |name: &str, text: &str| {
        let mut record = record(name, "Titel", text, X);
        record.analysis.language = Some("de".into());
        record
    };
    let english = (0..60).map(|n| record(&n.to_string(), "News", &format!("story {n}"), X));
    let mut records: Vec<_> = english.collect();
    records.extend((0..5).map(|n| german(&format!("de {n}"), &format!("der die das {n}"))));
    records.push(german("named", "nach Hamburg 9"));
    archive.put(&records).await;
    assert_eq!(archive.texts("der die das Hamburg lang:de").await[0], id("named"));
}

async fn a_title_counts_more_than_the_text(archive: Archive) {
    let body = "Seven words about something else, and one";
    archive
        .put(&[
            record("text", "Something entirely different", &format!("{body} earthquake"), X),
            record("title", "Earthquake shakes the coast", &format!("{body} more"), X),
        ])
        .await;
    assert_eq!(archive.texts("earthquake").await, [id("title"), id("text")]);
}

async fn the_nearest_vectors_come_first(archive: Archive) {
    archive
        .put(&[
            record("x", "X", "x", X),
            record("between", "XY", "xy", [0.8, 0.6, 0.0, 0.0]),
            record("opposite", "-X", "-x", [-1.0, 0.0, 0.0, 0.0]),
        ])
        .await;
    let list = archive.rank(&near("", X, SearchMode::Vector)).await;
    assert_eq!(ids(&list), [id("x"), id("between"), id("opposite")]);
    for (ranked, cosine) in list.articles.iter().zip([1.0, 0.8, -1.0]) {
        assert!((ranked.score - cosine).abs() < 1e-3, "{ranked:?}");
    }
    let second = list.articles[1];
    assert_eq!((second.vector_rank, second.text_rank), (Some(2), None));
}

async fn hybrid_prefers_what_both_searches_find(archive: Archive) {
    archive
        .put(&[
            record("text only", "Ferry", "ferry ferry ferry", [0.0; 4]),
            record("vector only", "Ship", "ship", X),
            record("both", "Boat", "The ferry is late.", [0.9, 0.1, 0.0, 0.0]),
        ])
        .await;
    let list = archive.rank(&near("ferry", X, SearchMode::Hybrid)).await;
    let Ranked { text_rank, vector_rank, .. } = list.articles[0];
    assert_eq!((list.articles[0].id, text_rank, vector_rank), (id("both"), Some(2), Some(2)));
    assert_eq!((list.articles.len(), list.total), (3, 2));
}

async fn a_common_word_does_not_outweigh_the_meaning(archive: Archive) {
    let others = (0..9).map(|n| record(&n.to_string(), "News", &format!("7 reports, {n}"), Y));
    let mut records: Vec<_> = others.collect();
    records.push(record("meant", "Unglück", "Ein Boot ist gesunken.", X));
    archive.put(&records).await;
    let list = archive.rank(&near("7 ferries sank yesterday", X, SearchMode::Hybrid)).await;
    assert_eq!(list.articles[0].id, id("meant"));
    assert!(list.articles.iter().all(|ranked| ranked.cosine.is_some()), "{list:?}");
}

async fn hybrid_without_a_vector_is_by_words(archive: Archive) {
    archive.put(&[record("a", "Ferry", "ferry", X), record("b", "Ship", "ship", X)]).await;
    let list = archive.rank(&asked("ferry", SearchMode::Hybrid)).await;
    assert_eq!(ids(&list), [id("a")]);
    assert_eq!((list.articles[0].text_rank, list.articles[0].vector_rank), (Some(1), None));
}

async fn a_vector_search_needs_a_fitting_vector(archive: Archive) {
    let none = archive.search.rank(&asked("ferry", SearchMode::Vector)).await.unwrap_err();
    assert!(matches!(none, Error::NoVector), "{none}");
    let vector = Some(Embedding::normalized(vec![1.0; 3]));
    for mode in [SearchMode::Vector, SearchMode::Hybrid] {
        let question = Question { vector: vector.clone(), ..asked("ferry", mode) };
        let wrong = archive.search.rank(&question).await.unwrap_err();
        let is_dimension = matches!(
            wrong,
            Error::Store(courant_store::Error::Dimension { expected: 4, found: 3 })
        );
        assert!(is_dimension, "{wrong}");
    }
}

async fn a_vector_of_zeros_is_near_nothing(archive: Archive) {
    archive.put(&[record("zero", "Zero", "zero", [0.0; 4]), record("x", "X", "x", X)]).await;
    assert_eq!(ids(&archive.rank(&near("", X, SearchMode::Vector)).await), [id("x")]);
    assert_eq!(ids(&archive.rank(&near("", [0.0; 4], SearchMode::Vector)).await), []);
    assert_eq!(archive.texts("zero").await, [id("zero")]);
    assert_eq!(archive.search.related(id("zero"), 10).await.unwrap(), Some(vec![]));
}

async fn filters_hold_for_words_and_vectors(archive: Archive) {
    let mut german = record("de", "Fähre", "ferry ferry", X);
    german.analysis.language = Some("de".into());
    archive.put(&[german, record("en", "Ferry", "A ferry", Y)]).await;
    for mode in [SearchMode::Text, SearchMode::Vector, SearchMode::Hybrid] {
        let list = archive.rank(&near("ferry lang:en", X, mode)).await;
        assert_eq!(ids(&list), [id("en")], "{mode:?}");
        let none = archive.rank(&near("ferry lang:fr", X, mode)).await;
        assert_eq!((ids(&none), none.total), (vec![], 0), "{mode:?}");
    }
}

async fn copies_are_one_hit(archive: Archive) {
    let mut copy = record("copy", "Ferry", "The ferry is late.", X);
    copy.article.syndicated_of = Some(id("first"));
    archive
        .put(&[
            record("first", "Ferry", "The ferry is late.", X),
            copy,
            record("other", "Ferry", "Another ferry, on another day.", X),
        ])
        .await;
    let list = archive.rank(&near("ferry late", X, SearchMode::Hybrid)).await;
    let copies: Vec<u32> = list.articles.iter().map(|ranked| ranked.copies).collect();
    assert_eq!((copies, list.total), (vec![1, 0], 2));
}

async fn a_hit_shows_the_article(archive: Archive) {
    let text = format!("{} The ferry sank.", "Filler sentence. ".repeat(50));
    let mut stored = record("a", "A ferry", &text, X);
    stored.article.syndicated_of = Some(id("first"));
    archive.put(std::slice::from_ref(&stored)).await;
    let hit = first_hit(&archive, &asked("ferries", SearchMode::Text)).await;
    assert_eq!((hit.url, hit.title.text), (stored.article.url, stored.article.title));
    assert_eq!(hit.title.highlights, [(2, 7)]);
    assert_eq!(
        (hit.site_name, hit.published_at),
        (stored.article.site_name, stored.article.published_at)
    );
    assert_eq!(hit.language.as_deref(), Some("en"), "the detected one");
    assert_eq!(hit.syndicated_of, stored.article.syndicated_of);
    assert!(hit.snippet.text.contains("The ferry sank."), "{:?}", hit.snippet);
    assert_eq!(hit.snippet.highlights.len(), 1);
}

async fn a_revised_article_is_found_by_its_new_words_and_vector(archive: Archive) {
    let first = record("a", "Title", "ferry", X);
    archive.put(std::slice::from_ref(&first)).await;
    let mut second = revised(first, 2000, "train");
    second.vector = Embedding::normalized(Y.to_vec());
    archive.put(&[second]).await;
    assert_eq!(archive.texts("ferry").await, []);
    assert_eq!(archive.texts("train").await, [id("a")]);
    let list = archive.rank(&near("", Y, SearchMode::Vector)).await;
    assert!(list.articles.len() == 1 && list.articles[0].score > 0.99, "{list:?}");
}

async fn an_article_that_the_store_lost_is_passed_over(archive: Archive) {
    archive.put(&[record("a", "Ferry", "ferry", X), record("b", "Ferry", "ferry boat", X)]).await;
    let mut list = archive.rank(&asked("ferry", SearchMode::Text)).await;
    list.articles[0].id = id("lost");
    let kept = list.articles[1].id;
    let (hits, end) = archive.search.page(&query("ferry"), &list, 0, 1).await.unwrap();
    assert_eq!((hits[0].id, hits.len(), end), (kept, 1, 2));
}

async fn lists_are_bounded(archive: Archive) {
    let records: Vec<_> = (0..MAX_RANKED + 20)
        .map(|n| record(&n.to_string(), "Ferry", &format!("ferry {n}"), X))
        .collect();
    archive.put(&records).await;
    let list = archive.rank(&asked("ferry", SearchMode::Text)).await;
    assert_eq!((list.articles.len(), list.total), (MAX_RANKED, MAX_RANKED as u64 + 20));
    let list = archive.rank(&near("ferry", X, SearchMode::Vector)).await;
    assert_eq!(list.articles.len(), CANDIDATES);
}

async fn new_articles_lead_if_ages_count(archive: Archive) {
    let dated = |name: &str, text: &str, day: &str| {
        let mut record = record(name, "Ferry", text, X);
        record.article.published_at = Some(day.parse().unwrap());
        record
    };
    let (old, new) = (
        dated("old", "ferry ferry harbour", "2025-01-01"),
        dated("new", "The harbour is open to visitors again today.", "2026-11-29"),
    );
    archive.put(&[old.clone(), new.clone()]).await;
    let question = asked("ferry harbour", SearchMode::Text);
    assert_eq!(ids(&archive.rank(&question).await)[0], old.article.id);
    let now: jiff::Timestamp = "2026-11-30T00:00:00Z".parse().unwrap();
    let (now_ms, half_life_ms) = (now.as_millisecond(), 86_400_000);
    let recency = Some(Recency { now_ms, half_life_ms });
    let list = archive.rank(&Question { recency, ..question }).await;
    assert_eq!(ids(&list), [new.article.id, old.article.id]);
    assert_eq!(list.articles[0].age_weight, Some(0.75));
    assert!((list.articles[1].age_weight.unwrap() - 0.5).abs() < 1e-6);
}
