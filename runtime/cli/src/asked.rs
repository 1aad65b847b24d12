//! What a person is asked, and how they answer: the same wherever it is told.

use std::borrow::Cow;

use adw_core::AdwId;

use crate::client::Waiting;
use crate::style::{date_and_time, printable};

/// The line that answers, with the first choice, and the others behind it.
pub(crate) fn answer(adw_id: &AdwId, waiting: &Waiting) -> String {
    answer_with("", adw_id, waiting)
}

/// The same, where nobody else is there who goes on with it.
pub(crate) fn answer_and_follow(adw_id: &AdwId, waiting: &Waiting) -> String {
    answer_with(" --follow", adw_id, waiting)
}

fn answer_with(option: &str, adw_id: &AdwId, waiting: &Waiting) -> String {
    let example = match (&waiting.choices[..], &waiting.schema) {
        ([first, ..], _) => shlex::try_quote(first).map_or_else(|_| first.clone(), Cow::into_owned),
        ([], Some(_)) => "JSON".to_owned(),
        ([], None) => "\"…\"".to_owned(),
    };
    let others = waiting.choices.iter().skip(1).map(|choice| printable(choice)).collect::<Vec<_>>();
    let or = if others.is_empty() { String::new() } else { format!("   (or {})", others.join(", ")) };
    format!("adw answer {adw_id} {}{option}{or}", printable(&example))
}

/// What is needed to answer beside the question itself, each by its name, and the line that answers; for a pause the line
/// that ends it, and nothing for what waits on something else.
pub(crate) fn how(adw_id: &AdwId, waiting: &Waiting) -> Vec<(&'static str, String)> {
    let mut lines = beside(adw_id, waiting);
    if waiting.is_question() {
        lines.push(("answer", answer(adw_id, waiting)));
    }
    if waiting.is_pause() {
        lines.push(("resume", format!("adw resume {adw_id}")));
    }
    lines
}

/// What is needed before there can be an answer, each by its name: it takes no server. The prompt of work by hand can be
/// long: the line that goes there shows it.
pub(crate) fn beside(adw_id: &AdwId, waiting: &Waiting) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    if waiting.is_of_a_plugin() {
        lines.push(("look", format!("adw diff {adw_id}")));
    }
    if let Some(command) = &waiting.command {
        lines.push(("go there", printable(command)));
    }
    if let Some(schema) = &waiting.schema {
        lines.push(("schema", printable(&schema.to_string())));
    }
    if let Some((default, until)) = waiting.default.as_ref().zip(waiting.until) {
        let default = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
        let until = date_and_time(until);
        lines.push(("default", format!("{}, where nobody answers until {until}", printable(&default))));
    }
    lines
}
