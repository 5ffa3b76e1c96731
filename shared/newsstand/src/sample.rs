//! The bundled sample: three fictional publishers and their articles.
//!
//! Among their pages are, on purpose: the same articles under the feed's links
//! with tracking parameters; one article once more as a print version that does
//! not name the original (a duplicate); one of the Courier's articles in the
//! Ledger too (syndicated); one that is rewritten when the newsstand is told to
//! (a revision); and a page of teasers that looks like an article (a listing).

use std::time::Duration;

use jiff::Timestamp;

use crate::site::{FeedFormat, Site, SitePage};
use crate::template::{PublisherTemplate, Style, article_page, listing_page, print_page};

/// A query that finds [`MEANING_ANSWER`] by its meaning alone: the article has
/// none of these words.
pub const MEANING_QUERY: &str = "contagious childhood disease outbreak";
/// Host and path of the article that answers [`MEANING_QUERY`].
pub const MEANING_ANSWER: (&str, &str) =
    ("harbour-courier.example", "/2026/03/measles-cases-climb-clinics-stay-open-late");

const PUBLISHERS: [PublisherTemplate; 3] = [
    PublisherTemplate {
        host: "harbour-courier.example",
        name: "The Harbour Courier",
        style: Style::Structured,
    },
    PublisherTemplate { host: "valley-ledger.example", name: "Valley Ledger", style: Style::Plain },
    PublisherTemplate { host: "orbit-weekly.example", name: "Orbit Weekly", style: Style::Graph },
];
/// The site's pause between requests: short, as the sample is for trying out.
const CRAWL_DELAY: Duration = Duration::from_millis(50);
/// The article that has a print version.
const PRINTED: &str = "council-drops-bridge-toll-by-one-vote";
const RELATED: usize = 3;

macro_rules! texts {
    ($($name:literal)*) => { [$(include_str!(concat!("../sample/", $name, ".txt"))),*] };
}

const TEXTS: [&str; 25] = texts! {
    "measles-cases-climb" "central-bank-holds-rates" "dockers-end-strike" "ferry-fire"
    "ferry-fire.revised" "storm-orla" "council-bridge-toll" "rowing-title" "smugglers-sentenced"
    "library-at-sea" "seaweed-bricks" "river-floods-tarrow" "vineyard-frost-drones"
    "school-four-day-week" "wolves-return" "village-choir-film" "bakery-bread-prices"
    "monks-sell-brewery" "football-cup-shock" "young-families-return" "ocean-under-ice-moon"
    "coral-nursery" "chip-that-forgets" "peace-line-archaeology" "city-heat-paint"
};

/// An article of the sample, as its file has it: fields, a blank line, paragraphs.
#[derive(Debug, Clone, Default)]
pub(crate) struct SampleArticle {
    pub(crate) site: String,
    pub(crate) section: String,
    pub(crate) slug: String,
    pub(crate) title: String,
    pub(crate) author: String,
    /// RFC 3339.
    pub(crate) published: String,
    /// When its next version, the text that follows it, is published.
    pub(crate) revised: Option<String>,
    /// The host that has it too.
    pub(crate) syndicated: Option<String>,
    pub(crate) paragraphs: Vec<String>,
}

impl SampleArticle {
    fn parse(text: &str) -> Self {
        let (fields, body) = text.split_once("\n\n").expect("a blank line ends the fields");
        let mut article = Self::default();
        for (name, value) in fields.lines().filter_map(|line| line.split_once(": ")) {
            let value = value.trim().to_owned();
            match name {
                "site" => article.site = value,
                "section" => article.section = value,
                "slug" => article.slug = value,
                "title" => article.title = value,
                "author" => article.author = value,
                "published" => article.published = value,
                "revised" => article.revised = Some(value),
                "syndicated" => article.syndicated = Some(value),
                other => unreachable!("the sample has no field {other}"),
            }
        }
        article.paragraphs = body.split("\n\n").map(|text| text.trim().to_owned()).collect();
        article
    }

    /// Year, month and slug.
    pub(crate) fn path(&self) -> String {
        format!("/{}/{}/{}", &self.published[..4], &self.published[5..7], self.slug)
    }

    fn page(
        &self,
        publisher: PublisherTemplate,
        related: &[(String, String)],
        at: &str,
    ) -> SitePage {
        let html = article_page(publisher, self, related);
        let published = instant(&self.published);
        SitePage {
            last_modified: instant(at),
            ..SitePage::html(self.path(), &self.title, html, published)
        }
    }
}

fn instant(text: &str) -> Timestamp {
    text.parse().expect("the sample's dates are RFC 3339")
}

/// Returns the sites of the sample, before any revision.
pub fn sample() -> Vec<Site> {
    let articles: Vec<SampleArticle> =
        TEXTS.iter().map(|text| SampleArticle::parse(text)).collect();
    PUBLISHERS.iter().map(|publisher| site(*publisher, &articles)).collect()
}

fn site(publisher: PublisherTemplate, articles: &[SampleArticle]) -> Site {
    let is_own = |article: &SampleArticle| {
        article.site == publisher.host || article.syndicated.as_deref() == Some(publisher.host)
    };
    // A revision stands behind what it revises and has the same path.
    let is_revision = |at: usize| at > 0 && articles[at].slug == articles[at - 1].slug;
    let own = || articles.iter().enumerate().filter(|(_, article)| is_own(article));
    let first: Vec<&SampleArticle> =
        own().filter(|(at, _)| !is_revision(*at)).map(|(_, article)| article).collect();
    let links: Vec<_> =
        first.iter().map(|article| (article.path(), article.title.clone())).collect();

    let mut site = Site::new(publisher.host, publisher.name);
    site.crawl_delay = Some(CRAWL_DELAY);
    site.disallowed = ["/login", "/share/"].map(str::to_owned).to_vec();
    site.feed =
        if matches!(publisher.style, Style::Graph) { FeedFormat::Atom } else { FeedFormat::Rss };
    site.pages = first
        .iter()
        .map(|article| article.page(publisher, &others(&links, article), &article.published))
        .collect();
    site.revisions = own()
        .filter(|(at, _)| is_revision(*at))
        .map(|(at, article)| {
            let revised = articles[at - 1].revised.as_deref().expect("says when it is revised");
            article.page(publisher, &others(&links, article), revised)
        })
        .collect();
    if matches!(publisher.style, Style::Structured) {
        site.feed_link_suffix = "utm_source=rss&utm_medium=feed".to_owned();
        site.pages.extend(extra_pages(publisher, &first, &links));
    }
    site
}

/// The duplicate and the listing.
fn extra_pages(
    publisher: PublisherTemplate,
    articles: &[&SampleArticle],
    links: &[(String, String)],
) -> Vec<SitePage> {
    let printed =
        articles.iter().find(|article| article.slug == PRINTED).expect("is in the sample");
    let at = instant(&printed.published);
    let print =
        SitePage::html(format!("/print/{PRINTED}"), &printed.title, print_page(printed), at);
    let title = "All stories of the week at a glance";
    let listing = listing_page(publisher, title, links);
    let listing =
        SitePage::html("/2026/03/all-stories-of-the-week-at-a-glance", title, listing, at);
    [print, listing].map(|page| SitePage { is_in_feed: false, ..page }).to_vec()
}

fn others(links: &[(String, String)], article: &SampleArticle) -> Vec<(String, String)> {
    let at = links.iter().position(|link| link.0 == article.path()).unwrap_or_default();
    (1..=RELATED).map(|step| links[(at + step) % links.len()].clone()).collect()
}

#[cfg(test)]
mod tests;
