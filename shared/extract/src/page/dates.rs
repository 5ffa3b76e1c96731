//! The times of publishing and of the last change.

use courant_article::{Origin, PublishedAt, Sourced};

use super::survey::Survey;
use crate::date::{Order, only_order, published_at};

mod address;
mod dated_page;
pub(crate) mod labels;
mod visible;

use address::date_in;
pub(super) use dated_page::DatedPage;
use dated_page::{day, is_plausible};
use visible::Visible;

/// The seconds after a day's midnight in UTC until it has ended in every zone.
const DAY_AND_ZONE_S: i64 = 36 * 3_600;

const PUBLISHED_ITEM: [&str; 1] = ["datepublished"];
const PUBLISHED_META: [&str; 39] = [
    "article:published_time",
    "article:published:time",
    "og:article:published_time",
    "og:published_time",
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
    "prism.publicationdate",
    "prism:publicationdate",
    "prism.coverdate",
    "dc:date",
    "dcterms:date",
    "dcterms:issued",
    "eprints.date",
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

/// Returns the publishing time: from structured data or meta elements, else near the headline, else
/// from the address. The earliest counts if the page declares several, since later ones are of new
/// versions. A labelled date near the headline counts instead if it is of an earlier day. Another
/// source may give the time of day if the source gives only the day.
pub(super) fn published(asked: &DatedPage<'_>) -> Option<Sourced<PublishedAt>> {
    let declared = declared(asked);
    let visible = Visible { asked };
    let labelled =
        || visible.labelled().filter(|label| declared.iter().all(|date| is_before(label, date)));
    let earliest = declared.iter().min_by_key(|date| day(date)).cloned();
    let found = earliest
        .map(|earliest| Sourced { value: labelled().unwrap_or(earliest), origin: Origin::Declared })
        .or_else(|| visible.date())
        .or_else(|| guessed(asked))?;
    let given = asked.survey.dates.iter().filter_map(|date| published_at(date.given.as_deref()?));
    let all: Vec<PublishedAt> = declared.into_iter().chain(given).collect();
    Some(Sourced { value: as_exact(found.value, &all), origin: found.origin })
}

/// Returns true if a day that is written without a zone ended everywhere before `date`.
fn is_before(label: &PublishedAt, date: &PublishedAt) -> bool {
    label.unix_seconds() + DAY_AND_ZONE_S < date.unix_seconds()
}

fn declared(asked: &DatedPage<'_>) -> Vec<PublishedAt> {
    let meta = &asked.survey.meta;
    let structured = asked.structured.published.as_deref().into_iter();
    // `itemprop` elements in the text may be those of other articles.
    let items = meta.any(&PUBLISHED_ITEM).take_while(|_| asked.structured.published.is_none());
    let declared = structured
        .chain(meta.any(&PUBLISHED_META))
        .chain(items)
        .chain(meta.named(is_published_name));
    let read = declared.filter_map(published_at);
    read.filter(|date| is_plausible(date) && asked.context.allows(date)).collect()
}

fn guessed(asked: &DatedPage<'_>) -> Option<Sourced<PublishedAt>> {
    let date = date_in(asked.url).filter(|date| asked.context.allows(date))?;
    Some(Sourced { value: date, origin: Origin::Guessed })
}

/// Returns the time of `found` in a more exact form if another place has it: with the time of day,
/// or in the publisher's own offset instead of UTC.
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

/// Returns the time of the last change, as the page states it.
pub(super) fn modified(asked: &DatedPage<'_>) -> Option<PublishedAt> {
    let dates = asked.survey.dates.iter().filter(|date| date.is_modified);
    let shown = dates.filter_map(|date| date.given.as_deref());
    let declared = asked.structured.modified.as_deref().into_iter();
    declared
        .chain(asked.survey.meta.any(&MODIFIED_META))
        .chain(shown)
        .filter_map(published_at)
        .find(|date| is_plausible(date) && asked.context.allows(date))
}

/// Returns the order of day and month in the numeric dates that readers see, where only one is
/// possible.
pub(super) fn shown_order(survey: &Survey) -> Option<Order> {
    survey.dates.iter().find_map(|date| only_order(&date.text))
}

/// Returns true for a publisher's own name for the publishing time.
fn is_published_name(name: &str) -> bool {
    let is_other = ["modif", "updat", "expir", "unpublish", "publisher"]
        .iter()
        .any(|part| name.contains(part));
    name.contains("publish") && (name.contains("date") || name.contains("time")) && !is_other
}

/// Returns true if the date has a time of day other than midnight.
fn is_exact(date: &PublishedAt) -> bool {
    date.as_str().get(10..19).is_some_and(|time| time != "T00:00:00")
}
