//! The names in an address.

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use serde::de::DeserializeOwned;

use crate::problem::{Kind, Problem};

/// The parameters of a path, their percent signs read.
pub(crate) struct Segments<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Segments<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(names)) => Ok(Self(names)),
            // The routes name what they hand over, so nothing else can be wrong.
            Err(_not_utf8) => {
                let detail = "a name in the address is not UTF-8: percent-encode its bytes in that encoding";
                Err(Problem::new(Kind::BadRequest, detail))
            }
        }
    }
}
