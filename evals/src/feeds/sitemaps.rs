//! Checks the sitemaps of `crawler-commons`.

use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::report::Report;

/// Files with the numbers of pages and of sitemaps that they name.
const NAMED: [(&str, usize, usize); 15] = [
    ("sitemaps/sitemap.badns.xml", 2, 0),
    ("sitemaps/sitemap.index.xml", 0, 15),
    ("sitemaps/sitemap.ns.xml", 2, 0),
    ("sitemaps/sitemap.txt", 2, 0),
    ("sitemaps/sitemap-with-bom.txt", 2, 0),
    ("sitemaps/sitemap.txt.gz", 5, 0),
    ("sitemaps/xmlSitemap.gz", 5, 0),
    ("sitemaps/atom.xml", 1, 0),
    ("sitemaps/extension/sitemap-images.xml", 1, 0),
    ("sitemaps/extension/sitemap-links.xml", 3, 0),
    ("sitemaps/extension/sitemap-mobile.xml", 3, 0),
    ("sitemaps/extension/sitemap-news.xml", 2, 0),
    ("sitemaps/extension/sitemap-videos.xml", 3, 0),
    ("rss/feed.rss", 3, 0),
    ("rss/xmlRss_pubDate.xml", 7, 0),
];

pub(crate) fn measure(root: &Path, misses: bool, report: &mut Report) -> anyhow::Result<()> {
    let mut met = 0;
    for (name, pages, sitemaps) in NAMED {
        let bytes = fs::read(root.join(name)).with_context(|| format!("cannot read {name}"))?;
        let found = courant_extract::sources::sitemap(&bytes);
        let counts = found.map(|found| (found.pages.len(), found.sitemaps.len()));
        let is_met = counts.as_ref().is_ok_and(|counts| *counts == (pages, sitemaps));
        met += usize::from(is_met);
        if misses && !is_met {
            println!("MISS {name}: {pages} pages and {sitemaps} sitemaps, but {counts:?}");
        }
    }
    report.judge("crawler-commons: sitemaps", met as f64 / NAMED.len() as f64, 1.0, 1.0);
    Ok(())
}
