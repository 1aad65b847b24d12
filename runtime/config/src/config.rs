//! The whole of adw.toml.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read},
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use adw_core::{Budget, StageName};
use toml::de::{DeArray, DeTable, DeValue};

use crate::{
    AgentConfig, ConfigError, ConfigErrors, ConfigWarning, Env, LimitsConfig, Location, PipelineConfig,
    ProjectConfig, Reading, SecretSource, ServerConfig, StageConfig, StoreConfig,
    form::Wrong,
    reader::{Keys, Table, joined},
    report::Report,
    section,
    source::Source,
};

/// The name that a configuration is looked for under.
pub const FILE_NAME: &str = "adw.toml";

/// The runtime's own folder, beside it.
const DATA_DIR: &str = ".adw";

/// What adw.toml and the environment say, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The folder of adw.toml, absolute; paths in it are relative to this.
    pub root: PathBuf,
    /// `[server]`.
    pub server: ServerConfig,
    /// `[store]`.
    pub store: StoreConfig,
    /// `[projects.*]`, in the order of the file; at least one.
    pub projects: Vec<ProjectConfig>,
    /// `[secrets]`.
    pub secrets: BTreeMap<String, SecretSource>,
    /// `[agents.*]`, in the order of the file, which is the order of preference.
    pub agents: Vec<AgentConfig>,
    /// `[stages.*]`, in the order of the file.
    pub stages: Vec<StageConfig>,
    /// `[pipelines.*]`, in the order of the file; `default` among them if there is any stage.
    pub pipelines: Vec<PipelineConfig>,
    /// `[limits]`.
    pub limits: LimitsConfig,
    /// `[budget]`.
    pub budget: Budget,
    source: Arc<Source>,
}

/// The longest file that is read.
const LARGEST: u64 = 1 << 20;

/// What old clients call some stages.
const STAGE_ALIASES: [(&str, &str); 3] = [("pr", "ship"), ("deploy", "ship"), ("build", "implement")];

impl Config {
    /// The nearest adw.toml: in this folder or in one above it. Whether it can be read, [`Config::load`] says.
    ///
    /// A workflow's worktree has a copy of the one that is served, which nobody serves: that is passed over, so that a
    /// person who works there is understood as if in the folder whose data the worktree is.
    pub fn find(start_dir: &Path) -> Option<PathBuf> {
        let start = std::path::absolute(start_dir).ok()?;
        let of_worktree = Path::new(DATA_DIR).join("trees");
        let is_worktree = |folder: &Path| folder.parent().is_some_and(|trees| trees.ends_with(&of_worktree));
        let folders = start.ancestors().filter(|folder| !is_worktree(folder));
        folders.map(|folder| folder.join(FILE_NAME)).find(|file| file.symlink_metadata().is_ok())
    }

    /// Reads a file.
    pub fn load(file: &Path, env: &Env) -> Result<Self, ConfigErrors> {
        Self::read(file, env).into_config()
    }

    /// Reads a file, as far as it goes.
    pub fn read(file: &Path, env: &Env) -> Reading {
        let unreadable = |Wrong { message, help }| {
            let location = Location::File { file: file.display().to_string() };
            Reading::wrong(ConfigError { message, help, key: None, location }.into(), None)
        };
        let absolute = || std::path::absolute(file).map_err(|error| unread(&error));
        match read_text(file).and_then(|text| Ok((text, absolute()?))) {
            Ok((text, absolute)) => {
                let folder = absolute.parent().unwrap_or(&absolute);
                Self::read_text(&text, &file.display().to_string(), folder, env)
            }
            Err(wrong) => unreadable(wrong),
        }
    }

    /// Reads a text. The name is how errors call the file; the folder is what its paths are relative to.
    pub fn parse(text: &str, file: &str, folder: impl AsRef<Path>, env: &Env) -> Result<Self, ConfigErrors> {
        Self::read_text(text, file, folder.as_ref(), env).into_config()
    }

    fn read_text(text: &str, file: &str, folder: &Path, env: &Env) -> Reading {
        let source = Arc::new(Source { name: file.to_owned(), text: text.to_owned() });
        let report = Report::new(Arc::clone(&source));
        let (document, errors) = DeTable::parse_recoverable(&source.text);
        // What follows a broken line is guesswork: its own errors would only distract.
        let config = if errors.is_empty() {
            Some(read(&report, document.get_ref(), folder, env))
        } else {
            let mut lines = Vec::new();
            for error in errors {
                if report.is_full() {
                    break;
                }
                let span = error.span().unwrap_or(0..0);
                let line = source.excerpt(&span).line;
                if !lines.contains(&line) {
                    lines.push(line);
                    report.syntax(span, error.message());
                }
            }
            None
        };
        match (report.finish(), config) {
            (None, Some(config)) => Reading::Right(config),
            (Some(errors), config) => Reading::wrong(errors, config),
            (None, None) => {
                let location = Location::File { file: file.to_owned() };
                let message = "not valid TOML".to_owned();
                Reading::wrong(ConfigError { message, help: None, key: None, location }.into(), None)
            }
        }
    }

    /// Where the runtime keeps its data: `.adw` beside adw.toml.
    pub fn data_dir(&self) -> PathBuf {
        self.root.join(DATA_DIR)
    }

    /// The same for an adw.toml that may not be read.
    pub fn data_dir_of(file: &Path) -> PathBuf {
        file.with_file_name(DATA_DIR)
    }

    /// What is wrong with a file that has nothing for a task to go through. It can be written so, and served from the
    /// start; nobody means it of one that is served already.
    pub fn without_stages(&self) -> Option<ConfigError> {
        let help = "`adw init` writes one that works, with --force in the place of this one";
        let message = "there are no stages: a task would have nothing to go through";
        self.stages.is_empty().then(|| self.error_at(&["stages"], message, Some(help.to_owned())))
    }

    /// The file as it was read.
    pub fn text(&self) -> &str {
        &self.source.text
    }

    /// The stage of exactly this name.
    pub fn stage(&self, name: &str) -> Option<&StageConfig> {
        self.stages.iter().find(|stage| stage.name == *name)
    }

    /// The stage that a client means: that of exactly this name, else the one that the name is an alias of (`pr` and
    /// `deploy` mean `ship`, `build` means `implement`).
    pub fn stage_alias(&self, name: &str) -> Option<&StageName> {
        let alias = || STAGE_ALIASES.iter().find(|(alias, _)| *alias == name);
        let stage = self.stage(name).or_else(|| alias().and_then(|(_, meant)| self.stage(meant)));
        stage.map(|stage| &stage.name)
    }

    /// The pipeline of this name.
    pub fn pipeline(&self, name: &str) -> Option<&PipelineConfig> {
        self.pipelines.iter().find(|pipeline| pipeline.name == name)
    }

    /// The agent of this name; a built-in one has no table.
    pub fn agent(&self, name: &str) -> Option<&AgentConfig> {
        self.agents.iter().find(|agent| agent.name == name)
    }

    /// The project of this name.
    pub fn project(&self, name: &str) -> Option<&ProjectConfig> {
        self.projects.iter().find(|project| project.name == name)
    }

    /// The project of tasks that name none: the one called `default`, else the first.
    pub fn default_project(&self) -> Option<&ProjectConfig> {
        self.project("default").or_else(|| self.projects.first())
    }

    /// An error that points at a key of the file, or at the nearest above it that is there: for those who find
    /// something wrong that the file alone doesn't show.
    ///
    /// ```
    /// # use adw_config::{Config, Env};
    /// let text = "[stages.test]\nplugin = \"builtin:test\"\n[pipelines.default]\nstages = [\"test\"]\n";
    /// let config = Config::parse(text, "adw.toml", "/project", &Env::empty())?;
    /// let error = config.error_at(&["stages", "test", "grants"], "the plugin imports exec", None);
    /// assert!(error.to_string().contains("adw.toml:1:9"));
    /// # Ok::<(), adw_config::ConfigErrors>(())
    /// ```
    pub fn error_at(&self, path: &[&str], message: impl Into<String>, help: Option<String>) -> ConfigError {
        let wrong = Wrong { message: message.into(), help };
        let (place, key) = self.locate(path);
        Report::single(Arc::clone(&self.source), place, key, wrong)
    }

    /// The same of something that can be gone by, and can't do its work as it stands. An element of an array is named by its
    /// number, from 0.
    pub fn warning_at(
        &self,
        path: &[&str],
        message: impl Into<String>,
        help: Option<String>,
    ) -> ConfigWarning {
        self.error_at(path, message, help).into()
    }

    /// Where the last key or element of a path stands that is there, and the whole path as a person writes it:
    /// `stages.test.config.commands[1]`.
    fn locate(&self, path: &[&str]) -> (Option<Range<usize>>, String) {
        let document = DeTable::parse(&self.source.text).ok();
        let (mut place, mut in_full) = (None, String::new());
        let mut inside = document.as_ref().map(|document| Inside::Table(document.get_ref()));
        for name in path {
            in_full = match &inside {
                Some(Inside::Array(_)) => format!("{in_full}[{name}]"),
                _ => joined(&in_full, name),
            };
            let found = inside.as_ref().and_then(|inside| inside.member(name));
            inside = found.as_ref().and_then(|(_, value)| Inside::of(value));
            place = found.map(|(span, _)| span).or(place);
        }
        (place, in_full)
    }
}

/// What a step of a path leads on from.
enum Inside<'a> {
    Table(&'a DeTable<'a>),
    Array(&'a DeArray<'a>),
}

impl<'a> Inside<'a> {
    const fn of(value: &'a DeValue<'a>) -> Option<Self> {
        match value {
            DeValue::Table(table) => Some(Self::Table(table)),
            DeValue::Array(elements) => Some(Self::Array(elements)),
            _ => None,
        }
    }

    /// What is there by this name, or number, and where that is written: a value of a table is pointed at by its key.
    fn member(&self, name: &str) -> Option<(Range<usize>, &'a DeValue<'a>)> {
        match self {
            Self::Table(table) => table.get_key_value(name).map(|(key, value)| (key.span(), value.get_ref())),
            Self::Array(elements) => {
                let element = elements.get(name.parse::<usize>().ok()?)?;
                Some((element.span(), element.get_ref()))
            }
        }
    }
}

/// A file that a person wrote; what never ends is not read to its end.
fn read_text(file: &Path) -> Result<String, Wrong> {
    let kind = fs::metadata(file).map_err(|error| unread(&error))?;
    if kind.is_dir() {
        return Err(Wrong::new("this is a folder, and no configuration")
            .help("name the file itself, as in `--config FOLDER/adw.toml`"));
    }
    // A pipe that nobody writes to would be waited for for ever, and it could be read once only.
    if !kind.is_file() {
        return Err(Wrong::new(
            "this is no regular file but a pipe, a device or a socket, and no configuration",
        )
        .help("write it to a file, and name that"));
    }
    let mut bytes = Vec::new();
    let read = File::open(file).and_then(|opened| opened.take(LARGEST + 1).read_to_end(&mut bytes));
    read.map_err(|error| unread(&error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(Wrong::new("the configuration is larger than 1 MiB").help("is it the right file?"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let right = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = String::from_utf8_lossy(right).matches('\n').count() + 1;
        Wrong::new(format!("the configuration is not text in UTF-8: its line {line} holds other bytes"))
            .help("save it with the encoding UTF-8")
    })
}

fn unread(error: &io::Error) -> Wrong {
    let wrong = Wrong::new(format!("failed to read the configuration: {error}"));
    match error.kind() {
        io::ErrorKind::NotFound => wrong.help("`adw init` writes one that fits the repository"),
        io::ErrorKind::PermissionDenied => wrong.help("let the user that runs adw read it: `chmod u+r FILE`"),
        _ => wrong,
    }
}

fn read(report: &Report, document: &DeTable<'_>, folder: &Path, env: &Env) -> Config {
    let keys = Keys::flat(&[
        "server",
        "store",
        "projects",
        "secrets",
        "agents",
        "stages",
        "pipelines",
        "limits",
        "budget",
    ]);
    let root = Table::root(report, document);
    root.check(&keys);
    let budget = section::budget(&root);
    let (stages, stage_names) = section::stages(&root, folder);
    Config {
        root: folder.to_owned(),
        server: section::server(&root, env),
        store: section::store(&root, folder, env),
        projects: section::projects(&root, folder),
        secrets: section::secrets(&root, folder),
        agents: section::agents(&root, folder, &budget),
        pipelines: section::pipelines(&root, &stages, &stage_names),
        stages,
        limits: section::limits(&root, env),
        budget,
        source: Arc::clone(&report.source),
    }
}
