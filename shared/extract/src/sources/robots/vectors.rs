//! Single rulings that follow RFC 9309 and, where it is silent, the large search engines.

use super::*;

/// Each: a path, and whether the file lets the robot fetch it.
fn check(robots: &str, agent: &str, rulings: &[(&str, bool)]) {
    let site = Url::parse("https://site.example/").unwrap();
    let robots_file = Robots::parse(robots.as_bytes(), agent);
    for (path, expected) in rulings {
        let url = site.join(path).unwrap();
        assert_eq!(robots_file.allows(&url), *expected, "{agent} {path} in\n{robots}");
    }
}

/// The same for a single `Disallow`.
fn check_pattern(pattern: &str, matching: &[&str], others: &[&str]) {
    let robots = format!("User-agent: *\nDisallow: {pattern}\n");
    let forbidden = matching.iter().map(|path| (*path, false));
    let rulings: Vec<_> = forbidden.chain(others.iter().map(|path| (*path, true))).collect();
    check(&robots, "foobot", &rulings);
}

const ALL: &str = "/x/y";

#[test]
fn lines_are_understood_in_every_spelling() {
    for robots in [
        "user-agent: FooBot\ndisallow: /\n",
        "USER-AGENT: FooBot\nDISALLOW: /\n",
        "uSeR-aGeNt: foobot\ndIsAlLoW: /\n",
        "User-agent: FooBot\nDisallow: /",
        "User-agent:FooBot\nDisallow:/\n",
        "User-agent : FooBot\nDisallow : /\n",
        "  User-agent:\tFooBot  \n\tDisallow:\t/  \n",
        "User-agent: FooBot # us\nDisallow: / # all\n",
        "User-agent: FooBot\r\nDisallow: /\r\n",
        "User-agent: FooBot\rDisallow: /\r",
        "\u{feff}User-agent: FooBot\nDisallow: /\n",
        "# first\n\n\nUser-agent: FooBot\n\n\n# between\nDisallow: /\n",
        "User-agent: FooBot\nUnknown: x\nDisallow: /\n",
        "User-agent: FooBot\nSitemap: https://s.example/s.xml\nDisallow: /\n",
        "User-agent: FooBot\nCrawl-delay: 1\nDisallow: /\n",
        "User-agent: a\nUser-agent: FooBot\nUser-agent: b\nDisallow: /\n",
        "user-agent FooBot\ndisallow /\n",
        "User-agent: FooBot/2.1\nDisallow: /\n",
        "User-agent: *\nAllow: /\n\nUser-agent: FooBot\nDisallow: /\n",
        "User-agent: FooBot\nDisallow: /\n\nUser-agent: *\nAllow: /\n",
        "User-agent: FooBot\nAllow: /a\n\nUser-agent: FooBot\nDisallow: /\n",
        "User-agent: *\nDisallow: /\n",
        "User-agent: * # all\nDisallow: /\n",
        "User-agent: otherbot\nAllow: /\n\nUser-agent: *\nDisallow: /\n",
        "User-agent: foobotnews\nAllow: /\n\nUser-agent: *\nDisallow: /\n",
        "User-agent: foo\nAllow: /\n\nUser-agent: *\nDisallow: /\n",
    ] {
        check(robots, "FooBot", &[(ALL, false)]);
        check(robots, "foobot/1.0 (+https://foobot.example)", &[(ALL, false)]);
    }
}

#[test]
fn what_is_not_for_us_forbids_nothing() {
    for robots in [
        "",
        "\n\n\n",
        "# Disallow: /\n",
        "Disallow: /\n",
        "Disallow: /\nUser-agent: FooBot\n",
        "User-agent: FooBot\nDisallow:\n",
        "User-agent: FooBot\nDisallow: # nothing\n",
        "User-agent: FooBot\nAllow: /\n",
        "User-agent: BarBot\nDisallow: /\n",
        "User-agent: FooBotNews\nDisallow: /\n",
        "User-agent: Foo\nDisallow: /\n",
        "User-agent: *\nDisallow: /\n\nUser-agent: FooBot\n",
        "User-agent: *\nDisallow: /\n\nUser-agent: FooBot\nAllow: /\n",
        "User-agent: *\nDisallow: /\n\nUser-agent: FooBot\nDisallow:\n",
        "User-agent: FooBot\nAllow: /a\n\nUser-agent: BarBot\nDisallow: /\n",
        "User-agent: FooBot\nAllow: /a\n\nUser-agent:\nDisallow: /\n",
        "User-agent: FooBot\nAllow: /a\n\nUser-agent: ???\nDisallow: /\n",
        "<!DOCTYPE html>\n<html><body>User-agent: nothing</body></html>\n",
        "\0\u{1}\u{2}\n",
    ] {
        check(robots, "FooBot", &[(ALL, true)]);
    }
}

#[test]
fn groups_begin_and_end_where_the_rfc_says() {
    let robots = "User-agent: foobot\nDisallow: /one\nUser-agent: barbot\nDisallow: /two\n\
        User-agent: foobot\nUser-agent: bazbot\nDisallow: /three\n";
    check(robots, "foobot", &[("/one", false), ("/two", true), ("/three", false)]);
    check(robots, "barbot", &[("/one", true), ("/two", false), ("/three", true)]);
    check(robots, "bazbot", &[("/one", true), ("/two", true), ("/three", false)]);
    check(robots, "qux", &[("/one", true), ("/two", true), ("/three", true)]);
    let all_and_us =
        "User-agent: *\nUser-agent: foobot\nDisallow: /a\n\nUser-agent: *\nDisallow: /b\n";
    check(all_and_us, "foobot", &[("/a", false), ("/b", true)]);
    check(all_and_us, "qux", &[("/a", false), ("/b", false)]);
}

#[test]
fn the_most_octets_decide() {
    let both = |allow: &str, disallow: &str| {
        format!("User-agent: *\nDisallow: {disallow}\nAllow: {allow}\n")
    };
    for (allow, disallow, path, expected) in [
        ("/p", "/", "/page", true),
        ("/folder", "/folder", "/folder/page", true),
        ("/page", "/*.htm", "/page.htm", false),
        ("/page", "/*.ph", "/page.php5", true),
        ("/$", "/", "/", true),
        ("/$", "/", "/page.htm", false),
        ("/x/page.html", "/x/", "/x/page.html", true),
        ("/x/page.html", "/x/", "/x/", false),
        ("/x/", "/x/page.html", "/x/page.html", false),
        ("/x/", "/x/page.html", "/x/other", true),
        ("", "/x/page.html", "/x/page.html", false),
        ("", "", "/x", true),
        ("/", "/", "/x", true),
        ("/x", "/x/", "/x", true),
        ("/x", "/x/", "/x/", false),
        ("/a/b/", "/a/", "/a/b/c", true),
        ("/a/*", "/a/b", "/a/b", true),
        ("/*/b", "/a/b", "/a/b", true),
    ] {
        check(&both(allow, disallow), "foobot", &[(path, expected)]);
    }
}

#[test]
fn patterns_begin_at_the_start_of_the_path() {
    check_pattern("/", &["/", "/x", "/x?y"], &[]);
    check_pattern(
        "/fish",
        &["/fish", "/fish.html", "/fish/salmon.html", "/fishheads", "/fish.php?id=x"],
        &["/Fish.asp", "/catfish", "/?id=fish", "/desert/fish"],
    );
    check_pattern(
        "/fish*",
        &["/fish", "/fish.html", "/fishheads/yummy.html", "/fish.php?id=x"],
        &["/Fish.asp", "/catfish", "/?id=fish"],
    );
    check_pattern(
        "/fish/",
        &["/fish/", "/fish/salmon.htm", "/fish/?id=x"],
        &["/fish", "/fish.html", "/animals/fish/"],
    );
    check_pattern(
        "/*.php",
        &[
            "/filename.php",
            "/folder/filename.php",
            "/folder/any.php.file.html",
            "/filename.php/",
            "/index?f=x.php/",
        ],
        &["/", "/windows.PHP", "/php"],
    );
    check_pattern(
        "/*.php$",
        &["/filename.php", "/folder/filename.php"],
        &["/filename.php?parameters", "/filename.php/", "/filename.php5", "/windows.PHP"],
    );
    check_pattern(
        "/fish*.php",
        &["/fish.php", "/fishheads/catfish.php?parameters"],
        &["/Fish.PHP"],
    );
    check_pattern("/a$b", &["/a$b"], &["/a"]);
    check_pattern("/*?", &["/x?y", "/?"], &["/x"]);
    check_pattern("/*$", &["/", "/x/y?z"], &[]);
    check_pattern("/a**b", &["/ab", "/axb"], &["/a"]);
    check_pattern("*/b", &["/a/b", "/b"], &["/ab"]);
    check_pattern("/a*b*c$", &["/abc", "/axbxc", "/abcbc"], &["/abcd", "/ac"]);
}

#[test]
fn octets_are_compared_after_normalizing() {
    check_pattern("/foo/bar?baz=https://foo.bar", &["/foo/bar?baz=https://foo.bar"], &["/foo/bar"]);
    check_pattern(
        "/foo/bar/ツ",
        &["/foo/bar/%E3%83%84", "/foo/bar/%e3%83%84", "/foo/bar/ツ"],
        &["/foo/bar/"],
    );
    check_pattern("/foo/bar/%E3%83%84", &["/foo/bar/%E3%83%84", "/foo/bar/ツ"], &[]);
    check_pattern("/foo/bar/%62%61%7A", &["/foo/bar/baz", "/foo/bar/%62%61%7a"], &["/foo/bar/ba"]);
    check_pattern("/path/%2A.html", &["/path/*.html", "/path/%2a.html"], &["/path/x.html"]);
    check_pattern("/path/foo-%24", &["/path/foo-$"], &["/path/foo-"]);
    check_pattern("/%7Ejoe/", &["/~joe/", "/%7ejoe/x"], &["/joe/"]);
    check_pattern("/a%3cd.html", &["/a%3Cd.html", "/a%3cd.html"], &["/acd.html"]);
    check_pattern("/a%2fb.html", &["/a%2Fb.html"], &["/a/b.html"]);
    check_pattern("/100%", &["/100%", "/100%25"], &["/100"]);
}

#[test]
fn robots_txt_itself_is_always_allowed() {
    check(
        "User-agent: *\nDisallow: /\n",
        "foobot",
        &[("/robots.txt", true), ("/robots.txt.bak", false)],
    );
}

#[test]
fn half_a_megabyte_is_read_and_no_more() {
    let filler = "#".repeat(1023) + "\n";
    let within = format!("{}User-agent: *\nDisallow: /a\n", filler.repeat(499));
    check(&within, "foobot", &[("/a", false)]);
    let beyond = format!("User-agent: *\nDisallow: /a\n{}Disallow: /b\n", filler.repeat(600));
    check(&beyond, "foobot", &[("/a", false), ("/b", true)]);
    let long = format!("User-agent: *\nDisallow: /{}\nDisallow: /c\n", "x".repeat(100_000));
    check(&long, "foobot", &[("/c", false)]);
}

#[test]
fn utf_16_is_read_where_a_mark_says_so() {
    let text = "\u{feff}User-agent: *\nDisallow: /é\n";
    for order in [u16::to_le_bytes, u16::to_be_bytes] {
        let bytes: Vec<u8> = text.encode_utf16().flat_map(order).collect();
        let robots = Robots::parse(&bytes, "foobot");
        assert!(!robots.allows(&Url::parse("https://site.example/%C3%A9").unwrap()));
    }
}
