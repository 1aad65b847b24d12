//! Bytes by their sha256: plugins and artifacts. A blob is durable before anything names it.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use sha2::{Digest, Sha256};

/// The folder `<data>/blobs`.
#[derive(Clone)]
pub(crate) struct Blobs {
    folder: Arc<Path>,
}

impl Blobs {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder: folder.into() }
    }

    /// Keeps the bytes and answers with their name.
    pub(crate) async fn put(&self, bytes: Arc<[u8]>) -> io::Result<String> {
        let folder = Arc::clone(&self.folder);
        on_a_blocking_thread(move || {
            let name = hex(&Sha256::digest(&bytes));
            let path = folder.join(&name);
            if path.metadata().is_ok_and(|found| found.len() == bytes.len() as u64) {
                return Ok(name);
            }
            let mut file = tempfile::NamedTempFile::new_in(&folder)?;
            file.write_all(&bytes)?;
            file.as_file().sync_all()?;
            file.persist(&path).map_err(|error| error.error)?;
            std::fs::File::open(&folder)?.sync_all()?;
            Ok(name)
        })
        .await
    }

    /// The bytes of this name, checked; none where they are not kept.
    pub(crate) async fn get(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let (path, name) = (self.folder.join(name), name.to_owned());
        on_a_blocking_thread(move || {
            let bytes = match std::fs::read(&path) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            };
            if hex(&Sha256::digest(&bytes)) != name {
                return Err(io::Error::new(io::ErrorKind::InvalidData, format!("blob {name} is damaged")));
            }
            Ok(Some(bytes))
        })
        .await
    }
}

async fn on_a_blocking_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
