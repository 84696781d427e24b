//! What every adapter of [`EventLog`] must keep: one check per sentence, and every adapter passes them all.
//!
//! Always: a check has a store of its own, knows nothing of it but the port, and takes two handles on one store for two
//! processes. Never here: how an adapter keeps anything, except in `sqlite_damage`, which damages a store in ways that the
//! port does not offer, and in `naive`, the control.
//!
//! A new adapter implements [`StoreUnderTest`] and adds one line.

mod expectations;
mod kept;
mod naive;
mod opening;
mod order;
mod reading;
mod requests;
mod sqlite_damage;
mod steps;
mod stores;
mod whole;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use uuid::Uuid;

use expectations::*;
use kept::*;
use opening::*;
use order::*;
use reading::*;
use requests::*;
use steps::*;
use stores::*;
use whole::*;

use super::{
    APPEND_EVENTS_MAX, Anchor, Append, AppendError, Appended, Cause, EventLog, Head, NewEvent, READ_EVENTS_MAX,
    Recorded, Request, StoredAnswer,
};
use crate::model::clock::{ManualClock, Timestamp};
use crate::model::event::{Envelope, Event, HandleEvent, PostEvent, PostText};
use crate::model::golden::{Golden, samples};
use crate::model::ids::{AccountId, AccountKey, AccountRef, CommandId, EventId, Position, PostId, RequestId, Version};
use crate::model::streams::StreamName;

/// Appenders that write at once in the checks about concurrency.
const APPENDERS: usize = 64;
/// How many appends each of them sends, one after the other; `CHIRP_APPENDS=n` for another number.
const APPENDS_EACH: usize = 25;
/// Appends with one and the same expectation or request id.
const RIVALS: usize = 32;
/// The principal that appends when a check does not say who.
const ALICE: &str = "account:alice";
/// Another principal.
const BOB: &str = "account:bob";

type Log = Arc<dyn EventLog>;
type Outcome = Result<Appended, AppendError>;

/// A store under test. Each handle stands for a process, with nothing in common with the others but the store.
trait StoreUnderTest: Sized {
    /// A new and empty store.
    async fn create() -> Self;

    /// Opens the store.
    async fn open(&self) -> Log;

    /// Opens the store to read.
    async fn open_read_only(&self) -> Log;

    /// The clock of every handle.
    fn clock(&self) -> &ManualClock;
}

macro_rules! every_check_holds_for {
    ($adapter:ident, $subject:ty) => {
        every_check_holds_for! { $adapter, $subject:
            positions_are_dense_and_in_commit_order,
            versions_of_a_stream_are_one_to_n,
            a_reader_that_polls_while_others_append_never_sees_a_gap,
            the_head_is_what_can_be_read,
            of_appends_with_the_same_expectation_exactly_one_wins,
            an_append_over_several_streams_is_all_or_nothing,
            a_stream_that_was_only_read_and_has_moved_is_a_conflict,
            a_stream_that_was_only_read_and_has_not_moved_stays_as_it_is,
            a_conflict_does_not_fail_its_neighbours,
            an_append_that_rests_on_another_history_is_refused,
            an_empty_append_with_a_request_is_stored_and_answers_the_head,
            an_empty_append_without_a_request_writes_nothing,
            an_empty_append_still_proves_its_expectation,
            a_request_sent_again_gets_the_first_answer,
            a_request_sent_at_once_from_two_processes_has_one_effect,
            a_request_id_belongs_to_its_principal,
            a_request_id_with_another_digest_is_refused,
            a_request_is_known_after_reopening,
            a_refused_append_stores_no_request,
            an_answer_is_kept_byte_for_byte,
            the_recorded_time_is_that_of_the_clock_also_when_it_goes_back,
            the_first_event_after_a_time_is_found_by_position,
            payloads_are_kept_byte_for_byte,
            headers_are_kept_as_they_were_given,
            event_ids_are_unique,
            the_hash_chain_links_the_whole_log,
            hashes_are_given_by_position,
            read_gives_nothing_at_the_head_or_beyond,
            read_gives_at_most_as_many_as_asked,
            read_gives_at_most_its_maximum,
            read_streams_gives_each_stream_in_the_order_asked,
            read_streams_gives_a_stream_asked_for_twice_twice,
            read_streams_sees_one_snapshot,
            one_append_takes_its_maximum_of_events_and_no_more,
            a_store_keeps_its_identity_and_shares_it_with_no_other,
            a_new_store_may_be_opened_many_times_at_once,
            a_log_opened_to_read_cannot_append,
            what_was_acknowledged_is_there_after_reopening,
            what_was_refused_as_overload_is_not_there,
            moved_wakes_after_an_append,
            every_request_is_listed_once_page_by_page,
            what_was_imported_is_the_log_that_it_came_from,
            an_import_that_does_not_go_on_where_the_log_ends_changes_nothing,
            a_request_that_is_there_is_not_imported_over,
            a_log_opened_for_something_else_does_not_import,
        }
    };
    ($adapter:ident, $subject:ty: $($check:ident),+ $(,)?) => {
        mod $adapter {
            use super::*;

            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $check() {
                    super::$check(<$subject>::create().await).await;
                }
            )+
        }
    };
}

every_check_holds_for!(sqlite, SqliteStore);
every_check_holds_for!(postgres, PostgresStore);
every_check_holds_for!(memory, InMemoryStore);
