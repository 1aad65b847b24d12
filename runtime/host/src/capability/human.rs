//! `human`: asking a person.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::bounds::{self, KIB};
use crate::bindings::adw::stage::human as bindings;
use crate::call::{self, CallError};
use crate::guest::{Guest, Refused};

/// A question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// What is asked.
    pub text: String,
    /// Answers to choose from; empty for any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// JSON Schema of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
}

const TEXT: usize = 64 * KIB;
const CHOICES: usize = 100;
const CHOICE: usize = KIB;

impl bindings::Host for Guest {
    async fn ask(&mut self, question: bindings::Question) -> Result<String, Refused> {
        let question = checked(question)?;
        self.ask(call::Call::Human(question), |reply| match reply {
            call::Reply::Human(answer) => Some(answer.to_string()),
            _ => None,
        })
        .await
    }
}

fn checked(question: bindings::Question) -> Result<Question, CallError> {
    let bindings::Question { text, choices, schema } = question;
    bounds::at_most("the question's length", text.len(), TEXT)?;
    if text.trim().is_empty() {
        return Err(CallError::Invalid("the question is empty".to_owned()));
    }
    bounds::at_most("the number of choices", choices.len(), CHOICES)?;
    for choice in &choices {
        bounds::name("a choice", choice, CHOICE)?;
    }
    Ok(Question { text, choices, schema: bounds::schema(schema)? })
}
