//! Lines that programs write, on their way into the attempt's log.

use tokio::sync::mpsc;

use super::Live;
use crate::logs::{LogLevel, LogSource, NewLine};

/// Lines that may wait to be written. A program that writes faster than the disk takes it loses some from the log;
/// what it wrote is still in the answer of the call.
const WAITING: usize = 4096;

/// Takes lines without ever making the program wait.
pub(super) struct Lines {
    sender: mpsc::Sender<NewLine>,
    source: LogSource,
    lost: u64,
}

impl Lines {
    pub(super) fn push(&mut self, level: LogLevel, message: &str) {
        let line = NewLine { level, source: self.source, message: printable(message) };
        if self.sender.try_send(line).is_err() {
            self.lost += 1;
        }
    }
}

impl Live {
    /// Runs something that writes lines, and logs them while it runs.
    pub(super) async fn logged<T>(&self, source: LogSource, work: impl AsyncFnOnce(&mut Lines) -> T) -> T {
        let (sender, mut receiver) = mpsc::channel(WAITING);
        let mut lines = Lines { sender, source, lost: 0 };
        let work = async move {
            let result = work(&mut lines).await;
            (result, lines.lost)
        };
        let write = async {
            let mut batch = Vec::new();
            while receiver.recv_many(&mut batch, 256).await > 0 {
                self.log.write(self.now(), batch.drain(..)).await;
            }
        };
        let ((result, lost), ()) = tokio::join!(work, write);
        if lost > 0 {
            let message =
                format!("{lost} lines came faster than they could be written, and are left out here");
            self.say(LogLevel::Warn, LogSource::Runtime, message).await;
        }
        result
    }
}

/// Without what would play tricks on a terminal.
fn printable(line: &str) -> String {
    line.chars().filter(|c| *c == '\t' || !c.is_control()).collect()
}
