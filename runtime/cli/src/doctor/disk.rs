//! The data folder, and that of the database where it is another: can it be written to, is there room, does its file
//! system keep what is written, and how fast?

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::statvfs;

use super::place::Place;
use super::surroundings::database;
use super::{Finding, Surroundings, quoted};

/// With less than this a server says that it is not ready.
const LEAST: u64 = 64 << 20;

/// With less than this a day's work may not fit.
const LITTLE: u64 = 1 << 30;

/// Each commit waits this long at the least.
const SLOW: Duration = Duration::from_millis(20);

/// How often it is measured; the middle counts.
const SYNCS: usize = 9;

pub(super) fn check(surroundings: &Surroundings) -> Vec<Finding> {
    let Some(config) = surroundings.config() else { return Vec::new() };
    let (data, database) = (config.data_dir(), database(config));
    let (own, of_database) = (Place::Own(&data), Place::OfDatabase(database));
    let mut findings = of_place(&own);
    // Most often it lies in the data folder, and there is nothing more to be said.
    if of_database.nearest() != own.nearest() {
        findings.extend(of_place(&of_database));
    }
    findings
}

fn of_place(place: &Place<'_>) -> Vec<Finding> {
    if let Some(obstacle) = place.obstacle() {
        return vec![Finding::fail(obstacle.message, obstacle.fix)];
    }
    let folder = place.nearest();
    [space(folder), file_system(folder, place), Some(speed(folder, place))].into_iter().flatten().collect()
}

fn space(folder: &Path) -> Option<Finding> {
    let disk = statvfs(folder).ok()?;
    let free = disk.f_bavail * disk.f_frsize;
    let message = format!("{} MiB are free in {}", free >> 20, folder.display());
    let fix = || {
        let look = format!("du -x -h -d 2 {} | sort -h | tail", quoted(folder));
        format!("{look}   # and remove what is not needed; stop the server before you touch .adw")
    };
    Some(match free {
        ..LEAST => Finding::fail(message, fix()),
        LEAST..LITTLE => Finding::warn(message, fix()),
        _ if disk.f_files > 0 && disk.f_favail == 0 => {
            Finding::fail(format!("no more files can be made in {}", folder.display()), fix())
        }
        _ => Finding::ok(message),
    })
}

#[cfg(target_os = "linux")]
fn file_system(folder: &Path, place: &Place<'_>) -> Option<Finding> {
    let kind = rustix::fs::statfs(folder).ok()?.f_type;
    // Its width differs between machines; the numbers don't.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a file system's number has 32 bits"
    )]
    Some(of_file_system(kind as u32, folder, place))
}

#[cfg(not(target_os = "linux"))]
fn file_system(_: &Path, _: &Place<'_>) -> Option<Finding> {
    None
}

/// How far SQLite's log can be trusted to a file system: it needs memory that processes share, and locks that hold.
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux says what it is"))]
fn of_file_system(kind: u32, folder: &Path, place: &Place<'_>) -> Finding {
    let (name, elsewhere) = (name_of(kind), place.move_to("a local disk"));
    let folder = folder.display();
    match name {
        "nfs" | "cifs" | "smb" | "smb2" | "ceph" | "afs" | "lustre" => {
            let message = format!("{folder} is on a network file system ({name}), where SQLite loses data");
            Finding::fail(message, elsewhere)
        }
        "fuse" | "9p" | "vboxsf" => {
            let message =
                format!("{folder} is on {name}: whether SQLite can trust it depends on what is behind it");
            Finding::warn(message, elsewhere)
        }
        "tmpfs" => Finding::warn(format!("{folder} is in memory (tmpfs): a restart loses it"), elsewhere),
        name => Finding::ok(format!("{folder} is on a local file system ({name})")),
    }
}

fn name_of(kind: u32) -> &'static str {
    match kind {
        0x6969 => "nfs",
        0xff53_4d42 => "cifs",
        0x517b => "smb",
        0xfe53_4d42 => "smb2",
        0x00c3_6400 => "ceph",
        0x5346_414f | 0x6b41_4653 => "afs",
        0x0bd0_0bd0 => "lustre",
        0x6573_5546 => "fuse",
        0x0102_1997 => "9p",
        0x786f_4256 => "vboxsf",
        0x0102_1994 => "tmpfs",
        0xef53 => "ext4",
        0x9123_683e => "btrfs",
        0x5846_5342 => "xfs",
        0x2fc1_2fc1 => "zfs",
        0x794c_7630 => "overlay",
        0xf2f5_2010 => "f2fs",
        _ => "of a kind that is not known here",
    }
}

fn speed(folder: &Path, place: &Place<'_>) -> Finding {
    let (shown, quoted) = (folder.display(), quoted(folder));
    let took = match Probe::in_folder(folder).and_then(|mut probe| probe.sync_time()) {
        Ok(took) => took,
        Err(error) => {
            let message = format!("{shown} doesn't take a file: {error}");
            return Finding::fail(message, format!("touch {quoted}/probe   # shows the same"));
        }
    };
    let millis = took.as_secs_f64() * 1000.0;
    let message = format!("a write is on disk after {millis:.2} ms in {shown}");
    if took >= SLOW {
        Finding::warn(
            format!("{message}, and every step of a task waits for it"),
            place.move_to("a faster disk"),
        )
    } else {
        Finding::ok(message)
    }
}

/// A file that is gone when this is.
struct Probe {
    path: PathBuf,
    file: File,
}

impl Probe {
    fn in_folder(folder: &Path) -> io::Result<Self> {
        let path = folder.join(format!(".adw-doctor.{}", std::process::id()));
        let file = File::create_new(&path)?;
        Ok(Self { path, file })
    }

    /// How long it takes until a small write is on disk.
    fn sync_time(&mut self) -> io::Result<Duration> {
        let mut times = Vec::with_capacity(SYNCS);
        for _ in 0..SYNCS {
            self.file.write_all(&[0; 4096])?;
            let began = Instant::now();
            self.file.sync_data()?;
            times.push(began.elapsed());
        }
        times.sort_unstable();
        Ok(times[SYNCS / 2])
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn a_file_system_is_judged_by_what_sqlite_needs() {
        for (kind, verdict) in [
            (0x6969, "fail"),
            (0xff53_4d42, "fail"),
            (0x0102_1997, "warn"),
            (0x0102_1994, "warn"),
            (0xef53, "ok"),
            (0x1234, "ok"),
        ] {
            let (found, fix) = match of_file_system(
                kind,
                Path::new("/data"),
                &Place::Own(Path::new("/data/.adw")),
            )
            .verdict
            {
                Verdict::Ok => ("ok", None),
                Verdict::Warn { fix } => ("warn", Some(fix)),
                Verdict::Fail { fix } => ("fail", Some(fix)),
            };
            assert_eq!(found, verdict, "{kind:#x}");
            assert!(fix.is_none_or(|fix| fix.contains("stop the server first")), "{kind:#x}");
        }
    }
}
