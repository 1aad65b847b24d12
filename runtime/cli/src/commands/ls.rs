use std::fmt::Write;

use adw_core::{Status, TaskType};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde_json::json;
use serde_json::value::RawValue;

use crate::client::{Client, Page, Workflow};
use crate::context::{Context, Seen};
use crate::failure::{Exit, Failure};
use crate::standing::{WAITING, standing};
use crate::style::{self, Styled, date_and_time, one_line};
use crate::untested;

/// As many as a server gives at once.
const PAGE: u32 = 200;

/// List workflows, newest first
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  adw ls --status running
  adw ls --status waiting      those of the running that wait, most often for a person
  adw ls --type bug --text median --limit 100
  adw ls --json | jq -r '.items[].adw_id'")]
pub(crate) struct Ls {
    /// Those that stand so: pending, running, waiting, completed, failed or cancelled
    #[arg(long, hide_possible_values = true, value_parser = wanted())]
    status: Option<Wanted>,

    /// Those of this type: feature, bug, chore or patch
    #[arg(short = 't', long = "type", value_name = "TYPE", value_parser = task_type)]
    task_type: Option<TaskType>,

    /// Those of this project
    #[arg(long, value_name = "NAME")]
    project: Option<String>,

    /// Those whose title or id contains this
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,

    /// At most so many
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

/// How those stand that are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Status(Status),
    /// Running, as a server has it, and waiting on something.
    Waiting,
}

impl Wanted {
    const ALL: [Self; 6] = [
        Self::Status(Status::Pending),
        Self::Status(Status::Running),
        Self::Waiting,
        Self::Status(Status::Completed),
        Self::Status(Status::Failed),
        Self::Status(Status::Cancelled),
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Status(status) => status.as_str(),
            Self::Waiting => WAITING,
        }
    }

    /// The status that a server knows it by.
    const fn status(self) -> Status {
        match self {
            Self::Status(status) => status,
            Self::Waiting => Status::Running,
        }
    }
}

impl Ls {
    pub(crate) async fn run(self, cx: &Context) -> Result<Exit, Failure> {
        let Seen { it: page, rest } = cx.look(async |client| self.read(client).await).await?;
        cx.output.json(&json!({ "items": page.items, "next_cursor": page.next_cursor }))?;
        if page.items.is_empty() {
            cx.output.note(if self.filter().is_empty() {
                "no workflows; `adw run \"…\"` hands one over"
            } else {
                "no workflow is like that; `adw ls` lists all"
            });
            return Ok(Exit::Done);
        }
        let workflows: Vec<Workflow> =
            page.items.iter().filter_map(|item| serde_json::from_str(item.get()).ok()).collect();
        cx.output.line(table(&workflows).trim_end())?;
        let seen: Vec<&Workflow> = workflows.iter().collect();
        if let Some(note) = rest.as_ref().and_then(|rest| rest.note(&seen)) {
            cx.output.note(note);
        }
        if page.next_cursor.is_some() {
            cx.output
                .note(format_args!("there are more; --limit {} shows them", self.limit.saturating_mul(2)));
        }
        Ok(Exit::Done)
    }

    /// Reads as many pages as it takes.
    async fn read(&self, client: &Client) -> Result<Page<Box<RawValue>>, Failure> {
        let filter = self.filter();
        let mut read: Page<Box<RawValue>> = Page { items: Vec::new(), next_cursor: None };
        loop {
            let left = self.limit.saturating_sub(u32::try_from(read.items.len()).unwrap_or(u32::MAX));
            let page = client.list(&filter, read.next_cursor.as_deref(), left.min(PAGE)).await?.view;
            read.items.extend(page.items.into_iter().filter(|item| self.wants(item)));
            read.next_cursor = page.next_cursor;
            if read.next_cursor.is_none() || read.items.len() >= self.limit as usize {
                return Ok(read);
            }
        }
    }

    /// Chosen here among those that run, which are few: a place is held by each that doesn't wait.
    fn wants(&self, item: &RawValue) -> bool {
        let waits = |item: &RawValue| {
            serde_json::from_str::<Workflow>(item.get()).is_ok_and(|workflow| workflow.waiting.is_some())
        };
        self.status != Some(Wanted::Waiting) || waits(item)
    }

    fn filter(&self) -> Vec<(&'static str, String)> {
        let members = [
            ("status", self.status.map(|wanted| wanted.status().as_str().to_owned())),
            ("task_type", self.task_type.map(|kind| kind.as_str().to_owned())),
            ("project", self.project.clone()),
            ("text", self.text.clone()),
        ];
        members.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect()
    }
}

fn table(workflows: &[Workflow]) -> String {
    let standings: Vec<Styled<String>> = workflows.iter().map(stands).collect();
    let width =
        workflows.iter().map(|workflow| workflow.adw_id.as_str().len()).max().unwrap_or_default().max(2);
    let status_width =
        standings.iter().map(|status| status.1.chars().count()).max().unwrap_or_default().max(9);
    let head = format!(
        "{:width$}  {:status_width$}  {:>4}  {:7}  {:19}  TITLE",
        "ID", "STATUS", "%", "TYPE", "CREATED"
    );
    let mut text = format!("{}\n", Styled(style::STRONG, head));
    for (workflow, status) in workflows.iter().zip(standings) {
        // Writing to a String can't fail.
        let _ = writeln!(
            text,
            "{:width$}  {status:status_width$}  {:>4}  {:7}  {:19}  {}",
            workflow.adw_id,
            workflow.progress,
            workflow.task_type,
            date_and_time(workflow.created_at),
            one_line(&workflow.title, 60),
        );
    }
    text
}

/// Where it stands; and that it isn't tested, where one would take it for that.
fn stands(workflow: &Workflow) -> Styled<String> {
    match standing(workflow.status, workflow.waiting.as_ref()) {
        Styled(_, status) if untested::note(workflow).is_some() => {
            Styled(style::NOTE, format!("{status}, untested"))
        }
        standing => standing,
    }
}

/// A status by its name; shells that complete the command line are told of all.
fn wanted() -> impl TypedValueParser<Value = Wanted> {
    PossibleValuesParser::new(Wanted::ALL.map(Wanted::as_str)).try_map(|text| {
        Wanted::ALL.into_iter().find(|wanted| wanted.as_str() == text).ok_or("it is no status")
    })
}

fn task_type(text: &str) -> Result<TaskType, adw_core::UnknownTaskType> {
    text.parse()
}
