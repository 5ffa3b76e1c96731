//! The ends that a page can come to. The names are labels of metrics and keys of the
//! report: a fixed set, never a URL.

use courant_extract::Gate;

/// The end of a page's way through the crawler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The bus acknowledged its article.
    Submitted,
    /// Its server calls it unchanged, or its text is.
    NotModified,
    /// Known and recent: not asked for.
    Known,
    /// Left to the crawler that has its domain, or that of its redirect.
    HandedOver,
}

impl Outcome {
    pub(crate) const ALL: [Self; 4] =
        [Self::Submitted, Self::NotModified, Self::Known, Self::HandedOver];

    /// The name in metric labels.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::NotModified => "not_modified",
            Self::Known => "known",
            Self::HandedOver => "handed_over",
        }
    }
}

/// Why a page went no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It is left out for good, or until it changes.
    Refused(Refusal),
    /// It could not be had this time.
    Failed(Failure),
    /// Another crawler has its domain.
    Elsewhere,
    /// The crawler is being stopped.
    Interrupted,
}

impl Ended {
    /// The name of the reason.
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

            /// The name in reports and metric labels.
            pub(crate) fn as_str(self) -> &'static str {
                match self {
                    $(Self::$reason => $label,)*
                }
            }
        }
    };
}

reasons! {
    /// Why a page is left out.
    Refusal {
        /// A listing, a challenge, a form: no article on it.
        NotArticle => "not_article",
        /// The page asks not to be indexed.
        NoIndex => "noindex",
        /// robots.txt disallows it.
        RobotsDisallow => "robots_disallow",
        /// Its site asks for a longer crawl delay than the configuration allows.
        CrawlDelay => "crawl_delay_too_long",
        /// Its host has no public address.
        PrivateAddress => "private_address",
        /// Neither HTTP nor HTTPS, or no URL at all.
        InvalidUrl => "invalid_url",
        /// A file that does not say where it was published.
        NoUrl => "no_url",
        /// Longer than `max_body_bytes`.
        TooLarge => "too_large",
        /// Not HTML.
        NotHtml => "not_html",
        /// More redirects than `max_redirects`, or a loop of them.
        Redirects => "too_many_redirects",
        /// 404.
        NotFound => "not_found",
        /// 410: it is gone for good.
        Gone => "gone",
        /// 403 or 451.
        Forbidden => "forbidden",
        /// A check for robots stands in front of it. Nothing is done to get past it.
        BotCheck => "bot_check",
        /// 401, or a page that asks for a name and a password.
        Login => "login",
        /// Another status that says that asking again is of no use.
        Status => "status",
        /// It took longer to be read than `max_page_ms`.
        TooSlow => "too_slow",
        /// The extractor gave up on it.
        Unreadable => "unreadable",
        /// A line of a list or archive that makes no sense.
        InvalidRecord => "invalid_record",
        /// The frontier is full.
        FrontierFull => "frontier_full",
        /// Its site or feed offers more than `max_pages_per_source`.
        SourceLimit => "source_limit",
    }
}

reasons! {
    /// Why a page could not be had.
    Failure {
        /// Its host's robots.txt could not be had, which forbids its pages for now.
        RobotsUnreachable => "robots_unreachable",
        /// No name, no connection, or one that broke before the header.
        Connect => "connect",
        /// A time limit ran out.
        Timeout => "timeout",
        /// The body ended too early or cannot be unpacked.
        BrokenBody => "broken_body",
        /// A status of 5xx.
        ServerError => "server_error",
        /// 429, as often as it was asked for.
        RateLimited => "rate_limited",
        /// Its site failed too often, or asked for a pause longer than
        /// `max_retry_after_s`.
        LeftAlone => "left_alone",
        /// The HTTP client could not be set up: certificates, for example.
        Client => "client",
        /// The store did not answer.
        Store => "store",
        /// Its robots.txt or listing leads to a domain that another crawler has. It is
        /// tried again.
        Leased => "leased",
    }
}
