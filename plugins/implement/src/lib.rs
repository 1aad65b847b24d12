//! The built-in `implement` stage.

use adw_plugin_sdk::prelude::*;

/// Placeholder.
#[stage]
pub fn implement_stage(cx: &Cx, _: NoConfig) -> StageResult {
    let files = cx.workspace().glob("**")?;
    Ok(Outcome::done("looked", json!({ "files": files })))
}
