//! What every store must do, whatever it is made of.
//!
//! Each property is a function that is given a place: something that opens the store that lies there, the same one each
//! time. [`conformance_tests!`](crate::conformance_tests) makes a test of each.
//!
//! ```ignore
//! mod conformance {
//!     adw_store::conformance_tests!(super::place());
//! }
//! ```

#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test may panic")]

pub mod appends;
pub mod attempts;
pub mod durability;
pub mod lists;
pub mod samples;
pub mod workflows;

use std::sync::Arc;

use crate::Store;

/// Opens the store at a place of its own; one that was opened before has to be closed first.
pub trait Place: AsyncFn() -> Arc<dyn Store> {}

impl<P: AsyncFn() -> Arc<dyn Store>> Place for P {}

/// The one list of properties.
macro_rules! properties {
    (($dollar:tt) $($module:ident::$name:ident),+ $(,)?) => {
        /// Makes a test of every property. The expression gives a fresh [`Place`](crate::conformance::Place).
        #[macro_export]
        macro_rules! conformance_tests {
            ($dollar place:expr) => {
                $(
                    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                    async fn $name() {
                        $dollar crate::conformance::$module::$name($dollar place).await;
                    }
                )+
            };
        }
    };
}

properties! {
    ($)
    workflows::a_created_workflow_is_read_back,
    workflows::what_is_not_there_is_none,
    workflows::a_taken_id_is_refused_and_stays_as_it_was,
    workflows::of_many_creations_of_one_id_one_wins,
    workflows::rows_are_numbered_in_their_order,
    workflows::a_document_is_kept_under_its_hash,
    workflows::texts_come_back_to_the_letter,
    workflows::a_long_description_comes_back_whole,
    workflows::numbers_come_back_to_the_last_digit,
    appends::appended_events_change_the_workflow,
    appends::events_are_read_from_any_point,
    appends::a_stale_append_changes_nothing,
    appends::an_append_to_nothing_is_a_conflict,
    appends::wrongly_numbered_events_are_rejected,
    appends::of_racing_appends_one_wins,
    appends::a_bad_write_takes_no_other_with_it,
    appends::folding_the_events_gives_the_workflow,
    appends::an_append_may_bring_another_document,
    appends::an_event_that_names_another_document_comes_with_it,
    lists::a_list_is_newest_first_and_goes_on_from_a_cursor,
    lists::numbered_pages_tell_the_total,
    lists::filters_choose_and_combine,
    lists::text_is_found_in_titles_and_ids,
    lists::open_workflows_are_those_that_have_not_ended,
    attempts::journal_records_keep_their_order,
    attempts::records_that_are_written_again_are_there_once,
    attempts::blobs_that_records_name_are_named,
    attempts::a_journal_belongs_to_one_attempt,
    attempts::values_are_set_and_replaced,
    attempts::an_artifact_name_stands_for_its_newest_bytes,
    attempts::records_of_no_workflow_are_refused,
    durability::what_was_answered_survives_reopening,
    durability::row_numbers_are_never_given_again,
    durability::a_closed_store_says_so,
    durability::closing_waits_for_what_was_asked,
    durability::a_probe_writes,
}
