//! Query strings: parameters come as text, an empty one counts as absent, and all that is wrong is told at once.

use std::str::FromStr;

use adw_core::quoted;
use axum::{
    extract::{FromRequestParts, Query, rejection::QueryRejection},
    http::request::Parts,
};
use serde::de::DeserializeOwned;

use crate::{
    body::Faults,
    problem::{Kind, Problem},
};

/// The parameters of a request; `T`'s members are `Option<String>`.
pub(crate) struct Parameters<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(parameters)) => Ok(Self(parameters)),
            Err(rejection) => Err(unreadable(&rejection)),
        }
    }
}

fn unreadable(rejection: &QueryRejection) -> Problem {
    let text = rejection.body_text();
    // The framework's own words come first.
    let cause = text.split_once(": ").map_or(text.as_str(), |(_, cause)| cause);
    Problem::new(Kind::BadRequest, format!("the query can't be understood: {cause}; say each parameter once"))
}

impl Faults {
    /// A parameter that reads as a `T`, where there is one.
    pub(crate) fn parameter<T>(&mut self, pointer: &str, value: Option<String>) -> Option<T>
    where
        T: FromStr,
        T::Err: ToString,
    {
        let text = value.filter(|text| !text.is_empty())?;
        self.take(pointer, text.parse())
    }

    /// A whole number from `least` to `most`, where there is one.
    pub(crate) fn number(
        &mut self,
        pointer: &str,
        value: Option<String>,
        least: u64,
        most: u64,
    ) -> Option<u64> {
        let text = value.filter(|text| !text.is_empty())?;
        match text.parse() {
            Ok(number) if (least..=most).contains(&number) => Some(number),
            _ => {
                let name = pointer.trim_start_matches('?');
                let range = if most >= i64::MAX as u64 {
                    format!("from {least}")
                } else {
                    format!("from {least} to {most}")
                };
                self.add(pointer, format!("{name} must be a whole number {range}, not {}", quoted(&text)));
                None
            }
        }
    }
}
