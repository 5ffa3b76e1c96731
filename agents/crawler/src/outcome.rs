//! The outcomes of a page. Their names are metric labels and keys of the report: a fixed set,
//! never a URL.

use courant_extract::Gate;

/// The outcome of a page that was finished without a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The bus acknowledged its article.
    Submitted,
    /// Its server calls it unchanged, or its text has not changed.
    NotModified,
    /// It is known and was visited recently, so it was not fetched.
    Known,
    /// It was left to the crawler that has its domain, or it led to a page that is handled
    /// separately.
    HandedOver,
}

impl Outcome {
    pub(crate) const ALL: [Self; 4] =
        [Self::Submitted, Self::NotModified, Self::Known, Self::HandedOver];

    /// Returns the name in metric labels.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::NotModified => "not_modified",
            Self::Known => "known",
            Self::HandedOver => "handed_over",
        }
    }
}

/// The reason why a page was not submitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It is left out, and another try is useless until it changes.
    Refused(Refusal),
    /// It could not be fetched this time.
    Failed(Failure),
    /// Another crawler has its domain.
    Elsewhere,
    /// The crawler is being stopped.
    Interrupted,
}

impl Ended {
    /// Returns the name of the reason.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.as_str(),
            Self::Failed(failure) => failure.as_str(),
            Self::Elsewhere => "elsewhere",
            Self::Interrupted => "interrupted",
        }
    }
}

impl From<Refusal> for Ended {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Gate> for Refusal {
    fn from(gate: Gate) -> Self {
        match gate {
            Gate::BotCheck => Self::BotCheck,
            Gate::Login => Self::Login,
        }
    }
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

macro_rules! reasons {
    ($(#[$doc:meta])* $name:ident { $($(#[$why:meta])* $reason:ident => $label:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $name {
            $($(#[$why])* $reason,)*
        }

        impl $name {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$reason),*];

            /// Returns the name in reports and metric labels.
            pub(crate) fn as_str(self) -> &'static str {
                match self {
                    $(Self::$reason => $label,)*
                }
            }
        }
    };
}

reasons! {
    /// The reason why a page is left out.
    Refusal {
        /// It is not an article but, for example, a listing or a form.
        NotArticle => "not_article",
        /// The page asks not to be indexed.
        NoIndex => "noindex",
        /// robots.txt disallows it.
        RobotsDisallow => "robots_disallow",
        /// Its site asks for a longer crawl delay than the configuration allows.
        CrawlDelay => "crawl_delay_too_long",
        /// Its host has no public address.
        PrivateAddress => "private_address",
        /// The text is not a URL, or its scheme is not HTTP or HTTPS.
        InvalidUrl => "invalid_url",
        /// The file does not state the address where it was published.
        NoUrl => "no_url",
        /// It is longer than `max_body_bytes`.
        TooLarge => "too_large",
        /// It is not HTML.
        NotHtml => "not_html",
        /// It has more redirects than `max_redirects`, or they form a loop.
        Redirects => "too_many_redirects",
        /// The server answered 404.
        NotFound => "not_found",
        /// The server answered 410: the page is gone for good.
        Gone => "gone",
        /// The server answered 403 or 451.
        Forbidden => "forbidden",
        /// A bot check blocks the page. The crawler does not try to get past it.
        BotCheck => "bot_check",
        /// The server answered 401, or with a page that asks for a name and a password.
        Login => "login",
        /// The server answered with another status after which another try is useless.
        Status => "status",
        /// Reading it took longer than `max_page_ms`.
        TooSlow => "too_slow",
        /// The extractor could not read it.
        Unreadable => "unreadable",
        /// A line of a list or a record of an archive cannot be read.
        InvalidRecord => "invalid_record",
        /// The frontier is full.
        FrontierFull => "frontier_full",
        /// Its source named more pages than `max_pages_per_source`.
        SourceLimit => "source_limit",
    }
}

reasons! {
    /// The reason why a page could not be fetched.
    Failure {
        /// Its host's robots.txt could not be fetched, which forbids its pages for now.
        RobotsUnreachable => "robots_unreachable",
        /// The name was not found, no connection was made, or it broke before the response header.
        Connect => "connect",
        /// A time limit ran out.
        Timeout => "timeout",
        /// The body ended too early or cannot be unpacked.
        BrokenBody => "broken_body",
        /// The server answered with a status of 5xx.
        ServerError => "server_error",
        /// The server answered 429 to the last attempt.
        RateLimited => "rate_limited",
        /// Its domain is paused for longer than `max_retry_after_s`: the site failed too often,
        /// or asked for the pause.
        LeftAlone => "left_alone",
        /// The HTTP client could not be built, for example without certificates.
        Client => "client",
        /// The store did not answer.
        Store => "store",
        /// Its robots.txt or listing redirects to a domain that another crawler has. It is
        /// tried again.
        Leased => "leased",
    }
}
