//! The closed loop: each client creates a workflow, waits for its end over the feed, and creates the next.

use std::{collections::HashMap, net::SocketAddr, time::Duration};

use anyhow::Result;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};

use crate::{
    feed::Feed,
    figures::{Figures, Times, Unit, milliseconds, rate},
    history,
    http::Connection,
    ids::new_id,
    options::Options,
    process::Process,
    server::{Home, Server},
};

/// How many clients there are at once, and what is aimed at then.
struct Level {
    clients: usize,
    /// A second.
    workflows: Option<f64>,
    /// From start to end, in milliseconds, of every other workflow.
    median: Option<f64>,
}

const LEVELS: [Level; 3] = [
    Level { clients: 1, workflows: None, median: Some(5.0) },
    Level { clients: 10, workflows: Some(1_000.0), median: None },
    Level { clients: 64, workflows: Some(2_000.0), median: None },
];

/// The levels that are measured again on a database with a history.
const WITH_HISTORY: [usize; 2] = [10, 64];

/// What is not counted: connections are opened, code is touched for the first time.
const WARM_UP: Duration = Duration::from_secs(1);

/// How long a server is left alone before its memory is called idle.
const IDLE: Duration = Duration::from_secs(1);

pub(crate) async fn measure(options: &Options, figures: &mut Figures) -> Result<()> {
    let fresh = on_new_databases(options, figures).await?;
    on_a_history(options, figures, &fresh).await
}

/// Answers with the workflows a second at each number of clients.
async fn on_new_databases(options: &Options, figures: &mut Figures) -> Result<HashMap<usize, f64>> {
    let mut workflows = HashMap::new();
    let (mut idle, mut loaded) = (None, 0.0);
    for level in LEVELS {
        let home = Home::new(options)?;
        let server = Server::start(options, &home, level.clients)?;
        if idle.is_none() {
            tokio::time::sleep(IDLE).await;
            idle = Some(server.process().memory()?);
        }
        let run = drive(&server, level.clients, options.time()).await?;
        loaded = server.process().memory()?;
        server.stop()?;
        workflows.insert(level.clients, run.workflows_per_second());
        run.tell(figures, &level);
    }
    figures.add("memory of the server", "idle", idle.unwrap_or_default(), Unit::Mebibytes);
    figures.add("memory of the server", "under load", loaded, Unit::Mebibytes).aim(150.0);
    Ok(workflows)
}

async fn on_a_history(options: &Options, figures: &mut Figures, fresh: &HashMap<usize, f64>) -> Result<()> {
    let home = Home::new(options)?;
    history::write(options, &home).await?;
    for clients in WITH_HISTORY {
        let server = Server::start(options, &home, clients)?;
        let workflows = drive(&server, clients, options.time()).await?.workflows_per_second();
        server.stop()?;
        let of = format!("after {} finished workflows, {}", options.history(), counted(clients));
        figures.add(&of, "workflows", workflows, Unit::PerSecond);
        if let Some(fresh) = fresh.get(&clients) {
            let share = workflows / fresh * 100.0;
            figures.add(&of, "of the speed of a new database", share, Unit::Percent).aim(90.0);
        }
    }
    Ok(())
}

fn counted(clients: usize) -> String {
    if clients == 1 { "1 client".to_owned() } else { format!("{clients} clients") }
}

/// What one run of the loop came to.
struct Run {
    time: Duration,
    create: Times,
    whole: Times,
    server_cpu: Duration,
    client_cpu: Duration,
}

impl Run {
    fn workflows_per_second(&self) -> f64 {
        rate(self.whole.len(), self.time)
    }

    fn tell(mut self, figures: &mut Figures, level: &Level) {
        let of = &format!("three noop stages, {}", counted(level.clients));
        let workflows = self.workflows_per_second();
        figures.add(of, "workflows", workflows, Unit::PerSecond).aim(level.workflows);
        let [median, slow] = [0.5, 0.99].map(|share| milliseconds(self.whole.percentile(share)));
        figures.add(of, "start to end, p50", median, Unit::Milliseconds).aim(level.median);
        figures.add(of, "start to end, p99", slow, Unit::Milliseconds);
        let [median, slow] = [0.5, 0.99].map(|share| milliseconds(self.create.percentile(share)));
        figures.add(of, "create, p50", median, Unit::Milliseconds);
        figures.add(of, "create, p99", slow, Unit::Milliseconds).aim(10.0);
        let each = milliseconds(self.server_cpu) / (workflows * self.time.as_secs_f64());
        figures.add(of, "CPU of the server for each", each, Unit::Milliseconds);
        let (server, clients) = (self.server_cpu.as_secs_f64(), self.client_cpu.as_secs_f64());
        let share = clients / (server + clients) * 100.0;
        figures.add(of, "share of the clients in all CPU", share, Unit::Percent);
    }
}

/// One workflow, as its client saw it.
struct Sample {
    began: Instant,
    create: Duration,
    whole: Duration,
}

/// Keeps this many clients at work, and counts what begins and ends within the time.
async fn drive(server: &Server, clients: usize, time: Duration) -> Result<Run> {
    let begin = Instant::now() + WARM_UP;
    let end = begin + time;
    let mut working = JoinSet::new();
    for _ in 0..clients {
        working.spawn(client(server.address(), end));
    }
    let used = || anyhow::Ok((server.process().cpu()?, Process::own().cpu()?));
    sleep_until(begin).await;
    let (server_before, client_before) = used()?;
    sleep_until(end).await;
    let (server_after, client_after) = used()?;
    let mut samples = Vec::new();
    while let Some(done) = working.join_next().await {
        samples.extend(done??);
    }
    samples.retain(|sample| sample.began >= begin && sample.began + sample.whole <= end);
    Ok(Run {
        time,
        create: samples.iter().map(|sample| sample.create).collect(),
        whole: samples.iter().map(|sample| sample.whole).collect(),
        server_cpu: server_after.saturating_sub(server_before),
        client_cpu: client_after.saturating_sub(client_before),
    })
}

async fn client(address: SocketAddr, end: Instant) -> Result<Vec<Sample>> {
    let mut connection = Connection::open(address).await?;
    let mut samples = Vec::new();
    while Instant::now() < end {
        let adw_id = new_id();
        // Before the workflow exists, so that each of its events comes live.
        let mut feed = Feed::open(address, &adw_id).await?;
        let began = Instant::now();
        connection.create(&adw_id).await?;
        let create = began.elapsed();
        feed.until_completed().await?;
        samples.push(Sample { began, create, whole: began.elapsed() });
    }
    Ok(samples)
}
