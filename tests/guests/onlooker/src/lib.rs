//! A stage that may change nothing: it takes the steps that its configuration lists, one after the other.

use std::time::Duration;

use adw_plugin_sdk::prelude::*;

/// What it does.
#[config]
struct Config {
    steps: Vec<Step>,
}

#[config]
#[serde(rename_all = "kebab-case")]
enum Step {
    /// Runs a shell's command line.
    Run(String),
    /// Asks a person.
    Ask(String),
    /// Sleeps for so many seconds.
    Sleep(u64),
    /// Notes what the workflow has failed of.
    Failure,
    /// Keeps so many values, one after the other.
    Keep(u32),
}

/// Takes one step after the other.
#[stage]
fn onlooker(cx: &Cx, config: Config) -> StageResult {
    let mut answers = Vec::new();
    for step in config.steps {
        match step {
            Step::Run(line) => {
                let output = cx.exec("sh").args(["-c", &line]).run()?;
                if !output.success() {
                    return Err(Failure::fatal(output.stderr_text().into_owned()));
                }
            }
            Step::Ask(question) => answers.push(cx.human().ask(question).wait()?),
            Step::Failure => answers.push(json!(cx.failure().unwrap_or("nothing"))),
            Step::Keep(values) => (0..values).try_for_each(|value| cx.state().set("kept", &value))?,
            Step::Sleep(seconds) => cx.clock().sleep(Duration::from_secs(seconds))?,
        }
    }
    Ok(Outcome::done("every step is taken", json!(answers)))
}
