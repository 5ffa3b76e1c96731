//! Tools and prompts that require input in several rounds.

use std::hash::{BuildHasher, RandomState};

use rmcp::ErrorData;
use rmcp::model::{ClientCapabilities, InputRequests, InputRequiredResult, InputResponses};
use serde_json::{Value, json};

/// Seals the number of a round into a state that the client sends back, under a key of this
/// process.
#[derive(Default)]
pub(crate) struct Rounds {
    key: RandomState,
}

impl Rounds {
    /// Returns the inputs that are required next. `None` when all rounds are answered.
    ///
    /// # Errors
    /// If the state was not sealed here, or the client can answer none of the requests.
    pub(crate) fn next(
        &self,
        rounds: &[InputRequests],
        responses: &Option<InputResponses>,
        state: &Option<String>,
        capabilities: &ClientCapabilities,
    ) -> Result<Option<InputRequiredResult>, ErrorData> {
        let asked = state.as_deref().map_or(Ok(0), |state| self.open(state))?;
        let Some(requests) = rounds.get(asked) else { return Ok(None) };
        let is_answered = responses.as_ref().is_some_and(|given| {
            requests.keys().all(|key| given.get(key).is_some_and(Value::is_object))
        });
        let wanted = if is_answered { asked + 1 } else { asked };
        let Some(requests) = rounds.get(wanted) else { return Ok(None) };
        let requests = answerable(requests, capabilities);
        if requests.is_empty() {
            return Err(ErrorData::missing_required_client_capability(
                ClientCapabilities::builder().enable_elicitation().build(),
            ));
        }
        Ok(Some(InputRequiredResult::new(Some(requests), Some(self.seal(wanted)))))
    }

    fn seal(&self, round: usize) -> String {
        format!("{round}.{:016x}", self.key.hash_one(round))
    }

    fn open(&self, state: &str) -> Result<usize, ErrorData> {
        let round = state.split_once('.').and_then(|(round, _)| round.parse().ok());
        let round = round.filter(|round| self.seal(*round) == state);
        round.ok_or_else(|| ErrorData::invalid_params("requestState is not from here", None))
    }
}

/// The requests that the client said it can answer.
fn answerable(requests: &InputRequests, capabilities: &ClientCapabilities) -> InputRequests {
    let declared = json!(capabilities);
    let can = |request: &Value| match request["method"].as_str() {
        Some("elicitation/create") => declared.get("elicitation").is_some(),
        Some("sampling/createMessage") => declared.get("sampling").is_some(),
        Some("roots/list") => declared.get("roots").is_some(),
        _ => false,
    };
    let requests = requests.iter().filter(|(_, request)| can(&json!(request)));
    requests.map(|(key, request)| (key.clone(), request.clone())).collect()
}

/// Checks that the client declared the capability `needed`.
///
/// # Errors
/// Names the capability.
pub(crate) fn require(needed: &str, capabilities: &ClientCapabilities) -> Result<(), ErrorData> {
    if json!(capabilities).get(needed).is_some() {
        return Ok(());
    }
    let data = json!({ "requiredCapabilities": { needed: {} } });
    let missing = ErrorData::missing_required_client_capability(ClientCapabilities::default());
    Err(ErrorData { data: Some(data), ..missing })
}
