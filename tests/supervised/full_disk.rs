//! A disk that is full keeps nobody waiting.

use adw_agents::{
    exec::{ExecError, Exit},
    supervisor::{Found, Supervised, next_try},
};

use crate::{
    place::{Place, ended},
    support::small_disk::SmallDisk,
};

macro_rules! small {
    ($at:expr, $kilobytes:expr) => {
        match SmallDisk::mount($at, $kilobytes) {
            Some(small) => small,
            None => return,
        }
    };
}

#[tokio::test]
async fn nothing_is_started_that_could_not_be_written_down() {
    let place = Place::new();
    let calls = place.calls();
    let small = small!(&calls, 256);
    assert!(next_try(&place.run_folder()).is_ok());
    small.fill(0);
    let error = place.run(place.shell("echo run >> ledger")).await.unwrap_err();
    assert!(matches!(error, ExecError::Unsupervised { .. }), "{error:?}");
    assert!(error.to_string().contains("No space left"), "{error}");
    assert_eq!(place.read("ledger"), "");
    small.free();
    ended(place.run(place.shell("echo run >> ledger")).await);
    assert_eq!(place.read("ledger"), "run\n", "as soon as there is room");
}

#[tokio::test]
async fn lines_give_way_to_the_answer() {
    let place = Place::new();
    let calls = place.calls();
    let _small = small!(&calls, 2048);
    // 1.4 MB of lines, and the megabyte that is kept of them, are more than there is room for.
    let (output, _) = ended(place.run(place.shell("head -c 1400000 /dev/zero; exit 3")).await);
    assert_eq!(output.exit, Exit::Code(3));
    assert!(output.stdout.cut > 0);
}

#[tokio::test]
async fn what_fits_is_kept_and_what_was_cut_is_told() {
    let place = Place::new();
    let calls = place.calls();
    let small = small!(&calls, 512);
    let script = "echo run >> ledger; head -c 5000000 /dev/zero | tr '\\0' '\\n'; echo the end; echo end >> ledger; exit 3";
    for found in [Found::Fresh, Found::Read] {
        let (output, how) = ended(place.run(place.shell(script)).await);
        assert_eq!((output.exit, how), (Exit::Code(3), found));
        let why = output.shortened.unwrap();
        assert!(why.contains("No space left"), "{why}");
        let text = output.stdout.text();
        assert!(text.ends_with("\nthe end\n") && text.contains(&format!("bytes cut: {why} …]")), "{text:?}");
        let lost = 5_000_008 - output.stdout.cut;
        assert!((60_000..512_000).contains(&lost), "{lost}");
    }
    assert_eq!(place.read("ledger"), "run\nend\n");
    drop(small);
}

/// Fills the disk once the program runs, and lets it end then.
async fn fills_meanwhile(place: &Place, small: &SmallDisk, but: u64) {
    crate::support::polling::file(&place.file("running")).await;
    small.fill(but);
    std::fs::write(place.file("go"), "").unwrap();
}

const WAITS: &str = "touch running; until [ -e go ]; do sleep 0.02; done;";

#[tokio::test]
async fn how_a_program_ended_and_its_last_words_have_room_on_a_disk_that_is_full() {
    let place = Place::new();
    let calls = place.calls();
    let small = small!(&calls, 2048);
    let script = format!("{WAITS} head -c 300000 /dev/zero | tr '\\0' 'x'; echo; echo '{{\"a\":1}}'; exit 4");
    let (answer, ()) = tokio::join!(place.run(place.shell(&script)), fills_meanwhile(&place, &small, 0));
    let (output, _) = ended(answer);
    assert_eq!(output.exit, Exit::Code(4));
    assert!(output.stdout.bytes.len() > 30_000, "{}", output.stdout.bytes.len());
    assert!(output.stdout.text().ends_with("\n{\"a\":1}\n"));
}

#[tokio::test]
async fn an_end_that_finds_no_room_is_waited_for() {
    let place = Place::new();
    let calls = place.calls();
    let small = small!(&calls, 2048);
    assert!(next_try(&place.run_folder()).is_ok());
    // What was searched is a part of how it ended, and is longer than the room that is taken for that.
    let path = "/nowhere:".repeat(1000);
    let mut command = place.program("no-such-program", &[]);
    command.env = command.env.with_all([("PATH".to_owned(), path)]);
    // What is taken before it is started, with the claim and a little for what the server notes.
    small.fill(4 + 64 + 64 + 4 + 4);
    let ended = place.run(command);
    tokio::pin!(ended);
    let waits = tokio::time::timeout(std::time::Duration::from_millis(1500), &mut ended).await;
    assert!(waits.is_err(), "{waits:?}");
    small.free();
    let error = ended.await.unwrap_err();
    assert!(matches!(&error, ExecError::NotFound { path: Some(_), .. }), "{error}");
}

#[tokio::test]
async fn a_stop_is_a_stop_on_a_full_disk_too() {
    let place = Place::new();
    let calls = place.calls();
    let _small = small!(&calls, 512);
    let script = "head -c 3000000 /dev/zero | tr '\\0' '\\n'; touch full; sleep 600";
    let stop = place.stop.clone();
    let full = place.file("full");
    let watching = async {
        crate::support::polling::file(&full).await;
        stop.cancel();
    };
    let (answer, ()) = tokio::join!(place.run(place.shell(script)), watching);
    assert!(
        matches!(&answer, Ok(Supervised::Ended { output, .. }) if output.exit == Exit::Cancelled),
        "{answer:?}"
    );
    assert_eq!(place.living(), [""; 0]);
}
