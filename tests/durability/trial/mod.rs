//! What a repository goes through: server after server works under load and is ended; the last one finishes what they
//! left, and everything is held against what clients and agents know.

mod client;
mod database;
mod figures;
mod ledger;
mod promises;
mod task;
mod workplace;

use std::{
    os::unix::process::ExitStatusExt,
    process::{Command, ExitStatus},
    time::{Duration, Instant},
};

use adw_engine::{FailingCommits, FailurePoint, Sabotage};
use futures_util::{StreamExt, stream};
use reqwest::Method;

use client::{Clients, Load};
use figures::Starts;
pub use figures::Verdict;
pub use promises::Fault;
use promises::{Evidence, judge};
pub use task::Kind;
use task::{Kept, Task};

use crate::support::{
    api::Api,
    chance::Chance,
    repository::Repository,
    server::{Server, last_words},
};

/// The longest that a server works before it is ended, in milliseconds.
const LONGEST_ROUND: u64 = 800;

/// How many tasks are looked at together in the end.
const AT_ONCE: usize = 16;

/// How a server ends.
#[derive(Clone, Copy, Debug)]
pub enum Ending {
    /// Killed at any moment.
    Kill,
    /// Told to stop at any moment.
    Stop,
    /// By itself, when it passes this point for this many times.
    At(FailurePoint, u32),
    /// Killed once the clients are done.
    Done,
}

/// The life of one server.
#[derive(Clone, Copy, Debug)]
pub struct Round {
    load: Load,
    ending: Ending,
    sabotage: Option<Sabotage>,
    failing: Option<FailingCommits>,
}

impl Round {
    pub const fn under_load(ending: Ending) -> Self {
        Self { load: Load::Everything, ending, sabotage: None, failing: None }
    }

    pub const fn of_one(kind: Kind, ending: Ending) -> Self {
        Self { load: Load::One(kind), ending, sabotage: None, failing: None }
    }

    /// The server does this wrong.
    pub const fn by(self, sabotage: Option<Sabotage>) -> Self {
        Self { sabotage, ..self }
    }

    /// These of its commits fail.
    pub const fn with_failing(self, commits: FailingCommits) -> Self {
        Self { failing: Some(commits), ..self }
    }

    fn surround(self, command: &mut Command) -> &mut Command {
        if let Ending::At(point, nth) = self.ending {
            let (variable, value) = point.armed(nth);
            command.env(variable, value);
        }
        command.envs(self.failing.map(FailingCommits::setting));
        command.envs(self.sabotage.map(Sabotage::setting))
    }

    /// Ends the server, or has it end.
    async fn end(self, server: Server<'_>, chance: &mut Chance) {
        match self.ending {
            Ending::Done => server.kill().await,
            Ending::Kill => {
                some_time(chance).await;
                server.kill().await;
            }
            Ending::Stop => {
                some_time(chance).await;
                server.terminate().await;
            }
            Ending::At(point, _) => {
                if matches!(point, FailurePoint::Stopping | FailurePoint::Stopped) {
                    some_time(chance).await;
                    server.begin_to_stop();
                }
                let repository = server.repository();
                self.died(server.ends_by_itself(point.name()).await, repository);
            }
        }
    }

    /// It was killed, and by nobody else.
    fn died(self, ended: ExitStatus, repository: &Repository) {
        let as_told = matches!(self.ending, Ending::At(..)) && ended.signal() == Some(9);
        assert!(as_told, "{ended}, in the place of {:?}\n{}", self.ending, last_words(repository));
    }
}

/// Chance, and no waiting for anything.
pub async fn some_time(chance: &mut Chance) {
    tokio::time::sleep(Duration::from_millis(chance.below(LONGEST_ROUND))).await;
}

/// A repository, and what is known of the tasks for it.
pub struct Trial {
    repository: Repository,
    pub chance: Chance,
    rounds: u32,
    /// How the last server ended.
    ended: Option<Ending>,
    tasks: Vec<Task>,
    starts: Starts,
}

impl Trial {
    pub fn begin(chance: Chance) -> Self {
        let (repository, starts) = (workplace::repository(), Starts::default());
        Self { repository, chance, rounds: 0, ended: None, tasks: Vec::new(), starts }
    }

    /// Where the tasks are done.
    pub const fn repository(&self) -> &Repository {
        &self.repository
    }

    /// A kill, most often; and a stop now and then.
    pub fn any_ending(&mut self) -> Ending {
        if self.chance.below(5) == 0 { Ending::Stop } else { Ending::Kill }
    }

    /// A server takes up what there is, works under load, and ends.
    pub async fn round(&mut self, round: Round) {
        self.round_amid(round, async |_, _| ()).await;
    }

    /// This befalls a server while it works, before it ends.
    pub async fn round_amid(&mut self, round: Round, befalls: impl AsyncFnOnce(&Server<'_>, &mut Chance)) {
        self.rounds += 1;
        let before = self.ended.replace(round.ending);
        let begun = Instant::now();
        let started = Server::try_start_with(&self.repository, |command| round.surround(command));
        let server = match started.await {
            Ok(server) => server,
            // It came there while it took up what the one before it had left.
            Err(ended) => return round.died(ended, &self.repository),
        };
        if is_ready(&server.api).await {
            self.starts.extend(before.map(|before| (begun.elapsed(), before)));
        }
        let name = format!("round{}", self.rounds);
        let unfinished = self.tasks.extract_if(.., |task| task.is_unfinished()).collect();
        let mut clients = Clients::begin(&server.api, &name, round.load, unfinished, &mut self.chance);
        befalls(&server, &mut self.chance).await;
        if let Ending::Done = round.ending {
            self.tasks.extend(clients.done().await);
            clients = Clients::default();
        }
        round.end(server, &mut self.chance).await;
        self.tasks.extend(clients.done().await);
    }

    /// One more server finishes everything, and what came of it is judged.
    pub async fn settle(&mut self, ready_within: Option<Duration>) -> Verdict {
        let begun = Instant::now();
        let server = Server::start(&self.repository).await;
        assert!(is_ready(&server.api).await);
        self.starts.extend(self.ended.map(|before| (begun.elapsed(), before)));
        client::cancel_all(&server.api, &self.tasks).await;
        let settled =
            stream::iter(std::mem::take(&mut self.tasks)).map(|task| client::settle(&server.api, task));
        let settled: Vec<(Task, Option<Kept>)> = settled.buffer_unordered(AT_ONCE).collect().await;
        let listed =
            server.api.get("/api/v1/workflows?per_page=1").await.with(200)["total"].as_u64().unwrap();
        server.terminate().await;
        let evidence = Evidence {
            settled: &settled,
            listed,
            database: &database::integrity(&self.repository.path().join(".adw/adw.db")).await,
            ledger: &ledger::read(&self.repository),
            work: &|adw_id| self.repository.read(&format!("adw-task/{adw_id}"), workplace::WORK),
            ready: self.starts.p99(),
            ready_within,
        };
        let faults = judge(&evidence);
        let figures = figures::of(&evidence, &faults, self.rounds, &self.starts);
        Verdict { faults, figures, seed: self.chance.seed() }
    }
}

/// Whether it takes work; one that is to die may do so before it says it.
async fn is_ready(api: &Api) -> bool {
    api.try_ask(Method::GET, "/readyz", None).await.is_ok_and(|answer| answer.status == 200)
}
