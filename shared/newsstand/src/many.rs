//! Many small sites with different texts, to measure the speed of crawling.

use std::time::Duration;

use jiff::{Timestamp, ToSpan};

use crate::site::{Site, SitePage};

/// Every fifth site is a second host of the one before it.
const SHARED: usize = 5;
const PARAGRAPHS: usize = 6;
const SENTENCES: usize = 4;
const WORDS: usize = 12;
const VOCABULARY: [&str; 64] = [
    "harbour",
    "council",
    "bridge",
    "winter",
    "engineer",
    "signal",
    "market",
    "vessel",
    "report",
    "minister",
    "budget",
    "village",
    "teacher",
    "railway",
    "storm",
    "island",
    "festival",
    "museum",
    "river",
    "factory",
    "hospital",
    "farmer",
    "border",
    "election",
    "library",
    "airport",
    "forest",
    "captain",
    "tunnel",
    "orchard",
    "summit",
    "archive",
    "decided",
    "announced",
    "repaired",
    "opened",
    "delayed",
    "measured",
    "refused",
    "promised",
    "visited",
    "planned",
    "sold",
    "found",
    "crossed",
    "studied",
    "rebuilt",
    "closed",
    "early",
    "northern",
    "public",
    "narrow",
    "modern",
    "quiet",
    "costly",
    "steady",
    "sudden",
    "local",
    "distant",
    "common",
    "broad",
    "recent",
    "careful",
    "later",
];

/// Makes `hosts` sites with `pages` articles each. No two texts are the same, and each call
/// returns the same sites. Each site asks for `crawl_delay`. Every fifth site shares the
/// registered domain of the one before it.
pub fn many(hosts: usize, pages: usize, crawl_delay: Duration) -> Vec<Site> {
    let site = |number: usize| {
        let name = format!("Paper {number}");
        let host = match number % SHARED {
            4 => format!("sport.paper{}.example", number - 1),
            _ => format!("paper{number}.example"),
        };
        let pages = (0..pages).map(|page| article(number, page)).collect();
        Site { pages, crawl_delay: Some(crawl_delay), ..Site::new(host, name) }
    };
    (0..hosts).map(site).collect()
}

fn article(site: usize, page: usize) -> SitePage {
    let mut words = Words(mixed((site as u64) << 32 | page as u64));
    let title = sentence(&mut words, 6);
    let mut paragraph = || {
        let sentences: Vec<_> = (0..SENTENCES).map(|_| sentence(&mut words, WORDS)).collect();
        format!("<p>{}.</p>\n", sentences.join(". "))
    };
    let text: String = (0..PARAGRAPHS).map(|_| paragraph()).collect();
    let minutes = i64::try_from(page).unwrap_or_default();
    let at = Timestamp::UNIX_EPOCH + (56 * 365 * 24).hours() + minutes.minutes();
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\n\
         <meta property=\"og:type\" content=\"article\">\n\
         <meta property=\"article:published_time\" content=\"{at}\"></head>\n\
         <body><nav><a href=\"/\">Home</a> <a href=\"/about\">About</a></nav>\n\
         <article><h1>{title}</h1>\n{text}</article></body></html>\n"
    );
    SitePage::html(format!("/2026/{page}"), title.clone(), html, at)
}

fn sentence(words: &mut Words, length: usize) -> String {
    let mut text: String = (0..length).flat_map(|_| [words.next(), " "]).collect();
    text.pop();
    text[..1].make_ascii_uppercase();
    text
}

/// Words in an order that a seed decides.
struct Words(u64);

impl Words {
    fn next(&mut self) -> &'static str {
        self.0 = mixed(self.0);
        VOCABULARY[(self.0 % 64) as usize]
    }
}

/// The next state of SplitMix64 (Steele, Lea and Flood, 2014).
fn mixed(state: u64) -> u64 {
    let mixed = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_sites_are_many_distinct_and_the_same_every_time() {
        let sites = many(10, 3, Duration::from_millis(50));
        let hosts: HashSet<_> = sites.iter().map(|site| site.host.clone()).collect();
        let bodies: HashSet<_> =
            sites.iter().flat_map(|site| &site.pages).map(|page| page.body.clone()).collect();
        assert_eq!((hosts.len(), bodies.len()), (10, 30));
        assert!(hosts.contains("paper3.example") && hosts.contains("sport.paper3.example"));
        let again = many(10, 3, Duration::from_millis(50));
        assert_eq!(again[7].pages[2].body, sites[7].pages[2].body);
    }
}
