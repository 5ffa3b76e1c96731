use proptest::prelude::*;

use super::*;

fn canonical(url: &str) -> String {
    canonicalize(url).unwrap().to_string()
}

#[test]
fn spellings_of_one_address_agree() {
    let expected = "https://example.com/news/a?id=7";
    for spelling in [
        "https://example.com/news/a?id=7",
        "http://example.com/news/a?id=7",
        "HTTP://EXAMPLE.com:80/news/a?id=7#comments",
        "https://example.com.:443/news/./b/../a?id=7&",
        "https://user:secret@example.com/news/%61?id=7&utm_source=x&UTM_Medium=y",
        " https://example.com/news/a?fbclid=abc&id=7&gclid=1 ",
        "https://example.com/news/a;jsessionid=0123456789ABCDEF0123?id=7",
        "https://example.com/news/a?%75tm_campaign=x&id=7",
    ] {
        assert_eq!(canonical(spelling), expected, "{spelling}");
    }
}

#[test]
fn what_may_be_another_article_stays_apart() {
    let urls = [
        "https://example.com/a",
        "https://example.com/a/",
        "https://example.com/A",
        "https://example.com//a",
        "https://www.example.com/a",
        "https://example.com:8443/a",
        "http://example.com:8080/a",
        "https://example.com/a?id=1",
        "https://example.com/a?id=2",
        "https://example.com/a?page=2",
        "https://example.com/a?ref=1234",
        "https://example.com/a?sid=1234",
        "https://example.com/a?story=1&story=2",
        "https://example.com/a?story=2&story=1",
        "https://example.com/a?x%26y=1",
        "https://example.com/a?x&y=1",
        "https://example.com/a#!/story/1",
        "https://example.com/a#/story/2",
        "https://example.com/a%2Fb",
        "https://example.com/a/b",
    ];
    let forms: std::collections::BTreeSet<_> = urls.iter().map(|url| canonical(url)).collect();
    assert_eq!(forms.len(), urls.len(), "{forms:#?}");
}

#[test]
fn parameters_are_sorted_unless_their_place_means_something() {
    assert_eq!(canonical("https://e.com/?b=2&a=1"), "https://e.com/?a=1&b=2");
    assert_eq!(canonical("https://e.com/?zeta&alpha"), "https://e.com/?zeta&alpha");
}

#[test]
fn international_hosts_are_written_in_ascii() {
    assert_eq!(canonical("https://Bücher.example/ä b"), "https://xn--bcher-kva.example/%C3%A4%20b");
    assert_eq!(canonical("https://e.com/%c3%a4%7E"), "https://e.com/%C3%A4~");
}

#[test]
fn other_schemes_and_texts_are_refused() {
    assert!(matches!(canonicalize("ftp://example.com/"), Err(InvalidUrl::Scheme(_))));
    assert!(matches!(canonicalize("javascript:alert(1)"), Err(InvalidUrl::Scheme(_))));
    assert!(matches!(canonicalize("/news/a"), Err(InvalidUrl::Syntax(_))));
    assert!(matches!(canonicalize("https://"), Err(InvalidUrl::Syntax(_))));
    assert_eq!(canonicalize("https://./a"), Err(InvalidUrl::NoHost));
    let long = format!("https://example.com/{}", "a".repeat(MAX_URL_BYTES));
    assert!(matches!(canonicalize(&long), Err(InvalidUrl::TooLong(_))));
}

#[test]
fn a_declared_url_counts_within_the_registered_domain() {
    let url = |declared| canonical_url("http://m.paper.co.uk/a?x=1", Some(declared)).unwrap();
    assert_eq!(url("https://www.paper.co.uk/news/a").as_str(), "https://www.paper.co.uk/news/a");
    assert_eq!(url("/news/a").as_str(), "https://m.paper.co.uk/news/a");
    for foreign in
        ["https://other.co.uk/a", "https://paper.co.uk.evil.com/a", "mailto:a@b", "https://[", "/"]
    {
        assert_eq!(url(foreign).as_str(), "https://m.paper.co.uk/a?x=1", "{foreign}");
    }
    let none = canonical_url("http://paper.co.uk/a#top", None).unwrap();
    assert_eq!(none.as_str(), "https://paper.co.uk/a");
}

/// Addresses that touch every rule at once.
fn url_like() -> impl Strategy<Value = String> {
    let part = "([a-zA-Z0-9./;=&?#!%+:@é ~*_-]|%[0-9a-fA-F]{2}|;jsessionid=|utm_|&sid=|%2e){0,40}";
    ("(https?|HTTP)://", "[a-zA-Z0-9é.-]{1,12}(\\.com)?\\.?(:[0-9]{1,4})?", part)
        .prop_map(|(scheme, host, rest)| format!("{scheme}{host}/{rest}"))
}

proptest! {
    #[test]
    fn canonical_form_is_idempotent(url in url_like()) {
        if let Ok(once) = canonicalize(&url) {
            prop_assert_eq!(canonicalize(once.as_str()), Ok(once));
        }
    }

    #[test]
    fn any_text_is_canonical_or_refused(text in "\\PC*") {
        let _ = canonicalize(&text).map(|url| registered(&url));
    }
}

fn registered(url: &CanonicalUrl) -> String {
    domain::registered_domain(url)
}
