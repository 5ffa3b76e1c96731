//! The messaging system that carries the messages, as traces name it.

/// The value of `messaging.system` in spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MessagingSystem {
    /// A NATS server.
    Nats,
    /// The bus within the process. OpenTelemetry has no name for that; its spool is a
    /// file of ours.
    Courant,
}

impl MessagingSystem {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Nats => "nats",
            Self::Courant => "courant",
        }
    }
}
