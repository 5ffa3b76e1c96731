//! Formats counts for a person.

use console::Style;
use courant_api::counts::{CountAnswer, FacetView};

use crate::paper::{Paper, in_words};

/// The widest bar of a chart, in characters.
const BAR: u64 = 40;

/// Returns the total, the values of each property, and a bar for each period.
pub(crate) fn show_counts(answer: &CountAnswer, paper: &Paper) -> String {
    let mut shown = format!("{} articles\n", answer.total);
    for (name, facet) in &answer.facets {
        shown += &show_facet(name, facet, paper);
    }
    let most = answer.series.iter().map(|period| period.count).max().unwrap_or(0);
    if most > 0 {
        shown.push('\n');
    }
    for period in &answer.series {
        let count = period.count;
        // The bar of the fullest period has the whole width.
        let bar = "█".repeat((count * BAR).div_ceil(most) as usize);
        let start = in_words(&period.start);
        shown += &format!("  {start:<24} {count:>8}  {bar}\n");
    }
    shown
}

fn show_facet(name: &str, facet: &FacetView, paper: &Paper) -> String {
    let mut shown = format!("\n{}\n", paper.styled(&Style::new().bold().cyan(), name));
    for value in &facet.values {
        let text = value.label.as_ref().unwrap_or(&value.value);
        shown += &format!("  {:>8}  {text}\n", value.count);
    }
    let rest = [(facet.left_out, "more values"), (facet.without, "articles without one")];
    let rest: Vec<String> = rest
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    if !rest.is_empty() {
        let rest = rest.join(", ");
        shown += &format!("            {}\n", paper.styled(&Style::new().dim(), &rest));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_lines_with_bars() {
        let answer = serde_json::json!({
            "query": "", "total": 30,
            "facets": {"language": {
                "values": [{"value": "en", "count": 20}], "left_out": 2, "without": 0,
            }},
            "series": [
                {"start": "2026-11-01T00:00:00Z", "count": 20},
                {"start": "2026-11-02T00:00:00Z", "count": 10},
            ],
        });
        let shown = show_counts(&serde_json::from_value(answer).unwrap(), &Paper::plain(80));
        assert!(shown.starts_with("30 articles\n\nlanguage\n        20  en\n"), "{shown}");
        assert!(shown.contains("2 more values"), "{shown}");
        let bars: Vec<usize> =
            shown.lines().map(|line| line.matches('█').count()).filter(|bar| *bar > 0).collect();
        assert_eq!(bars, [40, 20]);
    }
}
