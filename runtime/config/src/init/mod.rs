//! The adw.toml of a repository that has none.
//!
//! There is one template. What differs between repositories is the branch that work begins from and the commands
//! that run their tests.

mod runner;

pub use runner::{Runner, detect_runners};

/// What is known of the repository that the file is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The branch that is checked out; none where there is none.
    pub base: Option<String>,
    /// What runs its tests.
    pub runners: Vec<Runner>,
}

const TEMPLATE: &str = include_str!("template.toml");

/// The file.
///
/// ```
/// use adw_config::{Config, Env, init};
/// let facts = init::Facts { base: Some("main".to_owned()), runners: vec![init::Runner::new("cargo test", &["cargo", "test"])] };
/// let config = Config::parse(&init::render(&facts), "adw.toml", "/project", &Env::empty())?;
/// assert_eq!(config.projects[0].base.as_deref(), Some("main"));
/// # Ok::<(), adw_config::ConfigErrors>(())
/// ```
pub fn render(facts: &Facts) -> String {
    let base = match &facts.base {
        Some(base) => format!("base = {}", quoted(base)),
        None => "#base = \"main\"".to_owned(),
    };
    let command = facts.runners.first().map_or("make check", Runner::example);
    let (config, trust) = config(&facts.runners);
    // The base comes last: it is the one text of the person's own, and may hold anything.
    TEMPLATE
        .replace("@config@", config)
        .replace("@command@", &quoted(command))
        .replace("@trust@", &trust)
        .replace("@exec@", &exec(&facts.runners))
        .replace("@base@", &base)
}

/// The `exec` grant of the stage that runs tests.
fn exec(runners: &[Runner]) -> String {
    let commands: Vec<String> = runners
        .iter()
        .map(|runner| {
            let words: Vec<String> = runner.pattern().iter().map(|word| quoted(word)).collect();
            format!("[{}]", words.join(", "))
        })
        .collect();
    match commands.as_slice() {
        [] => "# Nothing here was recognised that runs tests: allow what does, and name it in config.command below.\n\
               #exec = [[\"make\", \"check\", \"**\"]]\n\
               exec = []"
            .to_owned(),
        [one] => format!("exec = [{one}]"),
        several => format!("exec = [\n    {},\n]", several.join(",\n    ")),
    }
}

/// The head of the config of the stage that runs tests, and its line about exit codes: both are for use at once where a
/// runner was chosen whose output may say nothing, or the first task would fail of that.
fn config(runners: &[Runner]) -> (&'static str, String) {
    match runners.iter().find(|runner| !runner.is_understood()) {
        Some(runner) => {
            let comment =
                format!("where what {} prints says nothing of tests, 0 is a pass", runner.example());
            ("[stages.test.config]", format!("trust_exit_code = true   # {comment}"))
        }
        None => (
            "#[stages.test.config]",
            "#trust_exit_code = true   # where what it prints says nothing of tests that ran".to_owned(),
        ),
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
