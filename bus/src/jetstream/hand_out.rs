//! Handing out what was pulled: among others, or alone in the process.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use super::handle::{COMPANY, JetStream};
use super::receipt::AckReceipt;
use super::strikes::Strikes;
use crate::delivery::{Arrival, Delivery};
use crate::outlet::Outlet;
use crate::wire;

/// A message as the server sent it.
pub(super) struct Pulled {
    pub(super) message: async_nats::Message,
    /// The address at which the server waits to hear of it.
    pub(super) reply: async_nats::Subject,
    pub(super) sequence: u64,
    /// The server's number of this delivery, from 1.
    pub(super) delivered: u32,
    pub(super) place: Option<OwnedSemaphorePermit>,
}

/// Hands out `pulled`. One that comes again, or must wait until another is alone, does not
/// keep those that follow it waiting.
pub(super) async fn hand_out(jetstream: &Arc<JetStream>, outlet: &Outlet, pulled: Pulled) {
    let strikes = outlet.consumer.stage().map(|stage| Strikes::none(stage, pulled.sequence));
    let comes_again = strikes.is_some() && pulled.delivered > 1;
    let company = Arc::clone(&jetstream.company).try_acquire_owned();
    match (comes_again, company) {
        (false, Ok(company)) => {
            let mut delivery = pulled.into_delivery(jetstream, outlet, strikes);
            delivery.keep(company);
            outlet.put(delivery).await;
        }
        _ => {
            tokio::spawn(hand_out_later(Arc::clone(jetstream), outlet.clone(), pulled, strikes));
        }
    }
}

/// Looks up what is noted of the message, and waits until it may be handled. Dropped on the
/// way, it comes again.
async fn hand_out_later(
    jetstream: Arc<JetStream>,
    outlet: Outlet,
    pulled: Pulled,
    mut strikes: Option<Strikes>,
) {
    if let Some(strikes) = &mut strikes
        && pulled.delivered > 1
        && let Err(error) = jetstream.look_up(strikes, pulled.delivered).await
    {
        let error = &error as &dyn std::error::Error;
        return tracing::warn!(
            sequence = pulled.sequence,
            error,
            "a delivery waits until its notes can be read"
        );
    }
    let mut delivery = pulled.into_delivery(&jetstream, &outlet, strikes);
    let most = jetstream.shared.config.max_deliver;
    if strikes.is_some_and(|strikes| strikes.attempt(most) > most) {
        return delivery.abandon().await;
    }
    let suspect = strikes.filter(Strikes::is_suspect);
    let room = if suspect.is_some() { COMPANY } else { 1 };
    tokio::select! {
        () = outlet.stop.cancelled() => return delivery.release().await,
        company = Arc::clone(&jetstream.company).acquire_many_owned(room) => match company {
            Ok(company) => delivery.keep(company),
            Err(_closed) => return,
        },
    }
    if let Some(suspect) = &suspect
        && let Err(error) = jetstream.begins_alone(suspect).await
    {
        return tracing::warn!(error, "a delivery waits until its start can be noted");
    }
    outlet.put(delivery).await;
}

impl Pulled {
    fn into_delivery(
        self,
        jetstream: &Arc<JetStream>,
        outlet: &Outlet,
        strikes: Option<Strikes>,
    ) -> Delivery {
        let Self { message, reply, sequence, delivered, place } = self;
        let shared = &jetstream.shared;
        let most = shared.config.max_deliver;
        let attempt = strikes.map_or(delivered, |strikes| strikes.attempt(most).min(most));
        let subject = shared.names.strip(&message.subject).unwrap_or(&message.subject).to_owned();
        let receipt = Arc::new(AckReceipt { jetstream: Arc::clone(jetstream), strikes, reply });
        let envelope = wire::envelope(message);
        let arrival = Arrival { subject, envelope, sequence, attempt, receipt };
        outlet.delivery(arrival, place)
    }
}
