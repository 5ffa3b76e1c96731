//! Finds the article's date among those that readers see.

use courant_article::{Origin, PublishedAt, Sourced};

use super::dated_page::{DatedPage, day, is_plausible};
use super::labels::{is_label, is_other, is_published, is_updated};
use crate::date::{date_within, published_at};
use crate::page::element::Place;
use crate::page::likeness::likeness;
use crate::page::shown_date::{ShownDate, is_prose};

/// The numbers of elements around the headline in which its date stands.
const BEFORE_HEADING: usize = 40;
const AFTER_HEADING: usize = 150;
const RIGHT_BEHIND: usize = 30;
/// The least likeness of the title and a card's headline that stand for the same article.
const MIN_LIKENESS: f64 = 0.35;

/// The dates that readers see.
#[derive(Clone, Copy)]
pub(super) struct Visible<'a> {
    pub(super) asked: &'a DatedPage<'a>,
}

impl<'a> Visible<'a> {
    /// Returns a date near the headline whose label or markup says that it is the publishing date.
    pub(super) fn labelled(self) -> Option<PublishedAt> {
        let near = self.near();
        let sure = near.filter(|date| is_labelled(date) || !date.is_plain && self.is_behind(date));
        sure.filter(|date| !is_other(&date.text)).find_map(|date| self.date_of(date))
    }

    /// Returns the article's own date. It is the surest one near the headline, else a labelled or
    /// marked one anywhere in the article, else the day of a dateline that says "updated".
    pub(super) fn date(self) -> Option<Sourced<PublishedAt>> {
        let shown = self
            .surest_near()
            .or_else(|| self.labelled_anywhere())
            .or_else(|| self.only_day(self.own()))
            .or_else(|| self.only_day(self.beside()));
        let shown = shown.map(|value| Sourced { value, origin: Origin::Shown });
        shown.or_else(|| self.updated().map(|value| Sourced { value, origin: Origin::Guessed }))
    }

    fn surest_near(self) -> Option<PublishedAt> {
        let first = |accepts: fn(&ShownDate) -> bool| {
            self.near().filter(|date| accepts(date)).find_map(|date| self.date_of(date))
        };
        first(|date| date.is_published)
            .or_else(|| first(|date| date.is_time))
            .or_else(|| first(|date| !date.is_plain))
            .or_else(|| first(|date| !is_prose(&date.text, "")))
    }

    fn labelled_anywhere(self) -> Option<PublishedAt> {
        let others = |date: &&ShownDate| !date.place.is_of_others && self.is_in_scope(date);
        let all = self.asked.survey.dates.iter().filter(others);
        all.filter(|date| is_labelled(date)).find_map(|date| self.date_of(date)).or_else(|| {
            self.own().filter(|date| date.is_published).find_map(|date| self.date_of(date))
        })
    }

    /// Returns the day of the marked ones among `dates`, if they agree.
    fn only_day(self, dates: impl Iterator<Item = &'a ShownDate>) -> Option<PublishedAt> {
        let marked = dates.filter(|date| !date.is_plain && !date.is_modified);
        let mut days = marked.filter_map(|date| self.date_of(date));
        days.next().filter(|first| days.all(|other| day(&other) == day(first)))
    }

    /// Returns the day of a dateline that says "updated", if readers see no other date.
    fn updated(self) -> Option<PublishedAt> {
        let mut found =
            self.own_with_changes().filter_map(|date| date_within(&date.text, self.asked.order));
        found.find(|(before, date)| is_updated(before) && self.accepts(date)).map(|found| found.1)
    }

    /// Returns the article's own dates near its headline.
    fn near(self) -> impl Iterator<Item = &'a ShownDate> {
        self.own().filter(move |date| self.is_near(date))
    }

    /// Returns the article's own dates, without those of changes.
    fn own(self) -> impl Iterator<Item = &'a ShownDate> {
        self.own_with_changes().filter(|date| !date.is_modified)
    }

    /// Returns the dates in margins beside the headline that belong to no other article.
    fn beside(self) -> impl Iterator<Item = &'a ShownDate> {
        let dates = self.asked.survey.dates.iter();
        dates.filter(move |date| {
            let is_sure =
                !date.place.is_of_others && !date.is_in_prose && !self.is_in_other_card(date);
            is_sure && self.is_near(date) && self.is_in_scope(date)
        })
    }

    fn own_with_changes(self) -> impl Iterator<Item = &'a ShownDate> {
        let is_in_margin = self.asked.headline.is_some_and(|place| place.is_margin);
        let dates = self.asked.survey.dates.iter();
        dates.filter(move |date| (is_in_margin || !date.place.is_margin) && self.is_own(date))
    }

    /// Returns false if the date stands in running text, in the card of another article, in another
    /// article, or in the head of the page.
    fn is_own(self, date: &ShownDate) -> bool {
        !date.is_in_prose && !self.is_in_other_card(date) && self.is_in_scope(date)
    }

    fn is_in_other_card(self, date: &ShownDate) -> bool {
        let is_beside = self.is_near(date) && self.is_before_prose(date.place);
        !is_beside
            && date.card.as_ref().is_some_and(|card| {
                !is_label(card) && likeness(card, self.asked.title) < MIN_LIKENESS
            })
    }

    /// Returns true if the date stands in the same `article` element as the headline, or in the
    /// first one after it, and not in the head of the page.
    fn is_in_scope(self, date: &ShownDate) -> bool {
        let Some(headline) = self.asked.headline else { return true };
        let is_same_article = match (headline.article, date.place.article) {
            (own, other) if own == other => true,
            (None, Some(_)) => self.is_near(date),
            _ => false,
        };
        is_same_article && !self.is_page_head(date)
    }

    /// Returns true if the date stands before the headline, in the head that all pages of the site
    /// have.
    fn is_page_head(self, date: &ShownDate) -> bool {
        let Some(headline) = self.asked.headline else { return date.place.head.is_some() };
        let is_other_head = date.place.head.is_some() && date.place.head != headline.head;
        let is_before = date.place.at < headline.at;
        let between = |at: &usize| (date.place.at..headline.at).contains(at);
        let is_above_navigation = is_before && self.asked.survey.navigation.iter().any(between);
        is_other_head && is_before || is_above_navigation
    }

    fn is_near(self, date: &ShownDate) -> bool {
        self.asked.headline.is_none_or(|place| {
            (place.at.saturating_sub(BEFORE_HEADING)..=place.at + AFTER_HEADING)
                .contains(&date.place.at)
        })
    }

    /// Returns true if the date stands right after the headline.
    fn is_behind(self, date: &ShownDate) -> bool {
        self.asked
            .headline
            .is_some_and(|place| (place.at..place.at + RIGHT_BEHIND).contains(&date.place.at))
    }

    fn is_before_prose(self, place: Place) -> bool {
        self.asked.survey.prose.is_none_or(|prose| place.at < prose)
    }

    fn date_of(self, date: &ShownDate) -> Option<PublishedAt> {
        if is_other(&date.text) && date.given.is_some() {
            return None;
        }
        let given = date.given.as_deref().and_then(published_at);
        let shown = || {
            let (before, found) = date_within(&date.text, self.asked.order)?;
            (!is_other(&before)).then_some(found)
        };
        given.or_else(shown).filter(|date| self.accepts(date))
    }

    fn accepts(self, date: &PublishedAt) -> bool {
        is_plausible(date) && self.asked.context.allows(date)
    }
}

/// Returns true if the date's own text, or the heading above it, says that it is the publishing
/// date.
fn is_labelled(date: &ShownDate) -> bool {
    is_published(&date.text) || date.card.as_deref().is_some_and(is_label)
}
