//! Calls that take long, as tasks (SEP-2663): the client gets a name for the call at once, asks for
//! its state, and may cancel it. A task lives in the process that began it, and ends with it.

use std::sync::Arc;
use std::time::Duration;

use courant_api::submissions::Submission;
use courant_mcp::answer::result;
use courant_mcp::budget::{Form, ResponseFormat};
use rmcp::model::{CallToolResult, CancelTaskParams, DetailedTask, GetTaskParams, Task};
use rmcp::task_manager::{TaskExit, TaskManager, TaskOptions};
use rmcp::{ErrorData, model::UpdateTaskParams};
use tokio::sync::Semaphore;

use super::failed;
use crate::api::Api;
use crate::error::ApiError;

/// The time from its beginning for which a task is kept, and again from its end.
const KEPT: Duration = Duration::from_secs(600);
/// The tasks that are kept at a time. Beyond them, calls are answered as without tasks.
const MAX_TASKS: usize = 256;
const WAITS: &str = "waits until the article is stored, or refused";

/// The tasks of this process. Clones share them.
#[derive(Clone)]
pub(crate) struct Tasks {
    manager: TaskManager,
    places: Arc<Semaphore>,
}

impl Tasks {
    pub(crate) fn new() -> Self {
        Self { manager: TaskManager::new(), places: Arc::new(Semaphore::new(MAX_TASKS)) }
    }

    /// Submits an article, and waits until it is stored. `None` if there is no place for a task.
    pub(super) fn submit(&self, api: &Api, submission: &Submission) -> Option<Task> {
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        let (api, submission) = (api.clone(), submission.clone());
        let kept_ms = u64::try_from(KEPT.as_millis()).ok();
        let options = TaskOptions::new().with_ttl_ms(kept_ms).with_status_message(WAITS);
        let task = self.manager.spawn(options, |context| {
            Box::pin(async move {
                tokio::select! {
                    biased;
                    // An article in the queue goes its way; the client no longer waits for it.
                    () = context.cancelled() => Err(TaskExit::Cancelled),
                    answer = stored(&api, submission) => {
                        Ok(answer.unwrap_or_else(|error| failed(&error)))
                    }
                }
            })
        });
        tokio::spawn(async move {
            // The manager forgets the task by then, at the latest.
            tokio::time::sleep(2 * KEPT).await;
            drop(place);
        });
        Some(task)
    }

    pub(super) fn get(&self, request: &GetTaskParams) -> Result<DetailedTask, ErrorData> {
        self.manager.get_task(&request.task_id)
    }

    /// Takes answers to questions, of which no task has any.
    pub(super) fn update(&self, request: UpdateTaskParams) -> Result<(), ErrorData> {
        self.manager.update_task(&request.task_id, request.input_responses)
    }

    pub(super) fn cancel(&self, request: &CancelTaskParams) -> Result<(), ErrorData> {
        self.manager.cancel_task(&request.task_id)
    }
}

async fn stored(api: &Api, submission: Submission) -> Result<CallToolResult, ApiError> {
    let wait = Duration::from_secs(api.config.max_wait_s);
    let receipt = Box::pin(api.submit_until_stored(submission, wait)).await?;
    Ok(result(&receipt, ResponseFormat::Concise, Form::Text)?)
}
