//! A task is handed over. Whatever can be taken is: the old client gives up on the API for good after one refusal.

use adw_core::{AdwId, Priority, StageName, TaskType};
use adw_engine::{NewTask, Route};
use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::task_response;
use crate::{
    app::App,
    body::{Faults, JsonBody},
    problem::Problem,
    wire::{TaskObject, schema},
};

/// The longest title, in characters.
const LONGEST_TITLE: usize = 255;

/// The longest description, in bytes.
const LONGEST_DESCRIPTION: usize = 1 << 20;

/// A task. A member that is null counts as absent, and so does a name that is empty, but for `adw_id`; members that
/// aren't named here are ignored, unless they are a slip away from one that is.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({
    "title": "Test",
    "description": "Test task",
    "type": "feature",
    "stages": ["plan", "implement"]
}))]
pub(super) struct CreateBody {
    /// One line.
    #[schema(value_type = String, min_length = 1, max_length = 255)]
    title: Option<Value>,
    /// What is to be done, up to 1 MiB; a unified diff in it, bare or fenced, is applied as it is.
    #[schema(value_type = Option<String>)]
    description: Option<Value>,
    /// The kind of work: feature (if absent), bug, chore or patch; also enhancement, refactor and documentation.
    #[schema(value_type = Option<String>)]
    r#type: Option<Value>,
    /// The same as `type`, and goes before it.
    #[schema(value_type = Option<String>)]
    task_type: Option<Value>,
    /// Names in `[stages.*]`, in order. They win over `pipeline`.
    #[schema(value_type = Option<Vec<String>>, min_items = 1)]
    stages: Option<Value>,
    /// A name in `[pipelines.*]`; `default` if absent.
    #[schema(value_type = Option<String>)]
    pipeline: Option<Value>,
    /// The id that it is to have; one is made if absent. The same task under the same id is taken once.
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z0-9_][A-Za-z0-9_-]{0,99}$")]
    adw_id: Option<Value>,
    /// A name in `[projects.*]`; the only one, or `default`, if absent.
    #[schema(value_type = Option<String>)]
    project: Option<Value>,
    /// Among waiting tasks, the more urgent goes first.
    #[schema(value_type = Option<schema::PrioritySchema>)]
    priority: Option<Value>,
    /// A unified diff to apply.
    #[schema(value_type = Option<String>)]
    patch: Option<Value>,
    /// The agent that is to do the work, a name in `[agents.*]` or a built-in one.
    #[schema(value_type = Option<String>)]
    agent: Option<Value>,
}

/// Takes a task. It is durable when this answers, and runs as soon as there is a place.
#[utoipa::path(
    post,
    path = "/api/v1/workflows/create",
    operation_id = "create_workflow",
    tag = "workflows",
    request_body = CreateBody,
    responses((
        status = 201,
        description = "The task, accepted; also for the same task again under the same `adw_id`",
        body = TaskObject<'_>,
        headers(
            ("Location" = String, description = "where the workflow is read"),
            ("ETag" = String, description = "its version")
        )
    ))
)]
pub(super) async fn create(
    State(app): State<App>,
    JsonBody(body): JsonBody<CreateBody>,
) -> Result<Response, Problem> {
    let created = app.engine.create(body.check()?).await?;
    let mut response = task_response(StatusCode::CREATED, &created.stored, &app.engine);
    let location = format!("/api/v1/workflows/{}", created.stored.workflow.adw_id);
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

impl CreateBody {
    fn check(self) -> Result<NewTask, Problem> {
        let mut faults = Faults::default();
        let title = title(&mut faults, self.title);
        let description = description(&mut faults, self.description);
        let (task_type, task_type_as_sent) = task_type(&mut faults, self.task_type, self.r#type);
        let adw_id = faults.parsed::<AdwId>("/adw_id", self.adw_id);
        let priority = priority(&mut faults, self.priority);
        let route = route(&mut faults, self.stages, self.pipeline);
        let project = faults.word("/project", self.project);
        let patch = faults.text("/patch", self.patch);
        let agent = faults.word("/agent", self.agent);
        faults.into_result(title.map(|title| NewTask {
            adw_id,
            title,
            description,
            task_type,
            task_type_as_sent,
            priority,
            project,
            route,
            patch,
            agent,
        }))
    }
}

fn title(faults: &mut Faults, value: Option<Value>) -> Option<String> {
    if value.is_none() {
        faults.add("/title", "title is missing: say what is to be done, in 1 to 255 characters");
    }
    let title = faults.text("/title", value)?;
    let length = title.chars().count();
    if (1..=LONGEST_TITLE).contains(&length) {
        return Some(title);
    }
    faults.add("/title", format!("title must have 1 to 255 characters, and has {length}"));
    None
}

fn description(faults: &mut Faults, value: Option<Value>) -> Option<String> {
    let description = faults.text("/description", value)?;
    if description.len() > LONGEST_DESCRIPTION {
        let length = description.len();
        let most = "description may have 1 MiB (1048576 bytes) at the most";
        faults.add("/description", format!("{most}, and has {length} bytes"));
        return None;
    }
    Some(description)
}

/// The kind of work, and the words that it was asked for with.
fn task_type(faults: &mut Faults, task_type: Option<Value>, r#type: Option<Value>) -> (TaskType, String) {
    let given = |value: &Option<Value>| value.as_ref().is_some_and(|value| value != "");
    let (pointer, value) = if given(&task_type) { ("/task_type", task_type) } else { ("/type", r#type) };
    let otherwise = TaskType::default();
    let Some(word) = faults.word(pointer, value) else { return (otherwise, otherwise.as_str().to_owned()) };
    let meant = faults.take(pointer, word.to_ascii_lowercase().parse());
    (meant.unwrap_or(otherwise), word)
}

fn priority(faults: &mut Faults, value: Option<Value>) -> Priority {
    let Some(word) = faults.word("/priority", value) else { return Priority::default() };
    let meant = schema::PRIORITIES.into_iter().find(|priority| priority.as_str().eq_ignore_ascii_case(&word));
    meant.unwrap_or_else(|| {
        faults.add_choice("/priority", &word, &schema::PRIORITIES.map(Priority::as_str));
        Priority::default()
    })
}

fn route(faults: &mut Faults, stages: Option<Value>, pipeline: Option<Value>) -> Route {
    let pipeline = faults.word("/pipeline", pipeline);
    match stages {
        None => pipeline.map_or_else(Route::default, Route::Pipeline),
        Some(Value::Array(names)) if !names.is_empty() => {
            let mut stages = Vec::with_capacity(names.len());
            for (n, name) in names.into_iter().enumerate() {
                stages.extend(faults.parsed::<StageName>(&format!("/stages/{n}"), Some(name)));
            }
            Route::Stages(stages)
        }
        Some(_) => {
            faults.add(
                "/stages",
                "stages must be a list of names with one at the least, such as [\"plan\", \"implement\"]: \
                 leave it out for the pipeline",
            );
            Route::default()
        }
    }
}
