use encoding_rs::{BIG5, EUC_JP, EUC_KR, GBK, KOI8_R, SHIFT_JIS, WINDOWS_1250, WINDOWS_1251};
use url::Url;

use super::*;

fn decode(bytes: &[u8], hint: Option<&str>) -> String {
    super::decode(bytes, hint, Site::default()).into_owned()
}

fn encoded(text: &str, encoding: &'static Encoding) -> Vec<u8> {
    let (bytes, _, had_errors) = encoding.encode(text);
    assert!(!had_errors, "{text}");
    bytes.into_owned()
}

#[test]
fn a_byte_order_mark_is_stronger_than_the_header() {
    assert_eq!(decode(b"\xef\xbb\xbfcaf\xc3\xa9", Some("iso-8859-1")), "café");
    assert_eq!(decode(b"\xff\xfec\0\xe9\0", None), "cé");
}

#[test]
fn the_header_is_stronger_than_the_document() {
    let page = b"<meta charset=utf-8>caf\xe9";
    let latin = Some("text/html; charset=\"ISO-8859-1\"");
    assert_eq!(decode(page, latin), "<meta charset=utf-8>café");
    let page = [&b"<meta charset=windows-1251>"[..], b"caf\xe9"].concat();
    assert!(decode(&page, Some("iso-8859-2")).ends_with("café"));
}

#[test]
fn the_header_is_believed_in_spite_of_a_broken_byte() {
    let text = "港湾局は月曜日、北防波堤が十一センチ動いたと発表した。".repeat(4);
    let page = [b"<meta charset=iso-8859-1>", &encoded(&text, SHIFT_JIS)[..], b"\xfd"].concat();
    assert!(decode(&page, Some("text/html; charset=Shift_JIS")).contains(&text));
}

#[test]
fn valid_utf_8_is_stronger_than_any_label() {
    let page = "<meta charset=utf-8><p>Grüne Inseln, 新闻";
    for hint in ["text/html; charset=ISO-8859-1", "windows-1251", "gbk", "text/html"] {
        assert_eq!(decode(page.as_bytes(), Some(hint)), page, "{hint}");
    }
    assert_eq!(decode("<meta charset=utf-16>ï".as_bytes(), None), "<meta charset=utf-16>ï");
    assert_eq!(decode("<meta charset=gbk>新闻".as_bytes(), None), "<meta charset=gbk>新闻");
}

#[test]
fn utf_8_that_is_cut_or_has_a_flaw_is_still_utf_8() {
    let text = "Über Grüße für Köln ".repeat(20);
    assert!(decode(&text.as_bytes()[..65], None).starts_with("Über Grüße für Köln Über"));
    let flawed = [text.as_bytes(), b"\xa0", text.as_bytes()].concat();
    for hint in [None, Some("iso-8859-1")] {
        assert_eq!(decode(&flawed, hint), format!("{text}\u{fffd}{text}"));
    }
}

#[test]
fn a_label_that_does_not_fit_is_passed_over() {
    let page = b"<meta charset=utf-8><p>Na\xefve caf\xe9, d\xe9j\xe0 vu";
    assert!(decode(page, Some("utf-8")).ends_with("<p>Naïve café, déjà vu"));
    let russian = "Мир и дорога. Совет решил строить новый мост через реку.";
    let page = [&b"<meta charset=windows-1251>"[..], &encoded(russian, WINDOWS_1251)].concat();
    assert!(decode(&page, Some("text/html; charset=utf-8")).ends_with(russian));
    let chinese = encoded("委员会星期二决定修理河上的桥。", GBK);
    let page = [&b"<meta charset=utf-8>"[..], &chinese].concat();
    assert!(decode(&page, None).ends_with("委员会星期二决定修理河上的桥。"));
}

#[test]
fn the_default_of_a_server_yields_to_a_document_that_looks_as_it_says() {
    let russian = "Мир и дорога. Совет решил строить новый мост через реку.";
    let page = [&b"<meta charset=windows-1251>"[..], &encoded(russian, WINDOWS_1251)].concat();
    assert!(decode(&page, Some("text/html; charset=iso-8859-1")).ends_with(russian));
}

#[test]
fn the_document_declares_its_encoding() {
    for start in [
        "<meta charset=\"windows-1251\">",
        "<META http-equiv=Content-Type content='text/html; charset=windows-1251'>",
        "<?xml version='1.0' encoding='windows-1251'?>",
        "<!-- <meta charset=koi8-r> --><script>'<meta charset=koi8-r>'</script><meta\n\
         charset = windows-1251>",
    ] {
        let bytes = [start.as_bytes(), b"\xcc\xe8\xf0"].concat();
        assert!(decode(&bytes, None).ends_with("Мир"), "{start}");
    }
    let shift_jis = b"<meta charset=Shift_JIS>\x93\xfa\x96\x7b";
    assert!(decode(shift_jis, None).ends_with("日本"));
}

#[test]
fn a_declaration_behind_a_long_script_counts() {
    let script = format!("<head><script>{}</script>", "var x = '<p>';".repeat(2_000));
    let page = [script.as_bytes(), b"<meta charset=gb2312><title>\xc7\xc5</title>"].concat();
    assert!(decode(&page, None).ends_with("<title>桥</title>"));
}

#[test]
fn what_never_ends_takes_no_longer_than_it_is_long() {
    for unclosed in ["<script>", "<!--", "<style ", "<meta ", "<![CDATA[", "<"] {
        let page = [unclosed.repeat(100_000).as_bytes(), b"\xe9"].concat();
        assert!(decode(&page, None).ends_with('é'), "{unclosed}");
    }
}

#[test]
fn without_any_declaration_the_letters_tell() {
    assert_eq!(decode("naïve".as_bytes(), None), "naïve");
    assert_eq!(decode(b"na\xefve \x93quoted\x94", None), "naïve “quoted”");
    assert_eq!(decode("naïve".as_bytes(), Some("no-such-charset")), "naïve");
    for (encoding, text) in [
        (SHIFT_JIS, "市議会は火曜日、川にかかる橋を冬の前に修理すると決めた。"),
        (EUC_JP, "市議会は火曜日、川にかかる橋を冬の前に修理すると決めた。"),
        (GBK, "市议会星期二决定在冬天之前修理河上的桥。"),
        (BIG5, "市議會星期二決定在冬天之前修理河上的橋。"),
        (EUC_KR, "시의회는 화요일 겨울이 오기 전에 다리를 고치기로 했다."),
        (WINDOWS_1251, "Городской совет решил во вторник починить мост до зимы."),
        (KOI8_R, "Городской совет решил во вторник починить мост до зимы."),
        (WINDOWS_1250, "Městská rada v úterý rozhodla, že most přes řeku opraví před zimou."),
    ] {
        let start = "<html><head><title>Bridge</title><style>a{b:c}</style></head><body><p>";
        let page = [start.as_bytes(), &encoded(text, encoding)].concat();
        assert_eq!(decode(&page, None), format!("{start}{text}"), "{}", encoding.name());
        let feed = [&b"<item><title><![CDATA["[..], &encoded(text, encoding), b"]]>"].concat();
        assert!(decode(&feed, None).contains(text), "{} in CDATA", encoding.name());
    }
}

#[test]
fn the_escapes_of_iso_2022_jp_are_understood() {
    let text = "<p>\u{1b}$B;T5D2q\u{1b}(B</p>";
    for hint in [None, Some("iso-2022-jp"), Some("text/html")] {
        assert_eq!(decode(text.as_bytes(), hint), "<p>市議会</p>", "{hint:?}");
    }
    assert_eq!(decode(b"red \x1b[31m", None), "red \x1b[31m");
}

#[test]
fn the_country_of_a_site_decides_where_letters_leave_it_open() {
    let greek: Url = "https://news.example.gr/a".parse().unwrap();
    let text = super::decode(b"\xc1\xe8\xde\xed\xe1", None, (&greek).into()).into_owned();
    assert_eq!(text, "Αθήνα");
}

#[test]
fn wide_encodings_show_in_the_first_character() {
    let wide: Vec<u8> = "\r\n<p>Zeit".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(decode(&wide, Some("text/html; charset=utf-16le")), "\r\n<p>Zeit");
    let text = "<a>é</a>";
    let wide = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<_>>();
    let wider = |order: fn(u32) -> [u8; 4]| {
        text.chars().flat_map(|c| order(u32::from(c))).collect::<Vec<_>>()
    };
    for bytes in [
        wide(u16::to_le_bytes),
        wide(u16::to_be_bytes),
        wider(u32::to_le_bytes),
        wider(u32::to_be_bytes),
        [vec![0xff, 0xfe, 0, 0], wider(u32::to_le_bytes)].concat(),
    ] {
        for hint in [None, Some("utf-8"), Some("utf-16")] {
            assert_eq!(decode(&bytes, hint), text);
        }
    }
    assert_eq!(decode("<a>plain</a>".as_bytes(), Some("utf-16")), "<a>plain</a>");
}
