//! A disk that can be filled: a file system of its own, with little room.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Command,
};

/// A file system in the place of a folder.
pub struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    /// One with this much room; none where this user may not mount one, which is said.
    pub fn mount(at: &Path, kilobytes: u64) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let options = format!("size={kilobytes}k");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "none"]).arg(at).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self { at: at.to_owned() });
        }
        anstream::println!(
            "skipped: this user may not mount a small file system; `unshare -Urm` in front of the tests may allow it"
        );
        None
    }

    /// Fills it, but for so many kilobytes.
    pub fn fill(&self, but: u64) {
        let statistics = rustix::fs::statvfs(&self.at).unwrap();
        let free = statistics.f_bavail * statistics.f_frsize;
        let ballast = File::create(self.ballast()).unwrap();
        let length = free.saturating_sub(but << 10);
        if length == 0
            || rustix::fs::fallocate(&ballast, rustix::fs::FallocateFlags::empty(), 0, length).is_ok()
        {
            return;
        }
        // Others took some meanwhile, and take no more than there is.
        std::io::copy(&mut std::io::repeat(0), &mut &ballast).unwrap_err();
    }

    /// There is room again.
    pub fn free(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }

    fn ballast(&self) -> PathBuf {
        self.at.join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _result = Command::new("umount").arg("-l").arg(&self.at).status();
    }
}
