use std::path::PathBuf;

use adw_config::{Config, Listen};
use adw_engine::{Programs, Reread};
use clap::Args;
use serde_json::json;
use tokio::runtime::Runtime;

use crate::context::{Context, config_file};
use crate::failure::{Exit, Failure};
use crate::log::{self, LogFormat};
use crate::projects;
use crate::reloads;
use crate::server::Server;
use crate::signals::Stop;
use crate::whereabouts::Stay;

/// Serve what adw.toml describes, until SIGTERM or Ctrl-C
#[derive(Debug, Args)]
#[command(after_help = "\
It prints `listening on http://…` on stdout when it is ready, and logs to stderr.
Its data lie in .adw beside adw.toml. A signal stops it: what runs is interrupted at
no cost, and taken up again at the next start. Agents and commands that are at work go
on by themselves, and the next server takes their answers; with --stop-agents they are
ended, and run again. A second signal stops the server at once.
When adw.toml changes it is read anew, for tasks from then on; so it is at SIGHUP.

Examples:
  adw serve
  adw serve --stop-agents
  adw serve --config ../project/adw.toml --listen 127.0.0.1:0
  ADW_LOG=debug adw serve

Environment:
  ADW_<SECTION>_<KEY>  stands in the place of a key of [server], [store] or [limits]
  ADW_LOG              what is logged, as in `info,adw_engine=debug`
  ADW_LOG_FORMAT       pretty or json")]
pub(crate) struct Serve {
    /// The configuration; without it, the nearest adw.toml from here upwards
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Where to listen, in the place of what adw.toml says; port 0 takes a free one
    #[arg(short, long, value_name = "ADDR")]
    listen: Option<Listen>,

    /// When it is stopped, end the agents and commands that are at work
    #[arg(long)]
    stop_agents: bool,

    /// How the log looks, to people or to programs
    #[arg(long, env = "ADW_LOG_FORMAT", value_name = "FORMAT", default_value = "pretty")]
    log_format: LogFormat,
}

impl Serve {
    pub(crate) fn run(self, cx: &Context, runtime: Runtime) -> Result<Exit, Failure> {
        let file = config_file(self.config.clone())?;
        let read = reloads::reading(file.clone(), self.listen);
        let config = read()?;
        let programs = if self.stop_agents { Programs::End } else { Programs::GoOn };
        log::begin(log::OF_A_SERVER, self.log_format)?;
        let ended = runtime.block_on(async {
            let mut second = Stop::listen()?;
            tokio::select! {
                ended = serve(config, read, file, programs, cx) => ended,
                () = second.twice() => {
                    tracing::warn!("stopped at once");
                    Ok(())
                }
            }
        });
        // Whatever is still at work is not waited for: it was told to stop, or a person is in a hurry.
        runtime.shutdown_background();
        ended.map(|()| Exit::Done)
    }
}

async fn serve(
    config: Config,
    reread: Reread,
    file: PathBuf,
    programs: Programs,
    cx: &Context,
) -> Result<(), Failure> {
    let mut stop = Stop::listen()?;
    // Before anything that takes its time: until it has its data, nobody can know that it is about to be there.
    let starting = Server::start(config.clone(), reread, Stay::UntilStopped);
    let Some(started) = stop.unless(starting).await else { return Ok(()) };
    let server = started?;
    projects::advice(&config).for_each(|advice| tracing::warn!("{}", advice.message));
    let url = server.url();
    cx.output.json(&json!({ "listening": url }))?;
    cx.output.line(format_args!("listening on {url}"))?;
    let keeping_up = tokio::spawn(reloads::keep_up(server.engine().clone(), file));
    let stopped = async move {
        stop.once().await;
        programs
    };
    let ended = server.serve(stopped).await;
    keeping_up.abort();
    ended
}
