mod alone;

use std::ops::ControlFlow;
use std::path::PathBuf;

use adw_core::{AdwId, StageName, TaskType};
use adw_engine::new_adw_id;
use clap::Args;

use crate::client::{Answer, Client, NewTask, TRIES, Workflow, pause};
use crate::clock;
use crate::context::{Context, folders_config, working_directory};
use crate::failure::{Exit, Failure};
use crate::follow::{self, Since};
use crate::input;
use crate::projects;
use crate::style::{self, Styled, printable};
use crate::whereabouts::Stay;

/// A server may have begun to stop just after it was found; then it is waited for, and another one looked for.
const LOOKS: u32 = 2;

/// Hand over a task, and watch it to its end
#[derive(Debug, Args)]
#[command(after_help = "\
Where no server is running and none was named, one is started for the task, and ended with it.
Ctrl-C stops watching a server, which goes on with the task. A server that was started for it
stops too: the task is paused, its agent is ended, and `adw resume ID` lets it go on. Several
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

    /// Return once a server has accepted the task
    #[arg(long, overrides_with = "follow")]
    no_follow: bool,
}

impl Run {
    pub(crate) async fn run(self, cx: &Context) -> Result<Exit, Failure> {
        let follows = self.follow || !self.no_follow;
        let task = self.task()?;
        if cx.named_server()?.is_none() {
            left_out(&task)?.into_iter().for_each(|note| cx.output.note(note));
        }
        let HandedOver { client, stay, created } = match begin(cx, &task, follows).await? {
            ControlFlow::Continue(handed_over) => handed_over,
            ControlFlow::Break(exit) => return Ok(exit),
        };
        if !follows {
            return leave(cx, &client, stay, &created);
        }
        announce(cx, &created.view)?;
        let adw_id = &created.view.adw_id;
        match stay {
            Stay::UntilStopped => follow::to_the_end(cx, &client, adw_id, Since::Beginning).await,
            Stay::ForATask => Box::pin(alone::follow(cx, &client, &task, adw_id)).await,
        }
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

/// A task that a server has accepted.
struct HandedOver {
    client: Client,
    stay: Stay,
    created: Answer<Workflow>,
}

/// Hands the task over, or takes it through alone. Of several who begin alone at the same moment one is the server of all;
/// where that is gone before it has answered, nothing is lost yet, and they try again: one of them is the next.
async fn begin(
    cx: &Context,
    task: &NewTask,
    follows: bool,
) -> Result<ControlFlow<Exit, HandedOver>, Failure> {
    let mut tries = 0;
    loop {
        if let Some(handed_over) = hand_over(cx, task, follows).await? {
            return Ok(ControlFlow::Continue(handed_over));
        }
        match alone::run(cx, task).await {
            Err(Failure::InUse { .. } | Failure::Unsettled { .. }) if tries < TRIES => tries += 1,
            ended => return ended.map(ControlFlow::Break),
        }
        pause(tries).await;
    }
}

/// Gives the task to the server that is meant. None where no server was named, none is there, and the task is to be
/// followed, so that somebody is there for as long as it takes.
async fn hand_over(cx: &Context, task: &NewTask, follows: bool) -> Result<Option<HandedOver>, Failure> {
    let may_be_alone = follows && cx.named_server()?.is_none();
    for _ in 0..LOOKS {
        let (client, stay) = match cx.server().await {
            Err(Failure::NoServer { .. }) if may_be_alone => return Ok(None),
            server => server?,
        };
        match client.create(task).await {
            Err(error) if may_be_alone && error.is_absence() => {}
            created => return Ok(Some(HandedOver { client, stay, created: created? })),
        }
    }
    Ok(None)
}

/// Nobody waits for its end: its id is what there is to say.
fn leave(cx: &Context, client: &Client, stay: Stay, created: &Answer<Workflow>) -> Result<Exit, Failure> {
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

/// What a person should know whose checkout is not where the task begins.
fn left_out(task: &NewTask) -> Result<Vec<String>, Failure> {
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
    Ok(project.map(|project| projects::left_out(project, &folder)).unwrap_or_default())
}

/// The first line: what was accepted.
fn announce(cx: &Context, workflow: &Workflow) -> Result<(), Failure> {
    let title = printable(&workflow.title);
    Ok(cx.output.line(format_args!("{}  {title}", Styled(style::STRONG, &workflow.adw_id)))?)
}

/// The type as it was written: the server keeps a client's own words.
fn task_type(text: &str) -> Result<String, adw_core::UnknownTaskType> {
    text.parse::<TaskType>().map(|_| text.to_owned())
}

fn stage(text: &str) -> Result<StageName, adw_core::InvalidName> {
    text.trim().parse()
}
