//! Dates of all scripts in one form: ASCII digits, and marks instead of words between them.

/// Marks that only set the direction of a text, or keep letters apart.
const INVISIBLE: [char; 12] = [
    '\u{200b}', '\u{200c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}',
    '\u{202e}', '\u{2066}', '\u{2067}', '\u{2069}',
];
/// The zeros of the scripts with digits of their own, as Unicode orders them.
const ZEROS: [char; 16] = [
    '\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{be6}', '\u{c66}',
    '\u{ce6}', '\u{d66}', '\u{e50}', '\u{ed0}', '\u{f20}', '\u{1040}', '\u{17e0}', '\u{ff10}',
];
/// Months that are written with several words or with full stops, and one word for each.
const MONTHS: [(&str, &str); 16] = [
    ("كانون الثاني", "يناير"),
    ("كانون الأول", "ديسمبر"),
    ("تشرين الأول", "أكتوبر"),
    ("تشرين الثاني", "نوفمبر"),
    ("ม.ค.", "มกราคม"),
    ("ก.พ.", "กุมภาพันธ์"),
    ("มี.ค.", "มีนาคม"),
    ("เม.ย.", "เมษายน"),
    ("พ.ค.", "พฤษภาคม"),
    ("มิ.ย.", "มิถุนายน"),
    ("ก.ค.", "กรกฎาคม"),
    ("ส.ค.", "สิงหาคม"),
    ("ก.ย.", "กันยายน"),
    ("ต.ค.", "ตุลาคม"),
    ("พ.ย.", "พฤศจิกายน"),
    ("ธ.ค.", "ธันวาคม"),
];
/// The year before the first year of each reign or republic.
const ERAS: [(&str, u32); 5] =
    [("令和", 2018), ("平成", 1988), ("昭和", 1925), ("民國", 1911), ("民国", 1911)];

/// Returns the text with digits of ASCII, `2024-3-5` for `2024年3月5日`, and `5.3.2024` for
/// `5 tháng 3 năm 2024`.
pub(super) fn plain(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let digits = text.chars().filter(|c| !INVISIBLE.contains(c)).map(ascii_digit).collect();
    let named = MONTHS.iter().fold(digits, |text: String, (many, one)| text.replace(many, one));
    vietnamese(&ideographs_as_marks(&in_common_years(&named)))
}

fn ascii_digit(c: char) -> char {
    let value = ZEROS
        .iter()
        .find_map(|zero| (u32::from(c)).checked_sub(u32::from(*zero)).filter(|value| *value < 10));
    value.and_then(|value| char::from_digit(value, 10)).unwrap_or(c)
}

/// Returns the text with `2024年` for `令和6年`.
fn in_common_years(text: &str) -> String {
    for (era, before) in ERAS {
        let Some((start, rest)) = text.split_once(era) else { continue };
        let rest = rest.trim_start();
        let (year, rest) = match rest.strip_prefix('元') {
            Some(rest) => (1, rest),
            None => {
                let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
                let Ok(year) = rest[..digits].parse::<u32>() else { continue };
                (year, &rest[digits..])
            }
        };
        if year < 200 {
            return format!("{start}{}{rest}", before + year);
        }
    }
    text.to_owned()
}

/// Returns the text with `2024-3-5` for `2024年3月5日` and `2024년 3월 5일`.
fn ideographs_as_marks(text: &str) -> String {
    if !text.contains(['年', '년']) {
        return text.to_owned();
    }
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '年' | '月' | '년' | '월' => plain.push('-'),
            '日' | '일' | '號' | '号' => plain.push(' '),
            c if c.is_whitespace() && plain.ends_with('-') => {}
            c => plain.push(c),
        }
    }
    plain
}

fn vietnamese(text: &str) -> String {
    let lower = text.to_lowercase();
    if !lower.contains("tháng") {
        return text.to_owned();
    }
    let Some((day, rest)) = lower.split_once(" tháng ") else { return lower };
    let rest = rest.replacen(" năm ", ".", 1).replacen(", ", ".", 1);
    format!("{}.{rest}", day.replace("ngày ", ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_words_of_all_scripts_take_one_form() {
        for (text, expected) in [
            ("٦ مايو ٢٠٢٤", "6 مايو 2024"),
            ("۶ مه ۲۰۲۴", "6 مه 2024"),
            ("६ मई २०२४", "6 मई 2024"),
            ("２０２４年５月６日", "2024-5-6 "),
            ("2024년 5월 6일", "2024-5-6 "),
            ("令和6年5月6日", "2024-5-6 "),
            ("民國113年5月6日", "2024-5-6 "),
            ("6 tháng 5 năm 2024", "6.5.2024"),
            ("Thứ Hai, ngày 6 tháng 5 năm 2024", "thứ hai, 6.5.2024"),
            ("6 พ.ค. 2567", "6 พฤษภาคม 2567"),
            ("6 May 2024", "6 May 2024"),
        ] {
            assert_eq!(plain(text), expected, "{text}");
        }
    }
}
