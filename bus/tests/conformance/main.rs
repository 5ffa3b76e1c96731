//! The behaviour that both back ends of the bus must share, and the behaviour of each alone.
//! Order within a subject is not promised, and not tested.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod bench;
mod crash;
mod delivery;
mod desk;
mod embedded;
mod flow;
mod follow;
mod jetstream;
mod letters;
#[expect(unreachable_pub, reason = "written for another crate")]
#[path = "../../../tests/src/nats.rs"]
mod nats;
mod passing;
mod removal;

/// Each case on each back end, as a test of its own.
macro_rules! on_both {
    ($($module:ident::$case:ident;)*) => {
        mod on_jetstream {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::$module::$case(crate::bench::Kind::JetStream).await;
            })*
        }

        mod on_embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::$module::$case(crate::bench::Kind::Embedded).await;
            })*
        }
    };
}

on_both! {
    delivery::what_is_published_arrives_and_is_gone_when_acknowledged;
    delivery::an_unsettled_delivery_comes_again_after_the_ack_wait;
    delivery::a_slow_handler_keeps_its_delivery;
    delivery::a_retry_comes_after_its_delay;
    delivery::no_more_than_twice_the_concurrency_is_taken;
    delivery::what_was_not_started_is_given_back_at_once;
    delivery::the_trace_context_travels_along;
    desk::a_row_is_a_stage;
    desk::stages_of_one_stream_get_their_own_messages;
    desk::a_stage_of_no_row_is_refused;
    letters::the_last_failure_makes_a_dead_letter;
    letters::a_discarded_message_is_a_dead_letter_at_once;
    letters::an_unknown_schema_is_a_dead_letter;
    letters::a_message_on_which_every_worker_dies_is_a_dead_letter;
    letters::a_replayed_letter_is_delivered_again;
    letters::a_letter_stays_while_its_queue_is_full;
    letters::a_dropped_letter_is_gone;
    removal::messages_are_removed_wherever_they_are;
    flow::the_same_id_within_the_window_is_stored_once;
    flow::a_queue_is_past_what_was_settled;
    flow::a_full_queue_refuses_and_keeps_what_it_has;
    flow::filled_to_every_limit_the_pipeline_still_drains;
    flow::waiting_for_room_costs_no_delivery;
    flow::events_give_way_to_newer_ones;
    flow::too_large_a_message_is_refused;
    flow::queues_tell_what_they_hold;
    flow::what_happens_is_counted;
    flow::what_a_process_does_is_counted_from_zero_and_nothing_else;
    flow::a_closed_bus_takes_nothing;
    follow::followers_of_one_name_share_what_happens;
    follow::a_dead_followers_message_goes_to_another;
    follow::a_follower_tries_again_beyond_the_last_delivery_of_a_stage;
    follow::a_shared_follower_goes_on_after_a_restart;
    follow::a_shared_follower_is_told_what_went_before_it_came;
    follow::a_shared_follower_is_told_what_goes_while_it_fails;
    follow::an_own_follower_reads_in_order_from_its_position;
    follow::an_own_follower_is_told_of_a_gap;
    follow::dead_letters_can_be_followed;
    follow::only_what_is_kept_can_be_followed;
    passing::listeners_hear_broadcasts_and_events;
    passing::a_request_is_answered_by_one_of_its_servers;
    passing::a_request_without_answer_ends_in_time;
    passing::subjects_are_used_for_what_they_are;
    crash::what_was_acknowledged_survives_a_crash;
    crash::a_crash_of_the_process_alone_loses_nothing_that_is_fast_either;
    crash::what_was_taken_is_delivered_again_after_a_crash;
}
