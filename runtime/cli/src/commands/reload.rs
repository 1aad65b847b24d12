use clap::Args;

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::style::{self, Styled};

/// Let the server go by adw.toml as it is now
#[derive(Debug, Args)]
#[command(after_help = "\
A server reads it anew by itself when the file changes; this waits for the outcome. It counts for
tasks and retries from now on: those under way stay with what they go by. One that is wrong is
refused whole, and the one before stays.

Examples:
  adw reload
  adw reload --server http://127.0.0.1:8000
  kill -HUP PID                  the same, without waiting")]
pub(crate) struct Reload {}

impl Reload {
    pub(crate) async fn run(self, cx: &Context) -> Result<Exit, Failure> {
        let client = cx.client().await?;
        let configuration = client.reload().await?;
        cx.output.json(&configuration.raw)?;
        cx.output
            .line(format_args!("{} goes by adw.toml as it is now", Styled(style::GOOD, client.address())))?;
        cx.output.warnings(&configuration.view.warnings);
        for key in &configuration.view.at_next_start {
            cx.output.note(format_args!("what it says of {key} counts when the server is started anew"));
        }
        Ok(Exit::Done)
    }
}
