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
        // Stored once all of it is there: what was read before an error comes again with the next.
        let mut reached = self.reached.get(&key).copied();
        let mut read = Vec::new();
        loop {
            // An offset names the beginning of a line, so the last one comes again.
            let lines = self.client.logs(self.adw_id, stage, attempt, reached.unwrap_or_default()).await?;
            let (page, known) = (lines.len(), read.len());
            read.extend(lines.into_iter().filter(|line| reached.is_none_or(|reached| line.offset > reached)));
            reached = read.last().map(|line| line.offset).or(reached);
            if page < LOG_PAGE || read.len() == known {
                self.reached.extend(reached.map(|reached| (key, reached)));
                return Ok(read);
            }
        }
    }

    /// Begins anew.
    pub(crate) fn rewind(&mut self) {
        self.reached.clear();
    }
}
