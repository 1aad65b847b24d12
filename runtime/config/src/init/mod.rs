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
    // The base comes last: it is the one text of the person's own, and may hold anything.
    TEMPLATE
        .replace("@command@", &quoted(command))
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

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
