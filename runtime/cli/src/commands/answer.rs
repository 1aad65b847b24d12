use adw_core::AdwId;
use clap::Args;
use serde_json::Value;

use crate::client::{self, Client, NewAnswer, Waiting, Workflow};
use crate::context::Context;
use crate::errand::{self, Begun, Errand};
use crate::failure::{Exit, Failure};

/// Answer what a workflow asks, and let it go on
#[derive(Debug, Args)]
#[command(after_help = "\
What it asks is shown by `adw show ID`.

Examples:
  adw answer adw_bug_1760000000_1a2b3c4d approve
  adw answer adw_bug_1760000000_1a2b3c4d done --follow
  adw answer adw_bug_1760000000_1a2b3c4d failed --note \"the service is gone\"
  adw answer adw_bug_1760000000_1a2b3c4d '{\"port\": 8080}'

Exit codes with --follow:
  0    completed
  1    failed or cancelled
  4    waits for a person, and the server that was started for it has stopped
  130  interrupted")]
pub(crate) struct Answer {
    /// The workflow's id
    #[arg(value_name = "ID", value_parser = super::adw_id)]
    adw_id: AdwId,

    /// One of the choices, or a text; where the question has a schema, JSON or a text
    #[arg(value_name = "ANSWER")]
    text: String,

    /// What there is to say beside it
    #[arg(short, long, value_name = "TEXT")]
    note: Option<String>,

    /// Watch it from here to its end; where no server is running, one is started for it
    #[arg(short, long)]
    follow: bool,
}

impl Answer {
    pub(crate) async fn run(self, cx: &Context) -> Result<Exit, Failure> {
        if self.follow {
            return errand::follow(cx, &self).await;
        }
        let (_, goes_on) = self.give(&cx.client_to_leave_it_to().await?).await?;
        cx.output.json(&goes_on.raw)?;
        let id = &self.adw_id;
        match goes_on.view.pause() {
            None => cx.output.line(format_args!("{id} goes on with it"))?,
            Some(_) => {
                cx.output.line(format_args!("{id} goes on with it once it is resumed: adw resume {id}"))?;
            }
        }
        Ok(Exit::Done)
    }

    /// Gives it; how the workflow stood before, and how it stands then.
    async fn give(&self, client: &Client) -> Result<(Workflow, client::Answer<Workflow>), Failure> {
        let stood = client.workflow(&self.adw_id).await?.view;
        let answer = read(stood.own_wait(), self.text.clone());
        let given = NewAnswer { answer, note: self.note.clone() };
        // The version: an answer is for the question that was there when it was given.
        let goes_on = client.give_answer(&self.adw_id, &given, stood.version).await?;
        Ok((stood, goes_on))
    }
}

impl Errand for Answer {
    async fn ask(&self, client: &Client) -> Result<Begun, Failure> {
        let (stood, goes_on) = self.give(client).await?;
        Ok(Begun::from(stood, goes_on))
    }
}

/// A text, unless the question asks by a schema, and the text is JSON.
fn read(waiting: Option<&Waiting>, text: String) -> Value {
    match waiting.filter(|waiting| waiting.schema.is_some()).map(|_| serde_json::from_str(&text)) {
        Some(Ok(value)) => value,
        Some(Err(_)) | None => Value::String(text),
    }
}
