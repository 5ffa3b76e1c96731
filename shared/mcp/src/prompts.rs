//! Questions of an editor, as prompts that say which tools answer them.

use rmcp::ErrorData;
use rmcp::model::{GetPromptResult, JsonObject, Prompt, PromptArgument, PromptMessage, Role};
use serde_json::Value;

use crate::quote::visible;

/// The longest argument.
const MAX_CHARS: usize = 500;

/// An argument of a prompt.
struct Argument {
    name: &'static str,
    description: &'static str,
    is_required: bool,
}

/// A prompt: its text, with `{name}` in place of each argument.
struct Template {
    name: &'static str,
    title: &'static str,
    description: &'static str,
    arguments: &'static [Argument],
    text: &'static str,
}

const SUBJECT: Argument =
    Argument { name: "subject", description: "Words or a name", is_required: true };
const SINCE: Argument = Argument {
    name: "since",
    description: "A duration such as P7D, or a range of dates; P7D if absent",
    is_required: false,
};

const TEMPLATES: [Template; 4] = [
    Template {
        name: "brief_me",
        title: "Brief me",
        description: "A briefing on a subject, with sources",
        arguments: &[SUBJECT, SINCE],
        text: "Brief me on: {subject}\nPeriod: {since} (filters.date).\n\
            1. Call search_articles with the subject and the period; read the best two or three \
            with get_article.\n2. Call compare_outlets to see who covers it.\n\
            Write five sentences at most: what happened, when, who is involved, what is disputed. \
            Name the outlet and the date of each statement, and give its address. Say what the \
            archive does not tell.",
    },
    Template {
        name: "what_changed",
        title: "What changed since",
        description: "New articles and revisions since a time",
        arguments: &[Argument { is_required: false, ..SUBJECT }, SINCE],
        text: "What changed on this subject (all if blank): {subject}\nSince: {since} \
            (filters.observed).\n\
            1. Call search_articles with sort=newest and filters.observed.\n\
            2. Call it again with filters.decision=revision, and article_revisions on the \
            articles that it finds.\n\
            List what is new, then what was revised and how, each with outlet and time.",
    },
    Template {
        name: "compare_coverage",
        title: "Compare coverage",
        description: "How outlets report a subject",
        arguments: &[
            SUBJECT,
            Argument {
                name: "outlets",
                description: "Domains with commas between; the busiest if absent",
                is_required: false,
            },
            SINCE,
        ],
        text: "Compare how outlets cover: {subject}\nOutlets: {outlets}\nPeriod: {since} \
            (filters.date).\n\
            Call compare_outlets; read one article of each outlet with get_article. Say who \
            reported first, how much each wrote, in which tone, whom each names, what only one \
            of them says, and who is silent. Quote sparingly, with outlet and date.",
    },
    Template {
        name: "check_claim",
        title: "Check a claim",
        description: "What the archive says for and against a claim",
        arguments: &[
            Argument { name: "claim", description: "One statement", is_required: true },
            SINCE,
        ],
        text: "Check this claim against the archive: {claim}\nPeriod: {since} (filters.date).\n\
            1. Call search_articles with the words of the claim, then with those of its \
            opposite.\n2. Read the relevant articles with get_article; look at article_revisions \
            where a text was corrected.\n\
            Answer supported, contradicted, disputed or not found. List the articles for and \
            against, with outlet, date and address. Copies of one text (syndicated_of) count \
            once. Do not answer from memory.",
    },
];

/// Returns all prompts, always in this order.
pub fn all() -> Vec<Prompt> {
    let argument = |argument: &Argument| {
        PromptArgument::new(argument.name)
            .with_description(argument.description)
            .with_required(argument.is_required)
    };
    let prompt = |template: &Template| {
        let arguments = template.arguments.iter().map(argument).collect();
        Prompt::new(template.name, Some(template.description), Some(arguments))
            .with_title(template.title)
    };
    TEMPLATES.iter().map(prompt).collect()
}

/// Returns true if the prompt has this argument; `None` if there is no such prompt.
pub fn has_argument(prompt: &str, argument: &str) -> Option<bool> {
    let template = TEMPLATES.iter().find(|template| template.name == prompt)?;
    Some(template.arguments.iter().any(|known| known.name == argument))
}

/// Writes the arguments into a prompt.
///
/// # Errors
/// If there is no such prompt, or an argument is missing or unknown.
pub fn get(name: &str, arguments: &JsonObject) -> Result<GetPromptResult, ErrorData> {
    let invalid = |message: String| ErrorData::invalid_params(message, None);
    let template = TEMPLATES.iter().find(|template| template.name == name);
    let template = template.ok_or_else(|| invalid(format!("there is no prompt {name}")))?;
    let is_known = |given: &String| template.arguments.iter().any(|known| known.name == given);
    if let Some(unknown) = arguments.keys().find(|given| !is_known(given)) {
        return Err(invalid(format!("{name} has no argument {unknown}")));
    }
    let mut text = template.text.to_owned();
    for argument in template.arguments {
        let given = arguments.get(argument.name).and_then(Value::as_str).map(str::trim);
        let given = given.filter(|given| !given.is_empty());
        let value = match given {
            Some(given) => visible(given, MAX_CHARS).replace(['{', '}'], " "),
            None if argument.is_required => {
                return Err(invalid(format!("{name} needs the argument {}", argument.name)));
            }
            None if argument.name == SINCE.name => "P7D".to_owned(),
            None => "-".to_owned(),
        };
        text = text.replace(&format!("{{{}}}", argument.name), &value);
    }
    let messages = vec![PromptMessage::new_text(Role::User, text)];
    Ok(GetPromptResult::new(messages).with_description(template.description))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(name: &str, arguments: Value) -> Result<String, ErrorData> {
        let Value::Object(arguments) = arguments else { panic!("an object") };
        let prompt = get(name, &arguments)?;
        Ok(prompt.messages[0].content.as_text().unwrap().text.clone())
    }

    #[test]
    fn every_prompt_has_its_arguments_in_its_text() {
        for template in &TEMPLATES {
            for argument in template.arguments {
                assert!(
                    template.text.contains(&format!("{{{}}}", argument.name)),
                    "{}",
                    template.name
                );
            }
        }
        let text = text("brief_me", json!({"subject": "the {since} bridge"})).unwrap();
        assert!(text.contains("the  since  bridge") && text.contains("Period: P7D"), "{text}");
    }

    #[test]
    fn a_missing_or_unknown_argument_is_named() {
        let error = |name, arguments| text(name, arguments).unwrap_err().message.to_string();
        assert!(error("check_claim", json!({})).contains("argument claim"));
        assert!(error("brief_me", json!({"subject": "a", "x": "b"})).contains("no argument x"));
        assert!(error("sing", json!({})).contains("no prompt sing"));
    }
}
