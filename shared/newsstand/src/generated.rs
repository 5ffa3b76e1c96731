//! The documents of a site besides its pages: home page, feed, sitemap, robots.txt.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::site::{FeedFormat, Site, SitePage};
use crate::template::escaped;

/// A generated document: its type and its text.
pub(crate) struct GeneratedDocument {
    pub(crate) content_type: &'static str,
    pub(crate) body: String,
}

/// The document at `path`, if it is one of the generated ones.
pub(crate) fn document(site: &Site, path: &str) -> Option<GeneratedDocument> {
    let (content_type, body) = match path {
        "/" => ("text/html; charset=utf-8", home(site)),
        "/feed.xml" => match site.feed {
            FeedFormat::Rss => ("application/rss+xml; charset=utf-8", rss(site)),
            FeedFormat::Atom => ("application/atom+xml; charset=utf-8", atom(site)),
        },
        "/news-sitemap.xml" => ("application/xml", sitemap(site)),
        "/robots.txt" => ("text/plain; charset=utf-8", robots(site)),
        _ => return None,
    };
    Some(GeneratedDocument { content_type, body })
}

pub(crate) fn feed_type(site: &Site) -> &'static str {
    match site.feed {
        FeedFormat::Rss => "application/rss+xml",
        FeedFormat::Atom => "application/atom+xml",
    }
}

fn home(site: &Site) -> String {
    let links = site.listed().fold(String::new(), |mut links, page| {
        let _ = writeln!(
            links,
            "<li><a href=\"{}\">{}</a></li>",
            escaped(&page.path_and_query),
            escaped(&page.title)
        );
        links
    });
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{name}</title>\n\
         <meta property=\"og:type\" content=\"website\">\n\
         <link rel=\"alternate\" type=\"{feed}\" title=\"{name}\" href=\"/feed.xml\"></head>\n\
         <body><header><h1>{name}</h1></header>\n<main><ul>\n{links}</ul></main></body></html>\n",
        name = escaped(&site.name),
        feed = feed_type(site),
    )
}

fn address(site: &Site, page: &SitePage) -> String {
    escaped(&format!("http://{}{}", site.host, page.path_and_query))
}

/// The address with the suffix by which the feed's readers are counted.
fn feed_link(site: &Site, page: &SitePage) -> String {
    let separator = match (site.feed_link_suffix.is_empty(), page.path_and_query.contains('?')) {
        (true, _) => "",
        (false, true) => "&amp;",
        (false, false) => "?",
    };
    format!("{}{separator}{}", address(site, page), escaped(&site.feed_link_suffix))
}

fn in_feed(site: &Site) -> impl Iterator<Item = &SitePage> {
    site.pages.iter().filter(|page| page.is_in_feed)
}

fn rss(site: &Site) -> String {
    let items = in_feed(site).fold(String::new(), |mut items, page| {
        let date = page.published.map(|at| format!("<pubDate>{}</pubDate>", http_date(at)));
        let _ = writeln!(
            items,
            "<item><title>{}</title><link>{}</link><guid isPermaLink=\"false\">{}</guid>{}</item>",
            escaped(&page.title),
            feed_link(site, page),
            address(site, page),
            date.unwrap_or_default(),
        );
        items
    });
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"><channel><title>{name}</title>\
         <link>http://{host}/</link><description>{name}</description><ttl>5</ttl>\n{items}</channel></rss>\n",
        name = escaped(&site.name),
        host = site.host,
    )
}

fn atom(site: &Site) -> String {
    let entries = in_feed(site).fold(String::new(), |mut entries, page| {
        let date = page.published.map(|at| format!("<published>{at}</published>"));
        let _ = writeln!(
            entries,
            "<entry><id>{}</id><title>{}</title><link href=\"{}\"/>{}<updated>{}</updated></entry>",
            address(site, page),
            escaped(&page.title),
            feed_link(site, page),
            date.unwrap_or_default(),
            page.last_modified,
        );
        entries
    });
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>http://{host}/</id>\
         <title>{name}</title><updated>{updated}</updated>\n{entries}</feed>\n",
        name = escaped(&site.name),
        host = site.host,
        updated = site.last_modified(),
    )
}

fn sitemap(site: &Site) -> String {
    let urls = site.listed().fold(String::new(), |mut urls, page| {
        let news = page.published.map(|at| {
            format!(
                "<news:news><news:publication><news:name>{}</news:name><news:language>en</news:language>\
                 </news:publication><news:publication_date>{at}</news:publication_date>\
                 <news:title>{}</news:title></news:news>",
                escaped(&site.name),
                escaped(&page.title),
            )
        });
        let (url, modified) = (address(site, page), page.last_modified);
        let _ = writeln!(urls, "<url><loc>{url}</loc><lastmod>{modified}</lastmod>{}</url>", news.unwrap_or_default());
        urls
    });
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" \
         xmlns:news=\"http://www.google.com/schemas/sitemap-news/0.9\">\n{urls}</urlset>\n"
    )
}

fn robots(site: &Site) -> String {
    let mut robots = String::from("User-agent: *\n");
    for path in &site.disallowed {
        let _ = writeln!(robots, "Disallow: {path}");
    }
    if let Some(delay) = site.crawl_delay {
        let _ = writeln!(robots, "Crawl-delay: {}", delay.as_secs_f64());
    }
    let _ = write!(robots, "\nSitemap: http://{}/news-sitemap.xml\n", site.host);
    robots
}

/// As HTTP and RSS write it.
pub(crate) fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
