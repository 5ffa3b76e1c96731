use proptest::prelude::*;

use super::*;

fn allows(robots: &str, path: &str) -> bool {
    allows_to(robots, "courant", path)
}

fn allows_to(robots: &str, agent: &str, path: &str) -> bool {
    let url = Url::parse("https://site.example").unwrap().join(path).unwrap();
    Robots::parse(robots.as_bytes(), agent).allows(&url)
}

#[test]
fn an_empty_file_and_an_empty_rule_allow_everything() {
    assert!(allows("", "/a"));
    assert!(allows("User-agent: *\nDisallow:", "/a"));
    assert!(allows("Disallow: /", "/a"), "a rule outside any group says nothing");
    assert!(allows("<html><body>not found</body></html>", "/a"));
}

#[test]
fn the_group_that_names_us_counts_alone() {
    let robots = "User-agent: *\nDisallow: /\n\nUser-agent: Courant\nDisallow: /private\n";
    assert!(allows(robots, "/news"));
    assert!(!allows(robots, "/private/x"));
    assert!(!allows_to(robots, "otherbot", "/news"));
    assert!(allows_to(robots, "Courant/0.1 (+https://courant.example)", "/news"));
}

#[test]
fn groups_that_name_us_count_together() {
    let robots = "user-agent: courant\ndisallow: /a\n\nuser-agent: x\ndisallow: /b\n\nUSER-AGENT: courant/2\nDISALLOW: /c";
    assert!(!allows(robots, "/a"));
    assert!(allows(robots, "/b"));
    assert!(!allows(robots, "/c"));
}

#[test]
fn several_names_share_a_group_whatever_stands_between_them() {
    let robots = "User-agent: courant\nSitemap: https://s.example/s.xml\nCrawl-delay: 2\nUser-agent: x\nDisallow: /a";
    assert!(!allows(robots, "/a"));
    assert!(!allows_to(robots, "x", "/a"));
    let parsed = Robots::parse(robots.as_bytes(), "courant");
    assert_eq!(parsed.crawl_delay(), Some(Duration::from_secs(2)));
    assert_eq!(parsed.sitemaps(), ["https://s.example/s.xml"]);
    assert_eq!(Robots::parse(robots.as_bytes(), "x").crawl_delay(), None);
}

#[test]
fn a_name_that_is_not_understood_ends_the_group() {
    let robots = "User-agent: courant\nAllow: /a\nUser-agent:\nDisallow: /";
    assert!(allows(robots, "/b"));
}

#[test]
fn the_longest_rule_decides_and_allow_wins_a_tie() {
    let robots =
        "User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /a/b/c\nAllow: /t\nDisallow: /t";
    assert!(!allows(robots, "/a/x"));
    assert!(allows(robots, "/a/b/x"));
    assert!(!allows(robots, "/a/b/c"));
    assert!(allows(robots, "/t"));
    assert!(allows(robots, "/A"), "paths have their case");
}

#[test]
fn the_example_of_rfc_9309_holds() {
    let robots = "User-Agent: *\nDisallow: *.gif$\nDisallow: /example/\nAllow: /publications/\n\n\
        User-Agent: foobot\nDisallow:/\nAllow:/example/page.html\nAllow:/example/allowed.gif\n\n\
        User-Agent: barbot\nUser-Agent: bazbot\nDisallow: /example/page.html\n\nUser-Agent: quxbot\n";
    for (agent, path, expected) in [
        ("foobot", "/example/page.html", true),
        ("foobot", "/example/allowed.gif", true),
        ("foobot", "/publications/", false),
        ("barbot", "/example/page.html", false),
        ("bazbot", "/example/page.html", false),
        ("barbot", "/example/other.gif", true),
        ("quxbot", "/example/page.html", true),
        ("other", "/x/picture.gif", false),
        ("other", "/x/picture.gif?size=1", true),
        ("other", "/example/", false),
        ("other", "/publications/x", true),
    ] {
        assert_eq!(allows_to(robots, agent, path), expected, "{agent} {path}");
    }
}

#[test]
fn wildcards_and_anchors_follow_the_rfc() {
    for (pattern, path, matches) in [
        ("/fish", "/fish.html", true),
        ("/fish*", "/fishheads/yummy.html", true),
        ("/fish/", "/fish", false),
        ("/*.php", "/folder/file.php?x=1", true),
        ("/*.php$", "/file.php", true),
        ("/*.php$", "/file.php/", false),
        ("/*.php$", "/file.php.php", true),
        ("/fish*.php", "/fishheads/catfish.php?x", true),
        ("/$", "/", true),
        ("/$", "/a", false),
        ("/*/b*/c$", "/x/b1/b2/c", true),
        ("*", "/anything", true),
        ("/a?x=1", "/a?x=1&y=2", true),
        ("fish", "/fish", true),
    ] {
        assert_eq!(
            !allows(&format!("User-agent: *\nDisallow: {pattern}"), path),
            matches,
            "{pattern} {path}"
        );
    }
}

#[test]
fn percent_encoding_is_compared_in_one_form() {
    for (pattern, path) in [
        ("/foo/bar?baz=quz", "/foo/bar?baz=quz"),
        ("/foo/bar/ツ", "/foo/bar/%E3%83%84"),
        ("/foo/bar/%e3%83%84", "/foo/bar/ツ"),
        ("/foo/bar/%62%61%7A", "/foo/bar/baz"),
        ("/path/file-with-a-%2A.html", "/path/file-with-a-*.html"),
        ("/path/foo-%24", "/path/foo-$"),
        ("/a%2Fb", "/a%2fb"),
    ] {
        assert!(!allows(&format!("User-agent: *\nDisallow: {pattern}"), path), "{pattern} {path}");
    }
    assert!(allows("User-agent: *\nDisallow: /a%2Fb", "/a/b"));
}

#[test]
fn comments_line_ends_and_common_typos_are_understood() {
    let robots = "\u{feff}# hi\rUser agent : *  # all\rDissallow: /a # not this\rDisallow /b\r\nunknown: /c\n";
    assert!(!allows(robots, "/a"));
    assert!(!allows(robots, "/b"));
    assert!(allows(robots, "/c"));
    assert!(allows("User-agent: *\nDisallow: /", "/robots.txt"));
}

#[test]
fn delays_are_read_within_reason() {
    let delay = |value: &str| {
        Robots::parse(format!("User-agent: *\nCrawl-delay: {value}").as_bytes(), "x").crawl_delay()
    };
    assert_eq!(delay("0.5"), Some(Duration::from_millis(500)));
    assert_eq!(delay("1e300"), Some(Duration::from_secs(86_400)));
    for wrong in ["-1", "NaN", "soon", ""] {
        assert_eq!(delay(wrong), None, "{wrong}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), path in "[a-z/%*$]{0,20}") {
        let url = Url::parse("https://site.example/").unwrap().join(&path);
        let robots = Robots::parse(&bytes, "courant");
        let _ = url.map(|url| robots.allows(&url));
    }

    #[test]
    fn a_disallowed_prefix_covers_what_is_below(
        prefix in "/[a-z]{0,5}(\\*[a-z]{1,5})?", between in "[a-z/]{0,5}", rest in "[a-z/]{0,10}"
    ) {
        let robots = format!("User-agent: *\nDisallow: {prefix}");
        let url = format!("https://site.example/{}{rest}", prefix[1..].replace('*', &between));
        prop_assert!(!allows(&robots, &url), "{url}");
    }
}
