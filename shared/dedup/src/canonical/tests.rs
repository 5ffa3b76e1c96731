use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

mod different;
mod same;

fn canonical(url: &str) -> String {
    canonicalize(url).unwrap().to_string()
}

#[test]
fn addresses_of_one_article_agree() {
    let apart: Vec<_> = same::SAME.iter().filter(|urls| forms(urls).len() > 1).collect();
    assert!(apart.is_empty(), "{apart:#?}");
}

#[test]
fn addresses_of_different_articles_stay_apart() {
    for urls in different::DIFFERENT {
        assert_eq!(forms(urls).len(), urls.len(), "{:#?}", forms(urls));
    }
}

/// The canonical forms, each with the URLs that have it.
fn forms<'a>(urls: &[&'a str]) -> BTreeMap<String, Vec<&'a str>> {
    let mut forms = BTreeMap::<String, Vec<&str>>::new();
    for url in urls {
        forms.entry(canonical(url)).or_default().push(url);
    }
    forms
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
    assert_eq!(url("https://news.paper.co.uk/news/a").as_str(), "https://news.paper.co.uk/news/a");
    assert_eq!(url("/news/a").as_str(), "https://paper.co.uk/news/a");
    for foreign in
        ["https://other.co.uk/a", "https://paper.co.uk.evil.com/a", "mailto:a@b", "https://[", "/"]
    {
        assert_eq!(url(foreign).as_str(), "https://paper.co.uk/a?x=1", "{foreign}");
    }
    let none = canonical_url("http://paper.co.uk/a#top", None).unwrap();
    assert_eq!(none.as_str(), "https://paper.co.uk/a");
}

#[test]
fn a_blog_speaks_for_no_other_blog_of_its_host() {
    for host in ["github.io", "blogspot.com", "wordpress.com", "substack.com"] {
        let own = format!("https://one.{host}/a");
        let other = canonical_url(&own, Some(&format!("https://two.{host}/a"))).unwrap();
        assert_eq!(other.as_str(), own);
        let same = canonical_url(&own, Some(&format!("https://one.{host}/b"))).unwrap();
        assert_eq!(same.as_str(), format!("https://one.{host}/b"));
    }
}

#[test]
fn a_declared_url_that_forgets_the_query_counts_only_for_a_slug() {
    let url = |fetched, declared| canonical_url(fetched, Some(declared)).unwrap().to_string();
    let script = "https://e.com/view.php?id=7";
    assert_eq!(url(script, "/view.php"), script);
    assert_eq!(url(script, "/news/7"), "https://e.com/news/7");
    let slug = "/news/mayor-opens-bridge";
    assert_eq!(url(&format!("https://e.com{slug}?x=7"), slug), format!("https://e.com{slug}"));
}

#[test]
fn the_page_behind_an_amp_cache_may_speak_for_itself() {
    let cached = "https://www-paper-com.cdn.ampproject.org/c/s/www.paper.com/amp/a-b-c";
    let declared = canonical_url(cached, Some("https://paper.com/news/a-b-c")).unwrap();
    assert_eq!(declared.as_str(), "https://paper.com/news/a-b-c");
}

#[test]
fn what_wraps_itself_without_end_is_refused() {
    let nested = format!("https://google.com/{}a.example/b", "amp/s/google.com/".repeat(100));
    assert_eq!(canonicalize(&nested), Err(InvalidUrl::Nested));
}

/// Addresses that touch every rule at once.
fn url_like() -> impl Strategy<Value = String> {
    let part = "([a-zA-Z0-9./;=&?#!%+:@é ~*_'|\\[\\](){}-]|%[0-9a-fA-F]{2}|;jsessionid=|utm_|&sid=|%2e\\
                |/amp|\\.amp|/index\\.html|amp;|\\?amp|/s/a\\.com|m=1|rss){0,40}";
    let host = "(www\\.|m\\.|amp\\.|google\\.com/amp/s/|x\\.cdn\\.ampproject\\.org/c/){0,3}\\
                [a-zA-Z0-9é.-]{1,12}(\\.com)?\\.?(:[0-9]{1,4})?";
    ("(https?|HTTP)://", host, part)
        .prop_map(|(scheme, host, rest)| format!("{scheme}{host}/{rest}"))
}

proptest! {
    #[test]
    fn canonical_form_is_idempotent(url in url_like()) {
        if let Ok(once) = canonicalize(&url) {
            prop_assert!(once.as_str().len() <= MAX_URL_BYTES);
            prop_assert_eq!(canonicalize(once.as_str()), Ok(once));
        }
    }

    #[test]
    fn any_text_is_canonical_or_refused(text in "\\PC*") {
        let _ = canonicalize(&text).map(|url| courant_article::registered_domain(&url));
    }
}
