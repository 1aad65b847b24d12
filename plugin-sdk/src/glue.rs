//! Between the exports that `#[stage]` writes and an author's function.

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bindings::adw::stage::types;
use crate::{Cx, Failure, Outcome, StageResult};

/// What packages of plugins conventionally begin with, and their plugins' names don't.
const PACKAGE_PREFIX: &str = "adw-plugin-";

/// Answers `describe`.
pub fn describe<C: JsonSchema, T: JsonSchema>(
    package: &str,
    version: &str,
    summary: &str,
    _: fn(&Cx, C) -> StageResult<T>,
) -> types::Description {
    report_panics();
    types::Description {
        name: package.strip_prefix(PACKAGE_PREFIX).unwrap_or(package).to_owned(),
        version: version.to_owned(),
        summary: summary.to_owned(),
        config_schema: schema_of::<C>(),
        output_schema: schema_of::<T>(),
    }
}

/// Answers `run`.
pub fn run<C: DeserializeOwned, T: Serialize>(
    stage: fn(&Cx, C) -> StageResult<T>,
    context: types::Context,
) -> Result<types::Outcome, types::Failure> {
    report_panics();
    attempt(stage, context).map(Into::into).map_err(Into::into)
}

/// The same without the contract's types: what tests run too.
pub(crate) fn attempt<C: DeserializeOwned, T: Serialize>(
    stage: fn(&Cx, C) -> StageResult<T>,
    mut context: types::Context,
) -> Result<Outcome<Text>, Failure> {
    let config = core::mem::take(&mut context.config);
    let cx = Cx::try_from(context)?;
    let config = serde_json::from_str(&config).map_err(|error| {
        Failure::fatal(format!("[stages.{}.config] in adw.toml doesn't fit this plugin: {error}", cx.stage()))
    })?;
    match stage(&cx, config)? {
        Outcome::Done { summary, data } => {
            let data = serde_json::to_string(&data).map_err(|error| {
                Failure::fatal(format!("the stage's output can't be written as JSON: {error}"))
            })?;
            Ok(Outcome::Done { summary, data: Text(data) })
        }
        Outcome::Skipped { reason } => Ok(Outcome::Skipped { reason }),
    }
}

/// JSON as text.
pub(crate) struct Text(pub(crate) String);

/// A type's JSON Schema, as text.
pub(crate) fn schema_of<T: JsonSchema>() -> String {
    schemars::SchemaGenerator::default().into_root_schema_for::<T>().as_value().to_string()
}

/// Sends a panic's message, file and line to the host, which otherwise sees but a trap.
#[cfg(target_family = "wasm")]
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("a panic with a payload that is no text");
        let line = match panic.location() {
            Some(location) => format!("panicked at {location}: {message}"),
            None => format!("panicked: {message}"),
        };
        crate::imports::log::write(crate::imports::log::Level::Error, &line);
    }));
}

/// A native test has its own way to report a panic.
#[cfg(not(target_family = "wasm"))]
fn report_panics() {}

impl From<Outcome<Text>> for types::Outcome {
    fn from(outcome: Outcome<Text>) -> Self {
        match outcome {
            Outcome::Done { summary, data } => Self::Done(types::Done { summary, data: data.0 }),
            Outcome::Skipped { reason } => Self::Skipped(reason),
        }
    }
}

impl From<Failure> for types::Failure {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Retryable { class, message } => Self::Retryable(types::Retryable { class, message }),
            Failure::Fatal(message) => Self::Fatal(message),
            Failure::Rework(feedback) => Self::Rework(feedback),
        }
    }
}

/// Exports a plugin. On other targets than a plugin's nothing is exported; the types are checked all the same.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_stage {
    ($plugin:ident) => {
        #[cfg(target_family = "wasm")]
        $crate::bindings::export_stage!($plugin with_types_in $crate::bindings);

        // Read by the runtime before it instantiates the plugin, to say what a misfit was built for.
        #[cfg(target_family = "wasm")]
        #[used]
        #[unsafe(link_section = "adw:stage")]
        static BUILT_WITH: [u8; $crate::__private::BUILT_WITH.len()] = $crate::__private::BUILT_WITH;

        #[cfg(not(target_family = "wasm"))]
        const _: (fn() -> $crate::__private::Description, $crate::__private::Run) =
            (<$plugin as $crate::__private::Guest>::describe, <$plugin as $crate::__private::Guest>::run);
    };
}
