//! A task where no server is: one is started within this process, for as long as the task takes.
//!
//! What sets the task going is an [`Errand`]: a new task, a retry, an answer.

mod succession;

use std::ops::ControlFlow;
use std::pin::pin;

use adw_config::{Config, Listen};
use adw_core::{AdwId, Status};
use adw_engine::{Programs, Reread};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::asked;
use crate::client::{Answer, Client, Workflow};
use crate::context::{Context, config_file, folders_config};
use crate::errand::{Begun, Errand};
use crate::failure::{Exit, Failure};
use crate::follow::{self, Until};
use crate::git::{self, Found};
use crate::log::{self, LogFormat};
use crate::reloads;
use crate::server::Server;
use crate::signals::Stop;
use crate::style::printable;
use crate::whereabouts::Stay;

/// Why a task is paused that no signal stopped.
const UNREAD: &str = "stopped, as nobody read its output any more";

/// So many workflows are told by their names.
const NAMED: u32 = 3;

/// How far the task came.
enum Outcome {
    /// Stopped on its way, and what became of it then.
    Interrupted(AdwId, Kept),
    /// It has ended, or needs a person.
    Stands(Box<Answer<Workflow>>),
}

/// How a task is kept that was stopped on its way.
enum Kept {
    /// Until somebody resumes it.
    Paused,
    /// It could not be paused: the next server goes on with it.
    Open,
    /// It had ended just then.
    Ended,
}

/// Starts a server, takes the task as far as it goes without a person, and stops the server again.
pub(crate) async fn run(cx: &Context, errand: &impl Errand) -> Result<Exit, Failure> {
    let read = reloads::reading(config_file(None)?, Some(Listen::ANY_PORT));
    let config = read()?;
    log::begin(log::TROUBLE, LogFormat::Pretty)?;
    let mut stop = Stop::listen_for_hangup_too()?;
    let Some(started) = stop.unless(start(cx, config, read)).await else { return Ok(Exit::Interrupted) };
    let server = started?;
    let beside = Beside::of(&server).await;
    let client = Client::new(server.url().parse()?)?;
    let serving = Serving::begin(server);
    let outcome = take_through(cx, &client, errand, &beside, &mut stop).await;
    let outcome = serving.end(cx, &client, outcome, &mut stop).await;
    conclude(cx, outcome?)
}

/// Follows a task that the server of another `adw run` was handed as far as it goes without a person, and takes that
/// server's place where it ends before.
pub(crate) async fn follow(cx: &Context, client: &Client, begun: &Begun) -> Result<Exit, Failure> {
    let adw_id = begun.adw_id();
    log::begin(log::TROUBLE, LogFormat::Pretty)?;
    let mut stop = Stop::listen_for_hangup_too()?;
    let mut following = pin!(follow::follow(client, adw_id, begun.since(), Until::QuestionOrEnd, cx.output));
    let or_succeeds = async {
        tokio::select! {
            biased;
            followed = &mut following => Ok(ControlFlow::Break(followed)),
            server = succession::succeed(client) => server.map(ControlFlow::Continue),
        }
    };
    let outcome = match stop.unless(or_succeeds).await.transpose()? {
        Some(ControlFlow::Continue(server)) => {
            cx.output
                .note("the server of the other task has ended: one within this command goes on in its place");
            let serving = Serving::begin(server);
            let outcome = outcome(cx, adw_id, stop.unless(following).await);
            serving.end(cx, client, outcome, &mut stop).await?
        }
        Some(ControlFlow::Break(Ok(answer))) => Outcome::Stands(Box::new(answer)),
        Some(ControlFlow::Break(Err(failure))) if !failure.is_closed_output() => return Err(failure),
        Some(ControlFlow::Break(Err(_))) | None => {
            cx.output.note(format_args!(
                "{adw_id} goes on as long as the other task's server is there, and with the next `adw serve`; `adw cancel \
                 {adw_id}` ends it"
            ));
            return follow::interrupted(cx, adw_id);
        }
    };
    conclude(cx, outcome)
}

/// A server that serves beside what else this command does.
struct Serving {
    stopping: oneshot::Sender<Programs>,
    task: JoinHandle<Result<(), Failure>>,
}

impl Serving {
    fn begin(server: Server) -> Self {
        let (stopping, stopped) = oneshot::channel();
        // Nothing is to go on where nobody says what.
        let task = tokio::spawn(server.serve(async move { stopped.await.unwrap_or(Programs::End) }));
        Self { stopping, task }
    }

    /// Ends it, now that the task came this far. One that was stopped is paused first: nobody is to take it up, and work
    /// on in the background, before somebody says so.
    async fn end(
        self,
        cx: &Context,
        client: &Client,
        mut outcome: Result<Outcome, Failure>,
        stop: &mut Stop,
    ) -> Result<Outcome, Failure> {
        let why = stop.by().map_or_else(|| UNREAD.to_owned(), |by| by.to_string());
        let ending = async {
            if let Ok(Outcome::Interrupted(adw_id, kept)) = &mut outcome {
                *kept = pause(cx, client, adw_id, &why).await;
            }
            // Nobody hears it only where the server has ended by itself.
            let _ = self.stopping.send(left_behind(&outcome));
            self.task.await
        };
        // A second signal doesn't wait: what ends too slowly is ended by the next server.
        if let Some(served) = stop.unless(ending).await {
            served.map_err(|error| Failure::Start(error.to_string()))??;
        }
        outcome
    }
}

/// Pauses what was stopped, for as long as there is a server to do so.
async fn pause(cx: &Context, client: &Client, adw_id: &AdwId, why: &str) -> Kept {
    match client.pause(adw_id, Some(why)).await {
        Ok(_) => Kept::Paused,
        Err(error) if error.is_refusal() => Kept::Ended,
        Err(error) => {
            cx.output.note(format_args!("{adw_id} can't be paused: {error}"));
            Kept::Open
        }
    }
}

/// The first start takes seconds: plugins are compiled for this machine.
async fn start(cx: &Context, config: Config, reread: Reread) -> Result<Server, Failure> {
    let progress = cx.output.progress();
    progress.step("no server is running: starting one".to_owned());
    Server::start(config, reread, Stay::ForATask).await
}

/// A server that was started for a task, and what else it does.
struct Beside {
    url: String,
    /// How many workflows an earlier one left.
    open: u64,
    /// Which, where those are few.
    ids: Vec<AdwId>,
}

impl Beside {
    async fn of(server: &Server) -> Self {
        let open = server.open_workflows().await;
        let ids = if open == 0 { Vec::new() } else { server.open_workflows_up_to(NAMED).await };
        Self { url: server.url().to_owned(), open, ids }
    }

    fn tell(&self, cx: &Context) {
        cx.output.note(format_args!("no server is running: started one for this task, at {}", self.url));
        let earlier = match self.open {
            0 => return,
            1 => "1 earlier workflow goes".to_owned(),
            n => format!("{n} earlier workflows go"),
        };
        // Where they changed in between, or are many, their number says enough.
        let which = if self.ids.len() as u64 == self.open && self.open <= u64::from(NAMED) {
            format!(" ({})", self.ids.iter().map(AdwId::as_str).collect::<Vec<_>>().join(", "))
        } else {
            String::new()
        };
        cx.output.note(format_args!(
            "{earlier} on beside it{which} until this task ends; `adw serve` goes on until all have ended"
        ));
    }
}

async fn take_through(
    cx: &Context,
    client: &Client,
    errand: &impl Errand,
    beside: &Beside,
    stop: &mut Stop,
) -> Result<Outcome, Failure> {
    // What was sent may be kept, whoever waits for the answer: it is waited for, to tell of what there is then.
    let (begun, is_stopped) = stop.during(errand.ask(client)).await;
    let begun = begun?;
    // Of what was refused there is nothing to tell.
    beside.tell(cx);
    if is_stopped {
        return Ok(interrupted(cx, begun.adw_id()));
    }
    let following = async {
        begun.announce(cx)?;
        follow::follow(client, begun.adw_id(), begun.since(), Until::QuestionOrEnd, cx.output).await
    };
    outcome(cx, begun.adw_id(), stop.unless(following).await)
}

/// How far a task came that was followed; nowhere further, where a person stopped it.
fn outcome(
    cx: &Context,
    adw_id: &AdwId,
    followed: Option<Result<Answer<Workflow>, Failure>>,
) -> Result<Outcome, Failure> {
    match followed {
        Some(Ok(answer)) => Ok(Outcome::Stands(Box::new(answer))),
        // Whoever read along has gone, and nobody else is there.
        Some(Err(failure)) if failure.is_closed_output() => {
            Ok(Outcome::Interrupted(adw_id.clone(), Kept::Open))
        }
        Some(Err(failure)) => Err(failure),
        None => Ok(interrupted(cx, adw_id)),
    }
}

/// Who stops the task doesn't want its agent at work any more. Those of other tasks began under a server that let them go
/// on, or somebody else goes on with them.
fn left_behind(outcome: &Result<Outcome, Failure>) -> Programs {
    match outcome {
        Ok(Outcome::Stands(_)) => Programs::GoOn,
        Ok(Outcome::Interrupted(adw_id, _)) => Programs::EndOf(adw_id.clone()),
        // It was never begun, and the others go on as they would without it.
        Err(Failure::Request(error)) if error.is_refusal() => Programs::GoOn,
        Err(_) => Programs::End,
    }
}

/// A person stopped it.
fn interrupted(cx: &Context, adw_id: &AdwId) -> Outcome {
    cx.output.note("stopping; a second Ctrl-C stops at once");
    Outcome::Interrupted(adw_id.clone(), Kept::Open)
}

fn conclude(cx: &Context, outcome: Outcome) -> Result<Exit, Failure> {
    match outcome {
        Outcome::Interrupted(adw_id, kept) => {
            cx.output.note(match kept {
                Kept::Paused => {
                    format!("{adw_id} is paused, and stays so: adw resume {adw_id} --follow goes on with it, adw cancel {adw_id} ends it")
                }
                Kept::Open => format!(
                    "{adw_id} is kept: the next server goes on with it, `adw serve` or that of another `adw run`, and `adw \
                     cancel {adw_id}` ends it then"
                ),
                Kept::Ended => format!("{adw_id} had ended just then: adw show {adw_id}"),
            });
            follow::interrupted(cx, &adw_id)
        }
        Outcome::Stands(answer) => {
            cx.output.json(&answer.raw)?;
            let workflow = &answer.view;
            cx.output.line(format_args!(
                "{}\n{}",
                follow::how_it_stands(workflow),
                next_step(workflow, is_in_git(workflow))
            ))?;
            Ok(follow::exit_of(workflow))
        }
    }
}

/// Where to look next. To look takes no server; to let something go on does, and whoever follows it has one.
fn next_step(workflow: &Workflow, is_in_git: bool) -> String {
    let id = &workflow.adw_id;
    let branch = printable(&workflow.branch);
    match workflow.status {
        Status::Completed if is_in_git => {
            format!("what came out: git diff HEAD...{branch}; git merge {branch} takes it over")
        }
        Status::Completed => format!("what came out: adw diff {id}; adw diff {id} | patch -p1 takes it over"),
        Status::Failed => {
            format!(
                "look further: adw show {id}, adw logs {id}; try again: adw retry {id} --follow, which goes by the present adw.toml"
            )
        }
        Status::Cancelled => format!("look further: adw show {id}, adw logs {id}"),
        Status::Pending | Status::Running => match &workflow.waiting {
            Some(waiting) if waiting.is_question() => {
                format!("answer it: {}", asked::answer_and_follow(id, waiting))
            }
            Some(pause) if pause.is_pause() => {
                format!("go on with it: adw resume {id} --follow")
            }
            _ => format!("go on with it: start `adw serve`, then adw show {id}"),
        },
    }
}

/// Whether the task's result lands in a repository of the person's; not where adw.toml doesn't say so any more.
fn is_in_git(workflow: &Workflow) -> bool {
    folders_config().is_ok_and(|config| {
        let project = config.project(&workflow.project);
        project.is_some_and(|project| matches!(git::find(&project.repo), Found::Repository))
    })
}

#[cfg(test)]
mod tests;
