use std::path::PathBuf;

use adw_config::ConfigWarning;
use adw_core::{AdwId, StageName, TaskType};
use adw_engine::new_adw_id;
use clap::Args;

use crate::agents;
use crate::client::{Client, NewTask};
use crate::clock;
use crate::context::{Context, Outdated, folders_config, working_directory};
use crate::errand::{self, Begun, Errand, Search};
use crate::failure::{Exit, Failure};
use crate::input;
use crate::projects;
use crate::whereabouts::Stay;

/// Hand over a task, and watch it to its end
#[derive(Debug, Args)]
#[command(after_help = "\
Where no server is running and none was named, one is started for the task, and ended with it.
Ctrl-C stops watching a server, which goes on with the task. A server that was started for it
stops too: the task is paused, its agent is ended, and `adw resume ID --follow` goes on. Several
tasks share such a server: when the one that it was started for ends, another one's command
goes on.

Examples:
  adw run \"The median of an even number of values is wrong\" --type bug
  adw run \"Apply the fix\" --patch fix.diff
  adw run \"Greet people by their names\" --file task.md --agent mine
  adw run \"Tidy the README\" --type chore --stages plan,implement --no-follow
  git format-patch -1 --stdout | adw run \"Take this over\" --file -

Exit codes:
  0    completed
  1    failed or cancelled
  2    wrong usage, configuration or request
  3    the server can't be reached or can't answer
  4    waits for a person, and the server that was started for it has stopped
  130  interrupted")]
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

    /// Watch it to its end; so it is unless --no-follow is said
    #[arg(long, overrides_with = "no_follow")]
    follow: bool,

    /// Hand it over also where adw.toml is wrong, and the server goes by what it said before
    #[arg(long)]
    served_config: bool,

    /// Return once a server has accepted the task
    #[arg(long, overrides_with = "follow")]
    no_follow: bool,
}

impl Run {
    /// What becomes of it where the server goes by an earlier adw.toml.
    pub(crate) const fn outdated(&self) -> Outdated {
        if self.served_config { Outdated::Told } else { Outdated::Refused }
    }

    pub(crate) async fn run(self, cx: &Context) -> Result<Exit, Failure> {
        let follows = self.follow || !self.no_follow;
        let task = self.task()?;
        if cx.named_server()?.is_none() {
            advice(&task)?.into_iter().for_each(|note| cx.output.note(note));
        }
        if follows { errand::follow(cx, &task).await } else { leave(cx, &task).await }
    }

    fn task(self) -> Result<NewTask, Failure> {
        let description = match &self.file {
            Some(file) => Some(input::read(file)?),
            None => self.description,
        };
        Ok(NewTask {
            title: self.title,
            description,
            // Made here, so that whoever didn't hear an answer can hand over the very same task again.
            adw_id: self.id.or_else(|| new_adw_id(self.task_type.parse().ok()?, clock::now()).ok()),
            task_type: self.task_type,
            stages: self.stages,
            pipeline: self.pipeline,
            project: self.project,
            priority: self.priority,
            patch: self.patch.as_deref().map(input::read).transpose()?,
            agent: self.agent,
        })
    }
}

impl Errand for NewTask {
    const SEARCH: Search = Search::Now;

    async fn ask(&self, client: &Client) -> Result<Begun, Failure> {
        Ok(Begun::anew(client.create(self).await?))
    }
}

/// Nobody waits for its end: its id is what there is to say.
async fn leave(cx: &Context, task: &NewTask) -> Result<Exit, Failure> {
    let (client, stay) = cx.server().await?;
    let created = client.create(task).await?;
    if stay == Stay::ForATask {
        cx.output.note(format_args!(
            "the server at {} was started for another task and ends with it; the next one goes on with this",
            client.address()
        ));
    }
    cx.output.json(&created.raw)?;
    cx.output.line(&created.view.adw_id)?;
    Ok(Exit::Done)
}

/// What a person should know before the task begins: whether its agent is there, and what of their checkout is no part of it.
fn advice(task: &NewTask) -> Result<Vec<String>, Failure> {
    let config = match folders_config() {
        // Whoever looks for the server says so.
        Err(Failure::Config(_)) => return Ok(Vec::new()),
        config => config?,
    };
    let project = match &task.project {
        Some(name) => config.project(name),
        None => config.default_project(),
    };
    let folder = working_directory()?;
    let agent = config.agents.iter().find(|agent| task.agent.as_ref() == Some(&agent.name));
    let missing = agent.and_then(|agent| agents::advice(&config, agent));
    let missing = missing.map(|ConfigWarning { message, help, .. }| {
        format!("warning: {message}{}", help.map(|help| format!("; {help}")).unwrap_or_default())
    });
    let left_out = project.map(|project| projects::left_out(project, &folder)).unwrap_or_default();
    Ok(missing.into_iter().chain(left_out).collect())
}

/// The type as it was written: the server keeps a client's own words.
fn task_type(text: &str) -> Result<String, adw_core::UnknownTaskType> {
    text.parse::<TaskType>().map(|_| text.to_owned())
}

fn stage(text: &str) -> Result<StageName, adw_core::InvalidName> {
    text.trim().parse()
}
