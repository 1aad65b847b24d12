//! What an error of the database means for whoever wrote or read.

use crate::StoreError;

/// An error of the database, by what has to follow from it.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// One of the rows can't be stored; the others can.
    Row,
    /// There is no room. A smaller row may fit.
    Full,
    /// There was no transaction to end.
    NoTransaction,
    /// What was read can't be what was written.
    Damaged,
    /// The store was closed.
    Closed,
    /// Input or output failed, or something else that says nothing of the rows.
    Io,
}

impl Failure {
    pub(crate) fn damaged(message: impl Into<String>) -> Self {
        Self { kind: Kind::Damaged, message: message.into() }
    }

    /// The fault is in one of the writes or in their size, so that others may succeed without it.
    pub(crate) fn may_spare_others(&self) -> bool {
        matches!(self.kind, Kind::Row | Kind::Full)
    }

    pub(crate) fn is_no_transaction(&self) -> bool {
        self.kind == Kind::NoTransaction
    }

    pub(crate) fn to_error(&self) -> StoreError {
        let message = self.message.clone();
        match self.kind {
            Kind::Row | Kind::NoTransaction => StoreError::Rejected(message),
            Kind::Damaged => StoreError::Damaged(message),
            Kind::Closed => StoreError::Closed,
            Kind::Full | Kind::Io => StoreError::Unavailable(message),
        }
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        let kind = match &error {
            sqlx::Error::Database(error) => {
                error.code().map_or(Kind::Io, |code| kind_of(&code, error.message()))
            }
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Kind::Damaged,
            sqlx::Error::PoolClosed => Kind::Closed,
            _ => Kind::Io,
        };
        Self { kind, message: error.to_string() }
    }
}

/// By SQLite's primary result code, the low byte of an extended one.
fn kind_of(code: &str, message: &str) -> Kind {
    match code.parse::<u32>().map(|code| code & 0xff) {
        Ok(1) if message.contains("no transaction is active") => Kind::NoTransaction,
        // ERROR, TOOBIG, CONSTRAINT, MISMATCH, RANGE
        Ok(1 | 18 | 19 | 20 | 25) => Kind::Row,
        // NOMEM, FULL
        Ok(7 | 13) => Kind::Full,
        // CORRUPT, NOTADB
        Ok(11 | 26) => Kind::Damaged,
        _ => Kind::Io,
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        match error {
            StoreError::Rejected(message) => Self { kind: Kind::Row, message },
            StoreError::Damaged(message) => Self { kind: Kind::Damaged, message },
            StoreError::Unavailable(message) => Self { kind: Kind::Io, message },
            StoreError::Closed => Self { kind: Kind::Closed, message },
            _ => Self { kind: Kind::Io, message },
        }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        failure.to_error()
    }
}
