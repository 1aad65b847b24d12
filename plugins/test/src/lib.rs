//! The built-in `test` stage: runs a repository's tests and says what failed.
//!
//! It runs the commands that adw.toml names, or finds those that fit the repository, and reads from what they print
//! how many tests passed and failed and which. A failure sends the work back with the failing names and the end of
//! the output. What can't be understood is no pass: an exit code of 0 alone proves nothing unless adw.toml says that
//! it does.

mod feedback;
mod found;
mod reading;
mod verdict;

use adw_plugin_sdk::Invocation;
use adw_plugin_sdk::prelude::*;

use found::Found;
use verdict::{Ran, Verdict};

/// `[stages.<name>.config]`.
#[config]
#[derive(Debug, Clone, Default)]
#[serde(default)]
pub struct Config {
    /// The command that runs the tests; without one, those are run that fit the repository.
    command: Option<CommandLine>,
    /// More commands, run after it.
    commands: Vec<CommandLine>,
    /// Take an exit code of 0 for a pass where the output isn't understood.
    trust_exit_code: bool,
}

/// What later stages read.
#[data]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The commands that ran, as one would type them.
    pub commands: Vec<String>,
    /// How many tests passed, as far as the output says.
    pub passed: u32,
    /// How many failed.
    pub failed: u32,
    /// The names of those that failed.
    pub failures: Vec<String>,
}

/// Runs the repository's tests.
#[stage]
pub fn test(cx: &Cx, config: Config) -> StageResult<Report> {
    let named: Vec<&CommandLine> = config.command.iter().chain(&config.commands).collect();
    if !named.is_empty() {
        let commands =
            named.into_iter().map(|line| Ok(line.invocation()?)).collect::<Result<_, Failure>>()?;
        return conclude(cx, &run_all(cx, commands)?, None, &config);
    }
    let found = Found::look(cx)?;
    let commands = found.commands()?;
    if commands.is_empty() {
        return Ok(Outcome::skipped(NO_RUNNER));
    }
    let mut ran = run_all(cx, commands)?;
    found.run_instead(&mut ran, cx, |command| run(cx, command))?;
    conclude(cx, &ran, found.test_file(), &config)
}

const NO_RUNNER: &str = "no test was found: there is no Cargo.toml, package.json with a test script, Python test file, \
                         go.mod or Makefile with a test target at the root; set `command` in the stage's config";

/// Runs one after the other, to the end of all.
fn run_all(cx: &Cx, commands: Vec<Invocation>) -> Result<Vec<Ran>, Error> {
    let all = commands.len();
    let run = |(number, command): (usize, Invocation)| {
        cx.progress(u8::try_from(number * 100 / all).unwrap_or(100), &command);
        run(cx, &command)
    };
    commands.into_iter().enumerate().map(run).collect()
}

/// Runs one command and reads what it says.
fn run(cx: &Cx, invocation: &Invocation) -> Result<Ran, Error> {
    // Colours would only have to be taken out again. Python takes a compiled file for fresh when the source has the
    // same size and second of change, as it may have right after an agent mended it.
    let command = cx.command(invocation).env("NO_COLOR", "1").env("CARGO_TERM_COLOR", "never");
    let output = command.env("PYTHONDONTWRITEBYTECODE", "1").run()?;
    let ran = Ran::new(invocation.to_string(), &output);
    match &ran.tally {
        Some(tally) => cx.log().info(format_args!("`{invocation}`: {tally} ({})", ran.exit)),
        None => {
            cx.log().warn(format_args!("`{invocation}`: its output says nothing of tests ({})", ran.exit));
        }
    }
    Ok(ran)
}

/// What all runs together mean, where there is or isn't a file of tests for them.
fn conclude(cx: &Cx, ran: &[Ran], test_file: Option<&str>, config: &Config) -> StageResult<Report> {
    let verdicts: Vec<Verdict> =
        ran.iter().map(|ran| ran.verdict(cx.stage(), config.trust_exit_code)).collect::<Result<_, _>>()?;
    let failing: Vec<&Ran> = ran
        .iter()
        .zip(&verdicts)
        .filter(|(_, verdict)| **verdict == Verdict::Failed)
        .map(|(ran, _)| ran)
        .collect();
    let commands: Vec<String> = ran.iter().map(|ran| ran.command.clone()).collect();
    if !failing.is_empty() {
        return Err(Failure::rework(feedback::write(&failing)));
    }
    if verdicts.iter().all(|verdict| *verdict == Verdict::NoTest) {
        let commands = commands.join("` and `");
        return Ok(Outcome::skipped(match test_file {
            Some(file) => format!(
                "no test ran, although there is {file}: `{commands}` found none; name what runs it as `command` in \
                 [stages.{}.config]",
                cx.stage()
            ),
            None => format!("no test ran: `{commands}` found none"),
        }));
    }
    let passed = ran.iter().filter_map(|ran| ran.tally.as_ref()).map(|tally| tally.passed).sum();
    let summary = match passed {
        0 => format!("`{}` exited with 0; its output isn't understood", commands.join("` and `")),
        1 => "1 test passed".to_owned(),
        passed => format!("{passed} tests passed"),
    };
    Ok(Outcome::done(summary, Report { commands, passed, failed: 0, failures: Vec::new() }))
}

#[cfg(test)]
mod tests;
