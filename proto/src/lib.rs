//! Messages and services of Courant, version 1, and their conversions to the
//! domain types of `courant-article`.
//!
//! [`v1`] is generated from `courant/v1/*.proto` and committed, so that a build
//! needs no protobuf compiler; `tests/generated.rs` compares the two.

mod convert;
mod evidence;
mod messages;

pub use convert::InvalidMessage;

/// The generated code of the package `courant.v1`.
pub mod v1 {
    include!("generated/courant.v1.rs");

    /// The descriptors of the package, for gRPC reflection.
    pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("generated/courant.v1.bin");
}

/// A message that travels on the bus, with the name that its header carries.
pub trait Schema: prost::Message + Default {
    /// As `courant.v1.Entry`.
    const NAME: &'static str;
}

macro_rules! schemas {
    ($($message:ident)*) => {
        $(impl Schema for v1::$message {
            const NAME: &'static str = concat!("courant.v1.", stringify!($message));
        })*
    };
}

schemas! {
    Entry ArticleAccepted ArticleEmbedded ArticleAnalyzed ArticleStored ArticleDeleted EntryDecided
    Pressure EmbedRequest EmbedReply RerankRequest RerankReply KnownRequest KnownReply
    CrawlRequested SourcesChanged DeleteArticles ReembedArticles
}
