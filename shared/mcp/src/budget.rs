//! The room that an answer may take in the context of a language model.

use rmcp::model::{CallToolResult, ContentBlock};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::left_out::{LeftOut, MEMBER};
use crate::quote::NOTICE_NAME;

/// Bytes of the result beside its content: the names of its members.
const FRAME_BYTES: usize = 160;
/// Bytes of one note on what was left out.
const NOTE_BYTES: usize = 80;
/// A text is cut in steps of at least so many bytes, so that few steps are needed.
const LEAST_CUT: usize = 64;

/// The amount of detail wanted in an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ResponseFormat {
    /// At most 2,000 tokens.
    #[default]
    Concise,
    /// At most 8,000 tokens.
    Detailed,
}

impl ResponseFormat {
    /// Returns true for an answer in detail.
    pub fn is_detailed(self) -> bool {
        self == Self::Detailed
    }

    /// Returns `concise` or `detailed`, by this format.
    pub fn choose<T>(self, concise: T, detailed: T) -> T {
        if self.is_detailed() { detailed } else { concise }
    }

    /// The most bytes of a serialized result. A token of English has about four.
    pub fn max_bytes(self) -> usize {
        self.choose(8_000, 32_000)
    }
}

/// The form in which an answer is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As structured content with a copy as text, for a tool with an output schema. Both count.
    Structured,
    /// As text.
    Text,
}

/// The room for one answer, and the form that it is sent in.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// The most bytes of a serialized result.
    pub max_bytes: usize,
    /// The form of the result, which decides how often its content counts.
    pub form: Form,
}

impl Budget {
    /// Returns the room that answers in `format` have.
    pub fn new(format: ResponseFormat, form: Form) -> Self {
        Self { max_bytes: format.max_bytes(), form }
    }

    /// Returns the bytes of a result with this answer.
    pub fn cost(self, answer: &Value) -> usize {
        self.cost_of_text(&answer.to_string())
    }

    fn cost_of_text(self, text: &str) -> usize {
        let copies = match self.form {
            Form::Structured => text.len(),
            Form::Text => 0,
        };
        copies + escaped_len(text) + FRAME_BYTES
    }

    /// Returns true if a result with this answer is within the budget.
    pub fn holds(self, answer: &Value) -> bool {
        self.cost(answer) <= self.max_bytes
    }

    /// Returns the result with `answer`. The heaviest lists and texts are cut until it is within
    /// the budget; `left_out` of the answer says what was cut.
    pub fn result(self, answer: Map<String, Value>) -> CallToolResult {
        let answer = self.fitted(answer);
        match self.form {
            Form::Structured => CallToolResult::structured(answer),
            Form::Text => CallToolResult::success(vec![ContentBlock::text(answer.to_string())]),
        }
    }

    fn fitted(self, answer: Map<String, Value>) -> Value {
        let mut left_out = LeftOut::of_answer(&answer);
        let mut answer = Value::Object(answer);
        loop {
            let text = answer.to_string();
            let cost = self.cost_of_text(&text);
            if cost <= self.max_bytes {
                return answer;
            }
            // Copies and escapes are spread over the whole text.
            let excess = (cost - self.max_bytes) * text.len() / cost + NOTE_BYTES;
            let Some(cut) = cut_heaviest(&mut answer, String::new(), excess) else {
                return too_large(&answer);
            };
            left_out.note_cut(cut.path, cut.kept, cut.removed);
            if let Value::Object(members) = &mut answer {
                left_out.write_into(members);
            }
        }
    }
}

/// Returns the bytes of a text as a JSON string.
fn escaped_len(text: &str) -> usize {
    let escape = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 8 | 12 => 1,
        0..=31 => 5,
        _ => 0,
    };
    text.len() + 2 + text.bytes().map(escape).sum::<usize>()
}

/// The answer in place of one that has nothing left to cut. Its notice stays.
fn too_large(answer: &Value) -> Value {
    let mut members = Map::new();
    if let Some(notice) = answer.get(NOTICE_NAME) {
        members.insert(NOTICE_NAME.to_owned(), notice.clone());
    }
    members.insert("error".to_owned(), "the answer is too large; ask for less".into());
    Value::Object(members)
}

/// A list or text that was cut at its end.
struct Cut {
    path: String,
    kept: usize,
    removed: usize,
}

/// Cuts the heaviest list or text by about `excess` bytes. Goes to the heaviest part at each
/// level. A list is cut itself unless one of its items weighs more than half of it.
fn cut_heaviest(value: &mut Value, path: String, excess: usize) -> Option<Cut> {
    match value {
        Value::String(text) => cut_text(text, path, excess),
        Value::Array(items) => {
            let weights: Vec<usize> = items.iter().map(weight).collect();
            let total: usize = weights.iter().sum();
            let (heaviest, most) = weights.iter().copied().enumerate().max_by_key(|(_, w)| *w)?;
            if most * 2 > total
                && let Some(cut) =
                    cut_heaviest(&mut items[heaviest], format!("{path}[{heaviest}]"), excess)
            {
                return Some(cut);
            }
            Some(cut_list(items, &weights, path, excess))
        }
        Value::Object(members) => {
            let mut names: Vec<(usize, String)> = members
                .iter()
                .filter(|(name, _)| ![NOTICE_NAME, MEMBER].contains(&name.as_str()))
                .map(|(name, member)| (weight(member), name.clone()))
                .collect();
            names.sort_unstable_by(|a, b| b.cmp(a));
            names.into_iter().find_map(|(_, name)| {
                let at = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                cut_heaviest(members.get_mut(&name)?, at, excess)
            })
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// Returns about the bytes that a value has as JSON.
fn weight(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => text.len() + 2,
        Value::Array(items) => 2 + items.iter().map(|item| weight(item) + 1).sum::<usize>(),
        Value::Object(members) => {
            2 + members.iter().map(|(name, member)| name.len() + 4 + weight(member)).sum::<usize>()
        }
    }
}

fn cut_text(text: &mut String, path: String, excess: usize) -> Option<Cut> {
    if text.is_empty() {
        return None;
    }
    let before = text.chars().count();
    let end = text.floor_char_boundary(text.len().saturating_sub(excess.max(LEAST_CUT)));
    text.truncate(end);
    let kept = text.chars().count();
    Some(Cut { path, kept, removed: before - kept })
}

fn cut_list(items: &mut Vec<Value>, weights: &[usize], path: String, excess: usize) -> Cut {
    let before = items.len();
    let mut freed = 0;
    while freed < excess && !items.is_empty() {
        items.pop();
        freed += weights[items.len()] + 1;
    }
    Cut { path, kept: items.len(), removed: before - items.len() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn fitted(budget: Budget, answer: Value) -> (Value, usize) {
        let Value::Object(members) = answer else { panic!("an object") };
        let result = budget.result(members);
        let bytes = serde_json::to_string(&result).unwrap().len();
        let text = result.content[0].as_text().unwrap().text.clone();
        (serde_json::from_str(&text).unwrap(), bytes)
    }

    const TEXT: Budget = Budget { max_bytes: 8_000, form: Form::Text };

    #[test]
    fn an_answer_within_its_budget_stays_as_it_is() {
        let answer = json!({"_notice": "n", "hits": [1, 2, 3]});
        assert_eq!(fitted(TEXT, answer.clone()).0, answer);
    }

    #[test]
    fn a_long_list_is_cut_at_its_end_and_counted() {
        let names: Vec<String> = (0..20_000).map(|n| format!("Name {n}")).collect();
        let (answer, bytes) = fitted(TEXT, json!({"_notice": "n", "a": 1, "names": names}));
        let kept = answer["names"].as_array().unwrap();
        assert_eq!(kept[1], "Name 1");
        assert!((6_000..=8_000).contains(&bytes), "{bytes}");
        let note = format!("{} of 20000 shown", kept.len());
        assert_eq!(answer["left_out"]["names"], note, "{}", answer["left_out"]);
    }

    #[test]
    fn one_long_text_in_a_list_is_cut_before_the_list() {
        let hits = json!([{"id": 1, "text": "é".repeat(40_000)}, {"id": 2, "text": "b"}]);
        let (answer, bytes) = fitted(TEXT, json!({"hits": hits}));
        assert!(bytes <= 8_000, "{bytes}");
        assert_eq!(answer["hits"][1]["id"], 2);
        assert!(answer["left_out"]["hits[0].text"].is_string(), "{}", answer["left_out"]);
    }

    #[test]
    fn an_answer_of_numbers_alone_that_is_too_large_becomes_an_error() {
        let members: Map<String, Value> =
            (0..5_000).map(|n| (format!("member {n}"), n.into())).collect();
        let (answer, bytes) = fitted(TEXT, Value::Object(members));
        assert!(bytes <= 8_000 && answer["error"].is_string(), "{answer}");
    }

    fn answers() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<i64>().prop_map(Value::from),
            "\\PC{0,300}".prop_map(Value::from),
            "[\"\\\\\n]{0,1000}".prop_map(Value::from),
        ];
        let node = leaf.prop_recursive(4, 64, 12, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..12).prop_map(Value::from),
                prop::collection::btree_map("[a-z]{1,8}", inner, 0..8)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        });
        prop::collection::btree_map("[a-z]{1,8}", node, 0..8)
            .prop_map(|members| Value::Object(members.into_iter().collect()))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn any_answer_is_within_its_budget(answer in answers(), structured: bool) {
            let form = if structured { Form::Structured } else { Form::Text };
            let (_, bytes) = fitted(Budget { max_bytes: 8_000, form }, answer);
            prop_assert!(bytes <= 8_000, "{bytes}");
        }
    }
}
