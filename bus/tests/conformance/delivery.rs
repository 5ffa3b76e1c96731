//! Deliveries: given, given again, settled.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use courant_bus::{Settled, Stage};
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceContextExt, TraceState};
use opentelemetry::trace::{SpanId, TraceFlags, TraceId};
use opentelemetry_sdk::propagation::TraceContextPropagator;

use crate::bench::{
    Bench, Kind, depth, in_time, next, nothing_for, publish, retry_after, submission, with_one,
};

pub(crate) async fn what_is_published_arrives_and_is_gone_when_acknowledged(kind: Kind) {
    let bench = Bench::start(kind, |_| {}).await;
    let bus = bench.bus().await;
    let mut deliveries = bus.consume(Stage::GATEWAY, 4).await.unwrap();
    for n in 0..50 {
        assert!(!publish(&bus, n).await.duplicate);
    }
    let mut arrived = BTreeSet::new();
    while arrived.len() < 50 {
        let delivery = next(&mut deliveries).await;
        assert_eq!(delivery.attempt(), 1);
        assert!(arrived.insert(submission(&delivery)));
        assert_eq!(delivery.settle(Ok(())).await, Settled::Acknowledged);
    }
    assert_eq!(depth(&bus, Stage::GATEWAY).await, 0);
    in_time(bus.close()).await.unwrap();
}

pub(crate) async fn an_unsettled_delivery_comes_again_after_the_ack_wait(kind: Kind) {
    let bench = Bench::start(kind, |_| {}).await;
    let (_bus, mut deliveries) = with_one(&bench).await;
    let taken = Instant::now();
    drop(next(&mut deliveries).await);
    let again = next(&mut deliveries).await;
    assert_eq!((submission(&again).as_str(), again.attempt()), ("s-1", 2));
    assert!(taken.elapsed() >= Duration::from_millis(600), "{:?}", taken.elapsed());
    assert_eq!(again.settle(Ok(())).await, Settled::Acknowledged);
}

pub(crate) async fn a_slow_handler_keeps_its_delivery(kind: Kind) {
    let bench = Bench::start(kind, |_| {}).await;
    let (bus, mut deliveries) = with_one(&bench).await;
    let delivery = next(&mut deliveries).await;
    nothing_for(&mut deliveries, Duration::from_millis(2400)).await;
    assert_eq!(delivery.settle(Ok(())).await, Settled::Acknowledged);
    assert_eq!(depth(&bus, Stage::GATEWAY).await, 0);
}

pub(crate) async fn a_retry_comes_after_its_delay(kind: Kind) {
    let bench = Bench::start(kind, |config| config.ack_wait_s = 30.0).await;
    let (_bus, mut deliveries) = with_one(&bench).await;
    let delay = Duration::from_millis(700);
    let settled = next(&mut deliveries).await.settle(Err(retry_after(delay))).await;
    assert_eq!(settled, Settled::Retried(delay));
    let failed = Instant::now();
    let again = next(&mut deliveries).await;
    assert_eq!(again.attempt(), 2);
    assert!(failed.elapsed() >= Duration::from_millis(500), "{:?}", failed.elapsed());
    again.settle(Ok(())).await;
}

pub(crate) async fn no_more_than_twice_the_concurrency_is_taken(kind: Kind) {
    let bench = Bench::start(kind, |config| config.ack_wait_s = 30.0).await;
    let bus = bench.bus().await;
    for n in 0..20 {
        publish(&bus, n).await;
    }
    let mut deliveries = bus.consume(Stage::GATEWAY, 3).await.unwrap();
    let mut held = Vec::new();
    while held.len() < 6 {
        held.push(next(&mut deliveries).await);
    }
    nothing_for(&mut deliveries, Duration::from_millis(300)).await;
    held.pop().unwrap().settle(Ok(())).await;
    held.push(next(&mut deliveries).await);
    nothing_for(&mut deliveries, Duration::from_millis(300)).await;
}

pub(crate) async fn what_was_not_started_is_given_back_at_once(kind: Kind) {
    let bench = Bench::start(kind, |config| config.ack_wait_s = 30.0).await;
    let bus = bench.bus().await;
    for n in 0..4 {
        publish(&bus, n).await;
    }
    let mut leaving = bus.consume(Stage::GATEWAY, 2).await.unwrap();
    let started = next(&mut leaving).await;
    in_time(leaving.stop()).await;
    let mut staying = bus.consume(Stage::GATEWAY, 2).await.unwrap();
    for _ in 0..3 {
        next(&mut staying).await.settle(Ok(())).await;
    }
    assert_eq!(started.settle(Ok(())).await, Settled::Acknowledged);
    assert_eq!(depth(&bus, Stage::GATEWAY).await, 0);
}

pub(crate) async fn the_trace_context_travels_along(kind: Kind) {
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    let bench = Bench::start(kind, |_| {}).await;
    let bus = bench.bus().await;
    let trace = TraceId::from(0x1234_5678_9abc_def0_u128);
    let span =
        SpanContext::new(trace, SpanId::from(7), TraceFlags::SAMPLED, true, TraceState::default());
    let context = Context::new().with_remote_span_context(span);
    let publishing = publish(&bus, 1);
    opentelemetry::context::FutureExt::with_context(publishing, context).await;
    let mut deliveries = bus.consume(Stage::GATEWAY, 1).await.unwrap();
    let delivery = next(&mut deliveries).await;
    let found = delivery.trace_context().span().span_context().clone();
    assert_eq!((found.trace_id(), found.span_id()), (trace, SpanId::from(7)));
    delivery.settle(Ok(())).await;
}
