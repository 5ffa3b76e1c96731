//! When it was published, and when changed.

use courant_article::PublishedAt;
use url::Url;

use super::element::Place;
use super::shown::ShownDate;
use super::structured::Structured;
use super::survey::Survey;
use crate::date::{Order, date_within, published_at};

const PUBLISHED_META: [&str; 33] = [
    "article:published_time",
    "article:published:time",
    "og:article:published_time",
    "og:published_time",
    "datepublished",
    "article.published",
    "article:published",
    "article_date_original",
    "parsely-pub-date",
    "sailthru.date",
    "cxenseparse:recs:publishtime",
    "cxenseparse:publishtime",
    "publish_date",
    "publishdate",
    "publish-date",
    "publication_date",
    "publicationdate",
    "pubdate",
    "pub_date",
    "published",
    "published_at",
    "published-at",
    "release_date",
    "dc.date.issued",
    "dcterms.issued",
    "dc.date.created",
    "dcterms.created",
    "dc.date",
    "dcterms.date",
    "citation_publication_date",
    "citation_online_date",
    "citation_date",
    "date",
];
const MODIFIED_META: [&str; 9] = [
    "article:modified_time",
    "og:updated_time",
    "article:modified",
    "datemodified",
    "dcterms.modified",
    "dc.date.modified",
    "cxenseparse:modifiedtime",
    "last-modified",
    "revised",
];
/// Words before a date that is not the one of publishing.
const OTHER_DATES: [&str; 24] = [
    "updated",
    "update",
    "modified",
    "edited",
    "reviewed",
    "revised",
    "copyright",
    "©",
    "since",
    "expires",
    "born",
    "aktualisiert",
    "geändert",
    "stand:",
    "bearbeitet",
    "mis à jour",
    "modifié",
    "actualizado",
    "atualizado",
    "aggiornato",
    "bijgewerkt",
    "uppdaterad",
    "opdateret",
    "обновлено",
];
/// Elements around the headline in which its date stands.
const BEFORE_HEADING: usize = 40;
const AFTER_HEADING: usize = 150;
const RIGHT_BEHIND: usize = 30;

/// The publishing time: structured data, meta elements, marked elements, dates
/// near the headline, the address. Where the page declares several, the earliest:
/// the later ones are of a new version. Of times of the same day the most exact.
///
/// `headline`: where the headline stands.
pub(super) fn published(
    survey: &Survey,
    structured: &Structured,
    url: &Url,
    headline: Option<Place>,
    order: Order,
) -> Option<PublishedAt> {
    let declared: Vec<PublishedAt> = structured
        .published
        .as_deref()
        .into_iter()
        .chain(survey.meta.any(&PUBLISHED_META))
        .chain(survey.meta.named(is_published_name))
        .filter_map(published_at)
        .filter(is_plausible)
        .collect();
    let shown = Shown { survey, headline, order };
    let labelled =
        shown.labelled().filter(|label| declared.iter().all(|date| day(label) < day(date)));
    let earliest = declared.iter().min_by_key(|date| day(date)).cloned();
    let found = labelled
        .or(earliest)
        .or_else(|| shown.near())
        .or_else(|| date_in(url))
        .or_else(|| shown.last_resort())?;
    let given = survey.dates.iter().filter_map(|date| published_at(date.given.as_deref()?));
    let all: Vec<PublishedAt> = declared.into_iter().chain(given).collect();
    Some(as_exact(found, &all))
}

/// The same time as `found`, as another place tells it more exactly: with the
/// time of the day, or in the publisher's own offset instead of UTC.
fn as_exact(found: PublishedAt, others: &[PublishedAt]) -> PublishedAt {
    let is_universal =
        |date: &PublishedAt| date.as_str().ends_with('Z') || date.as_str().ends_with("+00:00");
    let better = others.iter().find(|other| {
        if is_exact(&found) {
            let is_same = other.unix_seconds() / 60 == found.unix_seconds() / 60;
            is_universal(&found) && is_exact(other) && !is_universal(other) && is_same
        } else {
            is_exact(other) && day(other) == day(&found)
        }
    });
    better.cloned().unwrap_or(found)
}

/// `YYYY-MM-DD`
fn day(date: &PublishedAt) -> &str {
    date.as_str().get(..10).unwrap_or_default()
}

/// When the page says that the article was last changed.
pub(super) fn modified(survey: &Survey, structured: &Structured) -> Option<PublishedAt> {
    let shown = survey
        .dates
        .iter()
        .filter(|date| date.is_modified)
        .filter_map(|date| date.given.as_deref());
    let declared = structured.modified.as_deref().into_iter();
    declared
        .chain(survey.meta.any(&MODIFIED_META))
        .chain(shown)
        .filter_map(published_at)
        .find(is_plausible)
}

/// A name of publishers' own for the time of publishing.
fn is_published_name(name: &str) -> bool {
    let is_other = ["modif", "updat", "expir", "unpublish", "publisher"]
        .iter()
        .any(|part| name.contains(part));
    name.contains("publish") && (name.contains("date") || name.contains("time")) && !is_other
}

/// The start of Unix time is a clock that was never set.
fn is_plausible(date: &PublishedAt) -> bool {
    !date.as_str().starts_with("1970-01-01") && !date.as_str().starts_with("1969-12-31")
}

/// A time of the day that is not just midnight.
fn is_exact(date: &PublishedAt) -> bool {
    date.as_str().get(10..19).is_some_and(|time| time != "T00:00:00")
}

/// The dates that readers see.
#[derive(Clone, Copy)]
struct Shown<'a> {
    survey: &'a Survey,
    headline: Option<Place>,
    order: Order,
}

impl<'a> Shown<'a> {
    /// Those of the article: not what its margins say.
    fn dates(self) -> impl Iterator<Item = &'a ShownDate> {
        let is_in_margin = self.headline.is_some_and(|place| place.is_margin);
        self.survey.dates.iter().filter(move |date| is_in_margin || !date.place.is_margin)
    }

    fn is_near(self, date: &ShownDate) -> bool {
        self.headline.is_none_or(|place| {
            (place.at.saturating_sub(BEFORE_HEADING)..=place.at + AFTER_HEADING)
                .contains(&date.place.at)
        })
    }

    /// A date near the headline that says, by its label or its markup, to be the
    /// one of publishing.
    fn labelled(self) -> Option<PublishedAt> {
        let near = self.dates().filter(|date| self.is_near(date) && !date.is_modified);
        let sure =
            near.filter(|date| is_labelled(&date.text) || !date.is_plain && self.is_behind(date));
        sure.filter(|date| !is_other(&date.text)).find_map(|date| date_of(date, self.order))
    }

    /// Right behind the headline.
    fn is_behind(self, date: &ShownDate) -> bool {
        self.headline
            .is_some_and(|place| (place.at..place.at + RIGHT_BEHIND).contains(&date.place.at))
    }

    /// The surest date near the headline, else a sure one anywhere.
    fn near(self) -> Option<PublishedAt> {
        let first = |accepts: fn(&ShownDate) -> bool| {
            let near = self.dates().filter(|date| self.is_near(date) && !date.is_modified);
            near.filter(|date| accepts(date)).find_map(|date| date_of(date, self.order))
        };
        let far = || {
            let far = self.dates().filter(|date| !date.is_modified);
            let sure =
                |date: &&ShownDate| date.is_published || date.is_time || is_labelled(&date.text);
            far.filter(sure).find_map(|date| date_of(date, self.order))
        };
        first(|date| date.is_published)
            .or_else(|| first(|date| date.is_time))
            .or_else(|| first(|date| !date.is_plain))
            .or_else(|| first(|_| true))
            .or_else(far)
    }

    /// The only marked day far from the headline; else the only one of the whole
    /// page, for some put it into the margin; else a dateline that says "updated",
    /// where readers see no other. Declared times of changes are never taken.
    fn last_resort(self) -> Option<PublishedAt> {
        let only = || self.only_day(self.dates());
        let own = || self.survey.dates.iter().filter(|date| !date.place.is_of_others);
        let in_margin = || self.only_day(own());
        let updated = || {
            let mut found = self.dates().filter_map(|date| date_within(&date.text, self.order));
            found
                .find(|(before, date)| is_updated(before) && is_plausible(date))
                .map(|found| found.1)
        };
        only().or_else(in_margin).or_else(updated)
    }

    /// The day that all marked ones of `dates` name.
    fn only_day(self, dates: impl Iterator<Item = &'a ShownDate>) -> Option<PublishedAt> {
        let marked = dates.filter(|date| !date.is_plain && !date.is_modified);
        let mut days = marked.filter_map(|date| date_of(date, self.order));
        days.next().filter(|first| days.all(|other| day(&other) == day(first)))
    }
}

fn is_updated(before: &str) -> bool {
    let before = before.to_lowercase();
    ["updated", "aktualisiert", "mis à jour", "actualizado", "aggiornato"]
        .iter()
        .any(|word| before.contains(word))
}

/// Returns true if the text says that the date is the one of publishing.
fn is_labelled(text: &str) -> bool {
    let text = text.to_lowercase();
    [
        "published",
        "posted",
        "post date",
        "post time",
        "veröffentlicht",
        "publié",
        "publicado",
        "pubblicato",
    ]
    .iter()
    .any(|word| text.starts_with(word))
}

fn date_of(date: &ShownDate, order: Order) -> Option<PublishedAt> {
    if is_other(&date.text) && date.given.is_some() {
        return None;
    }
    let given = date.given.as_deref().and_then(published_at);
    let shown = || {
        let (before, found) = date_within(&date.text, order)?;
        (!is_other(&before)).then_some(found)
    };
    given.or_else(shown).filter(is_plausible)
}

fn is_other(text: &str) -> bool {
    let text = text.to_lowercase();
    let is_published = ["published", "veröffentlicht", "publié", "publicado"]
        .iter()
        .any(|word| text.contains(word));
    !is_published && OTHER_DATES.iter().any(|word| text.contains(word))
}

/// The date of `/2024/03/05/`, `/2024-03-05-` or `/20240305`, as many sites put it
/// into their addresses.
fn date_in(url: &Url) -> Option<PublishedAt> {
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

/// Numbers in addresses are dates only where the web existed.
fn is_recent(date: &PublishedAt) -> bool {
    date.as_str().get(..4).is_some_and(|year| ("1992".."2100").contains(&year))
}
