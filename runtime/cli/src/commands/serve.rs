use std::path::PathBuf;
use std::sync::Arc;

use adw_config::{Config, Env, Listen, StoreConfig};
use adw_engine::{Engine, Options};
use adw_store::Store;
use adw_store::sqlite::SqliteStore;
use clap::{Args, ValueEnum};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::context::{Context, config_file};
use crate::failure::{Exit, Failure};
use crate::projects;

/// What is logged unless ADW_LOG says otherwise.
const LOG: &str = "info,sqlx=warn,hyper=warn,wasmtime=warn,cranelift=warn";

/// Serve what adw.toml describes, until SIGTERM or Ctrl-C
#[derive(Debug, Args)]
#[command(after_help = "\
It prints `listening on http://…` on stdout when it is ready, and logs to stderr.
Its data lie in .adw beside adw.toml. A signal stops it: what runs is interrupted at
no cost, and taken up again at the next start. A second one stops it at once.

Examples:
  adw serve
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

    /// How the log looks, to people or to programs
    #[arg(long, env = "ADW_LOG_FORMAT", value_name = "FORMAT", default_value = "pretty")]
    log_format: LogFormat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogFormat {
    Pretty,
    Json,
}

impl Serve {
    pub(crate) fn run(self, cx: &Context, runtime: Runtime) -> Result<Exit, Failure> {
        let config = self.config()?;
        self.log()?;
        projects::advice(&config).for_each(|advice| tracing::warn!("{advice}"));
        let ended = runtime.block_on(async {
            let mut second = Stop::listen()?;
            tokio::select! {
                ended = serve(config, cx) => ended,
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

    fn config(&self) -> Result<Config, Failure> {
        let file = config_file(self.config.clone())?;
        let mut config = Config::load(&file, &Env::of_process())?;
        if let Some(listen) = self.listen {
            config.server.listen = listen;
        }
        Ok(config)
    }

    fn log(&self) -> Result<(), Failure> {
        let filter = std::env::var("ADW_LOG").ok().filter(|filter| !filter.is_empty());
        let filter =
            EnvFilter::try_new(filter.as_deref().unwrap_or(LOG)).map_err(|error| Failure::Usage {
                message: format!("ADW_LOG can't be understood: {error}"),
                help: "write it like `info,adw_engine=debug`".to_owned(),
            })?;
        let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
        match self.log_format {
            LogFormat::Pretty => log.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init(),
            LogFormat::Json => log.json().init(),
        }
        Ok(())
    }
}

async fn serve(config: Config, cx: &Context) -> Result<(), Failure> {
    // First of all: where another server listens already, its data are not touched.
    let address = config.server.listen.addr();
    let listener = TcpListener::bind(address).await.map_err(|source| Failure::Listen { address, source })?;
    let address = listener.local_addr()?;
    let mut stop = Stop::listen()?;
    let engine = tokio::select! {
        started = start(config) => started?,
        () = stop.once() => return Ok(()),
    };
    let url = format!("http://{address}");
    cx.output.json(&json!({ "listening": url }))?;
    cx.output.line(format_args!("listening on {url}"))?;
    let served = adw_server::serve(engine.clone(), listener, async move { stop.once().await }).await;
    engine.shutdown().await;
    tracing::info!("stopped");
    served.map_err(|error| Failure::Start(error.to_string()))
}

async fn start(config: Config) -> Result<Engine, Failure> {
    let data = config.data_dir();
    let store = open(&config.store).await?;
    Engine::start(Options::new(config, data, store)).await.map_err(|error| Failure::Start(error.to_string()))
}

async fn open(store: &StoreConfig) -> Result<Arc<dyn Store>, Failure> {
    match store {
        StoreConfig::Sqlite { file } => match SqliteStore::open(file).await {
            Ok(store) => Ok(Arc::new(store)),
            Err(error) => Err(Failure::Start(error.to_string())),
        },
    }
}

/// The signals that end a server.
struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    fn listen() -> Result<Self, Failure> {
        let failed = |source| Failure::File { what: "listen for signals".to_owned(), source };
        let interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        Ok(Self { interrupt, terminate: signal(SignalKind::terminate()).map_err(failed)? })
    }

    async fn once(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    async fn twice(&mut self) {
        self.once().await;
        self.once().await;
    }
}
