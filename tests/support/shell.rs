//! A shell, as a person has it in a terminal: it keeps its folder, its variables and its jobs from command to command.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, Command},
    sync::mpsc::{Receiver, channel},
};

use rustix::process::{Pid, Signal, kill_process_group};

use super::{PATIENCE, repository::without_settings, server::ADW};

/// Printed after each command, with its exit code.
const END: &str = "=end-of-command=";

/// A shell that runs. What it started ends with it.
pub struct Shell {
    process: Child,
    typed: ChildStdin,
    printed: Receiver<String>,
}

impl Shell {
    /// One in a person's home, with the `adw` that is tested on its path, and these variables.
    pub fn start(home: &Path, variables: &[(&str, &str)]) -> Self {
        use std::os::unix::process::CommandExt;
        let settings = home.join(".gitconfig");
        std::fs::write(&settings, "[user]\n\tname = You\n\temail = you@example.org\n").unwrap();
        let (reader, writer) = std::io::pipe().unwrap();
        let mut command = Command::new("bash");
        without_settings(command.args(["--noprofile", "--norc"]))
            .env("PATH", path())
            .env("HOME", home)
            .env("GIT_CONFIG_GLOBAL", settings)
            .envs([("TZ", "UTC"), ("LC_ALL", "C"), ("GIT_PAGER", "cat"), ("GIT_MERGE_AUTOEDIT", "no")])
            .envs(variables.iter().copied())
            .env_remove("MAKEFLAGS")
            .env_remove("MAKELEVEL")
            .current_dir(home)
            .process_group(0)
            .stdin(std::process::Stdio::piped())
            .stdout(writer.try_clone().unwrap())
            .stderr(writer);
        let mut process = command.spawn().unwrap();
        // The command has the other end of the pipe; with it, the pipe would never end.
        drop(command);
        let (told, printed) = channel();
        std::thread::spawn(move || {
            let lines = BufReader::new(reader).lines().map_while(Result::ok);
            lines.map(|line| told.send(line)).take_while(Result::is_ok).count()
        });
        let typed = process.stdin.take().unwrap();
        Self { process, typed, printed }
    }

    /// Types something, and gives what it prints, with its exit code. What goes on in the background (`&`) is waited
    /// for until it has printed so many lines.
    pub fn run(&mut self, command: &str, lines: usize) -> (String, i32) {
        writeln!(self.typed, "{command}").unwrap();
        let mut said: Vec<String> = Vec::new();
        if command.ends_with('&') {
            said.extend((0..lines).map(|_| self.line(command)));
        }
        // The next command finds `$?` as this one left it.
        writeln!(self.typed, "code=$?; printf '\\n%s %s\\n' {END} $code; (exit $code)").unwrap();
        loop {
            let line = self.line(command);
            let Some(code) = line.strip_prefix(END) else {
                said.push(line);
                continue;
            };
            // The end of a line that is printed before the mark.
            said.pop_if(|line| line.is_empty());
            let text = said.into_iter().map(|line| line + "\n").collect();
            return (text, code.trim().parse().unwrap());
        }
    }

    fn line(&self, command: &str) -> String {
        let line = self.printed.recv_timeout(PATIENCE);
        line.unwrap_or_else(|error| panic!("nothing more is printed ({error}) by: {command}"))
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let group = Pid::from_raw(i32::try_from(self.process.id()).unwrap()).unwrap();
        let _ = kill_process_group(group, Signal::TERM);
        let _ = self.process.wait();
    }
}

fn path() -> String {
    let folder = Path::new(ADW).parent().unwrap().display().to_string();
    format!("{folder}:{}", std::env::var("PATH").unwrap_or_default())
}
