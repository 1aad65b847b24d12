//! Between the contract's types and the host's own.

use semver::Version;
use serde_json::Value;

use crate::bindings::adw::stage::types;
use crate::load::LoadError;
use crate::stage::{Context, Description, Earlier, Failure, Outcome, Reason, Task};
use crate::text;
use crate::trouble::Cause;

/// A stage's output may be this long.
const DATA: usize = 1 << 20;
/// A summary, a reason or feedback is cut to this.
const TEXT: usize = 64 << 10;
/// What a retry policy names.
const CLASS: usize = 128;
/// A schema is kept for as long as the plugin is.
const SCHEMA: usize = 256 << 10;

impl From<Context> for types::Context {
    fn from(context: Context) -> Self {
        Self {
            task: context.task.into(),
            stage: context.stage,
            reason: context.reason.into(),
            config: context.config.to_string(),
            earlier: context.earlier.into_iter().map(Into::into).collect(),
            extra: context.extra.into_iter().collect(),
        }
    }
}

impl From<Task> for types::Task {
    fn from(Task { adw_id, title, description, task_type, priority }: Task) -> Self {
        Self { adw_id, title, description, task_type, priority }
    }
}

impl From<Reason> for types::Reason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::First => Self::First,
            Reason::Retry(number) => Self::Retry(number),
            Reason::Rework { stage, round, feedback } => {
                Self::Rework(types::Rework { stage, round, feedback })
            }
        }
    }
}

impl From<Earlier> for types::Earlier {
    fn from(Earlier { stage, summary, data, skipped }: Earlier) -> Self {
        Self { stage, summary, data: data.to_string(), skipped }
    }
}

impl TryFrom<types::Outcome> for Outcome {
    type Error = Cause;

    fn try_from(outcome: types::Outcome) -> Result<Self, Cause> {
        match outcome {
            types::Outcome::Done(types::Done { summary, data }) => {
                if data.len() > DATA {
                    return Err(Cause::OutputTooLarge { bytes: data.len(), bound: DATA });
                }
                let bad = |reason| Cause::BadOutput { reason };
                let data =
                    serde_json::from_str(&data).map_err(|error| bad(format!("is no JSON: {error}")))?;
                if adw_core::is_too_deep(&data) {
                    return Err(bad(format!("is nested more than {} deep", adw_core::DEEPEST_JSON)));
                }
                Ok(Self::Done { summary: for_people(&summary), data })
            }
            types::Outcome::Skipped(reason) => Ok(Self::Skipped(for_people(&reason))),
        }
    }
}

impl From<types::Failure> for Failure {
    fn from(failure: types::Failure) -> Self {
        match failure {
            types::Failure::Retryable(types::Retryable { class, message }) => Self::Retryable {
                class: text::cut(&text::printable(&class), CLASS),
                message: for_people(&message),
            },
            types::Failure::Fatal(message) => Self::Fatal(for_people(&message)),
            types::Failure::Rework(feedback) => Self::Rework(for_people(&feedback)),
        }
    }
}

impl TryFrom<types::Description> for Description {
    type Error = LoadError;

    fn try_from(said: types::Description) -> Result<Self, LoadError> {
        let bad = |reason: String| LoadError::BadDescription { reason };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if said.name.is_empty() || said.name.len() > 100 || !said.name.chars().all(plain) {
            let name = text::cut(&text::printable(&said.name), 100);
            return Err(bad(format!("its name `{name}` is to be 1 to 100 letters, digits and any of - _ .")));
        }
        let schema = |what: &str, schema: &str| match serde_json::from_str(schema) {
            _ if schema.len() > SCHEMA => Err(bad(format!("its {what} is longer than {} KiB", SCHEMA >> 10))),
            Ok(schema @ (Value::Object(_) | Value::Bool(_))) => Ok(schema),
            Ok(_) => Err(bad(format!("its {what} is no JSON Schema: an object or a boolean is expected"))),
            Err(error) => Err(bad(format!("its {what} is no JSON: {error}"))),
        };
        Ok(Self {
            version: Version::parse(&said.version)
                .map_err(|error| bad(format!("its version is no semantic version: {error}")))?,
            summary: for_people(&said.summary),
            config_schema: schema("config schema", &said.config_schema)?,
            output_schema: schema("output schema", &said.output_schema)?,
            name: said.name,
        })
    }
}

/// Text that ends up on somebody's screen.
fn for_people(said: &str) -> String {
    text::cut(&text::printable(said), TEXT)
}
