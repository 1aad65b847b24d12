//! The specification: its shape, its place, its text.

use adw_plugin_sdk::{Task, data};

/// A specification of the work, as an agent gives it.
#[data]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Specification {
    /// What is wrong or missing, and why it matters, in a few sentences.
    pub(crate) problem: String,
    /// The files to read or change, and new ones to create.
    pub(crate) relevant_files: Vec<RelevantFile>,
    /// What to do, in order, each step small enough to check.
    pub(crate) steps: Vec<String>,
    /// Commands, run at the repository's root, that exit with 0 only if the work is done. No shell syntax.
    pub(crate) validation_commands: Vec<String>,
    /// What must be true when it is done, each in one sentence.
    pub(crate) acceptance: Vec<String>,
}

/// A file that matters for the work.
#[data]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RelevantFile {
    /// Its path from the repository's root.
    pub(crate) path: String,
    /// Why it matters.
    pub(crate) why: String,
}

/// How much of a title is in a path.
const SLUG: usize = 48;

/// Where a task's specification lies. The same task always has the same place, so that planning again replaces it.
pub(crate) fn path(folder: &str, task: &Task) -> String {
    let folder = folder.trim_end_matches('/');
    let slug = slug(&task.title);
    let name = if slug.is_empty() { task.adw_id.clone() } else { format!("{}-{slug}", task.adw_id) };
    if folder.is_empty() { format!("{name}.md") } else { format!("{folder}/{name}.md") }
}

/// A title's words in small ASCII letters, joined by hyphens; letters of other scripts are left out.
fn slug(title: &str) -> String {
    let mut slug = String::new();
    for word in title.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        let hyphen = usize::from(!slug.is_empty());
        if slug.len() + hyphen + word.len() > SLUG {
            break;
        }
        if hyphen == 1 {
            slug.push('-');
        }
        slug.push_str(&word.to_ascii_lowercase());
    }
    slug
}

impl Specification {
    /// Its text, in Markdown.
    pub(crate) fn render(&self, task: &Task, planned_by: &str) -> String {
        let origin = format!("{} · `{}` · planned by {planned_by}", task.kind, task.adw_id);
        let files = list(
            self.relevant_files.iter().map(|file| format!("- `{}`: {}", file.path, one_line(&file.why))),
        );
        let steps = (1..).zip(&self.steps).map(|(number, step)| format!("{number}. {}", one_line(step)));
        let commands = if self.validation_commands.is_empty() {
            NOTHING.to_owned()
        } else {
            format!("```sh\n{}\n```", self.validation_commands.join("\n"))
        };
        let acceptance = list(self.acceptance.iter().map(|point| format!("- {}", one_line(point))));
        let sections = [
            format!("# {}", one_line(&task.title)),
            origin,
            format!("## Problem\n\n{}", self.problem.trim()),
            format!("## Relevant files\n\n{files}"),
            format!("## Steps\n\n{}", list(steps)),
            format!("## Validation commands\n\n{commands}"),
            format!("## Acceptance\n\n{acceptance}"),
        ];
        format!("{}\n", sections.join("\n\n"))
    }
}

const NOTHING: &str = "None known.";

fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    if items.is_empty() { NOTHING.to_owned() } else { items.join("\n") }
}

/// An item of a list stays one, whatever lines it was written in.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn a_slug_is_short_plain_and_never_odd() {
        let cases = [
            ("Fix the sum of nothing", "fix-the-sum-of-nothing"),
            ("  --Ünïcode & Ωμέγα!! v2  ", "n-code-v2"),
            ("", ""),
            ("../../etc/passwd", "etc-passwd"),
            (
                "one two three four five six seven eight nine ten eleven twelve",
                "one-two-three-four-five-six-seven-eight-nine-ten",
            ),
        ];
        for (title, expected) in cases {
            assert_eq!(slug(title), expected);
        }
        assert_eq!(slug(&"a".repeat(200)), "");
    }
}
