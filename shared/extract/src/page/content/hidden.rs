//! Finds elements that a browser does not show at first, by their attributes alone.
//!
//! A page may hide its whole article until a script shows it. The reader of a page decides from the
//! share of hidden text if such a sign is believed.

use dom_query::Element;

use super::super::element::attr;

/// The most bytes of a style attribute that are read.
const MAX_STYLE_BYTES: usize = 1000;
/// The distance, in pixels or font heights, from which a moved box is out of sight.
const FAR: f64 = 900.0;

/// Class names, without separators, of text that is only read aloud.
const UNSEEN: [&str; 14] = [
    "visuallyhidden",
    "hidevisually",
    "hiddenvisually",
    "screenreadertext",
    "screenreaderonly",
    "screenreader",
    "sronly",
    "elementinvisible",
    "hiddenaccessible",
    "accessiblyhidden",
    "assistivetext",
    "a11yhidden",
    "offscreen",
    "adahidden",
];
/// Class names, without separators, of parts that are not shown.
const HIDDEN: [&str; 12] = [
    "hidden",
    "ishidden",
    "uhidden",
    "isinvisible",
    "hide",
    "dnone",
    "udnone",
    "displaynone",
    "invisible",
    "jshidden",
    "lazyhidden",
    "ukhidden",
];
/// The ends of class names that show an element.
const DISPLAYS: [&str; 7] = ["block", "flex", "grid", "inline", "table", "contents", "visible"];
/// Parts of class names and attributes of elements that a script fades in once they are scrolled
/// to.
const REVEALED: [&str; 6] = ["aos", "wow", "anim", "fade", "reveal", "w-id"];

/// Returns true if a class marks text that is only read aloud. `plain`: the class in lower case,
/// without separators.
pub(super) fn is_unseen_class(plain: &str) -> bool {
    UNSEEN.iter().any(|unseen| plain.ends_with(unseen)) && !plain.ends_with("notsronly")
}

/// Returns true if a class hides the element. `plain`: the class in lower case, without separators.
pub(super) fn is_hidden_class(plain: &str) -> bool {
    HIDDEN.contains(&plain)
}

/// Returns true if a class shows the element on some screens, whatever hides it on others:
/// `md:block`, `d-lg-flex`, `visible-xs`.
pub(super) fn is_shown_class(name: &str) -> bool {
    let is_wide = name.contains(':') || name.starts_with("d-") || name.starts_with("u-d-");
    let last = name.rsplit([':', '-']).next().unwrap_or_default();
    is_wide && DISPLAYS.contains(&last) || name.starts_with("visible-")
}

/// Returns true if the element's style takes it out of sight.
pub(super) fn is_hidden_style(element: &Element, style: &str) -> bool {
    if !may_hide(style) {
        return false;
    }
    let style = Style::read(style);
    let is_faded = style.is("opacity", is_zero) || style.is("visibility", is_hidden_word);
    style.is("display", |value| value == "none")
        || is_faded && !is_revealed(element, &style)
        || is_clipped(&style)
        || is_far_away(&style)
        || is_without_size(&style)
        || style.is("font-size", is_zero) && is_phrase(element)
}

/// Returns false for most styles, which only place and colour.
fn may_hide(style: &str) -> bool {
    let style = &style.as_bytes()[..style.len().min(MAX_STYLE_BYTES)];
    let has = |part: &[u8]| style.windows(part.len()).any(|found| found.eq_ignore_ascii_case(part));
    [&b"none"[..], b"hidden", b"collapse", b"opacity", b"clip", b"indent", b"font-size", b"-9"]
        .into_iter()
        .any(has)
        || has(b"position") && style.contains(&b'-')
        || has(b"margin-left") && has(b":-")
        || has(b"translate")
}

/// Returns true for elements that stand within a line of text.
pub(super) fn is_phrase(element: &Element) -> bool {
    matches!(
        &*element.name.local,
        "a" | "abbr"
            | "b"
            | "bdi"
            | "bdo"
            | "cite"
            | "data"
            | "del"
            | "em"
            | "font"
            | "i"
            | "ins"
            | "kbd"
            | "label"
            | "mark"
            | "q"
            | "s"
            | "small"
            | "span"
            | "strong"
            | "sub"
            | "sup"
            | "time"
            | "u"
            | "var"
    )
}

fn is_revealed(element: &Element, style: &Style) -> bool {
    let is_moved = ["transform", "-webkit-transform", "transition", "animation"];
    let is_called = |text: &str| {
        let text = text.to_ascii_lowercase();
        REVEALED.iter().any(|part| text.contains(part))
    };
    is_moved.iter().any(|name| style.value(name).is_some())
        || attr(element, "class").is_some_and(is_called)
        || element.attrs.iter().any(|attribute| {
            attribute.name.local.starts_with("data-") && is_called(&attribute.name.local)
        })
}

fn is_clipped(style: &Style) -> bool {
    let is_point = |value: &str| {
        let sides: Vec<f64> = value
            .split(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'))
            .filter_map(|number| number.parse().ok())
            .collect();
        value.contains("rect(")
            && sides.len() == 4
            && (sides[0] - sides[2]).abs() < 2.0
            && (sides[1] - sides[3]).abs() < 2.0
    };
    let is_inset = |value: &str| {
        let size = value.strip_prefix("inset(").and_then(|rest| rest.split(['%', ')']).next());
        let size = size.and_then(|size| size.trim().parse::<f64>().ok());
        size.is_some_and(|size| size >= 50.0) || value.starts_with("circle(0")
    };
    style.is("clip", is_point) || style.is("clip-path", is_inset)
}

fn is_far_away(style: &Style) -> bool {
    let is_placed =
        style.is("position", |value| matches!(value, "absolute" | "fixed" | "relative"));
    let far = |value: &str| {
        number(value).is_some_and(|(size, unit)| match unit {
            "em" | "rem" | "vw" | "vh" => size <= -99.0,
            "px" | "" => size <= -FAR,
            _ => size <= -FAR,
        })
    };
    style.is("text-indent", far)
        || style.is("margin-left", far)
        || is_placed && ["left", "top", "right", "bottom"].iter().any(|side| style.is(side, far))
        || style.is("transform", |value| {
            value.strip_prefix("translate").and_then(|rest| rest.split('(').nth(1)).is_some_and(far)
        })
}

fn is_without_size(style: &Style) -> bool {
    let is_cut = ["overflow", "overflow-x", "overflow-y"]
        .iter()
        .any(|name| style.is(name, |value| matches!(value, "hidden" | "clip")));
    let is_tiny = |value: &str| number(value).is_some_and(|(size, _)| size.abs() <= 1.0);
    let has_no = |name: &str| style.is(name, is_zero);
    is_cut
        && (has_no("height")
            || has_no("width")
            || has_no("max-height")
            || has_no("max-width")
            || style.is("height", is_tiny) && style.is("width", is_tiny))
}

fn is_zero(value: &str) -> bool {
    number(value).is_some_and(|(size, _)| size == 0.0)
}

fn is_hidden_word(value: &str) -> bool {
    matches!(value, "hidden" | "collapse")
}

/// Reads `-9999px` as -9999 and `px`.
fn number(value: &str) -> Option<(f64, &str)> {
    let end = value.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+')));
    let (digits, unit) = value.split_at(end.unwrap_or(value.len()));
    let unit = unit.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    Some((digits.parse().ok()?, unit))
}

/// Style declarations in lower case. The last of equal properties counts.
struct Style(String);

impl Style {
    fn read(style: &str) -> Self {
        Self(style[..style.floor_char_boundary(MAX_STYLE_BYTES)].to_ascii_lowercase())
    }

    fn value(&self, property: &str) -> Option<&str> {
        self.0.rsplit(';').find_map(|declaration| {
            let (name, value) = declaration.split_once(':')?;
            let value = value.trim().trim_end_matches("important").trim_end_matches(['!', ' ']);
            (name.trim() == property).then_some(value)
        })
    }

    fn is(&self, property: &str, is_so: impl Fn(&str) -> bool) -> bool {
        self.value(property).is_some_and(is_so)
    }
}

#[cfg(test)]
mod tests;
