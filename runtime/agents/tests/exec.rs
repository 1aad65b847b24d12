//! Programs run, are heard, and are kept within bounds.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use adw_agents::Environment;
use adw_agents::exec::{self, Command, ExecError, Exit, Stdin, Stream};
use support::Place;

#[tokio::test]
async fn a_program_answers_with_its_exit_and_output() {
    let place = Place::new();
    let output = place.run(place.shell("echo out; echo err >&2; pwd; exit 3")).await.unwrap();
    assert_eq!(output.exit, Exit::Code(3));
    let here = place.path().canonicalize().unwrap();
    assert_eq!(output.stdout.text(), format!("out\n{}\n", here.display()));
    assert_eq!(output.stderr.text(), "err\n");
    assert_eq!((output.stdout.cut, output.stderr.cut), (0, 0));
}

#[tokio::test]
async fn a_signal_of_its_own_is_told_from_a_code() {
    let place = Place::new();
    let output = place.run(place.shell("kill -KILL $$")).await.unwrap();
    assert_eq!(output.exit, Exit::Signal(9));
}

#[tokio::test]
async fn standard_input_is_passed_on_and_ended() {
    let place = Place::new();
    let text = "line\n".repeat(100_000);
    let mut command = place.program("cat", &[]);
    command.stdin = Stdin::Bytes(text.clone().into_bytes());
    let output = place.run(command).await.unwrap();
    assert_eq!(output.exit, Exit::Code(0));
    assert_eq!(output.stdout.bytes, text.as_bytes());
}

#[tokio::test]
async fn a_program_that_does_not_read_its_input_is_no_error() {
    let place = Place::new();
    for script in ["exit 0", "exec <&-; echo closed", "head -c 10 >/dev/null"] {
        let mut command = place.shell(script);
        command.stdin = Stdin::Bytes(vec![b'x'; 4 << 20]);
        assert_eq!(place.run(command).await.unwrap().exit, Exit::Code(0), "{script}");
    }
}

#[tokio::test]
async fn without_input_a_program_reads_the_end_at_once() {
    let place = Place::new();
    assert_eq!(place.run(place.program("cat", &[])).await.unwrap().exit, Exit::Code(0));
}

#[tokio::test]
async fn a_program_is_stopped_when_it_has_written_nothing_for_as_long_as_it_may() {
    let place = Place::new();
    let within = |script: &str, silence: u64| Command {
        silence: Some(Duration::from_millis(silence)),
        ..place.shell(script)
    };
    for silent in ["sleep 600", "echo begun; sleep 600", "exec >&- 2>&-; sleep 600", "sleep 600 & sleep 600"]
    {
        let output = place.run(within(silent, 200)).await.unwrap();
        assert_eq!(output.exit, Exit::Silent, "{silent}");
        assert_eq!(place.living(), [""; 0], "{silent}");
    }
    // A byte now and then is enough, on either stream, whether it ends a line or not.
    let talks = "for i in 1 2 3 4 5 6; do printf . >&$((1 + i % 2)); sleep 0.5; done";
    let output = place.run(within(talks, 1_500)).await.unwrap();
    assert_eq!(output.exit, Exit::Code(0));
    assert!(output.duration > Duration::from_millis(1_500));
}

#[tokio::test]
async fn lines_are_told_while_the_program_still_runs() {
    let place = Place::new();
    // It goes on only when its first line was heard.
    let command =
        place.shell("echo one; echo oops >&2; while [ ! -e heard ]; do sleep 0.02; done; printf two");
    let heard = place.path().join("heard");
    let mut lines = Vec::new();
    let mut on_line = |stream: Stream, line: &str| {
        if line == "one" {
            std::fs::write(&heard, "").unwrap();
        }
        lines.push((stream, line.to_owned()));
    };
    let output = exec::run(command, &place.owner, &place.cancel, &mut on_line).await.unwrap();
    assert_eq!(output.exit, Exit::Code(0));
    lines.sort_by_key(|(stream, _)| *stream == Stream::Stderr);
    let said = |stream, line: &str| (stream, line.to_owned());
    assert_eq!(
        lines,
        [said(Stream::Stdout, "one"), said(Stream::Stdout, "two"), said(Stream::Stderr, "oops")]
    );
}

#[tokio::test]
async fn a_flood_is_kept_to_its_start_and_end() {
    let place = Place::new();
    let script = "echo start; head -c 9000000 /dev/zero | tr '\\0' x; echo; echo end";
    let output = place.run(place.shell(&format!("{script}; ({script}) >&2"))).await.unwrap();
    for stream in [&output.stdout, &output.stderr] {
        assert!(stream.bytes.len() <= 1 << 20, "{}", stream.bytes.len());
        assert!(stream.bytes.len() > (1 << 20) - 100);
        assert!(stream.bytes.starts_with(b"start\nxxx"));
        assert!(stream.bytes.ends_with(b"xxx\nend\n"));
        assert!(stream.text().contains(&format!("[… {} bytes cut …]", stream.cut)));
    }
    let whole = 9_000_000 + "start\n\nend\n".len() as u64;
    let kept = output.stdout.bytes.len() - format!("\n[… {} bytes cut …]\n", output.stdout.cut).len();
    assert_eq!(kept as u64 + output.stdout.cut, whole);
}

#[tokio::test]
async fn only_what_is_named_reaches_the_environment() {
    let place = Place::new();
    let mut command = place.program("env", &[]);
    command.env = Environment::empty().with("PATH", std::env::var("PATH").unwrap()).with("GREETING", "a=b c");
    command.env = command.env.with_all([("CLAUDECODE", "1"), ("ADW_ID", "someone-else")]);
    let output = place.run(command).await.unwrap();
    let text = output.stdout.text();
    let mut names: Vec<&str> = text.lines().map(|line| line.split('=').next().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["ADW_ID", "ADW_RUN", "ADW_RUNTIME", "GREETING", "PATH"]);
    assert!(text.contains("GREETING=a=b c\n"));
    assert!(text.contains(&format!("ADW_ID={}\n", place.owner.adw_id)));
}

fn script(place: &Place, name: &str, content: &str, mode: u32) {
    let path = place.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, content).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn a_program_is_found_in_its_own_path_or_from_its_folder() {
    let place = Place::new();
    script(&place, "bin/my-agent", "#!/bin/sh\necho found\n", 0o755);
    let mut by_name = place.program("my-agent", &[]);
    by_name.env = Environment::empty().with("PATH", place.path().join("bin"));
    for command in [by_name, place.program("bin/my-agent", &[]), place.program("./bin/my-agent", &[])] {
        assert_eq!(place.run(command).await.unwrap().stdout.text(), "found\n");
    }
}

#[tokio::test]
async fn each_reason_not_to_run_has_its_own_error() {
    let place = Place::new();
    script(&place, "plain", "#!/bin/sh\n", 0o644);
    script(&place, "no-interpreter", "#!/no/such/interpreter\n", 0o755);
    script(&place, "no-program", "just words\n", 0o755);
    let mut elsewhere = place.shell("true");
    elsewhere.cwd = place.path().join("gone");
    let mut missing = place.program("no-such-agent", &[]);
    missing.env = Environment::empty().with("PATH", "/usr/bin:/bin");
    let mut odd = place.shell("true");
    odd.env = odd.env.with("A=B", "c");
    let errors = [
        place.run(missing).await,
        place.run(place.program("./no-such-agent", &[])).await,
        place.run(place.program("./plain", &[])).await,
        place.run(place.program("./no-interpreter", &[])).await,
        place.run(place.program("./no-program", &[])).await,
        place.run(elsewhere).await,
        place.run(place.program("true", &[&"x".repeat(3 << 20)])).await,
        place.run(place.program("true", &["a\0b"])).await,
        place.run(odd).await,
        place.run(place.program("", &[])).await,
    ];
    let said: Vec<String> =
        errors.into_iter().map(|error: Result<_, ExecError>| error.unwrap_err().to_string()).collect();
    let said = said.join("\n").replace(&*place.path().to_string_lossy(), "<folder>");
    insta::assert_snapshot!(said, @r"
    there is no program `no-such-agent` in PATH (/usr/bin:/bin); install it, or give its path
    there is no program `./no-such-agent`; install it, or give its path
    `./plain` is there and isn't executable: chmod +x <folder>/plain
    `./no-interpreter` can't be run: No such file or directory (os error 2); look at its permissions and at the interpreter in its first line
    `./no-program` can't be run: Exec format error (os error 8); look at its permissions and at the interpreter in its first line
    there is no folder <folder>/gone to run `sh` in
    the arguments of `true` are longer than the system takes; pass long text on standard input
    `true` can't be given an argument that holds a NUL byte
    `sh` can't be given a variable named `A=B`
    the command names no program; give one
    ");
}

#[tokio::test]
async fn a_program_that_takes_too_long_is_stopped() {
    let place = Place::new();
    let mut command = place.shell("echo begun; sleep 600");
    command.timeout = Some(Duration::from_secs(2));
    let output = place.run(command).await.unwrap();
    assert_eq!(output.exit, Exit::TimedOut);
    assert_eq!(output.stdout.text(), "begun\n");
    assert_eq!(place.living(), [""; 0]);
}
