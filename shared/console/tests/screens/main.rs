//! Every screen, made of answers whose texts try to break out of the page.

mod hostile;
mod html;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode, Uri, header};
use courant_telemetry::Clock;
use tower::ServiceExt;

use hostile::answer;
use html::{Tag, tags};

/// 2026-11-30T12:00:00Z
const NOW_MS: i64 = 1_796_040_000_000;

/// The screens with what can be asked of them.
const SCREENS: [&str; 17] = [
    "/",
    "/?lang=en&topic=medtop:04000000",
    "/search",
    "/search?q=ferry",
    "/search?q=%3Cscript%3Ealert(1)%3C/script%3E%22%20onload%3D%22x&site=%22%3E%3Cb%3E",
    "/search?q=ferry&from=2026-11-01&until=2026-11-30",
    "/articles/0123456789abcdef0123456789abcdef?q=ferry",
    "/articles/0123456789abcdef0123456789abcdef/versions",
    "/names/person/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "/topics/medtop:04000000",
    "/sites/a.example",
    "/compare?q=ferry",
    "/collection",
    "/sources?done=added&tag=%3Cb%3E",
    "/pipeline",
    "/settings",
    "/wall",
];

fn console(api: Router) -> Router {
    courant_console::pages(api, Clock::fixed(NOW_MS))
}

fn hostile_console() -> Router {
    console(Router::new().fallback(async |uri: Uri| axum::Json(answer(uri.path()))))
}

async fn ask(console: &Router, request: Request<Body>) -> Response<Body> {
    console.clone().oneshot(request).await.expect("pages always answer")
}

async fn get(console: &Router, path: &str, language: &str) -> (StatusCode, String) {
    let request = Request::get(path)
        .header(header::ACCEPT_LANGUAGE, language)
        .header(
            header::COOKIE,
            "visit=1796030000.1796000000; zone=Europe/Berlin; marks=0123456789abcdef",
        )
        .body(Body::empty())
        .expect("a page in UTF-8");
    let response = ask(console, request).await;
    let status = response.status();
    let body = to_bytes(response.into_body(), 16 << 20).await.expect("a page in UTF-8");
    (status, String::from_utf8(body.into()).expect("a page in UTF-8"))
}

#[tokio::test]
async fn texts_of_strangers_stay_texts_on_every_screen() {
    let console = hostile_console();
    for language in ["en", "de"] {
        for path in SCREENS {
            let (status, page) = get(&console, path, language).await;
            assert_eq!(status, StatusCode::OK, "{path}\n{page}");
            assert!(page.contains(&format!("<html lang=\"{language}\"")), "{path}");
            for tag in tags(&page) {
                check(&tag, path);
            }
            let hidden = page.chars().find(|c| hostile::HIDDEN.contains(c));
            assert_eq!(hidden, None, "{path}");
        }
    }
}

/// Checks that a tag is one of the console's own, and that it only leads to the web.
fn check(tag: &Tag, path: &str) {
    assert!(
        !["img", "iframe", "object", "embed", "base", "style", "b1"].contains(&tag.name.as_str()),
        "{path}: {tag:?}"
    );
    if tag.name == "script" {
        let source = tag.value("src").unwrap_or_default();
        assert!(source.starts_with("/assets/console.js"), "{path}: {tag:?}");
    }
    for (name, value) in &tag.attributes {
        let is_active = name.starts_with("on") || name.contains("hx-") || name == "style";
        assert!(!is_active, "{path}: {tag:?}");
        if ["href", "src", "action", "content", "formaction"].contains(&name.as_str()) {
            assert!(
                !value.trim_start().to_lowercase().starts_with("javascript"),
                "{path}: {tag:?}"
            );
        }
        if name == "href" || name == "action" {
            let is_safe =
                ["/", "#", "http://", "https://"].iter().any(|start| value.starts_with(start));
            assert!(is_safe && !value.starts_with("//"), "{path}: {tag:?}");
        }
    }
}

#[tokio::test]
async fn the_hostile_texts_are_on_the_screens_as_they_were_written() {
    let console = hostile_console();
    for path in ["/", "/search?q=ferry", "/articles/0123456789abcdef0123456789abcdef", "/wall"] {
        let (_, page) = get(&console, path, "en").await;
        assert!(page.contains("&#60;script&#62;alert(1)"), "{path}\n{page}");
    }
}

#[tokio::test]
async fn a_page_may_run_its_own_script_and_nothing_else() {
    let response = ask(&hostile_console(), Request::get("/").body(Body::empty()).unwrap()).await;
    let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
}

#[tokio::test]
async fn forms_of_other_sites_change_nothing() {
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = std::sync::Arc::clone(&asked);
    let api = Router::new().fallback(async move |uri: Uri| {
        counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        axum::Json(answer(uri.path()))
    });
    let console = console(api);
    let send = async |path: &str, site: &str| {
        let request = Request::post(path)
            .header("sec-fetch-site", site)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from("url=a.example&action=remove&opml=x&language=de"))
            .unwrap();
        ask(&console, request).await.status()
    };
    let forms = [
        "/sources",
        "/sources/list",
        "/sources/page",
        "/sources/7",
        "/pipeline/letters/7",
        "/settings",
        "/collection/0123456789abcdef0",
    ];
    for path in forms {
        assert_eq!(send(path, "cross-site").await, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(send(path, "same-site").await, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 0);
    for path in forms {
        assert_eq!(send(path, "same-origin").await, StatusCode::SEE_OTHER, "{path}");
    }
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), forms.len() - 2);
}

#[tokio::test]
async fn an_archive_without_articles_begins_with_the_first_steps() {
    let api = Router::new().fallback(async |uri: Uri| axum::Json(hostile::empty(uri.path())));
    let (status, page) = get(&console(api), "/", "en").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("Three steps to the first article"), "{page}");
}

#[tokio::test]
async fn an_error_of_the_interface_is_a_page_that_says_it() {
    let api = Router::new().fallback(async || {
        let problem = courant_api::Problem::new(
            courant_api::ErrorCode::NotFound,
            "there is no <b>article</b>",
        );
        (StatusCode::NOT_FOUND, axum::Json(problem))
    });
    let (status, page) = get(&console(api), "/articles/77777777", "de").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(page.contains("Hier ist nichts") && page.contains("&#60;b&#62;article"), "{page}");
}

#[tokio::test]
async fn the_first_load_is_small() {
    let console = hostile_console();
    let (_, page) = get(&console, "/", "en").await;
    let linked = tags(&page).into_iter().filter_map(|tag| {
        let source = if tag.name == "script" { tag.value("src") } else { tag.value("href") };
        source
            .filter(|source| source.starts_with("/assets/") && !source.contains('#'))
            .map(str::to_owned)
    });
    let mut bytes = page.len();
    let mut files = std::collections::BTreeSet::new();
    for path in linked.chain(["/assets/icons.svg".to_owned()]) {
        if files.insert(path.clone()) {
            let (status, content) = get(&console, &path, "en").await;
            assert_eq!(status, StatusCode::OK, "{path}");
            bytes += content.len();
        }
    }
    // Uncompressed, which is far above what travels.
    assert!(files.len() >= 4 && bytes <= 150 << 10, "{bytes} bytes in {files:?}");
}
