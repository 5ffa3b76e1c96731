//! Texts cut into pieces that are marked, or lead somewhere.

use crate::plain::is_hidden;

/// A piece of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) text: String,
    /// True for a word of the query.
    pub(crate) is_marked: bool,
    /// The page about the name that the piece is.
    pub(crate) href: Option<String>,
}

/// A place in a text, in code points, and the page that it leads to.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) href: Option<String>,
}

impl Place {
    /// A place that is marked.
    pub(crate) fn marked((start, end): (usize, usize)) -> Self {
        Self { start, end, href: None }
    }
}

/// Cuts a text at places. Places out of order, or within others, are left out.
pub(crate) fn cut(text: &str, places: &[Place]) -> Vec<Piece> {
    let mut places: Vec<&Place> = places.iter().filter(|place| place.start < place.end).collect();
    places.sort_by_key(|place| (place.start, place.href.is_none()));
    let mut places = places.into_iter().peekable();
    let mut pieces = Vec::new();
    let mut piece = Piece::default();
    let mut current: Option<&Place> = None;
    for (index, c) in text.chars().enumerate() {
        if current.is_some_and(|place| place.end <= index) {
            current = None;
            push(&mut pieces, std::mem::take(&mut piece));
        }
        while current.is_none() && places.peek().is_some_and(|place| place.start <= index) {
            let Some(place) = places.next() else { break };
            if place.end <= index || place.start < index {
                continue;
            }
            push(&mut pieces, std::mem::take(&mut piece));
            piece.is_marked = place.href.is_none();
            piece.href.clone_from(&place.href);
            current = Some(place);
        }
        match c {
            '\n' | '\r' | '\t' => piece.text.push(' '),
            c if is_hidden(c) => {}
            c => piece.text.push(c),
        }
    }
    push(&mut pieces, piece);
    pieces
}

fn push(pieces: &mut Vec<Piece>, piece: Piece) {
    if !piece.text.is_empty() {
        pieces.push(piece);
    }
}

/// Returns the places of the words of a query in a text, in code points: words that begin with
/// one of them, whatever their case.
pub(crate) fn words_of(query: &str, text: &str) -> Vec<Place> {
    let wanted: Vec<String> = query
        .split_whitespace()
        .filter(|word| !word.starts_with('-') && !word.contains(':'))
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase())
        .filter(|word| word.chars().count() > 1 && !["or", "and", "not"].contains(&word.as_str()))
        .collect();
    let mut places = Vec::new();
    if wanted.is_empty() {
        return places;
    }
    let (mut word, mut start) = (String::new(), 0);
    for (index, c) in text.chars().chain([' ']).enumerate() {
        if c.is_alphanumeric() {
            if word.is_empty() {
                start = index;
            }
            word.extend(c.to_lowercase());
        } else if !word.is_empty() {
            if wanted.iter().any(|wanted| word.starts_with(wanted)) {
                places.push(Place::marked((start, index)));
            }
            word.clear();
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(pieces: &[Piece]) -> String {
        let one = |piece: &Piece| match (&piece.href, piece.is_marked) {
            (Some(href), _) => format!("<{href}|{}>", piece.text),
            (None, true) => format!("[{}]", piece.text),
            (None, false) => piece.text.clone(),
        };
        pieces.iter().map(one).collect()
    }

    #[test]
    fn a_text_is_cut_at_places_in_code_points() {
        let name = Place { start: 4, end: 8, href: Some("/n".into()) };
        let places = [Place::marked((0, 2)), name, Place::marked((6, 9)), Place::marked((50, 60))];
        assert_eq!(written(&cut("Øst, Ørst\u{202E}x", &places)), "[Øs]t,</n| Ørs>tx");
        assert_eq!(written(&cut("", &[])), "");
    }

    #[test]
    fn words_of_the_query_are_found_by_their_beginnings() {
        let text = "Ferries: the FERRY sank.";
        let places = words_of("ferry -sank site:a.example OR", text);
        assert_eq!(written(&cut(text, &places)), "Ferries: the [FERRY] sank.");
    }

    #[test]
    fn any_places_give_the_whole_text() {
        for start in 0..6 {
            for end in 0..8 {
                let places = [Place::marked((start, end)), Place::marked((2, 4))];
                let whole: String = cut("abcdef", &places).into_iter().map(|p| p.text).collect();
                assert_eq!(whole, "abcdef");
            }
        }
    }
}
