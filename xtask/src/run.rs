//! `cargo xtask run`: a real bug in a sample repository, fixed before the person's eyes.

mod sample;
mod server;

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;

use sample::Sample;
use server::Server;

use crate::cargo::target;
use crate::failure::{Failure, Result};
use crate::{build, setup, step, terminal};

/// The id of the sample's workflow.
const ADW_ID: &str = "fix-median";

/// How the sample is to be run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// End after the task instead of leaving the server up.
    pub(crate) once: bool,
    /// Where the server listens.
    pub(crate) listen: SocketAddr,
}

impl Default for Options {
    fn default() -> Self {
        Self { once: false, listen: SocketAddr::from(([127, 0, 0, 1], 8000)) }
    }
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let listen = free_address(options.listen)?;
    terminal::heading("Set-up");
    setup::essentials()?;
    terminal::heading("Building adw");
    let adw = build::dev()?;

    // A folder for each port: nobody listens there, so nobody works in it either.
    let folder = target().join("sample").join(listen.port().to_string());
    terminal::heading("A sample repository with a real bug");
    let sample = Sample::create(&folder)?;
    terminal::say(format!("  {}", sample.repository().display()));
    sample.expect_red()?;
    step::quietly(Command::new(&adw).arg("init").current_dir(sample.repository()))?;
    sample.commit_configuration()?;
    terminal::good("`adw init` wrote an adw.toml that fits it");
    let before = sample.checkout()?;

    terminal::heading("The server");
    let server = Server::start(&adw, sample.repository(), listen, &folder.join("server.log"))?;
    terminal::good(format!("listening on {}", server.url()));
    terminal::heading("The task: plan, implement, test");
    step::run(client(&adw, &server).args(task(&sample)))?;

    terminal::heading("What came out");
    step::run(client(&adw, &server).args(["diff", ADW_ID]))?;
    sample.expect_green(ADW_ID)?;
    if sample.checkout()? != before {
        return Err(Failure::new(format!("the checkout in {} has changed", sample.repository().display())));
    }
    terminal::good("the checkout is as it was: same branch, same commit, nothing changed in it");
    where_to_look(&server, &sample);
    if options.once { server.stop() } else { leave_up(server) }
}

/// The address to listen on, with a port that is free now.
fn free_address(listen: SocketAddr) -> Result<SocketAddr> {
    TcpListener::bind(listen).and_then(|listener| listener.local_addr()).map_err(|error| {
        Failure::new(format!(
            "{listen} can't be listened on: {error}\nTry another address: cargo xtask run --listen 127.0.0.1:0"
        ))
    })
}

fn client(adw: &Path, server: &Server) -> Command {
    let mut command = Command::new(adw);
    command.arg("--server").arg(server.url());
    command
}

fn task(sample: &Sample) -> [String; 8] {
    let file = sample.task_file().display().to_string();
    [
        "run",
        "The median of an even number of values is wrong",
        "--type",
        "bug",
        "--id",
        ADW_ID,
        "--file",
        &file,
    ]
    .map(str::to_owned)
}

fn where_to_look(server: &Server, sample: &Sample) {
    let url = server.url();
    let repository = sample.repository().display();
    terminal::heading("Where to look");
    for (what, place) in [
        ("The API", format!("{url}/docs")),
        ("This task", format!("{url}/api/v1/workflows/{ADW_ID}")),
        ("Its live feed", format!("{}/ws/workflows/{ADW_ID}", url.replacen("http", "ws", 1))),
        ("Its branch", format!("{} in {repository}", sample::branch(ADW_ID))),
        ("The server's log", server.log().display().to_string()),
    ] {
        terminal::say(format!("  {what:<17} {place}"));
    }
}

fn leave_up(server: Server) -> Result<()> {
    let url = server.url();
    terminal::say(format!(
        "\nThe server stays up until Ctrl-C. Hand it another task:\n\n  curl -X POST {url}/api/v1/workflows/create \
         -H 'Content-Type: application/json' \\\n    -d '{{\"title\":\"Test\",\"description\":\"Test task\",\
         \"type\":\"feature\",\"stages\":[\"plan\"]}}'"
    ));
    server.wait()
}
