//! A scripted host, for native tests of a stage.
//!
//! ```
//! use adw_plugin_sdk::prelude::*;
//! use adw_plugin_sdk::testing::{exits, reply};
//!
//! /// Has an agent write a greeting, and looks whether it compiles.
//! #[stage]
//! fn greet(cx: &Cx, _: NoConfig) -> StageResult {
//!     let answer = cx.agent().ask(format!("Do this: {}", cx.task().title)).run()?;
//!     if !cx.exec("cargo").arg("check").run()?.success() {
//!         return Err(Failure::rework("it doesn't compile"));
//!     }
//!     Ok(Outcome::done("greeted", json!({ "changes": answer.changes })))
//! }
//!
//! let run = TestHost::new()
//!     .file("src/lib.rs", "")
//!     .agent(reply("done").writes("src/lib.rs", "pub fn hello() {}"))
//!     .exec(["cargo", "check"], exits(0))
//!     .run(greet, NoConfig {});
//! assert_eq!(run.data()["changes"], json!(["src/lib.rs"]));
//! assert!(run.prompts()[0].starts_with("Do this"));
//! ```
//!
//! The worktree, the clock, randomness, state and artifacts are modelled: a file is there when the test put it
//! there. Programs, agents, diffs, HTTP and people are scripted: a call that the test didn't foresee fails it with the
//! line to paste, and so does an answer that nothing asked for.

mod call;
mod host;
pub(crate) mod imports;
mod replies;
mod run;
mod script;
mod worktree;

pub use call::Call;
pub use host::TestHost;
pub use replies::{AgentReply, ExecReply, HttpReply, agent_fails, exits, killed, reply, respond, timed_out};
pub use run::{Level, Line, Run};

use crate::{Cx, StageResult};
use schemars::JsonSchema;
use serde_json::Value;

/// The JSON Schemas that a plugin of this stage function shows: of its configuration and of its output.
pub fn schemas<C: JsonSchema, T: JsonSchema>(_: fn(&Cx, C) -> StageResult<T>) -> (Value, Value) {
    (schemars::schema_for!(C).to_value(), schemars::schema_for!(T).to_value())
}
