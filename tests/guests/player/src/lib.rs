//! A stage that plays a part. The task's description is an object with, for each stage, a list with, for each of its tries, a
//! list of acts: `{"plan": [["ask", "retryable network"], ["sleep 3600"]]}`. A try that comes to the end of its acts is done,
//! and so is one that has none.

use std::time::Duration;

use adw_plugin_sdk::prelude::*;

/// Plays its next try.
#[stage]
fn player(cx: &Cx, _: NoConfig) -> StageResult {
    let parts: Value =
        cx.task().description.parse().map_err(|error| Failure::fatal(format!("the description: {error}")))?;
    let tried: usize = cx.state().get("tries")?.unwrap_or(0);
    cx.state().set("tries", &(tried + 1))?;
    for act in parts[cx.stage()][tried].as_array().into_iter().flatten() {
        let act = act.as_str().unwrap_or_default();
        match act.split_once(' ').unwrap_or((act, "")) {
            ("ask", _) => drop(cx.human().ask("Go on?").wait()?),
            ("sleep", seconds) => cx.clock().sleep(Duration::from_secs(seconds.parse().unwrap_or(0)))?,
            ("done", _) => break,
            ("skip", _) => return Ok(Outcome::skipped("there is nothing to do")),
            ("retryable", class) => return Err(Failure::retryable(class, "no answer")),
            ("rework", _) => return Err(Failure::rework("it is wrong")),
            _ => return Err(Failure::fatal(format!("{act:?} ends it"))),
        }
    }
    Ok(Outcome::done("played", json!({ "try": tried + 1 })))
}
