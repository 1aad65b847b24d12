//! A disk that takes nothing for good: each `fsync` of the database and of the folder of blobs answers EIO, at the system call
//! itself.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{
    form::Form,
    seen::{LogSince, goes_on},
    support::{chance::Chance, server::Server},
    trial::{Ending, Round, Trial, some_time},
};

/// A tracer that has the syncs of a process fail, for as long as this lives.
struct FailingSyncs(Child);

impl FailingSyncs {
    /// Those of this process, all of its threads and what it starts, on the files of this data folder. What the tracer says
    /// where it isn't let.
    fn begin(process: u32, data: &Path) -> Result<Self, String> {
        let mut command = Command::new("strace");
        command.args(["-f", "-e", "inject=fsync,fdatasync:error=EIO", "-o", "/dev/null"]);
        for file in ["adw.db", "adw.db-wal", "blobs"] {
            command.arg("-P").arg(data.join(file));
        }
        command.args(["-p", &process.to_string()]).stdin(Stdio::null()).stderr(Stdio::piped());
        let mut tracer = command.spawn().map_err(|error| format!("strace can't be run: {error}"))?;
        let said = BufReader::new(tracer.stderr.take().unwrap());
        let begun = Self(tracer);
        let mut before = String::new();
        let mut lines = said.lines().map_while(Result::ok);
        for line in lines.by_ref() {
            if line.contains("attached") {
                // It goes on to tell of threads, and is to find somebody who listens.
                std::thread::spawn(|| lines.for_each(drop));
                return Ok(begun);
            }
            before += &line;
        }
        Err(before)
    }

    /// Whether this user may do so to a process of its own, which is said where it isn't so.
    fn are_possible() -> bool {
        let mut other = Command::new("sleep").arg("300").spawn().unwrap();
        let begun = Self::begin(other.id(), Path::new("/"));
        other.kill().unwrap();
        other.wait().unwrap();
        begun.inspect_err(|why| anstream::println!("skipped: {why}")).is_ok()
    }
}

impl Drop for FailingSyncs {
    /// Told politely, it lets go of what it follows.
    fn drop(&mut self) {
        let tracer = Pid::from_raw(i32::try_from(self.0.id()).unwrap()).unwrap();
        let _ = kill_process(tracer, Signal::TERM);
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "strace may stop a child of the server for good as it attaches: `cargo xtask test failing_syncs` runs it"]
async fn syncs_that_fail_lose_nothing_and_once_they_do_not_all_goes_on() {
    if !FailingSyncs::are_possible() {
        return;
    }
    let form = Form::asked_for();
    let mut trial = Trial::begin(Chance::new());
    let data = trial.repository().path().canonicalize().unwrap().join(".adw");
    for round in 0..form.troubles() {
        // Every other server is killed in the middle of it, and the next one has no trouble.
        let passes = round % 2 == 0;
        let ending = if passes { trial.any_ending() } else { Ending::Kill };
        let mut failing = None;
        let befalls = async |server: &Server<'_>, chance: &mut Chance| {
            some_time(chance).await;
            let log = LogSince::now(server.repository());
            failing = Some(FailingSyncs::begin(server.process(), &data).unwrap());
            log.tells(&["a commit failed; nothing is written until the database was read again"]).await;
            some_time(chance).await;
            if passes {
                failing = None;
                goes_on(&server.api).await;
            }
        };
        trial.round_amid(Round::under_load(ending), befalls).await;
    }
    trial.settle(form.ready_within()).await.finds_nothing("with syncs that failed");
}
