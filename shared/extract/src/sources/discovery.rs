//! The usual places of a site's feeds and sitemaps, for a site that names none.

use url::Url;

/// Paths of feeds, the most common first.
const FEEDS: [&str; 12] = [
    "/feed/",
    "/rss",
    "/rss.xml",
    "/feed.xml",
    "/atom.xml",
    "/index.xml",
    "/feed.json",
    "/rss/index.xml",
    "/feeds/all.atom.xml",
    "/feeds/posts/default",
    "/arc/outboundfeeds/rss/?outputType=xml",
    "/index.rdf",
];
/// Paths of sitemaps, those of news first: they hold two days, the others hold everything.
const SITEMAPS: [&str; 10] = [
    "/news-sitemap.xml",
    "/sitemap-news.xml",
    "/sitemap_news.xml",
    "/googlenews.xml",
    "/arc/outboundfeeds/news-sitemap/?outputType=xml",
    "/sitemap.xml",
    "/sitemap_index.xml",
    "/sitemap-index.xml",
    "/wp-sitemap.xml",
    "/sitemap.xml.gz",
];

/// Returns the places to try for a page that announces no feed, the likeliest first. They are below
/// the page's own folder, then at the site's root.
pub fn feed_candidates(page: &Url) -> Vec<Url> {
    let section = page.path().trim_end_matches('/');
    let is_section = !section.is_empty() && !section.contains('.');
    let below = is_section.then(|| [format!("{section}/feed/"), format!("{section}/rss")]);
    let below = below.into_iter().flatten();
    candidates(page, below.chain(FEEDS.map(str::to_owned)))
}

/// Returns the places to try if neither robots.txt nor the home page names a sitemap, the likeliest
/// first.
pub fn sitemap_candidates(site: &Url) -> Vec<Url> {
    candidates(site, SITEMAPS.map(str::to_owned).into_iter())
}

fn candidates(site: &Url, paths: impl Iterator<Item = String>) -> Vec<Url> {
    paths.filter_map(|path| site.join(&path).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_tried_before_the_site() {
        let page = "https://a.example/sport?x=1#y".parse().unwrap();
        let feeds = feed_candidates(&page);
        assert_eq!(feeds[0].as_str(), "https://a.example/sport/feed/");
        assert_eq!(feeds[2].as_str(), "https://a.example/feed/");
        assert_eq!(feed_candidates(&"https://a.example/".parse().unwrap()).len(), FEEDS.len());
    }

    #[test]
    fn sitemaps_of_news_are_tried_first() {
        let site = "https://a.example/x/y.html".parse().unwrap();
        assert_eq!(sitemap_candidates(&site)[0].as_str(), "https://a.example/news-sitemap.xml");
    }
}
