//! Formats an article, and the state of a pipeline, for a person.

use console::Style;
use courant_api::articles::{ArticleView, RevisionView, Revisions};
use courant_api::decisions::{DecisionView, DecisionsAnswer};
use courant_api::status::{AgentView, QueueView, Status};

use crate::paper::{Paper, duration_in_words, in_words, short_id};

/// The number of blanks before lines that belong to a line above.
const INDENT: usize = 2;
/// The least score of a topic that is shown.
const LIKELY: f32 = 0.2;

/// Returns the title, the origin, the text and the analysis of an article.
pub(crate) fn show_article(article: &ArticleView, paper: &Paper) -> String {
    let (title, dim) = (Style::new().bold().cyan(), Style::new().dim());
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let authors = list(article.authors.iter());
    let published = in_words(&text(&article.published_at));
    let about = [text(&article.site_name), authors, published, text(&article.language)];
    let about: Vec<_> = about.into_iter().filter(|part| !part.is_empty()).collect();
    let mut shown = paper.wrapped(&paper.styled(&title, &article.title), 0);
    shown += &paper.wrapped(&paper.styled(&dim, &about.join(" · ")), 0);
    shown += &format!("{}\n\n", article.url);
    let paragraphs = article.text.as_deref().unwrap_or_default().split('\n');
    for paragraph in paragraphs.filter(|paragraph| !paragraph.trim().is_empty()) {
        shown += &paper.wrapped(paragraph, 0);
        shown.push('\n');
    }
    let analysis = &article.analysis;
    let topics = analysis.topics.iter().filter(|topic| topic.score >= LIKELY);
    let sentiment = analysis.sentiment.map(|sentiment| sentiment.label.as_str());
    let facts = [
        ("topics", list(topics.map(|topic| &topic.label))),
        ("names", list(analysis.entities.iter().map(|entity| &entity.text))),
        ("key phrases", list(analysis.key_phrases.iter().map(|phrase| &phrase.text))),
        ("sentiment", sentiment.unwrap_or_default().to_owned()),
        ("copy of", text(&article.syndicated_of)),
        ("copies", list(article.copies.iter().map(|copy| &copy.url))),
        ("tags", list(article.tags.iter())),
        ("your id", text(&article.outer_id)),
        ("stored", in_words(&article.stored_at)),
        ("from", article.source.clone()),
        ("id", article.id.clone()),
    ];
    for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        shown += &paper.wrapped(&format!("{}: {value}", paper.styled(&dim, name)), 0);
    }
    shown
}

/// Returns a line for each version of an article, the newest first.
pub(crate) fn show_revisions(answer: &Revisions, paper: &Paper) -> String {
    let line = |revision: &RevisionView| {
        let RevisionView { length, title, .. } = revision;
        let observed = in_words(&revision.observed_at);
        paper.wrapped(&format!("{observed} · {length} characters · {title}"), 0)
    };
    let mut shown: String = answer.revisions.iter().map(line).collect();
    shown += "show one with --as-of TIME, or all texts with --json\n";
    shown
}

/// Returns a sentence for each decision, the latest first.
pub(crate) fn show_decisions(answer: &DecisionsAnswer, paper: &Paper) -> String {
    let decisions = answer.decisions.iter();
    let shown: String = decisions.map(|decision| paper.wrapped(&decided(decision), 0)).collect();
    if shown.is_empty() { "no decision is kept; they are kept for a week\n".into() } else { shown }
}

fn decided(decision: &DecisionView) -> String {
    let of = short_id(decision.of.as_deref().unwrap_or_default());
    let rule = decision.rule.as_deref().unwrap_or_default();
    let why = match (decision.decision.as_str(), rule) {
        ("refused", _) => decision.reason.clone().unwrap_or_default(),
        ("new", _) => "address and text were new".to_owned(),
        ("revision", _) => "the address was known with another text".to_owned(),
        (_, "address") => "the address was known, with this text or a later one".to_owned(),
        (_, "text") => format!("article {of} has the same words"),
        (_, "parts") => {
            let share = decision.containment.unwrap_or_default() * 100.0;
            format!("{share:.0} % of the shorter text stand in article {of}")
        }
        _ => String::new(),
    };
    let mut shown = format!("{} · {}", in_words(&decision.decided_at), decision.decision);
    for part in [why.as_str(), &decision.url].into_iter().filter(|part| !part.is_empty()) {
        shown += &format!(" · {part}");
    }
    if let Some(passage) = &decision.shared_passage {
        shown += &format!(" · both say “{passage}”");
    }
    shown
}

/// Returns the different texts of a list, separated by commas.
fn list<'a>(items: impl Iterator<Item = &'a String>) -> String {
    let mut texts: Vec<&str> = Vec::new();
    for text in items {
        if !texts.contains(&text.as_str()) {
            texts.push(text);
        }
    }
    texts.join(", ")
}

/// Returns the stored amounts, the queues that are not empty, the agents, feeds and pressure.
pub(crate) fn show_status(status: &Status, paper: &Paper) -> String {
    let stored = &status.stored;
    let mut shown =
        format!("{} articles stored; {} pages known\n", stored.articles, stored.fingerprints);
    let pressure = &status.pressure;
    if pressure.level != "none" {
        let told = format!("publishers are asked to {}: {}", pressure.level, pressure.reason);
        shown += &paper.wrapped(&told, 0);
    }
    shown += &show_queues(&status.queues);
    status.agents.iter().for_each(|agent| shown += &show_agent(agent));
    if let [agent] = status.agents.as_slice() {
        let alone = "runs alone in its process; ask the others with `courant admin AGENT status`";
        shown += &paper.wrapped(&format!("the {} {alone}", agent.agent), INDENT);
    }
    shown += &format!("{} feeds followed\n", status.feeds.followed);
    for feed in &status.feeds.worst {
        let problem = feed.problem.as_deref().unwrap_or_default();
        shown += &paper.wrapped(&format!("failing: {}: {problem}", feed.url), INDENT);
    }
    shown += &match &status.model {
        _ if status.agents.is_empty() => "no service runs: `courant run` starts one\n".to_owned(),
        Some(model) => format!("vectors by {}\n", model.name),
        None => "no encoder answers: searches go by words alone\n".to_owned(),
    };
    shown += &format!("courant {}\n", status.version);
    shown
}

/// Returns a line for each queue of work that is not empty, and the number of dead letters.
fn show_queues(queues: &[QueueView]) -> String {
    let waiting = |queue: &QueueView| {
        let stage = queue.stage.as_ref().filter(|_| queue.depth > 0)?;
        let age = duration_in_words(queue.oldest_age_s.unwrap_or_default());
        let QueueView { depth, in_flight, .. } = queue;
        let amounts = format!("{depth:>7} messages, {in_flight} in flight");
        Some(format!("  {stage:<12} {amounts}, the oldest for {age}\n"))
    };
    let waiting: String = queues.iter().filter_map(waiting).collect();
    let mut shown = if waiting.is_empty() {
        "nothing waits\n".to_owned()
    } else {
        format!("waiting for\n{waiting}")
    };
    let kept = queues.iter().filter(|queue| queue.stage.is_none());
    let letters = kept.filter(|queue| queue.stream.ends_with("_DLQ"));
    let letters: u64 = letters.map(|queue| queue.depth).sum();
    if letters > 0 {
        shown += &format!("{letters} dead letters: see `courant dlq list`\n");
    }
    shown
}

/// Returns one line on an agent. Its state has no age: the status tells only that of its process.
fn show_agent(agent: &AgentView) -> String {
    format!(
        "  {:<12} {:<8}  {} done, {} retried, {} given up; started {} ago\n",
        agent.agent,
        agent.state,
        agent.succeeded,
        agent.retried,
        agent.discarded,
        duration_in_words(agent.uptime_s),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn status(agents: &Value) -> String {
        let status = json!({
            "version": "0.1.0", "stored": {"articles": 3, "fingerprints": 4, "visits": 4},
            "pressure": {"level": "none", "reason": "", "suggested_rate": 0.0}, "queues": [],
            "index": {"articles": 3, "change": 3, "store_change": 3, "rebuilding": false},
            "agents": agents, "feeds": {"followed": 1, "failing": 0, "worst": []}, "model": null,
        });
        show_status(&serde_json::from_value(status).unwrap(), &Paper::standard_output())
    }

    #[test]
    fn a_folder_without_a_service_says_so_and_does_not_blame_the_encoder() {
        let shown = status(&json!([]));
        assert!(shown.contains("no service runs: `courant run` starts one\n"), "{shown}");
        assert!(!shown.contains("encoder"), "{shown}");
    }

    #[test]
    fn the_age_of_a_process_is_not_shown_as_that_of_a_state() {
        let agent = json!({
            "agent": "crawler", "state": "paused", "uptime_s": 54.0, "in_flight": 0,
            "succeeded": 0, "retried": 0, "discarded": 0, "details": {},
        });
        let shown = status(&json!([agent]));
        assert!(shown.contains("the crawler runs alone in its process"), "{shown}");
        assert!(shown.contains("paused ") && !shown.contains("paused for"), "{shown}");
        assert!(shown.contains("started 54 seconds ago"), "{shown}");
        assert!(shown.contains("no encoder answers"), "{shown}");
    }
}
