//! Links of others that count a click and lead on: the address that they name is the article's.

use url::Url;

use super::amp::is_google;

/// The host, the start of the path, and the parameters that may hold the address.
const WRAPPERS: [(&str, &str, &[&str]); 24] = [
    ("away.vk.com", "/", &["to"]),
    ("bing.com", "/news/apiclick.aspx", &["url"]),
    ("duckduckgo.com", "/l/", &["uddg"]),
    ("exit.sc", "/", &["url"]),
    ("facebook.com", "/flx/warn/", &["u"]),
    ("facebook.com", "/l.php", &["u"]),
    ("getpocket.com", "/redirect", &["url"]),
    ("go.redirectingat.com", "/", &["url"]),
    ("go.skimresources.com", "/", &["url"]),
    ("l.facebook.com", "/", &["u"]),
    ("l.instagram.com", "/", &["u"]),
    ("l.messenger.com", "/", &["u"]),
    ("l.threads.net", "/", &["u"]),
    ("link.zhihu.com", "/", &["target"]),
    ("linkedin.com", "/redir/", &["url"]),
    ("linkedin.com", "/safety/go", &["url"]),
    ("lm.facebook.com", "/", &["u"]),
    ("out.reddit.com", "/", &["url"]),
    ("safelinks.protection.outlook.com", "/", &["url"]),
    ("slack-redir.net", "/link", &["url"]),
    ("steamcommunity.com", "/linkfilter", &["u", "url"]),
    ("t.umblr.com", "/redirect", &["z"]),
    ("vk.com", "/away.php", &["to"]),
    ("youtube.com", "/redirect", &["q"]),
];

/// The address that a wrapper names, decoded once; `None` where `url` is no wrapper, or names
/// none.
pub(super) fn origin(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    let names: &[&str] = if is_google(host) {
        (url.path() == "/url").then_some(&["url", "q"][..])?
    } else {
        let is_meant = |(of, path, _): &&(&str, &str, &[&str])| {
            is_at(host, of) && url.path().starts_with(path)
        };
        WRAPPERS.iter().find(is_meant)?.2
    };
    let named = |name: &&str| url.query_pairs().find(|(found, _)| found == name);
    let value = names.iter().find_map(named)?.1.trim().to_owned();
    Url::parse(&value).is_ok_and(|url| matches!(url.scheme(), "http" | "https")).then_some(value)
}

/// The host itself, or a host below that of mails.
fn is_at(host: &str, of: &str) -> bool {
    let host = host.strip_prefix("www.").unwrap_or(host);
    let host = host.strip_prefix("m.").unwrap_or(host);
    host == of || (of == "safelinks.protection.outlook.com" && host.ends_with(&format!(".{of}")))
}

#[cfg(test)]
mod tests {
    use crate::canonicalize;

    #[test]
    fn a_wrapper_names_the_article() {
        let article = canonicalize("https://www.a.example/2024/story?id=3").unwrap();
        let target = "https%3A%2F%2Fwww.a.example%2F2024%2Fstory%3Fid%3D3";
        for wrapper in [
            "https://www.google.com/url?rct=j&sa=t&url=TARGET&ct=ga&usg=Y",
            "https://www.google.co.uk/url?q=TARGET&sa=D",
            "https://l.facebook.com/l.php?u=TARGET&h=AT0",
            "http://www.facebook.com/l.php?u=TARGET",
            "https://t.umblr.com/redirect?z=TARGET&t=abc",
            "https://www.youtube.com/redirect?event=x&q=TARGET",
            "https://out.reddit.com/t3_x?url=TARGET&token=y",
            "https://eur01.safelinks.protection.outlook.com/?url=TARGET&data=05",
            "https://vk.com/away.php?to=TARGET&cc_key=",
        ] {
            let wrapped = wrapper.replace("TARGET", target);
            assert_eq!(canonicalize(&wrapped).unwrap(), article, "{wrapped}");
        }
        let raw =
            "https://www.google.com/url?sa=t&url=https://www.a.example/2024/story%3Fid%3D3&ct=ga";
        assert_eq!(canonicalize(raw).unwrap(), article);
    }

    #[test]
    fn a_page_that_wraps_nothing_is_itself() {
        for page in [
            "https://google.com/url?q=javascript:x",
            "https://google.com/url?q=",
            "https://google.com/search?q=https://a.example/1",
            "https://a.example/url?url=https://b.example/1",
            "https://youtube.com/watch?q=https://b.example/1",
            "https://notfacebook.com/l.php?u=https://b.example/1",
        ] {
            let canonical = canonicalize(page).unwrap();
            assert!(canonical.as_str().starts_with(&page[..20]), "{page}: {canonical:?}");
        }
    }
}
