//! The questions that a search asks a query.

use super::{now, query};
use crate::{Condition, Query};

#[test]
fn the_text_is_the_wanted_words_and_phrases_alone() {
    let text = query("storm (flood OR \"red sea\") -rain title:wind lang:en -(a b)").text();
    assert_eq!(text, "storm flood red sea");
    assert_eq!(query("lang:en -x").text(), "");
}

#[test]
fn bare_words_at_the_top_level_are_loose() {
    let parsed = query("storm \"red sea\" (a OR b) -c title:d Paris lang:en");
    assert_eq!(parsed.loose_words(), ["storm", "Paris"]);
    assert_eq!(parsed.without_loose_words(), query("\"red sea\" (a OR b) -c title:d lang:en"));
    assert_eq!(query("a OR b").loose_words(), [""; 0]);
    assert_eq!(query("a OR b").without_loose_words(), query("a OR b"));
    assert_eq!(query("storm").without_loose_words(), Query::everything());
}

#[test]
fn the_language_is_told_if_it_is_one_alone() {
    assert_eq!(query("storm lang:en").language(), Some("en"));
    assert_eq!(query("lang:en").language(), Some("en"));
    for text in ["storm", "lang:en,de", "lang:en lang:de", "-lang:en", "a OR lang:en"] {
        assert_eq!(query(text).language(), None, "{text}");
    }
}

#[test]
fn filters_join_a_query_text() {
    let filter = Query::filter("lang", "en,de", now()).unwrap();
    let joined = query("storm OR flood").and(filter).and(Query::of(Condition::HasImage));
    assert_eq!(joined, query("(storm OR flood) lang:en,de has:image"));
    assert_eq!(Query::everything().and(query("a b")), query("a b"));
    assert_eq!(query("a").and(Query::default()), query("a"));
}

#[test]
fn a_plain_text_has_no_syntax() {
    let text = "Who said \"no\" to lang:en (or -x) OR y?";
    let words = Query::words(text);
    let written: Vec<&str> = text.split(' ').collect();
    assert_eq!((words.loose_words(), words.text().as_str()), (written, text));
    assert_eq!(Query::words("storm flood"), query("storm flood"));
    assert_eq!((Query::words("storm"), Query::words(" ")), (query("storm"), Query::everything()));
}
