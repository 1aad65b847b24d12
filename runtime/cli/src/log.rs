//! What a server within this process has to say besides its answers: on stderr, as ADW_LOG asks.

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

use crate::failure::Failure;
use crate::output::{self, LogWriter};

/// What a server logs that has a terminal of its own.
pub(crate) const OF_A_SERVER: &str = "info,sqlx=warn,hyper=warn,wasmtime=warn,cranelift=warn";

/// What is logged beside a task that is followed.
pub(crate) const TROUBLE: &str = "warn";

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogFormat {
    Pretty,
    Json,
}

/// Logs from now on: what ADW_LOG asks for, else this. What was begun goes on as it is.
pub(crate) fn begin(unless_asked: &str, format: LogFormat) -> Result<(), Failure> {
    let asked = std::env::var("ADW_LOG").ok().filter(|filter| !filter.is_empty());
    let filter =
        EnvFilter::try_new(asked.as_deref().unwrap_or(unless_asked)).map_err(|error| Failure::Usage {
            message: format!("ADW_LOG can't be understood: {error}"),
            help: "write it like `info,adw_engine=debug`".to_owned(),
        })?;
    // A line that can't be written (a full disk, a reader that is gone) is lost, and nothing else: by default the library
    // would print that to the same place, and panic where that fails too.
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| LogWriter)
        .log_internal_errors(false);
    // It fails only where a log was begun before: who first wanted to be the server, and wasn't quick enough, may be it later.
    let _ = match format {
        LogFormat::Pretty => log.with_ansi(output::is_coloured(&std::io::stderr())).try_init(),
        LogFormat::Json => log.json().try_init(),
    };
    Ok(())
}
