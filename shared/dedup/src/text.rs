//! The exact hash of a text, blind to how it was typeset.

use courant_article::ContentHash;
use unicode_normalization::UnicodeNormalization;

/// One form for texts that readers take for the same: Unicode NFKC, straight
/// quotes and plain hyphens, no invisible characters, single spaces. Letters,
/// their case, digits and punctuation stay, so that a correction is seen.
pub fn normalize_text(text: &str) -> String {
    let visible: String = text.chars().filter(|c| !is_invisible(*c)).nfkc().map(plain).collect();
    let mut normal = String::with_capacity(visible.len());
    for word in visible.split_whitespace() {
        if !normal.is_empty() {
            normal.push(' ');
        }
        normal.push_str(word);
    }
    normal
}

/// The hash of the normalized text.
pub fn content_hash(text: &str) -> ContentHash {
    ContentHash::of_normalized(&normalize_text(text))
}

/// Soft hyphens, zero-width spaces and joiners, direction and byte order marks.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

fn plain(c: char) -> char {
    match c {
        '‘' | '’' | '‚' | '‛' | '′' => '\'',
        '“' | '”' | '„' | '‟' | '″' | '«' | '»' => '"',
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' => '-',
        c if c.is_control() => ' ',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn typesetting_does_not_change_the_hash() {
        let plain = "\"It's done\" - the mayor";
        let typeset = "  “It’s\u{a0}done”\r\n\t–  the may\u{ad}or\u{200b} ";
        assert_eq!(normalize_text(typeset), plain);
        assert_eq!(content_hash(typeset), content_hash(plain));
        assert_eq!(content_hash("cafe\u{301}"), content_hash("café"));
    }

    #[test]
    fn a_correction_changes_the_hash() {
        assert_ne!(content_hash("12 people"), content_hash("13 people"));
        assert_ne!(content_hash("rose 1.5 %"), content_hash("rose 15 %"));
        assert_ne!(content_hash("the us team"), content_hash("the US team"));
    }

    proptest! {
        #[test]
        fn normalization_is_idempotent(text in "\\PC{0,60}") {
            let once = normalize_text(&text);
            prop_assert_eq!(normalize_text(&once), once.clone());
        }
    }
}
