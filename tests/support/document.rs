//! A document with commands in it.

use std::fmt;

/// Its text, with what is typed taken apart.
pub struct Document {
    parts: Vec<Part>,
}

enum Part {
    Prose(String),
    /// With the lines that open and close it.
    Fenced(String, Block, String),
}

/// What is typed together.
pub enum Block {
    /// As it stands.
    Script(String),
    /// Line by line, each with what it prints.
    Session(Vec<Step>),
}

/// A command and what it prints.
pub struct Step {
    pub command: String,
    pub output: String,
}

impl Document {
    /// Takes apart the blocks marked `sh` and `console`; whatever else there is, is prose.
    pub fn parse(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut lines = text.split_inclusive('\n');
        while let Some(line) = lines.next() {
            let fence: String = line.chars().take_while(|c| *c == '`').collect();
            let parse = match line.trim_start_matches('`').trim() {
                _ if fence.len() < 3 => None,
                "sh" => Some(Block::script as fn(&[&str]) -> Block),
                "console" => Some(Block::session as fn(&[&str]) -> Block),
                _ => None,
            };
            let Some(parse) = parse else {
                parts.push(Part::Prose(line.to_owned()));
                continue;
            };
            let inner: Vec<&str> = lines.by_ref().take_while(|inner| inner.trim_end() != fence).collect();
            parts.push(Part::Fenced(line.to_owned(), parse(&inner), format!("{fence}\n")));
        }
        Self { parts }
    }

    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.parts.iter().filter_map(|part| match part {
            Part::Fenced(_, block, _) => Some(block),
            Part::Prose(_) => None,
        })
    }

    pub fn blocks_mut(&mut self) -> impl Iterator<Item = &mut Block> {
        self.parts.iter_mut().filter_map(|part| match part {
            Part::Fenced(_, block, _) => Some(block),
            Part::Prose(_) => None,
        })
    }
}

impl Block {
    fn script(lines: &[&str]) -> Self {
        Self::Script(lines.concat())
    }

    fn session(lines: &[&str]) -> Self {
        let mut steps: Vec<Step> = Vec::new();
        for line in lines {
            if let Some(command) = line.strip_prefix("$ ") {
                steps.push(Step { command: command.trim_end().to_owned(), output: String::new() });
            } else {
                steps.last_mut().expect("a session begins with a command").output.push_str(line);
            }
        }
        Self::Session(steps)
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Prose(line) => f.write_str(line),
            Part::Fenced(open, Block::Script(script), close) => write!(f, "{open}{script}{close}"),
            Part::Fenced(open, Block::Session(steps), close) => {
                f.write_str(open)?;
                for Step { command, output } in steps {
                    write!(f, "$ {command}\n{output}")?;
                }
                f.write_str(close)
            }
        })
    }
}
