//! Copies an index while another process keeps it.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::Duration;
use std::{fs, thread};

use serde_json::Value;

/// The file that names the segments of an index, and the one that names its files.
const META: &str = "meta.json";
const MANAGED: &str = ".managed.json";
/// Attempts: the keeper may remove files of a state that it has just replaced.
const ATTEMPTS: usize = 5;
const PAUSE: Duration = Duration::from_millis(200);

/// Copies the present state of the index in `from` to the folder `to`, which must hold none.
/// Returns the number of bytes.
pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<u64> {
    // Before a folder is made.
    fs::metadata(from.join(META))?;
    fs::create_dir_all(to)?;
    if to.join(META).exists() {
        return Err(io::Error::new(ErrorKind::AlreadyExists, "it holds an index already"));
    }
    let mut attempt = 1;
    loop {
        match copy_once(from, to) {
            Err(error) if error.kind() == ErrorKind::NotFound && attempt < ATTEMPTS => {
                attempt += 1;
                thread::sleep(PAUSE);
            }
            copied => return copied,
        }
    }
}

fn copy_once(from: &Path, to: &Path) -> io::Result<u64> {
    let meta = fs::read(from.join(META))?;
    let files = files_of(&meta, from)?;
    let mut bytes = 0;
    for file in &files {
        bytes += fs::copy(from.join(file), to.join(file))?;
        fs::File::open(to.join(file))?.sync_all()?;
    }
    let managed: Vec<String> = files
        .iter()
        .map(|file| file.to_string_lossy().into_owned())
        .chain([META.to_owned()])
        .collect();
    write(to, MANAGED, &serde_json::to_vec(&managed)?)?;
    write(to, META, &meta)?;
    Ok(bytes)
}

/// The files of the segments that `meta` names.
fn files_of(meta: &[u8], folder: &Path) -> io::Result<Vec<OsString>> {
    let meta: Value = serde_json::from_slice(meta)?;
    let mut files = Vec::new();
    for segment in meta["segments"].as_array().into_iter().flatten() {
        let id = segment["segment_id"].as_str().unwrap_or_default().replace('-', "");
        let deleted = segment["deletes"]["opstamp"].as_u64();
        let deleted = deleted.map(|opstamp| format!("{id}.{opstamp}.del"));
        let before = files.len();
        for entry in fs::read_dir(folder)? {
            let name = entry?.file_name();
            let text = name.to_string_lossy();
            let is_list_of_deleted = text.ends_with(".del");
            if text.starts_with(&id) && !is_list_of_deleted || deleted.as_deref() == Some(&*text) {
                files.push(name);
            }
        }
        if id.is_empty() || files.len() == before {
            return Err(io::Error::new(ErrorKind::NotFound, "a segment has no files"));
        }
    }
    Ok(files)
}

/// Writes a whole file, or none.
fn write(folder: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    let unfinished = folder.join(format!("{name}.part"));
    fs::write(&unfinished, content)?;
    fs::File::open(&unfinished)?.sync_all()?;
    fs::rename(unfinished, folder.join(name))
}
