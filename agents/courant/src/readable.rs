//! Formats an article, and the state of a pipeline, for a person.

use console::Style;
use serde_json::Value;

use crate::paper::{Paper, duration_in_words, in_words, short_id};

/// The number of blanks before lines that belong to a line above.
const INDENT: usize = 2;
/// The least score of a topic that is shown.
const LIKELY: f64 = 0.2;

/// Returns the title, the origin, the text and the analysis of an article.
pub(crate) fn show_article(article: &Value, paper: &Paper) -> String {
    let text = |key: &str| article[key].as_str().unwrap_or_default();
    let (title, dim) = (Style::new().bold().cyan(), Style::new().dim());
    let authors = list(&article["authors"], |author| author.as_str().map(str::to_owned));
    let published = in_words(text("published_at"));
    let about = [text("site_name"), &authors, &published, text("language")];
    let about: Vec<_> = about.into_iter().filter(|part| !part.is_empty()).collect();
    let mut shown = paper.wrapped(&paper.styled(&title, text("title")), 0);
    shown += &paper.wrapped(&paper.styled(&dim, &about.join(" · ")), 0);
    shown += &format!("{}\n\n", text("url"));
    for paragraph in text("text").split('\n').filter(|paragraph| !paragraph.trim().is_empty()) {
        shown += &paper.wrapped(paragraph, 0);
        shown.push('\n');
    }
    let analysis = &article["analysis"];
    let likely_topic = |topic: &Value| {
        let is_likely = topic["score"].as_f64().is_some_and(|score| score >= LIKELY);
        topic["label"].as_str().filter(|_| is_likely).map(str::to_owned)
    };
    let words = |item: &Value| item["text"].as_str().map(str::to_owned);
    let facts = [
        ("topics", list(&analysis["topics"], likely_topic)),
        ("names", list(&analysis["entities"], words)),
        ("key phrases", list(&analysis["keyphrases"], words)),
        ("sentiment", analysis["sentiment"]["label"].as_str().unwrap_or_default().to_owned()),
        ("copy of", text("syndicated_of").to_owned()),
        ("copies", list(&article["copies"], |copy| copy["url"].as_str().map(str::to_owned))),
        ("stored", in_words(text("stored_at"))),
        ("from", text("source").to_owned()),
        ("id", text("id").to_owned()),
    ];
    for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        shown += &paper.wrapped(&format!("{}: {value}", paper.styled(&dim, name)), 0);
    }
    shown
}

/// Returns a line for each version of an article, the newest first.
pub(crate) fn show_revisions(answer: &Value, paper: &Paper) -> String {
    let revisions = answer["revisions"].as_array().into_iter().flatten();
    let line = |revision: &Value| {
        let text = |key: &str| revision[key].as_str().unwrap_or_default();
        let observed = in_words(text("observed_at"));
        let length = revision["length"].as_u64().unwrap_or_default();
        let line = format!("{observed} · {length} characters · {}", text("title"));
        paper.wrapped(&line, 0)
    };
    let mut shown: String = revisions.map(line).collect();
    shown += "show one with --as-of TIME, or all texts with --json\n";
    shown
}

/// Returns a sentence for each decision, the latest first.
pub(crate) fn show_decisions(answer: &Value, paper: &Paper) -> String {
    let decisions = answer["decisions"].as_array().into_iter().flatten();
    let shown: String = decisions.map(|decision| paper.wrapped(&decided(decision), 0)).collect();
    if shown.is_empty() { "no decision is kept; they are kept for a week\n".into() } else { shown }
}

fn decided(decision: &Value) -> String {
    let text = |key: &str| decision[key].as_str().unwrap_or_default();
    let of = short_id(text("of"));
    let why = match (text("decision"), text("rule")) {
        ("refused", _) => text("reason").to_owned(),
        ("new", _) => "address and text were new".to_owned(),
        ("revision", _) => "the address was known with another text".to_owned(),
        (_, "address") => "the address was known, with this text or a later one".to_owned(),
        (_, "text") => format!("article {of} has the same words"),
        (_, "parts") => {
            let share = decision["containment"].as_f64().unwrap_or_default() * 100.0;
            format!("{share:.0} % of the shorter text stand in article {of}")
        }
        _ => String::new(),
    };
    let mut shown = format!("{} · {}", in_words(text("decided_at")), text("decision"));
    for part in [why.as_str(), text("url")].into_iter().filter(|part| !part.is_empty()) {
        shown += &format!(" · {part}");
    }
    if let Some(passage) = decision["shared_passage"].as_str() {
        shown += &format!(" · both say “{passage}”");
    }
    shown
}

/// Returns the different texts of a list, separated by commas.
fn list(items: &Value, text: impl Fn(&Value) -> Option<String>) -> String {
    let mut texts: Vec<String> = Vec::new();
    for text in items.as_array().into_iter().flatten().filter_map(text) {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts.join(", ")
}

/// Returns the stored amounts, the queues that are not empty, the agents, feeds and pressure.
pub(crate) fn show_status(status: &Value, paper: &Paper) -> String {
    let mut shown = format!(
        "{} articles stored; {} pages known\n",
        number(&status["stored"]["articles"]),
        number(&status["stored"]["fingerprints"]),
    );
    let pressure = &status["pressure"];
    if text(&pressure["level"]) != "none" {
        let told = format!("publishers are asked to {}: ", text(&pressure["level"]));
        shown += &paper.wrapped(&(told + &text(&pressure["reason"])), 0);
    }
    let queues = status["queues"].as_array().into_iter().flatten();
    let (work, kept): (Vec<_>, Vec<_>) = queues.partition(|queue| queue["stage"].is_string());
    let waiting = work.iter().filter(|queue| number(&queue["depth"]) > 0);
    let waiting: Vec<String> = waiting
        .map(|queue| {
            let age = queue["oldest_age_s"].as_f64().unwrap_or_default();
            format!(
                "  {:<12} {:>7} messages, {} in flight, the oldest for {}\n",
                text(&queue["stage"]),
                number(&queue["depth"]),
                number(&queue["in_flight"]),
                duration_in_words(age),
            )
        })
        .collect();
    shown += if waiting.is_empty() { "nothing waits\n" } else { "waiting for\n" };
    shown.extend(waiting);
    let letters = kept.iter().filter(|queue| text(&queue["stream"]).ends_with("_DLQ"));
    let letters: u64 = letters.map(|queue| number(&queue["depth"])).sum();
    if letters > 0 {
        shown += &format!("{letters} dead letters: see `courant dlq list`\n");
    }
    let agents = status["agents"].as_array().map(Vec::as_slice).unwrap_or_default();
    agents.iter().for_each(|agent| shown += &show_agent(agent));
    if let [agent] = agents {
        let alone = "runs alone in its process; ask the others with `courant admin AGENT status`";
        shown += &paper.wrapped(&format!("the {} {alone}", text(&agent["agent"])), INDENT);
    }
    let feeds = &status["feeds"];
    shown += &format!("{} feeds followed\n", number(&feeds["followed"]));
    for feed in feeds["worst"].as_array().into_iter().flatten() {
        let told = format!("failing: {}: {}", text(&feed["url"]), text(&feed["problem"]));
        shown += &paper.wrapped(&told, INDENT);
    }
    shown += &match status["model"]["name"].as_str() {
        _ if agents.is_empty() => "no service runs: `courant run` starts one\n".to_owned(),
        Some(name) => format!("vectors by {name}\n"),
        None => "no encoder answers: searches go by words alone\n".to_owned(),
    };
    shown += &format!("courant {}\n", text(&status["version"]));
    shown
}

/// Returns one line on an agent. Its state has no age: the status tells only that of its process.
fn show_agent(agent: &Value) -> String {
    let up_s = agent["uptime_s"].as_f64().unwrap_or_default();
    format!(
        "  {:<12} {:<8}  {} done, {} retried, {} given up; started {} ago\n",
        text(&agent["agent"]),
        text(&agent["state"]),
        number(&agent["succeeded"]),
        number(&agent["retried"]),
        number(&agent["discarded"]),
        duration_in_words(up_s),
    )
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn status(agents: &Value) -> String {
        let status = json!({
            "version": "0.1.0", "stored": {"articles": 3, "fingerprints": 4, "visits": 4},
            "pressure": {"level": "none"}, "queues": [], "agents": agents,
            "feeds": {"followed": 1, "worst": []}, "model": null,
        });
        show_status(&status, &Paper::standard_output())
    }

    #[test]
    fn a_folder_without_a_service_says_so_and_does_not_blame_the_encoder() {
        let shown = status(&json!([]));
        assert!(shown.contains("no service runs: `courant run` starts one\n"), "{shown}");
        assert!(!shown.contains("encoder"), "{shown}");
    }

    #[test]
    fn the_age_of_a_process_is_not_shown_as_that_of_a_state() {
        let agent = json!({"agent": "crawler", "state": "paused", "uptime_s": 54.0});
        let shown = status(&json!([agent]));
        assert!(shown.contains("the crawler runs alone in its process"), "{shown}");
        assert!(shown.contains("paused ") && !shown.contains("paused for"), "{shown}");
        assert!(shown.contains("started 54 seconds ago"), "{shown}");
        assert!(shown.contains("no encoder answers"), "{shown}");
    }
}
