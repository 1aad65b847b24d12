//! What a supervisor is, and what it is not: seen from outside, in /proc.

use std::os::{linux::fs::MetadataExt, unix::fs::PermissionsExt};

use adw_agents::exec::{Exit, Stdin};
use rustix::process::Signal;

use crate::{
    place::{LADDER, Place, SUCCESS, kill},
    support::{
        PATIENCE,
        polling::{Process, file, wait_for},
    },
};

const WAITS: &str = "echo ready; echo oops >&2; while [ ! -e go ]; do sleep 0.02; done";

fn let_go(place: &Place) {
    std::fs::write(place.file("go"), "").unwrap();
}

/// Of `/proc/PID/stat`, from the state on.
fn stat(process: Process) -> Vec<String> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.0)).unwrap();
    stat.rsplit_once(") ").unwrap().1.split_whitespace().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_supervisor_holds_nothing_of_the_server() {
    let place = Place::new();
    let _file = std::fs::File::create(place.file("database")).unwrap();
    let _listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let own = descriptors(std::process::id());
    place.leave_after("ready", place.shell(WAITS)).await;
    let supervised_by = place.supervised_by(1);
    let held = descriptors(supervised_by.0);
    let of_try = place.run_folder().join("1").canonicalize().unwrap().display().to_string();
    let is_its_own = |target: &String| {
        target == "/dev/null" || target.starts_with("anon_inode:") || target.starts_with(&of_try)
    };
    let is_private = |target: &String| target.starts_with("socket:") || target.starts_with("pipe:");
    for (number, target) in &held {
        let is_the_server_s = own.iter().any(|(number, of_server)| of_server == target && !passes_on(number));
        assert!(
            is_its_own(target) || passes_on(number) || (is_private(target) && !is_the_server_s),
            "{target} of {held:?}"
        );
    }
    for standard in 0..3 {
        let target = std::fs::read_link(format!("/proc/{}/fd/{standard}", supervised_by.0)).unwrap();
        assert_eq!(target.to_string_lossy(), "/dev/null");
    }
    let_go(&place);
    place.ends_unseen(1).await;
    supervised_by.is_gone_within(LADDER).await;
}

/// The descriptors of a process, and what they are open on.
fn descriptors(of: u32) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(format!("/proc/{of}/fd")).unwrap().filter_map(Result::ok);
    let open = entries.filter_map(|entry| Some((entry.file_name(), std::fs::read_link(entry.path()).ok()?)));
    open.map(|(number, target)| {
        (number.to_string_lossy().into_owned(), target.to_string_lossy().into_owned())
    })
    .collect()
}

/// Whether a descriptor of this process passes to every program that is started: of the test's own none does, but of
/// what it was started with some may.
fn passes_on(descriptor: &str) -> bool {
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{descriptor}")).unwrap_or_default();
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap_or("02000000").trim();
    u32::from_str_radix(flags, 8).unwrap() & 0o2_000_000 == 0
}

#[tokio::test]
async fn a_program_gets_its_three_streams_and_nothing_else() {
    let place = Place::new();
    let (output, _, _) = place.hear(place.shell("ls /proc/$$/fd")).await;
    let mut held: Vec<String> = output.stdout.text().split_whitespace().map(str::to_owned).collect();
    held.retain(|descriptor| descriptor.parse::<u32>().unwrap() > 2);
    held.retain(|descriptor| !passes_on(descriptor));
    assert_eq!(held, [""; 0]);
}

#[tokio::test]
async fn a_supervisor_has_a_session_of_its_own_and_is_small() {
    let place = Place::new();
    place.leave_after("ready", place.shell(WAITS)).await;
    let supervised_by = place.supervised_by(1);
    let of = |name: &str| format!("/proc/{}/{name}", supervised_by.0);
    let number = supervised_by.0.to_string();
    assert_eq!(stat(supervised_by)[2..4], [number.clone(), number], "its group and its session");
    assert_eq!(std::fs::read(of("environ")).unwrap(), b"");
    assert_eq!(std::fs::read_link(of("cwd")).unwrap().to_string_lossy(), "/");
    let status = std::fs::read_to_string(of("status")).unwrap();
    let own = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    let kilobytes: u32 = own.trim().trim_end_matches(" kB").parse().unwrap();
    println!("a supervisor holds {kilobytes} kB of its own");
    assert!(kilobytes < 8 * 1024, "{kilobytes} kB");
    let_go(&place);
    place.ends_unseen(1).await;
}

#[tokio::test]
async fn the_signals_of_a_terminal_are_not_minded() {
    let place = Place::new();
    place.leave_after("ready", place.shell(WAITS)).await;
    for signal in [Signal::INT, Signal::HUP, Signal::INT] {
        kill(place.supervised_by(1), signal);
    }
    let_go(&place);
    assert_eq!(place.hear(place.shell(WAITS)).await.0.exit, SUCCESS);
}

#[tokio::test]
async fn what_a_program_is_given_never_lies_on_the_disk_and_what_lies_there_is_private() {
    let place = Place::new();
    let mut command = place.shell(WAITS);
    command.env = command.env.with("API_KEY", "sk-sesame");
    command.stdin = Stdin::Bytes(b"the prompt of sesame".to_vec());
    place.leave_after("ready", command.clone()).await;
    let_go(&place);
    place.hear(command).await;
    let of_try = place.run_folder().join("1");
    for folder in [place.run_folder(), of_try.clone()] {
        assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    }
    let mut names = Vec::new();
    for entry in std::fs::read_dir(of_try).unwrap() {
        let entry = entry.unwrap();
        names.push(entry.file_name().into_string().unwrap());
        assert_eq!(entry.metadata().unwrap().st_mode() & 0o777, 0o600, "{names:?}");
        let bytes = std::fs::read(entry.path()).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("sesame"), "{names:?}");
    }
    names.sort();
    assert_eq!(names, ["claim", "exit", "output", "started", "stderr", "stdout", "told"]);
}

/// A daemon that has left its parent, its session and its environment, and is deaf to polite signals.
const DAEMON: &str = "(env -i setsid sh -c 'trap \"\" INT TERM HUP; echo $$ > pid.new; mv pid.new pid
    while :; do sleep 0.1; done' &)
    while [ ! -e pid ]; do sleep 0.02; done";

#[tokio::test]
async fn a_daemon_without_any_mark_is_ended_when_its_program_is_stopped() {
    let place = Place::new();
    let output = place.stop_when_ready(place.shell(&format!("{DAEMON}; echo ready; sleep 600"))).await;
    assert_eq!(output.exit, Exit::Cancelled);
    let daemon: u32 = place.read("pid").trim().parse().unwrap();
    assert!(!Process(daemon).lives());
    place.supervised_by(1).is_gone_within(LADDER).await;
}

#[tokio::test]
async fn a_daemon_without_any_mark_is_ended_when_its_program_ends() {
    let place = Place::new();
    // Its parent is gone for good before the program ends.
    let (output, _, _) = place.hear(place.shell(&format!("{DAEMON}; sleep 0.1; exit 4"))).await;
    assert_eq!(output.exit, Exit::Code(4));
    let daemon: u32 = place.read("pid").trim().parse().unwrap();
    assert!(!Process(daemon).lives());
    place.supervised_by(1).is_gone_within(LADDER).await;
}

#[tokio::test]
async fn orphans_that_end_while_the_program_runs_are_reaped() {
    let place = Place::new();
    let script = "(sh -c 'echo $$ > pid.new; mv pid.new pid; while [ ! -e end ]; do sleep 0.02; done' &)";
    place.leave_after("ready", place.shell(&format!("{script}; {WAITS}"))).await;
    let orphan: u32 = file(&place.file("pid")).await.trim().parse().unwrap();
    assert_eq!(stat(Process(orphan))[1], place.supervised_by(1).0.to_string(), "its new parent");
    std::fs::write(place.file("end"), "").unwrap();
    let entry = std::path::PathBuf::from(format!("/proc/{orphan}"));
    wait_for("the orphan's grave", PATIENCE, || (!entry.exists()).then_some(())).await;
    let_go(&place);
    assert_eq!(place.hear(place.shell(WAITS)).await.0.exit, SUCCESS);
}

#[tokio::test]
async fn a_server_leaves_no_dead_supervisors_lying_about() {
    let place = Place::new();
    for call in 0..3 {
        let folder = place.calls().join(format!("workflow/call-{call}"));
        place.run_in(&folder, place.shell("true"), &mut |_, _| ()).await.unwrap();
    }
    let own = std::process::id().to_string();
    let children = || {
        let entries = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
        let stats = entries.filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok());
        stats.filter(|stat| stat.rsplit_once(") ").unwrap().1.split(' ').nth(1) == Some(&own)).count()
    };
    wait_for("the end of all children", PATIENCE, || (children() == 0).then_some(())).await;
}
