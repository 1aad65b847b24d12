//! Bytes by their sha256: plugins, artifacts and large bodies of journals' records. A blob is durable before anything names it, and stays for as long as
//! something does.

use std::{
    collections::{HashMap, HashSet},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use sha2::{Digest, Sha256};

/// What is younger is never collected: another process may have written it, and be about to name it.
const GRACE: Duration = Duration::from_hours(1);
/// What a file is called that has not all of its bytes yet.
const UNFINISHED: &str = ".tmp";

/// The folder `<data>/blobs`. Clones are the same.
#[derive(Clone)]
pub(crate) struct Blobs {
    folder: Arc<Path>,
    holds: Arc<Mutex<Holds>>,
}

/// Blobs that must stay though no row may say so yet.
#[derive(Default)]
struct Holds {
    /// By how many they are held.
    held: HashMap<String, usize>,
    /// Held at some time since the collection that is under way has begun, or when it began: the names that it has read may
    /// be older.
    since: Option<HashSet<String>>,
}

/// A blob that stays for as long as this lives: long enough to name it.
pub(crate) struct Held {
    sha256: String,
    holds: Arc<Mutex<Holds>>,
}

/// What a collection has removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Collected {
    pub(crate) blobs: u64,
    pub(crate) bytes: u64,
}

impl Blobs {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder: folder.into(), holds: Arc::default() }
    }

    /// Keeps the bytes, at least for as long as the answer lives.
    pub(crate) async fn put(&self, bytes: Arc<[u8]>) -> io::Result<Held> {
        let blobs = self.clone();
        on_a_blocking_thread(move || {
            // Before it is looked for: what is held is not removed.
            let held = blobs.hold(hex(&Sha256::digest(&bytes)));
            let path = blobs.folder.join(&held.sha256);
            // One that has come to damage is made anew.
            if !std::fs::read(&path).is_ok_and(|found| found == *bytes) {
                let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&blobs.folder)?;
                file.write_all(&bytes)?;
                file.as_file().sync_all()?;
                file.persist(&path).map_err(|error| error.error)?;
            }
            // Also for what is there already: whoever put it may not have come so far.
            std::fs::File::open(&blobs.folder)?.sync_all()?;
            Ok(held)
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

    /// Removes what nothing names. `named` reads all names that there are, and is asked only where something is old enough
    /// to be removed. Nothing, where another collection is under way.
    pub(crate) async fn collect<E: From<io::Error>>(
        &self,
        named: impl AsyncFnOnce() -> Result<HashSet<String>, E>,
    ) -> Result<Collected, E> {
        let Some(turn) = Turn::begin(self) else { return Ok(Collected::default()) };
        let folder = Arc::clone(&self.folder);
        let old = on_a_blocking_thread(move || old_ones(&folder)).await?;
        if old.is_empty() {
            return Ok(Collected::default());
        }
        let named = named().await?;
        let removed = on_a_blocking_thread(move || {
            let unnamed = old.into_iter().filter(|(name, _)| !named.contains(name));
            turn.blobs.remove(unnamed)
        });
        Ok(removed.await?)
    }

    fn remove(&self, unnamed: impl Iterator<Item = (String, u64)>) -> io::Result<Collected> {
        let mut collected = Collected::default();
        for (name, bytes) in unnamed {
            // Held over both, so that nobody who begins to hold it finds it first.
            let holds = self.holds();
            if holds.held.contains_key(&name)
                || holds.since.as_ref().is_some_and(|since| since.contains(&name))
            {
                continue;
            }
            match std::fs::remove_file(self.folder.join(&name)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                removed => removed?,
            }
            collected.blobs += 1;
            collected.bytes += bytes;
        }
        Ok(collected)
    }

    fn hold(&self, sha256: String) -> Held {
        let mut holds = self.holds();
        *holds.held.entry(sha256.clone()).or_default() += 1;
        holds.since.as_mut().map(|since| since.insert(sha256.clone()));
        Held { sha256, holds: Arc::clone(&self.holds) }
    }

    fn holds(&self) -> MutexGuard<'_, Holds> {
        self.holds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// The blob's name.
    pub(crate) fn sha256(&self) -> &str {
        &self.sha256
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut holds = self.holds.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(times) = holds.held.get_mut(&self.sha256) {
            *times -= 1;
            if *times == 0 {
                holds.held.remove(&self.sha256);
            }
        }
    }
}

/// The collection that is under way.
struct Turn {
    blobs: Blobs,
}

impl Turn {
    fn begin(blobs: &Blobs) -> Option<Self> {
        let mut holds = blobs.holds();
        if holds.since.is_some() {
            return None;
        }
        holds.since = Some(holds.held.keys().cloned().collect());
        Some(Self { blobs: blobs.clone() })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.blobs.holds().since = None;
    }
}

/// What of a folder is old enough to be removed, with its size: blobs, and what a crash has left of some. What has another
/// name is somebody else's.
fn old_ones(folder: &Path) -> io::Result<Vec<(String, u64)>> {
    let now = SystemTime::now();
    let mut old = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let found = match entry.metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            found => found?,
        };
        let is_old = now.duration_since(found.modified()?).is_ok_and(|age| age > GRACE);
        if is_old && found.is_file() && (is_sha256(&name) || name.starts_with(UNFINISHED)) {
            old.push((name, found.len()));
        }
    }
    Ok(old)
}

fn is_sha256(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::fs::File;

    use super::*;

    /// Blobs, and the rows that name them.
    #[derive(Clone)]
    struct Place {
        blobs: Blobs,
        rows: Arc<Mutex<HashMap<u32, String>>>,
        _folder: Arc<tempfile::TempDir>,
    }

    impl Place {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let blobs = Blobs::new(folder.path().to_owned());
            Self { blobs, rows: Arc::default(), _folder: folder.into() }
        }

        async fn put(&self, text: &str) -> Held {
            self.blobs.put(text.as_bytes().into()).await.unwrap()
        }

        fn name(&self, row: u32, held: &Held) {
            self.rows.lock().unwrap().insert(row, held.sha256().to_owned());
        }

        fn named(&self) -> HashSet<String> {
            self.rows.lock().unwrap().values().cloned().collect()
        }

        fn there(&self) -> HashSet<String> {
            let entries = std::fs::read_dir(&self.blobs.folder).unwrap();
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
        }

        /// Makes all of them as old as they have to be, but for what is just being written.
        fn age(&self) {
            for name in self.there().into_iter().filter(|name| is_sha256(name)) {
                if let Ok(file) = File::options().write(true).open(self.blobs.folder.join(name)) {
                    file.set_modified(SystemTime::now() - 2 * GRACE).unwrap();
                }
            }
        }

        async fn collect(&self) -> Collected {
            let named = async || Ok::<_, io::Error>(self.named());
            self.blobs.collect(named).await.unwrap()
        }
    }

    #[tokio::test]
    async fn what_nothing_names_is_collected_once_it_is_old() {
        let place = Place::new();
        place.name(1, &place.put("named").await);
        drop(place.put("orphan").await);
        let left = File::create(place.blobs.folder.join(".tmpabc")).unwrap();
        File::create(place.blobs.folder.join("README")).unwrap();
        assert_eq!(place.collect().await, Collected::default(), "all are young");
        place.age();
        left.set_modified(SystemTime::now() - 2 * GRACE).unwrap();
        let held = place.put("orphan").await;
        assert_eq!(place.collect().await, Collected { blobs: 1, bytes: 0 }, "what a crash has left");
        drop(held);
        assert_eq!(place.collect().await, Collected { blobs: 1, bytes: 6 });
        let mut left = place.named();
        left.insert("README".to_owned());
        assert_eq!(place.there(), left);
    }

    #[tokio::test]
    async fn names_are_read_only_where_something_is_old_and_nothing_goes_where_they_cannot_be() {
        let place = Place::new();
        drop(place.put("orphan").await);
        let unread = async || -> Result<HashSet<String>, io::Error> { Err(io::Error::other("no database")) };
        assert!(place.blobs.collect(unread).await.is_ok());
        place.age();
        assert!(place.blobs.collect(unread).await.is_err());
        assert_eq!(place.there().len(), 1);
    }

    #[tokio::test]
    async fn what_is_named_while_names_are_read_stays() {
        let place = Place::new();
        let before = place.put("held before").await;
        drop(place.put("late").await);
        place.age();
        let named = async || {
            let read = Ok::<_, io::Error>(place.named());
            place.name(1, &before);
            drop(before);
            let held = place.put("late").await;
            place.name(2, &held);
            read
        };
        assert_eq!(place.blobs.collect(named).await.unwrap(), Collected::default());
        assert_eq!(place.there(), place.named());
        assert_eq!(place.collect().await, Collected::default(), "and the next one knows it");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn nothing_that_is_named_goes_while_others_put_and_collect() {
        let place = Place::new();
        let writers: Vec<_> = (0..4_u32)
            .map(|row| {
                let place = place.clone();
                tokio::spawn(async move {
                    for round in 0..200_u32 {
                        // Few texts: what one has just let go of is what another one is about to name.
                        let held = place.put(&format!("text {}", (row + round * 7) % 5)).await;
                        tokio::task::yield_now().await;
                        place.name(row, &held);
                        let sha256 = held.sha256().to_owned();
                        drop(held);
                        tokio::task::yield_now().await;
                        assert!(place.blobs.get(&sha256).await.unwrap().is_some(), "round {round} of {row}");
                    }
                })
            })
            .collect();
        let collecting = tokio::spawn({
            let place = place.clone();
            async move {
                let mut collected = 0;
                loop {
                    place.age();
                    collected += place.collect().await.blobs;
                    tokio::task::yield_now().await;
                    if Arc::strong_count(&place.rows) == 2 {
                        return collected;
                    }
                }
            }
        });
        for writer in writers {
            writer.await.unwrap();
        }
        assert!(collecting.await.unwrap() > 0, "there was something to collect");
        place.age();
        place.collect().await;
        assert_eq!(place.there(), place.named());
    }
}
