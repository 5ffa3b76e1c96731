//! The date in an address: `/2024/03/05/`, `/2024-03-05-` or `/20240305`.

use courant_article::PublishedAt;
use url::Url;

use crate::date::published_at;

/// Returns the date in the address, in which many sites put it.
pub(super) fn date_in(url: &Url) -> Option<PublishedAt> {
    let segments: Vec<&str> = url.path_segments()?.collect();
    let is_number =
        |text: &str, width: usize| text.len() == width && text.bytes().all(|c| c.is_ascii_digit());
    let by_folders = segments.windows(3).find_map(|parts| {
        let is_date = is_number(parts[0], 4)
            && (1..=2).contains(&parts[1].len())
            && (1..=2).contains(&parts[2].len());
        is_date.then(|| published_at(&parts.join("-"))).flatten()
    });
    by_folders
        .or_else(|| segments.iter().find_map(|segment| date_in_slug(segment)))
        .filter(is_recent)
}

fn date_in_slug(segment: &str) -> Option<PublishedAt> {
    let parts: Vec<&str> = segment.split(['-', '_', '.']).collect();
    let is_year =
        |part: &str| part.len() == 4 && (part.starts_with("20") || part.starts_with("199"));
    let by_parts = parts
        .windows(3)
        .filter(|parts| is_year(parts[0]) && parts[1].len() == 2 && parts[2].len() == 2);
    let whole = parts.iter().filter(|part| part.len() == 8 && part.starts_with("20"));
    by_parts
        .map(|parts| parts.join("-"))
        .chain(whole.map(|part| (*part).to_owned()))
        .find_map(|date| published_at(&date))
}

/// Returns true if the web existed on the date. Other numbers in addresses are not dates.
fn is_recent(date: &PublishedAt) -> bool {
    date.as_str().get(..4).is_some_and(|year| ("1992".."2100").contains(&year))
}
