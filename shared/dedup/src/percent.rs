//! The normal form of percent-encoding (RFC 3986, section 6.2.2).

/// Which part of a URL a text is: what need not be encoded differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Path or fragment.
    Path,
    /// Query; an apostrophe is always encoded there (WHATWG URL, section 1.3).
    Query,
}

/// Decodes what needs no encoding, encodes what no URL may hold (`[`, `|`,
/// a `%` without two hexadecimal digits), and writes digits in upper case.
///
/// Besides the unreserved characters of RFC 3986, it decodes the delimiters that separate
/// nothing in practice, such as `%2C`: one address is published both ways. Characters that
/// may separate stay as they are: `/ ? # ; & = + %`.
pub(crate) fn normalized(text: &str, part: Part) -> String {
    let mut normal = String::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        match (*byte, encoded_byte(after)) {
            (b'%', Some(encoded)) => {
                push_encoded(&mut normal, encoded, part);
                rest = &after[2..];
            }
            (raw, _) if is_legal(raw) => normal.push(char::from(raw)),
            (raw, _) => encode(&mut normal, raw),
        }
    }
    normal
}

fn push_encoded(text: &mut String, byte: u8, part: Part) {
    let separates_nothing = match byte {
        b'!' | b'$' | b'(' | b')' | b'*' | b',' | b':' | b'@' => true,
        b'\'' => part == Part::Path,
        _ => is_unreserved(byte),
    };
    if separates_nothing { text.push(char::from(byte)) } else { encode(text, byte) }
}

fn encode(text: &mut String, byte: u8) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    text.push('%');
    text.push(DIGITS[usize::from(byte >> 4)]);
    text.push(DIGITS[usize::from(byte & 15)]);
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn is_legal(byte: u8) -> bool {
    is_unreserved(byte) || b"!$&'()*+,;=:@/?".contains(&byte)
}

fn encoded_byte(text: &[u8]) -> Option<u8> {
    let [high, low, ..] = text else {
        return None;
    };
    let digit = |c: u8| char::from(c).to_digit(16);
    u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_needs_it_is_encoded() {
        assert_eq!(normalized("/%7euser/%41%2f%c3%a9", Part::Path), "/~user/A%2F%C3%A9");
        assert_eq!(normalized("/7%2c114%3A1%27s", Part::Path), "/7,114:1's");
        assert_eq!(normalized("q=%27a%27%2c%2B", Part::Query), "q=%27a%27,%2B");
        assert_eq!(normalized("news[id]=1|2", Part::Query), "news%5Bid%5D=1%7C2");
    }

    #[test]
    fn a_stray_percent_sign_is_encoded_once() {
        for (text, expected) in
            [("100%/%zz/%4", "100%25/%25zz/%254"), ("%%36%31", "%2561"), ("%2561", "%2561")]
        {
            let once = normalized(text, Part::Path);
            assert_eq!(once, expected, "{text}");
            assert_eq!(normalized(&once, Part::Path), once, "{text}");
        }
    }
}
