//! Questions to people.

use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::capability::handle;
use crate::imports::human;
use crate::{Cx, Error, Result};

handle! {
    /// The people. Waiting for them costs nothing: the stage is dropped, and run again with the answer.
    Human
}

impl<'cx> Human<'cx> {
    /// A question, to be answered with any JSON value.
    pub fn ask(self, text: impl Into<String>) -> Question<'cx> {
        let asked = human::Question { text: text.into(), choices: Vec::new(), schema: None };
        Question { asked, run: PhantomData, answer: PhantomData }
    }
}

/// A question to a person, answered with a `T`.
#[derive(Debug, Clone)]
#[must_use = "nobody is asked until you `wait` for the answer"]
pub struct Question<'cx, T = Value> {
    asked: human::Question,
    run: PhantomData<&'cx Cx>,
    answer: PhantomData<fn() -> T>,
}

impl<'cx, T: DeserializeOwned> Question<'cx, T> {
    /// Answers to choose from. The answer is then one of these texts.
    pub fn choices(mut self, choices: impl IntoIterator<Item = impl Into<String>>) -> Question<'cx, String> {
        self.asked.choices = choices.into_iter().map(Into::into).collect();
        Question { asked: self.asked, run: PhantomData, answer: PhantomData }
    }

    /// Asks for an answer of a type of yours, by its JSON Schema.
    pub fn schema<U: JsonSchema + DeserializeOwned>(mut self) -> Question<'cx, U> {
        self.asked.schema = Some(crate::glue::schema_of::<U>());
        Question { asked: self.asked, run: PhantomData, answer: PhantomData }
    }

    /// Asks, and waits.
    pub fn wait(self) -> Result<T> {
        let answer = human::ask(&self.asked).map_err(Error::from)?;
        serde_json::from_str(&answer)
            .map_err(|error| Error::Invalid(format!("the answer doesn't fit: {error}")))
    }
}
