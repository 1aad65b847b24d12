//! Kinds of repositories that people have, each with how a task in it is to end.

pub mod kind;

mod contents;
mod forms;
mod settings;
mod states;
mod trouble;

use kind::Kind;

/// All that this git can make.
pub fn kinds() -> impl Iterator<Item = &'static Kind> {
    let all = [forms::KINDS, states::KINDS, settings::KINDS, contents::KINDS, trouble::KINDS];
    all.into_iter().flatten().filter(|kind| kind.name != "reftable" || forms::has_reftables())
}
