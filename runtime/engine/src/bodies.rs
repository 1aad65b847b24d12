//! Where the body of a journal's record lies: in its row, or in a blob where it is large.
//!
//! The database has one writer, and whoever writes a large row keeps all others waiting for it; so what is large is written
//! beside it. The blob is durable before the row that names it: what a crash leaves between the two is a blob that nothing
//! names, and is collected.

use std::{io, sync::Arc};

use adw_store::JournalBody;

use crate::{
    blobs::{Blobs, Held},
    patience::MayPass,
};

/// The largest body that stands in its row. A blob costs two syncs more than a row does: 2 ms or so, for whoever writes it
/// alone. A row costs everybody who writes at that time, and more than that from a few hundred KiB on.
const LARGEST_IN_A_ROW: usize = 64 << 10;

/// A body that has its place.
pub(crate) struct Placed {
    pub(crate) body: JournalBody,
    /// Keeps the blob until a row names it.
    pub(crate) held: Option<Held>,
}

/// A body that can't be put into a blob. Whatever the file system says of it, another try may fare better, as with a database:
/// an agent's answer is not to be lost for it.
#[derive(Debug, thiserror::Error)]
#[error("a blob can't be written: {0}. Look at free space and permissions of the data folder")]
pub(crate) struct NotPlaced(#[from] io::Error);

/// A body that can't be had any more, or not now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LostBody {
    #[error("{}, is missing: `adw retry` begins a new attempt, which makes its calls anew", lies(*.n, .sha256))]
    Missing { n: u32, sha256: String },
    #[error("{}, is damaged: `adw retry` begins a new attempt, which makes its calls anew", lies(*.n, .sha256))]
    Damaged { n: u32, sha256: String },
    #[error("{}, can't be read: {error}", lies(*.n, .sha256))]
    Unreadable { n: u32, sha256: String, error: io::Error },
}

fn lies(n: u32, sha256: &str) -> String {
    format!("the record of call {n}, in the file blobs/{sha256} of the data folder")
}

impl MayPass for NotPlaced {
    fn may_pass(&self) -> bool {
        true
    }
}

impl MayPass for LostBody {
    fn may_pass(&self) -> bool {
        matches!(self, Self::Unreadable { .. })
    }
}

/// Gives a body its place. One that is in a blob by then is durable.
pub(crate) async fn place(blobs: &Blobs, text: &str) -> Result<Placed, NotPlaced> {
    if text.len() <= LARGEST_IN_A_ROW {
        return Ok(Placed { body: JournalBody::Inline(text.to_owned()), held: None });
    }
    let held = blobs.put(Arc::from(text.as_bytes())).await?;
    let body = JournalBody::Blob { sha256: held.sha256().to_owned(), size: text.len() as u64 };
    Ok(Placed { body, held: Some(held) })
}

/// The text of a body, wherever it lies; `n` is the call that it is of.
pub(crate) async fn text(blobs: &Blobs, n: u32, body: JournalBody) -> Result<String, LostBody> {
    let sha256 = match body {
        JournalBody::Inline(text) => return Ok(text),
        JournalBody::Blob { sha256, .. } => sha256,
    };
    match blobs.get(&sha256).await {
        Ok(Some(bytes)) => String::from_utf8(bytes).map_err(|_| LostBody::Damaged { n, sha256 }),
        Ok(None) => Err(LostBody::Missing { n, sha256 }),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(LostBody::Damaged { n, sha256 }),
        Err(error) => Err(LostBody::Unreadable { n, sha256, error }),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use tempfile::TempDir;

    use super::*;

    fn blobs() -> (Blobs, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        (Blobs::new(folder.path().to_owned()), folder)
    }

    #[tokio::test]
    async fn what_is_large_is_a_blob_and_reads_as_what_is_small() {
        let (blobs, folder) = blobs();
        for (size, is_blob) in [(0, false), (LARGEST_IN_A_ROW, false), (LARGEST_IN_A_ROW + 1, true)] {
            let body = "x".repeat(size);
            let Placed { body: placed, held } = place(&blobs, &body).await.unwrap();
            assert_eq!((placed.size(), held.is_some()), (size as u64, is_blob), "of {size} bytes");
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), usize::from(is_blob));
            assert_eq!(text(&blobs, 1, placed).await.unwrap(), body);
        }
    }

    #[tokio::test]
    async fn what_is_not_there_as_it_was_is_told_with_its_file_and_a_remedy() {
        let (blobs, folder) = blobs();
        let large = "x".repeat(LARGEST_IN_A_ROW + 1);
        let Placed { body, .. } = place(&blobs, &large).await.unwrap();
        let JournalBody::Blob { sha256, .. } = &body else { panic!("it is in no blob") };
        let file = folder.path().join(sha256);
        let told = async || text(&blobs, 7, body.clone()).await.unwrap_err();

        for damage in [large.replace('x', "y"), large[1..].to_owned(), String::new()] {
            std::fs::write(&file, damage).unwrap();
            let error = told().await;
            assert!(matches!(error, LostBody::Damaged { n: 7, .. }) && !error.may_pass(), "{error}");
        }
        // Who says the same once more mends it.
        place(&blobs, &large).await.unwrap();
        assert_eq!(text(&blobs, 7, body.clone()).await.unwrap(), large);

        std::fs::remove_file(&file).unwrap();
        let error = told().await;
        assert!(matches!(error, LostBody::Missing { n: 7, .. }) && !error.may_pass(), "{error}");
        assert_eq!(
            error.to_string(),
            format!(
                "the record of call 7, in the file blobs/{sha256} of the data folder, is missing: `adw retry` begins a new \
                 attempt, which makes its calls anew"
            )
        );

        std::fs::create_dir(&file).unwrap();
        let error = told().await;
        assert!(matches!(error, LostBody::Unreadable { n: 7, .. }) && error.may_pass(), "{error}");
    }
}
