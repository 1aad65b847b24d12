//! The runtime's own folder, `.adw`.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::StartError;

/// Where things lie in it.
pub(crate) struct Folders {
    /// The folder itself, by its real name.
    pub(crate) root: PathBuf,
    pub(crate) blobs: PathBuf,
    pub(crate) compiled: PathBuf,
    pub(crate) logs: PathBuf,
    pub(crate) calls: PathBuf,
}

/// Makes what is missing.
pub(crate) fn prepare(data: &Path) -> Result<Folders, StartError> {
    let folder = |name: &str| -> Result<PathBuf, StartError> {
        let path = data.join(name);
        fs::create_dir_all(&path).map_err(|source| StartError::DataFolder { path: path.clone(), source })?;
        Ok(path)
    };
    let blobs = folder("blobs")?;
    let real = data.canonicalize();
    let root = real.map_err(|source| StartError::DataFolder { path: data.to_owned(), source })?;
    let folders = Folders {
        blobs,
        compiled: folder("compiled")?,
        logs: folder("logs")?,
        // By its real name: that is what the programs of calls are known by.
        calls: folder("calls").map(|_| root.join("calls"))?,
        root,
    };
    ignore(data).map_err(|source| StartError::DataFolder { path: data.join(".gitignore"), source })?;
    Ok(folders)
}

/// The folder keeps itself out of the repository that it lies in.
fn ignore(data: &Path) -> io::Result<()> {
    match fs::File::create_new(data.join(".gitignore")) {
        Ok(mut file) => io::Write::write_all(&mut file, b"*\n"),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}
