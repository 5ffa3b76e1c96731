//! Hits of a search as a person reads them.

use serde_json::Value;

/// One paragraph per hit, numbered.
pub(crate) fn show_hits(answer: &Value) -> String {
    let hits = answer["hits"].as_array().map(Vec::as_slice).unwrap_or_default();
    if hits.is_empty() {
        return "  nothing found\n".to_owned();
    }
    hits.iter().enumerate().map(|(i, hit)| show_hit(i + 1, hit)).collect()
}

fn show_hit(place: usize, hit: &Value) -> String {
    let text = |key: &str| hit[key].as_str().unwrap_or_default();
    let about = [text("site_name"), text("published_at"), text("language")];
    let about: Vec<_> = about.into_iter().filter(|part| !part.is_empty()).collect();
    let copy = if hit["syndicated_of"].is_string() { " (syndicated)" } else { "" };
    format!(
        "{place:>3}. {}{copy}\n     {} · {:.3}\n     {}\n     {}\n",
        text("title"),
        about.join(" · "),
        hit["score"].as_f64().unwrap_or_default(),
        text("url"),
        text("snippet").replace('\n', " "),
    )
}
