//! The host's functions as the contract has them, answered by the script.

/// Fails the test: the stage did what the test didn't foresee.
macro_rules! unscripted {
    ($did:expr, $line:expr) => {
        panic!("the stage {}, which this test doesn't script; add\n    {}\n", $did, $line)
    };
}

pub(crate) mod log {
    use crate::bindings::adw::stage::log as contract;
    pub(crate) use contract::Level;

    use crate::testing::run::Line;
    use crate::testing::script::with;

    pub(crate) fn write(level: Level, message: &str) {
        with(|script| script.lines.push(Line::Log(level.into(), message.to_owned())));
    }

    pub(crate) fn progress(percent: u8, message: &str) {
        with(|script| script.lines.push(Line::Progress(percent, message.to_owned())));
    }
}

pub(crate) mod workspace {
    use crate::bindings::adw::stage::types::Error;
    use crate::testing::call::Call;
    use crate::testing::script::with;

    pub(crate) fn read(path: &str) -> Result<Vec<u8>, Error> {
        with(|script| {
            script.ask(Call::Read { path: path.to_owned() })?;
            Ok(script.worktree.read(path)?)
        })
    }

    pub(crate) fn glob(pattern: &str) -> Result<Vec<String>, Error> {
        with(|script| {
            script.ask(Call::Glob { pattern: pattern.to_owned() })?;
            Ok(script.worktree.glob(pattern)?)
        })
    }

    pub(crate) fn diff(since: Option<&str>) -> Result<String, Error> {
        with(|script| {
            script.ask(Call::Diff { since: since.map(str::to_owned) })?;
            match script.diffs.pop_front() {
                Some(diff) => Ok(diff),
                None => unscripted!(format_args!("took a diff since {since:?}"), r#".diff("…")"#),
            }
        })
    }
}

pub(crate) mod workspace_write {
    use crate::bindings::adw::stage::types::Error;
    use crate::testing::call::Call;
    use crate::testing::script::with;

    pub(crate) fn write(path: &str, content: &[u8]) -> Result<(), Error> {
        with(|script| {
            let text = String::from_utf8_lossy(content).into_owned();
            script.ask(Call::Write { path: path.to_owned(), content: text })?;
            script.worktree.files.insert(path.to_owned(), content.to_owned());
            Ok(())
        })
    }

    pub(crate) fn remove(path: &str) -> Result<(), Error> {
        with(|script| {
            script.ask(Call::Remove { path: path.to_owned() })?;
            script.worktree.files.remove(path);
            Ok(())
        })
    }

    pub(crate) fn commit(message: &str) -> Result<Option<String>, Error> {
        with(|script| {
            script.ask(Call::Commit { message: message.to_owned(), id: None })?;
            let commit = script.worktree.commit();
            if let Some(Call::Commit { id, .. }) = script.calls.last_mut() {
                id.clone_from(&commit);
            }
            Ok(commit)
        })
    }

    pub(crate) fn checkpoint(label: &str) -> Result<String, Error> {
        with(|script| {
            script.ask(Call::Checkpoint { label: label.to_owned() })?;
            Ok(script.worktree.checkpoint())
        })
    }

    pub(crate) fn restore(checkpoint: &str) -> Result<(), Error> {
        with(|script| {
            script.ask(Call::Restore { checkpoint: checkpoint.to_owned() })?;
            Ok(script.worktree.restore(checkpoint)?)
        })
    }
}

pub(crate) mod exec {
    use std::time::Duration;

    use crate::bindings::adw::stage::exec as contract;
    use crate::bindings::adw::stage::types::Error;
    pub(crate) use contract::{Command, Exit};

    use crate::testing::call::Call;
    use crate::testing::script::with;

    pub(crate) fn run(command: &Command) -> Result<contract::Output, Error> {
        let mut argv = vec![command.program.clone()];
        argv.extend(command.args.iter().cloned());
        with(|script| {
            script.ask(Call::Exec {
                argv: argv.clone(),
                env: command.env.iter().cloned().collect(),
                cwd: command.cwd.clone(),
                stdin: command.stdin.as_deref().map(|bytes| String::from_utf8_lossy(bytes).into_owned()),
                timeout: command.timeout_ms.map(Duration::from_millis),
            })?;
            let Some(at) = script.programs.iter().position(|(scripted, _)| *scripted == argv) else {
                unscripted!(
                    format_args!("ran `{}`", argv.join(" ")),
                    format_args!(r#".exec({argv:?}, exits(0).stdout("…"))"#)
                );
            };
            let (_, reply) = script.programs.remove(at);
            script.worktree.apply(reply.effect);
            let output = reply.result?;
            Ok(contract::Output {
                exit: output.exit.into(),
                stdout: output.stdout,
                stderr: output.stderr,
                duration_ms: crate::capability::milliseconds(output.duration),
            })
        })
    }

    impl From<crate::Exit> for Exit {
        fn from(exit: crate::Exit) -> Self {
            match exit {
                crate::Exit::Code(code) => Self::Code(code),
                crate::Exit::Signal(signal) => Self::Signal(signal),
                crate::Exit::TimedOut => Self::TimedOut,
            }
        }
    }
}

pub(crate) mod agent {
    use std::time::Duration;

    use crate::AgentError;
    use crate::bindings::adw::stage::agent as contract;
    pub(crate) use contract::{Failure, Request};

    use crate::testing::call::Call;
    use crate::testing::script::with;

    pub(crate) fn run(request: &Request) -> Result<contract::Answer, Failure> {
        with(|script| {
            let asked = script.ask(Call::Agent {
                prompt: request.prompt.clone(),
                agent: request.agent.clone(),
                session: request.session.clone(),
                writes: request.writes,
                schema: request.schema.clone(),
                timeout: request.timeout_ms.map(Duration::from_millis),
            });
            asked.map_err(|error| Failure::Call(error.into()))?;
            let Some(reply) = script.agents.pop_front() else {
                unscripted!(
                    format_args!("asked an agent: {}", request.prompt.lines().next().unwrap_or_default()),
                    r#".agent(reply("…").writes("path", "content"))"#
                );
            };
            let changes = script.worktree.apply(reply.effect);
            let answer = reply.result.map_err(Failure::from)?;
            Ok(contract::Answer {
                agent: answer.agent,
                text: answer.text,
                structured: answer.structured,
                session: answer.session,
                changes,
                usage: answer.usage.into_iter().collect(),
            })
        })
    }

    impl From<AgentError> for Failure {
        fn from(error: AgentError) -> Self {
            match error {
                AgentError::Call(error) => Self::Call(error.into()),
                AgentError::Failed(failed) => Self::Agent(contract::Failed {
                    class: failed.class,
                    message: failed.message,
                    session: failed.session,
                }),
            }
        }
    }
}

pub(crate) mod http {
    use crate::bindings::adw::stage::http as contract;
    use crate::bindings::adw::stage::types::Error;
    pub(crate) use contract::Request;

    use crate::testing::call::Call;
    use crate::testing::script::with;

    pub(crate) fn send(request: &Request) -> Result<contract::Response, Error> {
        let Request { method, url, .. } = request;
        with(|script| {
            script.ask(Call::Http {
                method: method.clone(),
                url: url.clone(),
                headers: request.headers.clone(),
                body: request.body.as_deref().map(|bytes| String::from_utf8_lossy(bytes).into_owned()),
            })?;
            let scripted = script.requests.iter().position(|(known, to, _)| known == method && to == url);
            let Some(at) = scripted else {
                unscripted!(
                    format_args!("sent {method} {url}"),
                    format_args!(".http({method:?}, {url:?}, respond(200))")
                );
            };
            let (_, _, reply) = script.requests.remove(at);
            let response = reply.result?;
            Ok(contract::Response { status: response.status, headers: response.headers, body: response.body })
        })
    }
}

pub(crate) mod human {
    use crate::bindings::adw::stage::human as contract;
    use crate::bindings::adw::stage::types::Error;
    pub(crate) use contract::Question;

    use crate::testing::call::Call;
    use crate::testing::script::with;

    pub(crate) fn ask(question: &Question) -> Result<String, Error> {
        with(|script| {
            script.ask(Call::Human {
                text: question.text.clone(),
                choices: question.choices.clone(),
                schema: question.schema.clone(),
            })?;
            match script.people.pop_front() {
                Some(answer) => Ok(answer?.to_string()),
                None => unscripted!(format_args!("asked a person: {}", question.text), r#".human("yes")"#),
            }
        })
    }
}

pub(crate) mod clock {
    use std::time::Duration;

    use crate::bindings::adw::stage::types::Error;
    use crate::testing::call::Call;
    use crate::testing::script::with;

    pub(crate) fn now() -> Result<u64, Error> {
        with(|script| {
            script.ask(Call::Now)?;
            Ok(crate::capability::milliseconds(script.now))
        })
    }

    pub(crate) fn sleep(milliseconds: u64) -> Result<(), Error> {
        let duration = Duration::from_millis(milliseconds);
        with(|script| {
            script.ask(Call::Sleep { duration })?;
            script.now += duration;
            Ok(())
        })
    }
}

pub(crate) mod random {
    use crate::bindings::adw::stage::types::Error;
    use crate::testing::call::Call;
    use crate::testing::script::with;

    /// The same bytes in each test: a linear congruential generator with Knuth's constants, its high byte.
    pub(crate) fn bytes(length: u32) -> Result<Vec<u8>, Error> {
        with(|script| {
            script.ask(Call::Random { length })?;
            let mut next = || {
                script.random = script
                    .random
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                script.random.to_be_bytes()[0]
            };
            Ok((0..length).map(|_| next()).collect())
        })
    }
}

pub(crate) mod state {
    use crate::bindings::adw::stage::types::Error;
    use crate::testing::call::Call;
    use crate::testing::script::with;

    pub(crate) fn get(key: &str) -> Result<Option<Vec<u8>>, Error> {
        with(|script| {
            script.ask(Call::StateGet { key: key.to_owned() })?;
            Ok(script.state.get(key).cloned())
        })
    }

    pub(crate) fn set(key: &str, value: &[u8]) -> Result<(), Error> {
        with(|script| {
            let text = String::from_utf8_lossy(value).into_owned();
            script.ask(Call::StateSet { key: key.to_owned(), value: text })?;
            script.state.insert(key.to_owned(), value.to_owned());
            Ok(())
        })
    }
}

pub(crate) mod artifacts {
    use std::fmt::Write;

    use sha2::{Digest, Sha256};

    use crate::bindings::adw::stage::types::Error;
    use crate::testing::call::Call;
    use crate::testing::script::with;

    pub(crate) fn put(name: &str, media_type: &str, content: &[u8]) -> Result<String, Error> {
        with(|script| {
            script.ask(Call::ArtifactPut { name: name.to_owned(), media_type: media_type.to_owned() })?;
            script.artifacts.insert(name.to_owned(), content.to_owned());
            Ok(Sha256::digest(content).iter().fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            }))
        })
    }

    pub(crate) fn get(name: &str) -> Result<Option<Vec<u8>>, Error> {
        with(|script| {
            script.ask(Call::ArtifactGet { name: name.to_owned() })?;
            Ok(script.artifacts.get(name).cloned())
        })
    }
}
