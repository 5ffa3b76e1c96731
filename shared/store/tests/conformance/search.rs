use courant_article::Embedding;
use courant_store::{CANDIDATES, Error, SearchHit, SearchMode, SearchQuery};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::conformance;
use crate::house::{House, id, record, revised};

conformance!(
    words_are_found_whatever_their_ending_and_case,
    articles_with_all_the_words_come_first,
    phrases_and_unwanted_words_are_respected,
    words_of_other_languages_are_found,
    a_title_counts_more_than_the_text,
    the_nearest_vectors_come_first,
    nearest_neighbours_are_the_true_ones,
    hybrid_prefers_what_both_searches_find,
    hybrid_without_a_vector_is_full_text,
    a_vector_search_needs_a_fitting_vector,
    a_vector_of_zeros_is_near_nothing,
    the_nearest_articles_have_their_cosines,
    a_hit_shows_the_article,
    a_revised_article_is_found_by_its_new_words_and_vector,
    no_query_is_an_error_of_syntax,
    limits_are_kept,
);

fn asked(text: &str, mode: SearchMode) -> SearchQuery {
    SearchQuery { text: text.into(), vector: None, mode, limit: 10 }
}

fn near(vector: [f32; 4], mode: SearchMode) -> SearchQuery {
    let vector = Some(Embedding::normalized(vector.to_vec()));
    SearchQuery { vector, ..asked("", mode) }
}

fn ids(hits: &[SearchHit]) -> Vec<courant_article::ArticleId> {
    hits.iter().map(|hit| hit.id).collect()
}

async fn texts(house: &House, query: &str) -> Vec<courant_article::ArticleId> {
    ids(&house.store.articles().search(&asked(query, SearchMode::Text)).await.unwrap())
}

const X: [f32; 4] = [1.0, 0.0, 0.0, 0.0];
const Y: [f32; 4] = [0.0, 1.0, 0.0, 0.0];

async fn words_are_found_whatever_their_ending_and_case(house: House) {
    house.put(&[record("a", "Council", "The ferries were CANCELLED on Monday.", X)]).await;
    for query in ["ferry", "Cancelling", "mondays", "council", "FERRIES cancelled"] {
        assert_eq!(texts(&house, query).await, [id("a")], "{query}");
    }
    assert_eq!(texts(&house, "train").await, []);
    assert_eq!(texts(&house, "").await, []);
}

async fn articles_with_all_the_words_come_first(house: House) {
    house
        .put(&[
            record("one", "Harbour harbour", "harbour harbour harbour", X),
            record("both", "News", "The harbour has a new bridge over a long and quiet bay.", X),
        ])
        .await;
    assert_eq!(texts(&house, "harbour bridge").await, [id("both"), id("one")]);
}

async fn phrases_and_unwanted_words_are_respected(house: House) {
    house
        .put(&[
            record("a", "A", "The prime minister spoke of rail.", X),
            record("b", "B", "A minister of prime importance spoke of roads.", X),
        ])
        .await;
    assert_eq!(texts(&house, "\"prime minister\"").await, [id("a")]);
    assert_eq!(texts(&house, "minister -rail").await, [id("b")]);
    assert_eq!(texts(&house, "minister -rail -roads").await, []);
    assert_eq!(texts(&house, "-rail").await, []);
}

async fn words_of_other_languages_are_found(house: House) {
    house
        .put(&[
            record("de", "Zürich", "Die Straßenbahn fährt wieder.", X),
            record("ru", "Москва", "Выборы прошли спокойно.", X),
            record("el", "Αθήνα", "Οι εκλογές έγιναν χθες.", X),
            record("zh", "北京", "市议会 投票 保留 旧桥", X),
        ])
        .await;
    for (query, name) in [
        ("straßenbahn", "de"),
        ("ZÜRICH", "de"),
        ("выборы", "ru"),
        ("ΜΟΣΚΒΑ москва", "ru"),
        ("εκλογές", "el"),
        ("投票", "zh"),
    ] {
        assert_eq!(texts(&house, query).await.first(), Some(&id(name)), "{query}");
    }
}

async fn a_title_counts_more_than_the_text(house: House) {
    let body = "Seven words about something else, and one";
    house
        .put(&[
            record("text", "Something entirely different", &format!("{body} earthquake"), X),
            record("title", "Earthquake shakes the coast", &format!("{body} more"), X),
        ])
        .await;
    assert_eq!(texts(&house, "earthquake").await, [id("title"), id("text")]);
}

async fn the_nearest_vectors_come_first(house: House) {
    house
        .put(&[
            record("x", "X", "x", X),
            record("between", "XY", "xy", [0.8, 0.6, 0.0, 0.0]),
            record("opposite", "-X", "-x", [-1.0, 0.0, 0.0, 0.0]),
        ])
        .await;
    let hits = house.store.articles().search(&near(X, SearchMode::Vector)).await.unwrap();
    assert_eq!(ids(&hits), [id("x"), id("between"), id("opposite")]);
    for (hit, cosine) in hits.iter().zip([1.0, 0.8, -1.0]) {
        assert!((hit.score - cosine).abs() < 1e-3, "{hit:?}");
    }
    assert_eq!((hits[1].vector_rank, hits[1].text_rank), (Some(2), None));
}

async fn nearest_neighbours_are_the_true_ones(house: House) {
    use rand::{Rng, RngExt, SeedableRng};
    let mut random = rand::rngs::StdRng::seed_from_u64(7);
    fn vector(random: &mut impl Rng) -> [f32; 4] {
        std::array::from_fn(|_| random.random::<f32>() - 0.5)
    }
    let records: Vec<_> =
        (0..1500).map(|n| record(&n.to_string(), "T", "t", vector(&mut random))).collect();
    house.put(&records).await;
    let (mut right, mut asked) = (0, 0);
    for _ in 0..20 {
        let query = near(vector(&mut random), SearchMode::Vector);
        let wanted = query.vector.clone().unwrap();
        let mut exact: Vec<_> =
            records.iter().map(|r| (r.vector.cosine(&wanted), r.article.id)).collect();
        exact.sort_by(|a, b| b.0.total_cmp(&a.0));
        let exact: Vec<_> = exact[..10].iter().map(|(_, id)| *id).collect();
        let found = ids(&house.store.articles().search(&query).await.unwrap());
        assert_eq!(found.len(), 10);
        right += found.iter().filter(|id| exact.contains(id)).count();
        asked += 10;
    }
    assert!(right * 100 >= asked * 97, "{right} of {asked}");
}

async fn hybrid_prefers_what_both_searches_find(house: House) {
    house
        .put(&[
            record("text only", "Ferry", "ferry ferry ferry", [0.0; 4]),
            record("vector only", "Ship", "ship", X),
            record("both", "Boat", "The ferry is late.", [0.9, 0.1, 0.0, 0.0]),
        ])
        .await;
    let query = SearchQuery { text: "ferry".into(), ..near(X, SearchMode::Hybrid) };
    let hits = house.store.articles().search(&query).await.unwrap();
    assert_eq!(hits[0].id, id("both"));
    assert_eq!((hits[0].text_rank, hits[0].vector_rank), (Some(2), Some(2)));
    assert!((hits[0].score - 2.0 / 62.0).abs() < 1e-6);
    assert_eq!(hits.len(), 3);
}

async fn hybrid_without_a_vector_is_full_text(house: House) {
    house.put(&[record("a", "Ferry", "ferry", X), record("b", "Ship", "ship", X)]).await;
    let hits = house.store.articles().search(&asked("ferry", SearchMode::Hybrid)).await.unwrap();
    assert_eq!(ids(&hits), [id("a")]);
    assert_eq!((hits[0].text_rank, hits[0].vector_rank), (Some(1), None));
}

async fn a_vector_search_needs_a_fitting_vector(house: House) {
    let none =
        house.store.articles().search(&asked("ferry", SearchMode::Vector)).await.unwrap_err();
    assert!(matches!(none, Error::NoVector), "{none}");
    let vector = Some(Embedding::normalized(vec![1.0; 3]));
    for mode in [SearchMode::Vector, SearchMode::Hybrid] {
        let query = SearchQuery { vector: vector.clone(), ..asked("ferry", mode) };
        let wrong = house.store.articles().search(&query).await.unwrap_err();
        assert!(matches!(wrong, Error::Dimension { expected: 4, found: 3 }), "{wrong}");
    }
}

async fn a_vector_of_zeros_is_near_nothing(house: House) {
    house.put(&[record("zero", "Zero", "zero", [0.0; 4]), record("x", "X", "x", X)]).await;
    assert_eq!(
        ids(&house.store.articles().search(&near(X, SearchMode::Vector)).await.unwrap()),
        [id("x")]
    );
    assert_eq!(
        house.store.articles().search(&near([0.0; 4], SearchMode::Vector)).await.unwrap(),
        []
    );
    assert_eq!(texts(&house, "zero").await, [id("zero")]);
    assert_eq!(house.store.articles().related(id("zero"), 10).await.unwrap(), Some(vec![]));
}

async fn a_hit_shows_the_article(house: House) {
    let text = format!("{} The ferry sank.", "Filler sentence. ".repeat(50));
    let stored = record("a", "A title", &text, X);
    house.put(std::slice::from_ref(&stored)).await;
    let hit =
        house.store.articles().search(&asked("ferries", SearchMode::Text)).await.unwrap().remove(0);
    assert_eq!((hit.url, hit.title), (stored.article.url, stored.article.title));
    assert_eq!(
        (hit.site_name, hit.published_at),
        (stored.article.site_name, stored.article.published_at)
    );
    assert_eq!(hit.language.as_deref(), Some("en"), "the detected one");
    assert_eq!(hit.syndicated_of, stored.article.syndicated_of);
    assert!(hit.snippet.contains("The ferry sank."), "{}", hit.snippet);
}

async fn the_nearest_articles_have_their_cosines(house: House) {
    let records = [("a", X), ("b", Y), ("zeros", [0.0; 4])];
    house.put(&records.map(|(name, vector)| record(name, "T", name, vector))).await;
    let query = Embedding::normalized(vec![3.0, 4.0, 0.0, 0.0]);
    let found = house.store.articles().nearest(&query, 10, None).await.unwrap();
    let found: Vec<_> = found.iter().map(|near| (near.id, near.cosine)).collect();
    let [(first, nearer), (second, farther)] = found[..] else { panic!("{found:?}") };
    assert_eq!((first, second), (id("b"), id("a")));
    assert!((nearer - 0.8).abs() < 1e-3 && (farther - 0.6).abs() < 1e-3, "{found:?}");
    assert_eq!(house.store.articles().nearest(&query, 1, None).await.unwrap().len(), 1);
    let zeros = Embedding::from_unit(vec![0.0; 4]);
    assert_eq!(house.store.articles().nearest(&zeros, 10, None).await.unwrap(), []);
    let long = Embedding::normalized(vec![1.0; 5]);
    let refused = house.store.articles().nearest(&long, 10, None).await;
    assert!(matches!(refused, Err(Error::Dimension { .. })), "{refused:?}");
}

async fn a_revised_article_is_found_by_its_new_words_and_vector(house: House) {
    let first = record("a", "Title", "ferry", X);
    house.put(std::slice::from_ref(&first)).await;
    let mut second = revised(first, 2000, "train");
    second.vector = Embedding::normalized(Y.to_vec());
    house.put(&[second]).await;
    assert_eq!(texts(&house, "ferry").await, []);
    assert_eq!(texts(&house, "train").await, [id("a")]);
    let hits = house.store.articles().search(&near(Y, SearchMode::Vector)).await.unwrap();
    assert!(hits.len() == 1 && hits[0].score > 0.99, "{hits:?}");
}

async fn no_query_is_an_error_of_syntax(house: House) {
    house.put(&[record("a", "AND", "or not near title body", X)]).await;
    let hostile = [
        "\"",
        "\"\"\"",
        "*",
        "a*",
        "AND",
        "OR OR",
        "NOT",
        "NEAR(a b)",
        "title:x",
        "{a b}: c",
        "^a",
        "-",
        "--",
        "- -a",
        "(",
        "a AND (",
        "';--",
        "a' OR '1'='1",
        "a & | !",
        "a <-> b",
        ":*",
        "\\",
        "\0",
        "\u{fffd}",
        "the a of",
        "\"the of\" -the",
        "\u{202e}",
        "'",
        "a:b:c",
        "🚆",
        "½ ²",
        "a\tb",
    ];
    for query in hostile {
        house.store.articles().search(&asked(query, SearchMode::Text)).await.unwrap();
    }
    let mut runner = TestRunner::deterministic();
    let strategy = prop_oneof![
        any::<String>(),
        "[ \"'()*:^&|!<>-]{0,20}",
        r#"([a-z]{1,3}|[-"'&|!(){}:*^]| ){0,30}"#
    ];
    for _ in 0..150 {
        let query = strategy.new_tree(&mut runner).unwrap().current();
        if let Err(error) = house.store.articles().search(&asked(&query, SearchMode::Text)).await {
            panic!("{query:?}: {error}");
        }
    }
    house
        .store
        .articles()
        .search(&asked(&"word ".repeat(100_000), SearchMode::Text))
        .await
        .unwrap();
    assert_eq!(texts(&house, "body").await, [id("a")]);
}

async fn limits_are_kept(house: House) {
    let records: Vec<_> = (0..CANDIDATES + 20)
        .map(|n| record(&n.to_string(), "Ferry", &format!("ferry {n}"), X))
        .collect();
    house.put(&records).await;
    for (limit, expected) in [(0, 0), (7, 7), (usize::MAX, CANDIDATES)] {
        for mode in [SearchMode::Text, SearchMode::Vector] {
            let query = SearchQuery { text: "ferry".into(), limit, ..near(X, mode) };
            assert_eq!(house.store.articles().search(&query).await.unwrap().len(), expected);
        }
    }
}
