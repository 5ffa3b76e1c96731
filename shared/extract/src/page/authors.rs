//! The authors of a page.

use courant_article::{Origin, Sourced};

use super::element::Place;
use super::shown_byline::{Byline, Sureness};
use super::structured::Structured;
use super::survey::Survey;
use crate::byline::{Source, is_same, is_surely_a_person, names_in};

#[cfg(test)]
mod tests;

const AUTHOR_META: [&str; 13] = [
    "author",
    "article:author",
    "article:author_name",
    "article:author:name",
    "og:article:author",
    "parsely-author",
    "sailthru.author",
    "dc.creator",
    "dcterms.creator",
    "dc.contributor",
    "cxenseparse:author",
    "byl",
    "citation_author",
];
/// The most elements between the names of one byline.
const MAX_DISTANCE: usize = 25;
/// The same for bylines that only their words show.
const MAX_BETWEEN_TEXTS: usize = 8;
/// The most elements between the headline and the link to its author.
const MAX_TO_LINK: usize = 40;
/// The most elements between the headline and the name of the author without any mark.
const MAX_TO_PORTRAIT: usize = 60;
/// The most elements between the headline and its byline.
const MAX_FROM_HEADING: usize = 150;

/// Returns the authors: from structured data first, then from meta elements, then from the text
/// that readers see. Persons come before publishers, which are the author only if nobody else is.
///
/// `headline`: the place of the headline. `sites`: the names of the site.
pub(super) fn authors(
    survey: &Survey,
    structured: &Structured,
    headline: Option<Place>,
    sites: &[String],
) -> Option<Sourced<Vec<String>>> {
    let is_site = |name: &String| sites.iter().any(|site| is_same(site, name));
    let given = given_names(structured.authors.iter().map(String::as_str), sites);
    let declared = declared(survey, sites);
    let shown = shown(survey, headline);
    let organizations = given_names(structured.organizations.iter().map(String::as_str), sites);
    let found = [
        (given, Origin::Declared),
        (declared, Origin::Declared),
        (shown, Origin::Shown),
        (organizations, Origin::Declared),
    ]
    .map(|(value, origin)| Sourced { value, origin });
    let persons = found.iter().find_map(|names| {
        let persons = names.value.iter().filter(|name| !is_site(name));
        let persons: Vec<String> = persons.map(|name| without_site(name, sites)).collect();
        (!persons.is_empty()).then_some(Sourced { value: persons, origin: names.origin })
    });
    let pictured = || {
        let name = pictured(survey, headline)?;
        Some(Sourced { value: vec![name], origin: Origin::Guessed })
    };
    persons.or_else(|| found.into_iter().find(|names| !names.value.is_empty())).or_else(pictured)
}

/// Returns the names in fields. The site's own name stays as it is, whatever words it has.
fn given_names<'a>(fields: impl Iterator<Item = &'a str>, sites: &[String]) -> Vec<String> {
    let fields: Vec<&str> = fields.collect();
    match fields.as_slice() {
        [site] if sites.iter().any(|known| is_same(known, site)) => vec![site.trim().to_owned()],
        _ => names_in(fields.into_iter(), Source::Field),
    }
}

/// Removes the site's name after a name: `Ann Lee The Gazette`.
fn without_site(name: &str, sites: &[String]) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    let site =
        (2..words.len()).find(|at| sites.iter().any(|site| is_same(site, &words[*at..].join(" "))));
    let marks = [',', '-', '–', '—', ' '];
    site.map_or_else(
        || name.to_owned(),
        |at| words[..at].join(" ").trim_end_matches(marks).to_owned(),
    )
}

/// Returns the authors in meta elements. Papers name each author in an element of its own, and
/// some name only the first as the creator.
fn declared(survey: &Survey, sites: &[String]) -> Vec<String> {
    let papers = ["citation_author", "dc.creator", "dc.contributor"];
    let cited = || {
        let names = papers.iter().flat_map(|name| survey.meta.all(name)).map(upright);
        let names: Vec<String> = names.collect();
        names_in(names.iter().map(String::as_str), Source::Field)
    };
    let is_paper = survey.meta.all("citation_author").count() > 1
        || survey.meta.get("dc.creator").is_some() && survey.meta.get("dc.contributor").is_some();
    let of_paper = Some(is_paper).filter(|is_paper| *is_paper).map(|_| cited());
    of_paper
        .filter(|names| !names.is_empty())
        .or_else(|| {
            AUTHOR_META
                .iter()
                .map(|name| given_names(survey.meta.all(name), sites))
                .find(|names| !names.is_empty())
        })
        .unwrap_or_else(|| names_in(labelled(survey), Source::Field))
}

/// Returns `Jane Doe` for `Doe, Jane`.
fn upright(name: &str) -> String {
    match name.split_once(',') {
        Some((family, given)) if !given.contains(',') && !given.trim().is_empty() => {
            format!("{} {}", given.trim(), family.trim())
        }
        _ => name.to_owned(),
    }
}

/// Returns the fields of a Twitter card whose labels say that they name the author.
fn labelled(survey: &Survey) -> impl Iterator<Item = &str> {
    let pairs = [("twitter:label1", "twitter:data1"), ("twitter:label2", "twitter:data2")];
    let is_written_by = |label: &str| {
        ["written by", "verfasst von", "escrito por", "écrit par"]
            .iter()
            .any(|by| label.eq_ignore_ascii_case(by))
    };
    let named = pairs
        .into_iter()
        .filter(move |(label, _)| survey.meta.get(label).is_some_and(is_written_by));
    named.filter_map(|(_, data)| survey.meta.get(data))
}

/// Returns the names of the surest byline near or after the headline. Returns the one person whom
/// the markup of a margin calls the author, or who is named far below, if there is no such byline.
fn shown(survey: &Survey, headline: Option<Place>) -> Vec<String> {
    let start = headline.map_or(0, |place| place.at);
    let around = Around { headline, start };
    let found = |names: Vec<String>| Some(names).filter(|names| !names.is_empty());
    let person = |names: Vec<String>| {
        Some(names).filter(|names| names.len() == 1 && is_surely_a_person(&names[0]))
    };
    let is_named =
        |byline: &Byline| byline.sureness == Sureness::Named && !byline.place.is_of_others;
    found(around.near(survey))
        .or_else(|| found(surest(survey, |byline| around.is_of_article(byline))))
        .or_else(|| found(surest(survey, is_named)).filter(|names| names.len() == 1))
        .or_else(|| person(surest(survey, |byline| around.is_below(byline))))
        .or_else(|| person(surest(survey, |byline| around.is_beside(byline))))
        .unwrap_or_default()
}

/// The surroundings of the headline, in which bylines stand.
struct Around {
    headline: Option<Place>,
    /// The number of the headline's element.
    start: usize,
}

impl Around {
    /// Returns the names of the surest byline near the headline. A link right behind the headline
    /// counts before a later text that starts with "By".
    fn near(&self, survey: &Survey) -> Vec<String> {
        let is_own = |byline: &Byline| self.is_inside(byline) && self.is_near(byline);
        let linked = survey
            .bylines
            .iter()
            .find(|byline| is_own(byline) && byline.sureness >= Sureness::Linked)
            .filter(|byline| {
                byline.sureness == Sureness::Linked && byline.place.at <= self.start + MAX_TO_LINK
            });
        let least = if linked.is_some() { Sureness::Byline } else { Sureness::Start };
        let near = surest(survey, |byline| is_own(byline) && byline.sureness >= least);
        if !near.is_empty() || linked.is_none() {
            return near;
        }
        surest(survey, |byline| is_own(byline) && byline.sureness == Sureness::Linked)
    }

    fn is_of_article(&self, byline: &Byline) -> bool {
        self.is_inside(byline)
            && self.is_behind(byline)
            && (byline.sureness > Sureness::Start || self.is_near(byline))
    }

    /// Returns true for a text that starts with "By" anywhere below the headline.
    fn is_below(&self, byline: &Byline) -> bool {
        self.is_inside(byline)
            && self.is_behind(byline)
            && byline.sureness == Sureness::Start
            && self.is_in_article(byline)
    }

    /// Returns true for a byline in a margin near the headline.
    fn is_beside(&self, byline: &Byline) -> bool {
        !byline.place.is_of_others && self.is_in_article(byline) && self.is_near(byline)
    }

    fn is_inside(&self, byline: &Byline) -> bool {
        self.headline.is_some_and(|place| place.is_margin) || !byline.place.is_margin
    }

    fn is_in_article(&self, byline: &Byline) -> bool {
        byline.place.article == self.headline.and_then(|place| place.article)
    }

    fn is_behind(&self, byline: &Byline) -> bool {
        byline.place.at + MAX_DISTANCE >= self.start
    }

    fn is_near(&self, byline: &Byline) -> bool {
        self.headline.is_some()
            && self.is_behind(byline)
            && byline.place.at <= self.start + MAX_FROM_HEADING
    }
}

/// Returns the name below the headline that a picture has, too. Authors have portraits.
fn pictured(survey: &Survey, headline: Option<Place>) -> Option<String> {
    let start = headline?.at;
    let place = start..=start + MAX_TO_PORTRAIT;
    let mut near =
        survey.names.iter().filter(|name| place.contains(&name.place.at) && !name.place.is_margin);
    let found = near.find(|name| survey.pictures.iter().any(|alt| alt.contains(&name.text)));
    found.map(|name| name.text.clone())
}

/// Returns the names of the surest accepted byline, and those of the bylines right after it.
fn surest(survey: &Survey, accepts: impl Fn(&Byline) -> bool) -> Vec<String> {
    let order =
        [Sureness::Named, Sureness::Byline, Sureness::Start, Sureness::Linked, Sureness::Class];
    let of = |sureness: Sureness| {
        let mut last: Option<usize> = None;
        let all = survey.bylines.iter().filter(|byline| byline.sureness == sureness);
        let group = all.filter(|byline| accepts(byline)).map_while(|byline| {
            let most = if sureness == Sureness::Start { MAX_BETWEEN_TEXTS } else { MAX_DISTANCE };
            let is_apart = last.is_some_and(|last| byline.place.at > last + most);
            last = Some(byline.place.at);
            (!is_apart).then_some(byline.text.as_str())
        });
        let source = if sureness == Sureness::Start { Source::Prose } else { Source::Shown };
        names_in(group, source)
    };
    order.into_iter().map(of).find(|names| !names.is_empty()).unwrap_or_default()
}
