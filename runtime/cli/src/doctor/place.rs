//! A folder that the runtime writes to: what keeps it from that, and how to have it elsewhere.

use std::io;
use std::path::Path;

use rustix::fs::{Access, access};
use rustix::io::Errno;

use super::quoted;

/// Whose it is says what may be done to it.
pub(super) enum Place<'a> {
    /// A folder of the runtime's own, with nothing else in it.
    Own(&'a Path),
    /// The folder of this database, which may be anybody's.
    OfDatabase(&'a Path),
}

/// Why a folder can't be made or written to, and what mends it.
pub(super) struct Obstacle {
    pub(super) message: String,
    pub(super) fix: String,
}

impl Place<'_> {
    fn folder(&self) -> &Path {
        match self {
            Self::Own(folder) => folder,
            Self::OfDatabase(file) => file.parent().unwrap_or(file),
        }
    }

    /// What is there of it.
    pub(super) fn nearest(&self) -> &Path {
        let folder = self.folder();
        folder.ancestors().find(|path| path.symlink_metadata().is_ok()).unwrap_or(folder)
    }

    /// What keeps it from being written to, or from being made where it isn't there.
    pub(super) fn obstacle(&self) -> Option<Obstacle> {
        let nearest = self.nearest();
        let shown = nearest.display();
        if !nearest.is_dir() {
            let message = format!("{shown} is a file, and a folder is to be there");
            let quoted = quoted(nearest);
            return Some(Obstacle { message, fix: format!("mv {quoted} {quoted}.old") });
        }
        let error = access(nearest, Access::WRITE_OK | Access::EXEC_OK).err()?;
        let message = format!("{shown} can't be written to: {}", io::Error::from(error));
        Some(Obstacle { message, fix: self.let_write(error) })
    }

    /// Nobody else's folder is taken from them.
    fn let_write(&self, error: Errno) -> String {
        let (folder, nearest) = (quoted(self.folder()), self.nearest());
        if error == Errno::ROFS {
            let there = quoted(nearest);
            return format!(
                "sudo mount -o remount,rw $(findmnt --noheadings --output TARGET --target {there})"
            );
        }
        if nearest != self.folder() {
            return format!("sudo install -d -o \"$(id -u)\" {folder}");
        }
        match self {
            Self::Own(_) => format!("sudo chown --recursive \"$(id -u)\" {folder}"),
            Self::OfDatabase(_) => {
                "url = \"sqlite:.adw/adw.db\"   # in [store] of adw.toml, or another folder of yours"
                    .to_owned()
            }
        }
    }

    /// Puts it elsewhere, with no server running.
    pub(super) fn move_to(&self, disk: &str) -> String {
        match self {
            Self::Own(folder) => {
                let folder = quoted(folder);
                format!(
                    "mkdir -p {folder} && mv {folder} DIR/.adw && ln -s DIR/.adw {folder}   # stop the server first; DIR \
                     is a folder on {disk}"
                )
            }
            Self::OfDatabase(_) => format!(
                "url = \"sqlite:DIR/adw.db\"   # in [store] of adw.toml, DIR being a folder on {disk}; stop the server \
                 first, and move the database there"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_ours_is_not_taken_from_anybody() {
        let [own, of_database, missing] = [
            Place::Own(Path::new("/usr")),
            Place::OfDatabase(Path::new("/usr/adw.db")),
            Place::Own(Path::new("/usr/my data/.adw")),
        ]
        .map(|place| place.let_write(Errno::ACCESS));
        assert_eq!(own, "sudo chown --recursive \"$(id -u)\" /usr");
        assert!(!of_database.contains("chown"), "{of_database}");
        assert_eq!(missing, "sudo install -d -o \"$(id -u)\" '/usr/my data/.adw'");
    }
}
