//! Commands as a stage's config has them.

pub use adw_command_line::{Invocation, NotACommand};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Failure;

/// A command that a person names in a stage's config, and that the stage will run: a line, split into words as a shell would
/// split it, or the words themselves. There is no shell.
///
/// It says so in the schema of the config. So whoever writes an adw.toml in which the stage's grants don't allow the command
/// is told at once, by `adw check` for example, with the line to add, and not by the stage that fails of it.
///
/// ```
/// use adw_plugin_sdk::prelude::*;
/// use adw_plugin_sdk::testing::exits;
///
/// #[config]
/// struct Config {
///     /// The command that looks at the code: `"cargo clippy"`, or `["cargo", "clippy"]`.
///     command: CommandLine,
/// }
///
/// /// Has a linter look at the code.
/// #[stage]
/// fn lint(cx: &Cx, config: Config) -> StageResult {
///     let command = config.command.invocation()?;
///     let output = cx.command(&command).run()?;
///     if !output.success() {
///         return Err(Failure::rework(output.stderr_text()));
///     }
///     Ok(Outcome::done(format!("`{command}` found nothing"), json!({})))
/// }
///
/// let host = TestHost::new().exec(["cargo", "clippy"], exits(0));
/// let run = host.run_json(lint, &json!({ "command": "RUSTFLAGS=-Dwarnings cargo clippy" }));
/// assert_eq!(run.summary(), "`RUSTFLAGS=-Dwarnings cargo clippy` found nothing");
/// ```
///
/// A value of another type is marked by hand, a list of words for example:
/// `#[schemars(extend("x-adw-exec" = true))] argv: Vec<String>`. Mark what is run as it stands, and nothing that other words
/// are put into first. In a plugin without this SDK the mark stands in the JSON Schema of its config. Values that a config
/// leaves out are judged by the schema's `default`, where it has one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
// `EXEC_MARK`, where only a literal may stand.
#[schemars(extend("x-adw-exec" = true))]
pub enum CommandLine {
    /// `"cargo test --workspace"`; it may begin with variables: `"RUST_BACKTRACE=1 cargo test"`.
    Line(String),
    /// `["cargo", "test", "--workspace"]`
    Words(Vec<String>),
}

impl CommandLine {
    /// What is to be run: [`Cx::command`](crate::Cx::command) takes it.
    pub fn invocation(&self) -> Result<Invocation, NotACommand> {
        match self {
            Self::Line(line) => Invocation::of_line(line),
            Self::Words(words) => Invocation::of_words(words.iter().cloned()),
        }
    }
}

/// No try will mend a config.
impl From<NotACommand> for Failure {
    fn from(error: NotACommand) -> Self {
        Self::fatal(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use adw_command_line::EXEC_MARK;
    use serde_json::{json, to_value};

    use super::CommandLine;

    #[test]
    fn a_command_is_a_line_or_words_and_marked_in_the_schema() {
        let schema = schemars::schema_for!(CommandLine);
        assert_eq!(schema.get(EXEC_MARK), Some(&json!(true)));
        for (value, expected) in [(json!("make 'a b'"), "make 'a b'"), (json!(["make", "a b"]), "make 'a b'")]
        {
            let command: CommandLine = serde_json::from_value(value.clone()).unwrap();
            assert_eq!(command.invocation().unwrap().to_string(), expected);
            assert_eq!(to_value(command).unwrap(), value);
        }
    }
}
