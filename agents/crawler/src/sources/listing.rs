//! Reads feeds, sitemaps and lists into pages to be queued.

use courant_article::{FeedFields, PublishedAt};
use courant_extract::sources::{self, FeedEntry, SitemapPage};
use courant_sources::{PublisherLimits, Quiet};
use url::Url;

use crate::error::Fruitless;
use crate::page::{Hint, Lane, Named};

/// Returns the pages that a feed of at most `limit` bytes names, and the times at which its
/// publisher asks not to be requested. Entries without a link name no page.
pub(crate) fn feed(
    bytes: &[u8],
    content_type: Option<&str>,
    base: Option<&Url>,
    limit: usize,
) -> Result<(Vec<Named>, PublisherLimits), Fruitless> {
    let feed = sources::feed_within(bytes, content_type, base, limit)
        .map_err(|error| Fruitless::broken("feed", &error))?;
    let quiet = Quiet::new(&feed.skip_hours, &feed.skip_days);
    let limits = PublisherLimits { wait: feed.ttl.unwrap_or_default(), quiet };
    let language = feed.language;
    let named = feed.entries.into_iter().filter_map(|entry| of_feed(entry, language.clone()));
    Ok((named.collect(), limits))
}

fn of_feed(entry: FeedEntry, language: Option<String>) -> Option<Named> {
    let url = Url::parse(entry.url.as_deref()?).ok()?;
    let changed = entry.updated_at.as_ref().or(entry.published_at.as_ref());
    let changed_at_ms = changed.map(unix_ms);
    let title = entry.headline();
    let feed = FeedFields {
        title: title.clone(),
        summary: entry.summary_text(),
        authors: entry.authors,
        categories: entry.categories,
        published_at: entry.published_at.clone(),
    };
    let feed = feed.bounded();
    let hint = Hint {
        title,
        published_at: entry.published_at,
        language,
        authors_are_inherited: entry.authors_are_inherited,
        changed_at_ms,
        feed,
    };
    Some(Named { url, hint, lane: Lane::News })
}

/// Returns the pages of a sitemap, and the sitemaps that an index names.
pub(crate) fn sitemap(bytes: &[u8]) -> Result<(Vec<Named>, Vec<Url>), Fruitless> {
    let found = sources::sitemap(bytes).map_err(|error| Fruitless::broken("sitemap", &error))?;
    let pages = found.pages.into_iter().map(of_sitemap).collect();
    Ok((pages, found.sitemaps.into_iter().map(|sitemap| sitemap.url).collect()))
}

fn of_sitemap(page: SitemapPage) -> Named {
    let changed = page.last_modified.as_ref().or(page.news_published.as_ref());
    let changed_at_ms = changed.map(unix_ms);
    let is_news = page.news_title.is_some() || page.news_published.is_some();
    let hint = Hint {
        title: page.news_title,
        published_at: page.news_published,
        language: page.news_language,
        changed_at_ms,
        ..Hint::default()
    };
    Named { url: page.url, hint, lane: if is_news { Lane::News } else { Lane::Rest } }
}

/// Returns the feeds that an OPML file names.
pub(crate) fn opml(bytes: &[u8]) -> Result<Vec<Url>, Fruitless> {
    let feeds = sources::opml(bytes).map_err(|error| Fruitless::broken("OPML file", &error))?;
    Ok(feeds.iter().filter_map(|feed| Url::parse(feed).ok()).collect())
}

/// Returns the pages of a list that has one URL per line.
pub(crate) fn url_list(bytes: &[u8]) -> Result<Vec<Named>, Fruitless> {
    let urls = sources::url_list(bytes).map_err(|error| Fruitless::broken("URL list", &error))?;
    Ok(urls.iter().filter_map(|url| Url::parse(url).ok()).map(Named::from).collect())
}

fn unix_ms(at: &PublishedAt) -> i64 {
    at.unix_seconds().saturating_mul(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_names_its_linked_entries_and_what_it_knows_of_them() {
        let rss = b"<rss version='2.0'><channel><title>T</title><ttl>30</ttl>
            <skipHours><hour>3</hour></skipHours><skipDays><day>Sunday</day></skipDays>
            <item><title>One</title><link>/1</link><pubDate>Tue, 05 Mar 2024 09:30:00 +0200</pubDate>
            <description>In &lt;b&gt;short&lt;/b&gt;</description><category>Sport</category>
            <author>Ann</author></item>
            <item><title>No link</title></item></channel></rss>";
        let base = "https://a.example/feed".parse().unwrap();
        let (named, limits) = feed(rss, None, Some(&base), 10_000).unwrap();
        assert_eq!(limits.wait.as_secs(), 1_800);
        assert_eq!(limits.quiet, Quiet::new(&[3], &[6]));
        assert_eq!(named.len(), 1);
        assert_eq!(named[0].url.as_str(), "https://a.example/1");
        assert_eq!(named[0].hint.title.as_deref(), Some("One"));
        assert_eq!(named[0].hint.changed_at_ms, Some(1_709_623_800_000));
        let said = &named[0].hint.feed;
        assert_eq!(
            (said.title.as_deref(), said.summary.as_deref()),
            (Some("One"), Some("In short"))
        );
        assert_eq!(
            (&said.authors[..], &said.categories[..]),
            (&["Ann".into()][..], &["Sport".into()][..])
        );
        assert_eq!(said.published_at.as_ref().unwrap().as_str(), "2024-03-05T09:30:00+02:00");
    }

    #[test]
    fn a_news_sitemap_states_the_language_of_its_pages() {
        let xml = b"<urlset xmlns:n='n'><url><loc>https://example.com/1</loc><n:news>
            <n:publication><n:language>de</n:language></n:publication><n:title>T</n:title>
            </n:news></url><url><loc>https://example.com/2</loc></url></urlset>";
        let (pages, _) = sitemap(xml).unwrap();
        let languages: Vec<_> = pages.iter().map(|page| page.hint.language.as_deref()).collect();
        assert_eq!(languages, [Some("de"), None]);
    }

    #[test]
    fn what_is_no_list_says_so_in_one_line() {
        let problems = [
            feed(b"<html>", None, None, 10_000).unwrap_err(),
            sitemap(b"<html>").unwrap_err(),
            opml(b"<html>").unwrap_err(),
            url_list(b"hello").unwrap_err(),
        ];
        for problem in problems {
            let text = problem.to_string();
            assert!(text.starts_with("a broken ") && !text.contains('\n'), "{text}");
        }
    }
}
