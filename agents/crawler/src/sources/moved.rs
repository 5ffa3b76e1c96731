//! Sources that have moved permanently (301, 308). The new address is fetched directly after the
//! server has named it twice.

use courant_store::NoteKind;
use url::Url;

use crate::crawl::Crawl;
use crate::outcome::{Ended, Failure, Refusal};
use crate::sources::documents::{Documents, Fetched};

/// The number of times that a server must name the new address. One time may be a mistake.
const TIMES: u32 = 2;

/// A move, as it is written in a note.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Move {
    to: Url,
    /// The number of times in a row that the server has named it.
    seen: u32,
}

impl Move {
    fn parse(text: &str) -> Option<Self> {
        let (seen, to) = text.split_once(' ')?;
        Some(Self { to: Url::parse(to).ok()?, seen: seen.parse().ok()? })
    }

    fn is_sure(&self) -> bool {
        self.seen >= TIMES
    }
}

/// Fetches the listing at `url`, or at the address that it has moved to permanently. If the new
/// address refuses, the move is forgotten, and the next look asks the old address.
pub(crate) async fn fetch_moved(
    crawl: &Crawl,
    documents: &Documents,
    url: &Url,
) -> Result<Fetched, Ended> {
    let note = crawl.memory.note(NoteKind::Moved, url.as_str()).await?;
    let before = note.and_then(|(note, _)| Move::parse(&note.body?));
    if let Some(known) = before.as_ref().filter(|before| before.is_sure()) {
        let fetched = documents.fetch(&crawl.web, &known.to).await;
        return fetched.map_err(|ended| after_move(crawl, url, ended));
    }
    let fetched = documents.fetch(&crawl.web, url).await?;
    note_move(crawl, url, before, fetched.moved.as_ref());
    Ok(fetched)
}

/// The end of a look at the new address of `url`. The old one is asked at the next look, unless
/// the failure was not the new server's.
fn after_move(crawl: &Crawl, url: &Url, ended: Ended) -> Ended {
    match ended {
        // This crawler holds the old domain only.
        Ended::Elsewhere => Failure::Leased.into(),
        Ended::Interrupted
        | Ended::Failed(Failure::Store | Failure::Leased | Failure::LeftAlone) => ended,
        _ => {
            crawl.memory.notes.forget_move(url);
            match ended {
                Ended::Refused(Refusal::Gone) => Refusal::NotFound.into(),
                ended => ended,
            }
        }
    }
}

fn note_move(crawl: &Crawl, url: &Url, before: Option<Move>, moved: Option<&Url>) {
    let Some(to) = moved else {
        if before.is_some() {
            crawl.memory.notes.forget_move(url);
        }
        return;
    };
    let seen = before.filter(|before| before.to == *to).map_or(0, |before| before.seen) + 1;
    if seen == TIMES {
        tracing::info!(%url, %to, "a source has moved: its new address is used from now on");
    }
    crawl.memory.notes.keep_move(url, format!("{seen} {to}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_move_is_read_as_it_is_noted() {
        let noted = Move::parse("2 https://a.example/feed?a b").unwrap();
        assert_eq!(noted.to.as_str(), "https://a.example/feed?a%20b");
        assert!(noted.is_sure() && !Move::parse("1 https://a.example/").unwrap().is_sure());
        for odd in ["", "2", "x https://a.example/", "2 nowhere"] {
            assert_eq!(Move::parse(odd), None, "{odd}");
        }
    }
}
