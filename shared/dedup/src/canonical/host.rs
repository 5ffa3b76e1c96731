//! The labels of a host name that say how a page is shown, not what it is.

use courant_article::registered_domain_of;

/// First labels that choose a presentation.
const PRESENTATIONS: [&str; 6] = ["www", "m", "mobil", "mobile", "touch", "amp"];

/// `host` without the labels of presentation in front of its registered domain:
/// `example.com` for `www.example.com`, `en.wikipedia.org` for
/// `en.m.wikipedia.org`.
///
/// The registered domain itself is never touched, by the whole Public Suffix
/// List: `m.com` and, since blogs are registered below `github.io`,
/// `mobile.github.io` stay as they are.
pub(super) fn canonical(host: &str) -> String {
    let registered = registered_domain_of(host);
    let Some(subdomain) = host.strip_suffix(&registered).and_then(|sub| sub.strip_suffix('.'))
    else {
        return host.to_owned();
    };
    let mut labels: Vec<&str> = subdomain.split('.').collect();
    while labels.first().is_some_and(|label| PRESENTATIONS.contains(label)) {
        labels.remove(0);
    }
    labels.retain(|label| *label != "m");
    labels.push(&registered);
    labels.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presentations_of_one_site_agree() {
        for (host, expected) in [
            ("www.example.com", "example.com"),
            ("m.example.co.uk", "example.co.uk"),
            ("mobile.example.com", "example.com"),
            ("mobil.example.de", "example.de"),
            ("touch.www.example.com", "example.com"),
            ("amp.news.example.com", "news.example.com"),
            ("www.m.example.com", "example.com"),
            ("en.m.wikipedia.org", "en.wikipedia.org"),
        ] {
            assert_eq!(canonical(host), expected, "{host}");
        }
    }

    #[test]
    fn other_sites_stay_apart() {
        for host in [
            "m.com",
            "www.com",
            "amp.dev",
            "mobile.de",
            "m.co.uk",
            "www.co.uk",
            "m.blogspot.com",
            "mobile.github.io",
            "www2.example.com",
            "media.example.com",
            "mobile-news.example.com",
            "news.mobile.example.com",
            "edition-m.example.com",
            "localhost",
            "www.",
            "127.0.0.1",
            "[::1]",
        ] {
            assert_eq!(canonical(host), host);
        }
    }
}
