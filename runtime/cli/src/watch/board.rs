//! The rows as the feed tells them.

use std::cmp::Reverse;
use std::collections::HashMap;

use adw_core::{AdwId, Status, Timestamp};
use serde_json::value::RawValue;

use crate::client::{BoardNews, Row, RowChange};

/// How many rows are kept of workflows that have ended; nobody looks at more of them.
const ENDED: usize = 500;

/// Whether what is shown is how things stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Connection {
    /// The rows come in.
    Reading,
    /// Every change comes as it happens.
    Live,
    /// The server is waited for.
    Lost(String),
}

/// What is new to whoever reads line by line.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    /// A workflow changed.
    Changed(RowChange),
    /// It changed while the connection was lost, and stands so now; also as the server wrote it.
    Stands(Row, Box<RawValue>),
    /// It was open before the connection was lost, and is not among the rows since: it ended, and others came after it.
    Gone(AdwId),
    /// From here on every change is told; there are so many workflows.
    Live(usize),
    /// The connection was lost.
    Lost(String),
}

/// All rows, and how much they are to be believed.
#[derive(Debug)]
pub(crate) struct Board {
    pub(super) connection: Connection,
    rows: HashMap<AdwId, Row>,
    /// Those of a new beginning, until all of them are there.
    arriving: HashMap<AdwId, Row>,
    /// Whether they were all there once.
    begun: bool,
}

impl Board {
    pub(crate) fn new() -> Self {
        Self { connection: Connection::Reading, rows: HashMap::new(), arriving: HashMap::new(), begun: false }
    }

    /// Takes in what the feed tells, and says what of it is new.
    pub(crate) fn hear(&mut self, news: BoardNews) -> Vec<Told> {
        match news {
            BoardNews::Begin => {
                self.connection = Connection::Reading;
                self.arriving.clear();
                Vec::new()
            }
            BoardNews::Stands(row, raw) => {
                let known = self.rows.get(&row.adw_id).map(|known| known.seq);
                self.put(row.clone());
                if self.begun && known != Some(row.seq) { vec![Told::Stands(row, raw)] } else { Vec::new() }
            }
            BoardNews::Changed(change) => {
                self.put(change.row.clone());
                vec![Told::Changed(change)]
            }
            BoardNews::Complete => {
                self.connection = Connection::Live;
                self.begun = true;
                let before = std::mem::replace(&mut self.rows, std::mem::take(&mut self.arriving));
                let is_gone = |row: &Row| !row.status.is_ended() && !self.rows.contains_key(&row.adw_id);
                let gone = before.into_values().filter(is_gone).map(|row| Told::Gone(row.adw_id));
                gone.chain([Told::Live(self.rows.len())]).collect()
            }
            BoardNews::Lost { cause } => {
                self.connection = Connection::Lost(cause.clone());
                vec![Told::Lost(cause)]
            }
        }
    }

    /// How many stand so, and wait on nothing.
    pub(super) fn count(&self, status: Status) -> usize {
        self.rows.values().filter(|row| row.status == status && row.waiting.is_none()).count()
    }

    /// How many wait on something.
    pub(super) fn waiting(&self) -> usize {
        self.rows.values().filter(|row| row.waiting.is_some()).count()
    }

    /// Those that run first, then those that wait for a place, then those that ended; of each the latest first.
    pub(super) fn in_order(&self) -> Vec<&Row> {
        let mut rows: Vec<&Row> = self.rows.values().collect();
        rows.sort_unstable_by_key(|row| rank(row));
        rows
    }

    fn put(&mut self, row: Row) {
        let rows = match self.connection {
            Connection::Reading => &mut self.arriving,
            Connection::Live | Connection::Lost(_) => &mut self.rows,
        };
        rows.insert(row.adw_id.clone(), row);
        // Seldom, since it looks at every row.
        if rows.len() % ENDED == 0 {
            forget_the_oldest(rows);
        }
    }
}

fn rank(row: &Row) -> (u8, Reverse<Timestamp>, Reverse<i64>) {
    let (group, since) = match row.status {
        Status::Running => (0, row.created_at),
        Status::Pending => (1, row.created_at),
        Status::Completed | Status::Failed | Status::Cancelled => (2, row.updated_at),
    };
    (group, Reverse(since), Reverse(row.id))
}

fn forget_the_oldest(rows: &mut HashMap<AdwId, Row>) {
    let mut ended: Vec<&Row> = rows.values().filter(|row| row.status.is_ended()).collect();
    ended.sort_unstable_by_key(|row| rank(row));
    let forgotten: Vec<AdwId> = ended.iter().skip(ENDED).map(|row| row.adw_id.clone()).collect();
    for adw_id in forgotten {
        rows.remove(&adw_id);
    }
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use serde_json::{Value, json};

    use super::*;

    pub(in crate::watch) fn row(id: i64, status: &str, seq: u64) -> Value {
        json!({
            "id": id, "adw_id": format!("w{id}"), "title": format!("Task {id}"), "status": status, "seq": seq,
            "created_at": "2026-01-31T12:00:00.000Z", "updated_at": "2026-01-31T12:01:00.000Z",
        })
    }

    pub(in crate::watch) fn stands(row: &Value) -> BoardNews {
        let raw = serde_json::value::to_raw_value(row).unwrap();
        BoardNews::Stands(serde_json::from_str(raw.get()).unwrap(), raw)
    }

    fn changed(row: &Value) -> BoardNews {
        BoardNews::Changed(RowChange {
            event: "workflow_annotated".to_owned(),
            stage: None,
            row: serde_json::from_value(row.clone()).unwrap(),
            raw: serde_json::value::to_raw_value(row).unwrap(),
        })
    }

    /// What is new, in short.
    fn told(board: &mut Board, news: Vec<BoardNews>) -> Vec<String> {
        let told = news.into_iter().flat_map(|news| board.hear(news));
        told.map(|told| match told {
            Told::Changed(change) => format!("{} changed to {}", change.row.adw_id, change.row.seq),
            Told::Stands(row, _) => format!("{} stands at {}", row.adw_id, row.seq),
            Told::Gone(adw_id) => format!("{adw_id} is gone"),
            Told::Live(count) => format!("live with {count}"),
            Told::Lost(cause) => format!("lost: {cause}"),
        })
        .collect()
    }

    #[test]
    fn what_changed_while_the_server_was_away_is_told_when_it_is_back() {
        let mut board = Board::new();
        let began = vec![
            BoardNews::Begin,
            stands(&row(1, "running", 3)),
            stands(&row(2, "pending", 1)),
            changed(&row(2, "running", 2)),
            BoardNews::Complete,
        ];
        assert_eq!(
            told(&mut board, began),
            ["w2 changed to 2", "live with 2"],
            "how things stood is no change"
        );
        let lost = vec![BoardNews::Lost { cause: "gone".to_owned() }];
        assert_eq!(told(&mut board, lost), ["lost: gone"]);
        assert_eq!(board.in_order().len(), 2, "what was known is still shown");
        let back = vec![
            BoardNews::Begin,
            stands(&row(1, "running", 5)),
            stands(&row(2, "running", 2)),
            stands(&row(3, "pending", 1)),
            BoardNews::Complete,
            changed(&row(3, "running", 2)),
        ];
        assert_eq!(
            told(&mut board, back),
            ["w1 stands at 5", "w3 stands at 1", "live with 3", "w3 changed to 2"]
        );
    }

    #[test]
    fn what_is_gone_after_a_new_beginning_is_shown_no_more() {
        let mut board = Board::new();
        let began = [stands(&row(1, "running", 3)), stands(&row(3, "completed", 9))].to_vec();
        told(&mut board, [vec![BoardNews::Begin], began, vec![BoardNews::Complete]].concat());
        told(&mut board, vec![BoardNews::Begin, stands(&row(2, "running", 1))]);
        assert_eq!(board.in_order()[0].adw_id, *"w1", "until all rows are there");
        let complete = told(&mut board, vec![BoardNews::Complete]);
        assert_eq!(complete, ["w1 is gone", "live with 1"], "of what had ended nothing is new");
        let ids: Vec<&str> = board.in_order().iter().map(|row| row.adw_id.as_str()).collect();
        assert_eq!(ids, ["w2"]);
    }

    #[test]
    fn those_that_run_come_first_and_the_latest_before_the_others() {
        let mut board = Board::new();
        let news = [(1, "completed"), (2, "pending"), (3, "running"), (4, "failed"), (5, "running")];
        let news = news.map(|(id, status)| stands(&row(id, status, 1)));
        told(&mut board, [vec![BoardNews::Begin], news.to_vec(), vec![BoardNews::Complete]].concat());
        let ids: Vec<&str> = board.in_order().iter().map(|row| row.adw_id.as_str()).collect();
        assert_eq!(ids, ["w5", "w3", "w2", "w4", "w1"]);
    }

    #[test]
    fn a_long_day_takes_no_more_memory() {
        let mut board = Board::new();
        told(&mut board, vec![BoardNews::Begin, stands(&row(0, "running", 1)), BoardNews::Complete]);
        for id in 1..5_000 {
            board.hear(changed(&row(id, "completed", 9)));
        }
        assert!(board.rows.len() < 3 * ENDED, "{}", board.rows.len());
        assert_eq!(board.in_order()[0].adw_id, *"w0", "what is open is never forgotten");
        assert_eq!(board.in_order()[1].adw_id, *"w4999");
    }
}
