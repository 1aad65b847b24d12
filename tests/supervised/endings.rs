//! However a program ends, its supervisor says what `exec` would have said.

use std::time::Duration;

use adw_agents::{
    exec::{self, Exit, Stdin, Stream},
    supervisor::Found,
};

use crate::place::{LADDER, Place, SUCCESS, ended, told};

#[tokio::test]
async fn a_program_answers_with_its_exit_its_output_and_its_lines() {
    let place = Place::new();
    let script = "echo out; echo err >&2; pwd; echo run >> ledger; printf end; exit 3";
    let (output, found, lines) = place.hear(place.shell(script)).await;
    let here = place.path().canonicalize().unwrap().display().to_string();
    assert_eq!((output.exit, found), (Exit::Code(3), Found::Fresh));
    assert_eq!(output.stdout.text(), format!("out\n{here}\nend"));
    assert_eq!(output.stderr.text(), "err\n");
    assert_eq!(told(&lines, Stream::Stdout), ["out", &here, "end"]);
    assert_eq!(told(&lines, Stream::Stderr), ["err"]);

    let (again, found, lines) = place.hear(place.shell(script)).await;
    assert_eq!((again.exit, found), (output.exit, Found::Read));
    assert_eq!((again.stdout, again.stderr), (output.stdout, output.stderr));
    assert_eq!(lines, [], "they were told already");
    assert_eq!(place.read("ledger"), "run\n");
}

#[tokio::test]
async fn a_signal_of_its_own_is_told_from_a_code() {
    let place = Place::new();
    assert_eq!(place.hear(place.shell("kill -KILL $$")).await.0.exit, Exit::Signal(9));
}

#[tokio::test]
async fn every_line_of_two_busy_streams_is_told_once_and_in_order() {
    let place = Place::new();
    let (output, _, lines) = place.hear(place.shell("seq 400000 & seq 300000 >&2; wait")).await;
    assert_eq!(output.exit, SUCCESS);
    for (stream, last) in [(Stream::Stdout, 400_000), (Stream::Stderr, 300_000)] {
        let told = told(&lines, stream);
        assert_eq!(told.len(), last);
        assert!(told.iter().enumerate().all(|(index, line)| line.parse() == Ok(index + 1)));
    }
}

#[tokio::test]
async fn a_flood_is_kept_as_without_a_supervisor_and_its_lines_up_to_a_bound() {
    let place = Place::new();
    let script = "echo start; head -c 20000000 /dev/zero | tr '\\0' x | fold -w 100; echo; echo end";
    let (output, _, lines) = place.hear(place.shell(script)).await;
    let direct = exec::run(place.shell(script), &place.owner, &place.stop, &mut |_, _| ()).await.unwrap();
    assert_eq!((output.exit, &output.stdout), (direct.exit, &direct.stdout));
    assert!(output.stdout.cut > 0);
    let kept = place.run_folder().join("1").join("output").metadata().unwrap().len();
    assert!((15 << 20..=16 << 20).contains(&kept), "{kept}");
    let told = told(&lines, Stream::Stdout);
    let last = *told.last().unwrap();
    assert!(
        told.len() > 150_000 && last.contains("more, of which no lines are kept"),
        "{}: {last}",
        told.len()
    );
}

#[tokio::test]
async fn standard_input_is_passed_on_and_ended_and_need_not_be_read() {
    let text = "line\n".repeat(800_000).into_bytes();
    for (script, said) in [("wc -c", "4000000\n"), ("exit 0", ""), ("exec <&-; echo closed", "closed\n")] {
        let place = Place::new();
        let mut command = place.shell(script);
        command.stdin = Stdin::Bytes(text.clone());
        let (output, _, _) = place.hear(command).await;
        assert_eq!((output.exit, &*output.stdout.text()), (SUCCESS, said), "{script}");
    }
    let place = Place::new();
    assert_eq!(place.hear(place.program("cat", &[])).await.0.exit, SUCCESS);
}

#[tokio::test]
async fn a_program_that_takes_too_long_is_stopped() {
    let place = Place::new();
    let mut command = place.shell("echo begun; sleep 600");
    command.timeout = Some(Duration::from_secs(2));
    let (output, _, _) = place.hear(command).await;
    assert_eq!((output.exit, &*output.stdout.text()), (Exit::TimedOut, "begun\n"));
    assert_eq!(place.living(), [""; 0]);
}

#[tokio::test]
async fn the_time_runs_while_nobody_watches() {
    let place = Place::new();
    let mut command = place.shell("echo begun; sleep 600");
    command.timeout = Some(Duration::from_secs(3));
    place.leave_after("begun", command.clone()).await;
    place.ends_unseen(1).await;
    let (output, found, _) = place.hear(command).await;
    assert_eq!((output.exit, found), (Exit::TimedOut, Found::Read));
}

#[tokio::test]
async fn a_program_that_is_deaf_to_polite_signals_is_stopped() {
    let place = Place::new();
    let script = "trap '' INT TERM HUP; echo ready; while :; do sleep 0.1; done";
    let output = place.stop_when_ready(place.shell(script)).await;
    assert_eq!((output.exit, &*output.stdout.text()), (Exit::Cancelled, "ready\n"));
    assert!(output.duration < LADDER, "{:?}", output.duration);
    assert_eq!(place.living(), [""; 0]);
}

#[tokio::test]
async fn a_program_may_save_its_work_when_it_is_stopped() {
    let place = Place::new();
    let script = "trap 'echo saved; exit 0' INT; echo ready; while :; do sleep 0.05; done";
    let output = place.stop_when_ready(place.shell(script)).await;
    assert_eq!((output.exit, &*output.stdout.text()), (Exit::Cancelled, "ready\nsaved\n"));
}

#[tokio::test]
async fn what_is_stopped_before_its_start_is_never_started() {
    let place = Place::new();
    place.stop.cancel();
    let (output, found) = ended(place.run(place.shell("echo run >> ledger")).await);
    assert_eq!((output.exit, found), (Exit::Cancelled, Found::Fresh));
    assert_eq!(place.read("ledger"), "");
}
