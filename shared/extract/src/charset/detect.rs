//! The encoding that the letters of a text look like, by the detector of Firefox.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{
    Encoding, ISO_8859_2, ISO_8859_4, WINDOWS_1250, WINDOWS_1252, WINDOWS_1254, WINDOWS_1257,
    WINDOWS_1258,
};
use url::{Host, Url};

use crate::markup::{Piece, Pieces};

/// The most bytes of text that are examined.
const MAX_TEXT_BYTES: usize = 256 * 1024;
/// The fewest letters beyond ASCII that can tell two alphabets of one script apart.
const MIN_LETTERS: usize = 4;
/// Latin alphabets other than the western one.
const OTHER_LATIN: [&Encoding; 6] =
    [ISO_8859_2, ISO_8859_4, WINDOWS_1250, WINDOWS_1254, WINDOWS_1257, WINDOWS_1258];

/// The site that bytes come from. Each country has its own old encodings.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Site<'u>(Option<&'u Url>);

impl<'u> From<Option<&'u Url>> for Site<'u> {
    fn from(url: Option<&'u Url>) -> Self {
        Self(url)
    }
}

impl<'u> From<&'u Url> for Site<'u> {
    fn from(url: &'u Url) -> Self {
        Self(Some(url))
    }
}

impl Site<'_> {
    /// Returns the top-level domain in lower case, without a dot.
    fn top_level_domain(self) -> Option<String> {
        let Some(Host::Domain(host)) = self.0?.host() else { return None };
        let last = host.trim_end_matches('.').rsplit('.').next()?;
        let is_label = last.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (is_label && !last.is_empty()).then(|| last.to_ascii_lowercase())
    }
}

/// Returns the likely encoding of `bytes`, which are not UTF-8. Returns windows-1252 if the bytes
/// give no sign.
///
/// Markup is left out. It is ASCII, and would outweigh the few letters of a short feed.
pub(super) fn encoding(bytes: &[u8], site: Site<'_>) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    let (mut room, mut letters) = (MAX_TEXT_BYTES, 0);
    for piece in Pieces::of(bytes) {
        let Piece::Text(text) = piece else { continue };
        let text = &text[..text.len().min(room)];
        detector.feed(text, false);
        // The words of two elements stay apart.
        detector.feed(b" ", false);
        letters += text.iter().filter(|byte| **byte >= 0xc0).count();
        room -= text.len();
        if room == 0 {
            break;
        }
    }
    detector.feed(b"", true);
    let domain = site.top_level_domain();
    let domain = domain.as_deref().map(str::as_bytes);
    let guess = detector.guess(domain, Utf8Detection::Deny);
    let is_blind = letters < MIN_LETTERS && !EncodingDetector::tld_may_affect_guess(domain);
    if is_blind && OTHER_LATIN.contains(&guess) { WINDOWS_1252 } else { guess }
}
