//! The frame of every page, and the headers that it travels with.

use askama::Template;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::assets::{SCRIPT, STYLE};
use crate::plain::is_hidden;
use crate::reader::Reader;
use crate::texts::Texts;

/// Nothing is loaded from elsewhere, nothing inline runs, and no script may parse HTML.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// A screen in the navigation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Screen {
    Now,
    Search,
    Compare,
    Collections,
    Sources,
    Pipeline,
    Settings,
    /// A page that the navigation does not have.
    Other,
}

/// An entry of the navigation.
pub(crate) struct Tab {
    pub(crate) href: &'static str,
    pub(crate) name: String,
    pub(crate) icon: &'static str,
    pub(crate) is_current: bool,
}

/// The parts that all pages have.
pub(crate) struct Shell {
    pub(crate) t: &'static Texts,
    pub(crate) title: String,
    /// The page and its parameters, to which a form returns.
    pub(crate) here: String,
    pub(crate) colours: &'static str,
    pub(crate) tabs: Vec<Tab>,
    pub(crate) style: String,
    pub(crate) script: String,
    /// Seconds after which a page without a script is loaded again; 0 for never.
    pub(crate) refresh_s: u32,
}

const TABS: [(Screen, &str, &str); 7] = [
    (Screen::Now, "/", "now"),
    (Screen::Search, "/search", "search"),
    (Screen::Compare, "/compare", "compare"),
    (Screen::Collections, "/collection", "collections"),
    (Screen::Sources, "/sources", "sources"),
    (Screen::Pipeline, "/pipeline", "pipeline"),
    (Screen::Settings, "/settings", "settings"),
];

impl Shell {
    /// Makes the frame of a page with this title.
    pub(crate) fn new(reader: &Reader, screen: Screen, title: String) -> Self {
        let t = reader.texts;
        let tab = |(tab, href, icon): (Screen, &'static str, &'static str)| Tab {
            href,
            name: t.word("tab", icon),
            icon,
            is_current: tab == screen,
        };
        Self {
            t,
            title,
            here: reader.path.clone(),
            colours: reader.colours,
            tabs: TABS.into_iter().map(tab).collect(),
            style: STYLE.path(),
            script: SCRIPT.path(),
            refresh_s: 0,
        }
    }
}

/// Writes a page.
pub(crate) fn answer(page: &impl Template) -> Response {
    answer_with(StatusCode::OK, page)
}

/// Writes a page with a status.
pub(crate) fn answer_with(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(mut html) => {
            // The last word on strangers' texts, wherever they stand.
            html.retain(|c| c == '\n' || !is_hidden(c));
            (status, headers(), html).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a page cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Adds a cookie to a page.
pub(crate) fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(value) = HeaderValue::try_from(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// Sends the browser to a page after a form.
pub(crate) fn see(href: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, href)]).into_response()
}

/// With no referrer at all, browsers would not name the origin of a form, either.
fn headers() -> [(HeaderName, &'static str); 5] {
    [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "private, no-cache"),
        (header::VARY, "Cookie, Accept-Language"),
    ]
}
