//! The built-in `run` stage: runs commands, and is done where each of them ends with exit code 0.
//!
//! For what takes a program and no plugin: a notice in `finally`, a formatter, a deployment. The command learns from its
//! environment what it is run for.

mod about;
mod ending;

use adw_plugin_sdk::Invocation;
use adw_plugin_sdk::prelude::*;

/// `[stages.<name>.config]`.
#[config]
#[derive(Debug, Clone, Default)]
#[serde(default)]
#[schemars(extend("minProperties" = 1))]
pub struct Config {
    /// The command: a line, `"./notify.sh --short"`, or its words. There is no shell.
    command: Option<CommandLine>,
    /// More commands, run after it, as long as each ends with exit code 0.
    commands: Vec<CommandLine>,
}

/// What later stages read.
#[data]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The commands that ran, as one would type them.
    pub commands: Vec<String>,
    /// The end of what the last of them wrote to standard output.
    pub output: String,
}

/// Runs commands.
#[stage]
pub fn run(cx: &Cx, config: Config) -> StageResult<Report> {
    // All are read before any is run.
    let commands: Vec<Invocation> = config
        .command
        .iter()
        .chain(&config.commands)
        .map(CommandLine::invocation)
        .collect::<Result<_, _>>()?;
    if commands.is_empty() {
        let stage = cx.stage();
        return Err(Failure::fatal(format!(
            "there is nothing to run: set `command` in [stages.{stage}.config]"
        )));
    }
    let mut output = String::new();
    for (number, command) in commands.iter().enumerate() {
        cx.progress(u8::try_from(number * 100 / commands.len()).unwrap_or(100), command);
        let ended = about::tell(cx, cx.command(command)).run()?;
        ending::judge(command, &ended)?;
        output = ending::tail(&ended.stdout_text());
    }
    let commands: Vec<String> = commands.iter().map(ToString::to_string).collect();
    let summary = format!("`{}` exited with 0", commands.join("` and `"));
    Ok(Outcome::done(summary, Report { commands, output }))
}

#[cfg(test)]
mod tests;
