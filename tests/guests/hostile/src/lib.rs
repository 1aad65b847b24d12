//! A stage that does what no stage should. Its configuration says what: a test loads it once and turns it loose.

use std::hint::black_box;
use std::time::Duration;

use adw_plugin_sdk::prelude::*;

/// What it is to do, and with what.
#[config]
struct Config {
    does: Deed,
    /// Paths, a pattern, a command line, an agent, a URL.
    #[serde(default)]
    with: Vec<String>,
    /// How often.
    #[serde(default)]
    times: u32,
}

#[config]
#[serde(rename_all = "kebab-case")]
enum Deed {
    Nothing,
    Loop,
    Allocate,
    Recurse,
    Panic,
    Log,
    ReturnMuch,
    ReturnDeep,
    Sleep,
    AskTheTime,
    FillState,
    FillArtifacts,
    Read,
    Skim,
    Glob,
    Write,
    Run,
    RunThenRead,
    Ask,
    AskForAPort,
    Send,
}

/// Does what no stage should.
#[stage]
fn hostile(cx: &Cx, config: Config) -> StageResult {
    let Config { does, with, times } = config;
    match does {
        Deed::Nothing => {}
        Deed::Loop => loop {
            black_box(());
        },
        Deed::Allocate => allocate(),
        Deed::Recurse => drop(black_box(recurse(u64::from(times)))),
        Deed::Panic => panic!("this was never to happen"),
        Deed::Log => (0..times).for_each(|line| cx.log().info(format_args!("line {line} of very many"))),
        Deed::ReturnMuch => return returned(Value::String("x".repeat(times as usize))),
        Deed::ReturnDeep => {
            return returned((0..times).fold(Value::Null, |inner, _| Value::Array(vec![inner])));
        }
        Deed::Sleep => cx.clock().sleep(Duration::from_hours(1))?,
        Deed::AskTheTime => {
            for _ in 0..times {
                cx.clock().now()?;
            }
        }
        Deed::FillState => {
            for number in 0..times {
                cx.state().set(&format!("key-{number}"), &"x".repeat(32 << 10))?;
            }
        }
        Deed::FillArtifacts => {
            for number in 0..times {
                cx.artifacts().put(&format!("artifact-{number}"), "text/plain", vec![b'x'])?;
            }
        }
        Deed::Read => return read(cx, &with),
        Deed::Skim => return returned(json!(cx.workspace().read(&first(&with))?.len())),
        Deed::Glob => return returned(json!(cx.workspace().glob(&first(&with))?)),
        Deed::Write => cx.workspace().write(&first(&with), "taken over\n")?,
        Deed::Run => drop(run(cx, &with)?),
        Deed::RunThenRead => {
            let (path, argv) = with.split_last().ok_or_else(|| Failure::fatal("with whom?"))?;
            run(cx, argv)?;
            return read(cx, std::slice::from_ref(path));
        }
        Deed::Ask => drop(cx.agent().ask("take over").named(first(&with)).run()?),
        Deed::AskForAPort => return returned(json!(cx.human().ask("Which port?").schema::<u16>().wait()?)),
        Deed::Send => drop(cx.http().get(first(&with)).send()?),
    }
    returned(Value::Null)
}

#[expect(clippy::unnecessary_wraps, reason = "it is what a stage returns")]
fn returned(value: Value) -> StageResult {
    Ok(Outcome::done("nobody stopped it", value))
}

fn first(with: &[String]) -> String {
    with.first().cloned().unwrap_or_default()
}

fn read(cx: &Cx, with: &[String]) -> StageResult {
    let text = cx.workspace().read_lossy(&first(with))?;
    returned(json!(text))
}

fn run(cx: &Cx, argv: &[String]) -> Result<(), Failure> {
    let (program, arguments) = argv.split_first().ok_or_else(|| Failure::fatal("with whom?"))?;
    let output = cx.exec(program).args(arguments).run()?;
    if output.success() { Ok(()) } else { Err(Failure::fatal(output.stderr_text().into_owned())) }
}

/// Takes a megabyte after the other, and uses it.
fn allocate() {
    let mut taken = Vec::new();
    loop {
        taken.push(black_box(vec![1_u8; 1 << 20]));
    }
}

#[expect(unconditional_recursion, reason = "that is what it is for")]
fn recurse(depth: u64) -> u64 {
    black_box(recurse(black_box(depth + 1)) + 1)
}
