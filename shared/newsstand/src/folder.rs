//! Saved pages of real publishers as their sites.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Deserialize;
use url::Url;

use crate::server::NewsstandError;
use crate::site::{Site, SitePage};

/// The entry of one file in `meta.info`.
#[derive(Deserialize)]
struct Meta {
    url: String,
    crawl_date: String,
}

/// Reads the sites of a folder of saved pages, in the layout of the data set
/// `fundus-publishers`: folders with a `meta.info`, which maps each file to its URL and crawl
/// date. Every page is served under its original host name and path. A file that `meta.info`
/// names but the folder lacks is skipped with a warning.
///
/// # Errors
/// [`NewsstandError`] names the file that cannot be read or understood.
pub fn fundus(folder: &Path) -> Result<Vec<Site>, NewsstandError> {
    let mut sites: BTreeMap<String, Site> = BTreeMap::new();
    for meta_path in meta_files(folder)? {
        let text = fs::read(&meta_path).map_err(unreadable(&meta_path))?;
        let files: BTreeMap<String, Meta> = serde_json::from_slice(&text)
            .map_err(|source| NewsstandError::Meta { path: meta_path.clone(), source })?;
        for (name, meta) in files {
            let path = meta_path.with_file_name(name.trim_end_matches(".gz"));
            if !path.exists() {
                tracing::warn!(path = %path.display(), "saved page is missing");
                continue;
            }
            let (host, page) = saved_page(&path, &meta)?;
            let site = sites.entry(host.clone()).or_insert_with(|| Site::new(&host, &host));
            site.replace(page);
        }
    }
    Ok(sites.into_values().collect())
}

/// All `meta.info` at most three folders down, sorted.
fn meta_files(folder: &Path) -> Result<Vec<PathBuf>, NewsstandError> {
    let mut found = Vec::new();
    let mut folders = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(unreadable(&folder))? {
            let path = entry.map_err(unreadable(&folder))?.path();
            if path.is_dir() && depth < 3 {
                folders.push((path, depth + 1));
            } else if path.file_name().is_some_and(|name| name == "meta.info") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn unreadable(path: &Path) -> impl Fn(std::io::Error) -> NewsstandError + use<> {
    let path = path.to_owned();
    move |source| NewsstandError::Read { path: path.clone(), source }
}

fn saved_page(path: &Path, meta: &Meta) -> Result<(String, SitePage), NewsstandError> {
    let body = fs::read(path).map_err(unreadable(path))?;
    let url = Url::parse(&meta.url).map_err(|_| NewsstandError::Url(meta.url.clone()))?;
    let host = url.host_str().ok_or_else(|| NewsstandError::Url(meta.url.clone()))?;
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let path_and_query = format!("{}{query}", url.path());
    let title = title(&body).unwrap_or_else(|| path_and_query.clone());
    let page = SitePage::html(path_and_query, title, body, crawl_date(&meta.crawl_date));
    // The pages were saved as UTF-8, whatever their own declarations say.
    Ok((host.to_owned(), page))
}

/// As Python prints it, in UTC; the day alone where the rest is odd.
fn crawl_date(text: &str) -> Timestamp {
    let iso = format!("{}Z", text.trim().replacen(' ', "T", 1));
    let day = || format!("{}T00:00:00Z", text.get(..10)?).parse().ok();
    iso.parse().ok().or_else(|| Some(day()).flatten()).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The text of the first `title` element.
fn title(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let start = text.find("<title")?;
    let content = text[start..].split_once('>')?.1.split_once("</title")?.0;
    let words = content.split_whitespace().collect::<Vec<_>>().join(" ");
    (!words.is_empty())
        .then(|| words.replace("&amp;", "&").replace("&quot;", "\"").replace("&#039;", "'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saved_pages_stand_under_their_own_hosts() {
        let folder = tempfile::tempdir().unwrap();
        let country = folder.path().join("pages/xx");
        fs::create_dir_all(&country).unwrap();
        let html = "<html><head><title>One &amp;\n two</title></head><body>x</body></html>";
        fs::write(country.join("A_2025_02_02.html"), html).unwrap();
        let meta = r#"{"A_2025_02_02.html.gz": {"url": "https://www.a.example/x?id=1", "crawl_date": "2025-02-02 23:50:31.037369"},
            "B.html.gz": {"url": "https://b.example/", "crawl_date": "2025-02-02"}}"#;
        fs::write(country.join("meta.info"), meta).unwrap();
        let sites = fundus(folder.path()).unwrap();
        assert_eq!(sites.len(), 1);
        assert_eq!(sites[0].host, "www.a.example");
        let page = sites[0].page("/x?id=1").unwrap();
        assert_eq!((page.title.as_str(), page.body.as_ref()), ("One & two", html.as_bytes()));
        assert_eq!(page.last_modified.to_string(), "2025-02-02T23:50:31.037369Z");
    }

    #[test]
    fn a_broken_folder_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        assert!(fundus(folder.path()).unwrap().is_empty());
        fs::write(folder.path().join("meta.info"), "{").unwrap();
        assert!(matches!(fundus(folder.path()), Err(NewsstandError::Meta { .. })));
        let missing = folder.path().join("missing");
        assert!(
            matches!(fundus(&missing), Err(NewsstandError::Read { path, .. }) if path == missing)
        );
    }
}
