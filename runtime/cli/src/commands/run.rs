use std::path::PathBuf;

use adw_core::{AdwId, StageName, TaskType};
use clap::Args;

use crate::client::NewTask;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::follow;
use crate::input;
use crate::style::{self, Styled, printable};

/// Hand over a task, and watch it to its end
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  adw run \"The median of an even number of values is wrong\" --type bug
  adw run \"Apply the fix\" --patch fix.diff
  adw run \"Tidy the README\" --type chore --stages plan,implement --no-follow
  git format-patch -1 --stdout | adw run \"Take this over\" --file -

Exit code: 0 completed, 1 failed or cancelled. Ctrl-C stops watching, not the task.")]
pub(crate) struct Run {
    /// What is to be done, in one line
    title: String,

    /// More about it; may hold a unified diff that does it
    #[arg(short, long, value_name = "TEXT", conflicts_with = "file")]
    description: Option<String>,

    /// A file with the description; `-` is standard input
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,

    /// feature, bug, chore or patch
    #[arg(short = 't', long = "type", value_name = "TYPE", default_value = "feature", value_parser = task_type)]
    task_type: String,

    /// A unified diff for the agent `patch` to apply
    #[arg(long, value_name = "FILE")]
    patch: Option<PathBuf>,

    /// The stages that it goes through, in order
    #[arg(long, value_name = "A,B", value_delimiter = ',', conflicts_with = "pipeline", value_parser = stage)]
    stages: Vec<StageName>,

    /// The pipeline that it goes through
    #[arg(long, value_name = "NAME")]
    pipeline: Option<String>,

    /// The repository that it is for, by its name in adw.toml
    #[arg(long, value_name = "NAME")]
    project: Option<String>,

    /// The agent that is to do the work
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,

    /// low, medium, high or urgent
    #[arg(long, value_name = "PRIORITY", hide_possible_values = true, value_parser = ["low", "medium", "high", "urgent"])]
    priority: Option<String>,

    /// The id that it is to have; one is made without it
    #[arg(long, value_name = "ID", value_parser = super::adw_id)]
    id: Option<AdwId>,

    /// Return once the task is accepted
    #[arg(long)]
    no_follow: bool,
}

impl Run {
    pub(crate) async fn run(self, cx: &Context) -> Result<Exit, Failure> {
        let follows = !self.no_follow;
        let task = self.task()?;
        let client = cx.client()?;
        let created = client.create(&task).await?;
        let adw_id = created.view.adw_id.clone();
        if !follows {
            cx.output.json(&created.raw)?;
            cx.output.line(&adw_id)?;
            return Ok(Exit::Done);
        }
        let title = printable(&created.view.title);
        cx.output.line(format_args!("{}  {title}", Styled(style::STRONG, &adw_id)))?;
        let ended = follow::to_the_end(&client, &adw_id, cx.output).await?;
        cx.output.json(&ended.raw)?;
        cx.output.line(follow::conclusion(&ended.view))?;
        Ok(follow::exit_of(ended.view.status))
    }

    fn task(self) -> Result<NewTask, Failure> {
        let description = match &self.file {
            Some(file) => Some(input::read(file)?),
            None => self.description,
        };
        Ok(NewTask {
            title: self.title,
            task_type: self.task_type,
            description,
            adw_id: self.id,
            stages: self.stages,
            pipeline: self.pipeline,
            project: self.project,
            priority: self.priority,
            patch: self.patch.as_deref().map(input::read).transpose()?,
            agent: self.agent,
        })
    }
}

/// The type as it was written: the server keeps a client's own words.
fn task_type(text: &str) -> Result<String, adw_core::UnknownTaskType> {
    text.parse::<TaskType>().map(|_| text.to_owned())
}

fn stage(text: &str) -> Result<StageName, adw_core::InvalidName> {
    text.trim().parse()
}
