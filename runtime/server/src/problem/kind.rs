//! Which problems there are: status, code and title, one line each.

use axum::http::StatusCode;

/// A kind of problem. Its code is part of the API and never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    BadRequest,
    MalformedJson,
    ForbiddenOrigin,
    NotFound,
    WorkflowNotFound,
    ArtifactNotFound,
    MethodNotAllowed,
    AdwIdTaken,
    IllegalMove,
    NoSuchStage,
    ConfigurationUnfit,
    OverBudget,
    NothingAsked,
    NothingDone,
    Conflict,
    BranchGone,
    StaleVersion,
    RequestTimeout,
    AddressTooLong,
    HeadersTooLarge,
    BodyTooLarge,
    UnsupportedMediaType,
    UnknownHost,
    Invalid,
    ConfigurationRefused,
    UpgradeRequired,
    Internal,
    WorkflowBroken,
    ResultUnreadable,
    StoreDamaged,
    StoreUnavailable,
    QueueFull,
    Stopping,
    NotReady,
    /// Any other status that the framework answers by itself.
    Framework(StatusCode),
}

impl Kind {
    const fn row(self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::BadRequest => (S::BAD_REQUEST, "bad_request", "The request can't be understood"),
            Self::MalformedJson => (S::BAD_REQUEST, "malformed_json", "The body is not JSON"),
            Self::ForbiddenOrigin => {
                (S::FORBIDDEN, "forbidden_origin", "Pages of this origin may not do that")
            }
            Self::NotFound => (S::NOT_FOUND, "not_found", "There is nothing at this address"),
            Self::WorkflowNotFound => (S::NOT_FOUND, "workflow_not_found", "There is no such workflow"),
            Self::ArtifactNotFound => (S::NOT_FOUND, "artifact_not_found", "There is no such artifact"),
            Self::MethodNotAllowed => {
                (S::METHOD_NOT_ALLOWED, "method_not_allowed", "This address doesn't take that method")
            }
            Self::AdwIdTaken => (S::CONFLICT, "adw_id_taken", "The adw_id belongs to another task"),
            Self::IllegalMove => (S::CONFLICT, "illegal_move", "The workflow's state doesn't allow that"),
            Self::NoSuchStage => (S::CONFLICT, "no_such_stage", "The workflow has no such stage"),
            Self::ConfigurationUnfit => {
                (S::CONFLICT, "configuration_unfit", "By the present adw.toml the workflow can't go on")
            }
            Self::OverBudget => (S::CONFLICT, "over_budget", "The workflow has spent what it may"),
            Self::NothingAsked => (S::CONFLICT, "nothing_asked", "The workflow waits for no answer"),
            Self::NothingDone => (S::CONFLICT, "nothing_done", "The work by hand isn't done"),
            Self::Conflict => {
                (S::CONFLICT, "conflict", "Something else changed the workflow at the same time")
            }
            Self::BranchGone => (S::GONE, "branch_gone", "The workflow's branch was deleted"),
            Self::StaleVersion => {
                (S::PRECONDITION_FAILED, "stale_version", "The workflow has changed since it was read")
            }
            Self::RequestTimeout => {
                (S::REQUEST_TIMEOUT, "request_timeout", "The request took too long to come")
            }
            Self::AddressTooLong => (S::URI_TOO_LONG, "address_too_long", "The address is too long"),
            Self::HeadersTooLarge => {
                (S::REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large", "The headers are too large")
            }
            Self::BodyTooLarge => (S::PAYLOAD_TOO_LARGE, "body_too_large", "The body is too large"),
            Self::UnsupportedMediaType => {
                (S::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "The body must be JSON")
            }
            Self::UnknownHost => {
                (S::MISDIRECTED_REQUEST, "unknown_host", "This server doesn't answer for that host")
            }
            Self::Invalid => (S::UNPROCESSABLE_ENTITY, "invalid", "The request is not valid"),
            Self::ConfigurationRefused => {
                (S::UNPROCESSABLE_ENTITY, "configuration_refused", "adw.toml can't be gone by")
            }
            Self::UpgradeRequired => (S::UPGRADE_REQUIRED, "upgrade_required", "This address is a WebSocket"),
            Self::Internal => (S::INTERNAL_SERVER_ERROR, "internal", "The server made a mistake"),
            Self::ResultUnreadable => {
                (S::SERVICE_UNAVAILABLE, "result_unreadable", "What the workflow left can't be read now")
            }
            Self::WorkflowBroken => {
                (S::INTERNAL_SERVER_ERROR, "workflow_broken", "The workflow can't be continued")
            }
            Self::StoreDamaged => (S::INTERNAL_SERVER_ERROR, "store_damaged", "The database is damaged"),
            Self::StoreUnavailable => {
                (S::SERVICE_UNAVAILABLE, "store_unavailable", "The database is not available")
            }
            Self::QueueFull => (S::SERVICE_UNAVAILABLE, "queue_full", "Too many workflows wait"),
            Self::Stopping => (S::SERVICE_UNAVAILABLE, "stopping", "The server is stopping"),
            Self::NotReady => (S::SERVICE_UNAVAILABLE, "not_ready", "The server is not ready"),
            Self::Framework(status) => (status, "http_error", "The request was not carried out"),
        }
    }

    pub(crate) const fn status(self) -> StatusCode {
        self.row().0
    }

    pub(crate) const fn code(self) -> &'static str {
        self.row().1
    }

    pub(crate) const fn title(self) -> &'static str {
        self.row().2
    }

    /// The kind for a status that came without one.
    pub(crate) const fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::BAD_REQUEST => Self::BadRequest,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::REQUEST_TIMEOUT => Self::RequestTimeout,
            StatusCode::PAYLOAD_TOO_LARGE => Self::BodyTooLarge,
            StatusCode::URI_TOO_LONG => Self::AddressTooLong,
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => Self::HeadersTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::UNPROCESSABLE_ENTITY => Self::Invalid,
            StatusCode::UPGRADE_REQUIRED => Self::UpgradeRequired,
            StatusCode::INTERNAL_SERVER_ERROR => Self::Internal,
            other => Self::Framework(other),
        }
    }
}
