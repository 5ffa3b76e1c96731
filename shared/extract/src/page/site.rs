//! The names of the site, and the parts of a title that are no part of the headline.

use courant_article::public_suffix_of;
use url::Url;

/// Marks between a headline and the site's name.
const SEPARATORS: [&str; 18] = [
    " | ", " - ", " – ", " — ", " · ", " • ", " :: ", " » ", " « ", " / ", " |", " › ", " ‹ ",
    " > ", " : ", "ㅣ", "｜", "│",
];
/// The bar, and the characters that stand in for it.
const BARS: [&str; 5] = [" | ", " ㅣ ", " ｜ ", " │ ", " ǀ "];

/// The words that old blogs put between the site's name and the headline.
const ARCHIVES: [&str; 2] = ["blogarchive", "blogarchiv"];
/// The fewest characters of a host's name that shows a longer text to be the site's name.
const MIN_HOST_CHARS: usize = 5;
/// The fewest words of a headline before or behind a part that is no part of it.
const MIN_HEADLINE_WORDS: usize = 3;

/// Returns the host, such as `news.site.example`, the longest of its labels except the last, and
/// the label that was registered.
pub(super) fn host_names(url: &Url) -> Vec<String> {
    let Some(host) = url.host_str() else { return Vec::new() };
    let host = host.trim_start_matches("www.");
    let labels = host.rsplit_once('.').map_or(host, |parts| parts.0).split('.');
    let longest = labels.max_by_key(|label| label.len()).unwrap_or_default();
    let suffix = public_suffix_of(host).unwrap_or_default();
    let below = host.strip_suffix(suffix).unwrap_or_default().trim_end_matches('.');
    let registered = below.rsplit('.').next().unwrap_or_default();
    let mut names: Vec<String> = Vec::new();
    for name in [host, longest, registered] {
        if name.len() > 2 && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// The names that may stand beside a headline in a title.
pub(super) struct Names<'a> {
    /// All names of the site.
    pub(super) sites: &'a [String],
    /// Those of them that come from its host.
    pub(super) hosts: &'a [String],
    /// The section of the article.
    pub(super) section: Option<&'a str>,
}

impl Names<'_> {
    /// Returns the headline in a title: the title without names of the site at its ends, and
    /// without sections and slogans behind it.
    pub(super) fn headline(&self, title: &str) -> String {
        let mut title = title.trim();
        loop {
            let shorter = self.without_end(title).or_else(|| self.without_start(title));
            match shorter.or_else(|| before_bar(title)) {
                Some(shorter) => title = shorter,
                None => return title.to_owned(),
            }
        }
    }

    /// Returns the text before a name of the site or the section, if one ends the title.
    pub(super) fn without_end<'t>(&self, title: &'t str) -> Option<&'t str> {
        let at = |marks: &[&str], is_name: &dyn Fn(&str) -> bool| {
            marks
                .iter()
                .filter_map(|mark| title.rsplit_once(*mark))
                .chain(at_hyphen(title))
                .filter(|parts| is_name(parts.1))
                .min_by_key(|parts| parts.1.len())
                .map(|parts| parts.0.trim())
        };
        let section = self.section.map(plain).filter(|section| !section.is_empty());
        at(&SEPARATORS, &|end| is_site(end, self.sites))
            .or_else(|| at(&[": "], &|end| is_site(end, self.sites)))
            .or_else(|| at(&SEPARATORS, &|end| Some(plain(end)) == section))
    }

    fn without_start<'t>(&self, title: &'t str) -> Option<&'t str> {
        let marks = SEPARATORS.iter().chain(&[": "]);
        let parts = marks.filter_map(|mark| title.split_once(*mark));
        let named = parts.filter(|parts| is_site(parts.0, self.sites));
        named.min_by_key(|parts| parts.0.len()).map(|parts| parts.1.trim())
    }

    /// Returns true if a heading is the site's name: it has the name of the host, and stands in the
    /// page's title beside a longer text.
    pub(super) fn is_host_heading(&self, heading: &str, title: &str) -> bool {
        let name = plain(heading);
        let mut hosts = self.hosts.iter().map(|host| plain(host));
        let is_of_host =
            hosts.any(|host| host.chars().count() >= MIN_HOST_CHARS && name.contains(&host));
        let rest = rest_before(title, heading).or_else(|| rest_behind(title, heading));
        let words = |text: &str| text.split_whitespace().count();
        is_of_host
            && rest.is_some_and(|rest| {
                words(rest) >= MIN_HEADLINE_WORDS && words(rest) > words(heading)
            })
    }
}

/// Returns the text before `end` and the mark between them, if `end` ends the title.
pub(super) fn rest_before<'a>(title: &'a str, end: &str) -> Option<&'a str> {
    let mut parts = SEPARATORS.iter().filter_map(|mark| title.rsplit_once(*mark));
    parts.find(|parts| is_same(parts.1, end)).map(|parts| parts.0.trim())
}

/// Returns the text behind `start` and the mark between them, if `start` begins the title.
pub(super) fn rest_behind<'a>(title: &'a str, start: &str) -> Option<&'a str> {
    let marks = SEPARATORS.iter().chain(&[": "]);
    let mut parts = marks.filter_map(|mark| title.split_once(*mark));
    parts.find(|parts| is_same(parts.0, start)).map(|parts| parts.1.trim())
}

fn is_same(one: &str, other: &str) -> bool {
    plain(one) == plain(other)
}

/// Returns the text before the last bar, behind which stands a section or a slogan.
fn before_bar(title: &str) -> Option<&str> {
    let mut cuts = BARS.iter().filter_map(|bar| title.rsplit_once(bar)).map(|parts| parts.0.trim());
    cuts.find(|before| before.split(' ').count() >= MIN_HEADLINE_WORDS)
}

/// Returns true if a mark between a headline and a name begins the text.
pub(super) fn is_behind_headline(text: &str) -> bool {
    SEPARATORS.iter().any(|mark| text.starts_with(mark))
}

/// Splits a title at a hyphen without spaces, before a name in a script without case: `…了-新华网`.
fn at_hyphen(title: &str) -> Option<(&str, &str)> {
    let has_case = |c: char| c.is_lowercase() || c.is_uppercase() || c.is_numeric();
    title.rsplit_once('-').filter(|parts| {
        !parts.1.is_empty() && !parts.1.contains(has_case) && !parts.0.ends_with(has_case)
    })
}

/// Returns true if a text is the site's name, apart from case, spaces, "The" and a domain's ending.
pub(super) fn is_site(text: &str, sites: &[String]) -> bool {
    let name = plain(text);
    name.is_empty()
        || ARCHIVES.contains(&name.as_str())
        || sites.iter().any(|site| plain(site) == name)
}

fn plain(name: &str) -> String {
    let name = name.trim().to_lowercase();
    let name = name.strip_prefix("www.").unwrap_or(&name);
    let name = name.strip_prefix("the ").unwrap_or(name);
    let is_domain = name.contains('.') && !name.contains(' ');
    let name = if is_domain { name.split('.').next().unwrap_or(name) } else { name };
    name.chars().filter(|c| c.is_alphanumeric()).collect()
}
