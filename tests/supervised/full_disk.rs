//! A disk that is full keeps nobody waiting.

use std::{path::Path, process::Command};

use adw_agents::{
    exec::{ExecError, Exit},
    supervisor::{Supervised, next_try},
};

use crate::place::{Place, ended};

/// A small file system in the place of all runs; none where this user may not make one.
struct Small<'a>(&'a Path);

impl<'a> Small<'a> {
    fn mount(at: &'a Path, kilobytes: u32) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let size = format!("size={kilobytes}k");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "none"]).arg(at).output();
        mounted.is_ok_and(|output| output.status.success()).then_some(Self(at))
    }

    /// Fills it, but for so many kilobytes.
    fn fill(&self, but: usize) {
        let whole = self.0.join("ballast");
        let _full = std::fs::write(&whole, vec![0; 64 << 20]);
        let length = std::fs::metadata(&whole).unwrap().len();
        let file = std::fs::File::options().write(true).open(&whole).unwrap();
        file.set_len(length - ((but as u64) << 10)).unwrap();
    }
}

impl Drop for Small<'_> {
    fn drop(&mut self) {
        let _result = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

macro_rules! small {
    ($at:expr, $kilobytes:expr) => {
        match Small::mount($at, $kilobytes) {
            Some(small) => small,
            None => {
                println!("skipped: only root may mount a small file system");
                return;
            }
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
    std::fs::remove_file(calls.join("ballast")).unwrap();
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
async fn a_program_goes_on_and_what_could_not_be_kept_is_told() {
    let place = Place::new();
    let calls = place.calls();
    let _small = small!(&calls, 512);
    let script = "echo run >> ledger; head -c 5000000 /dev/zero | tr '\\0' '\\n'; echo end >> ledger";
    for _ in 0..2 {
        let error = place.run(place.shell(script)).await.unwrap_err();
        assert!(matches!(error, ExecError::Failed { .. }), "{error:?}");
        assert!(error.to_string().contains("can't be kept in"), "{error}");
        assert!(error.to_string().contains("No space left"), "{error}");
    }
    assert_eq!(place.read("ledger"), "run\nend\n");
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
