//! The normal form of percent-encoding (RFC 3986, section 6.2.2).

/// Decodes what needs no encoding (letters, digits, `-._~`) and writes the
/// other digits in upper case. A `%` without two hexadecimal digits stays.
pub(crate) fn normalized(text: &str) -> String {
    let mut normal = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        normal.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        match leading_byte(rest) {
            Some(byte) => {
                push_byte(&mut normal, byte);
                rest = &rest[2..];
            }
            None => normal.push('%'),
        }
    }
    normal.push_str(rest);
    normal
}

fn push_byte(text: &mut String, byte: u8) {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            text.push(char::from(byte));
        }
        _ => text.push_str(&format!("%{byte:02X}")),
    }
}

fn leading_byte(text: &str) -> Option<u8> {
    let digits = text.as_bytes().get(..2)?;
    let digit = |c: u8| char::from(c).to_digit(16);
    u8::try_from(digit(digits[0])? * 16 + digit(digits[1])?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_needs_it_is_encoded() {
        assert_eq!(normalized("/%7euser/%41%2f%c3%a9"), "/~user/A%2F%C3%A9");
        assert_eq!(normalized("100%/%zz/%4"), "100%/%zz/%4");
        assert_eq!(normalized("%é"), "%é");
    }
}
