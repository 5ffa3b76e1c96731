//! The style, the script and the icon, under names that change with their content.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::extract::Path;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

/// A file that pages load.
pub(crate) struct Asset {
    name: &'static str,
    media_type: &'static str,
    content: &'static str,
}

/// The style of all pages.
pub(crate) const STYLE: Asset = Asset {
    name: "console.css",
    media_type: "text/css; charset=utf-8",
    content: include_str!("../assets/console.css"),
};
/// The script of all pages.
pub(crate) const SCRIPT: Asset = Asset {
    name: "console.js",
    media_type: "text/javascript; charset=utf-8",
    content: include_str!("../assets/console.js"),
};
const ICON: Asset = Asset {
    name: "icon.svg",
    media_type: "image/svg+xml",
    content: include_str!("../assets/icon.svg"),
};
const ICONS: Asset = Asset {
    name: "icons.svg",
    media_type: "image/svg+xml",
    content: include_str!("../assets/icons.svg"),
};
const ALL: [Asset; 4] = [STYLE, SCRIPT, ICON, ICONS];

impl Asset {
    /// Returns the address of this content.
    pub(crate) fn path(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.content.hash(&mut hasher);
        format!("/assets/{}?v={:x}", self.name, hasher.finish())
    }
}

/// The icons, which pages name without their version, are asked for again after an hour.
const FOR_AN_HOUR: &str = "public, max-age=3600";
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Shows a file. An address with a version changes with the content, so that browsers need not ask
/// again.
pub(crate) async fn show(Path(name): Path<String>, uri: Uri) -> Response {
    let Some(asset) = ALL.into_iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, asset.media_type),
        (header::CACHE_CONTROL, if uri.query().is_some() { FOR_EVER } else { FOR_AN_HOUR }),
    ];
    (headers, asset.content).into_response()
}
