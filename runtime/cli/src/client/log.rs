//! The lines of a workflow's attempts, each read once.

use std::collections::BTreeMap;

use adw_core::{AdwId, StageName};

use super::{Client, LOG_PAGE, LogLine, RequestError};

/// Reads on where it left off, attempt by attempt.
pub(crate) struct LogReader<'a> {
    client: &'a Client,
    adw_id: &'a AdwId,
    /// The offset of the last line that was read of each attempt.
    reached: BTreeMap<(StageName, u32), u64>,
}

impl<'a> LogReader<'a> {
    pub(crate) const fn new(client: &'a Client, adw_id: &'a AdwId) -> Self {
        Self { client, adw_id, reached: BTreeMap::new() }
    }

    /// What an attempt has written since the last time.
    pub(crate) async fn read(
        &mut self,
        stage: &StageName,
        attempt: u32,
    ) -> Result<Vec<LogLine>, RequestError> {
        let key = (stage.clone(), attempt);
        let mut read = Vec::new();
        loop {
            // An offset names the beginning of a line, so the last one comes again.
            let reached = self.reached.get(&key).copied();
            let lines = self.client.logs(self.adw_id, stage, attempt, reached.unwrap_or_default()).await?;
            let (page, known) = (lines.len(), read.len());
            let new = lines.into_iter().filter(|line| reached.is_none_or(|reached| line.offset > reached));
            read.extend(new);
            if let Some(last) = read.last() {
                self.reached.insert(key.clone(), last.offset);
            }
            if page < LOG_PAGE || read.len() == known {
                return Ok(read);
            }
        }
    }

    /// Begins anew.
    pub(crate) fn rewind(&mut self) {
        self.reached.clear();
    }
}
