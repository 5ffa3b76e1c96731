use std::io::Write;

use proptest::prelude::*;

use super::*;

fn record(kind: &str, url: &str, block: &[u8]) -> Vec<u8> {
    let head = format!(
        "WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2024-03-05T09:30:00Z\r\n\
         Content-Type: text/html\r\nContent-Length: {}\r\n\r\n",
        block.len()
    );
    [head.as_bytes(), block, b"\r\n\r\n"].concat()
}

fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    [b"HTTP/1.1 ", head.as_bytes(), b"\r\n\r\n", body].concat()
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(bytes).unwrap();
    gz.finish().unwrap()
}

fn archive() -> Vec<Vec<u8>> {
    let html = "200 OK\r\nContent-Type: text/html; charset=utf-8";
    vec![
        record("warcinfo", "", b"software: x\r\n"),
        record("response", "https://a.example/1", &answer(html, b"<p>one")),
        record("response", "https://a.example/gone", &answer("404 Not Found", b"<p>no")),
        record(
            "response",
            "https://a.example/x.png",
            &answer("200 OK\r\nContent-Type: image/png", b"x"),
        ),
        record(
            "response",
            "<https://a.example/2>",
            &answer(
                &format!("{html}\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip"),
                &[
                    format!("{:x}\r\n", gz(b"<p>two").len()).as_bytes(),
                    &gz(b"<p>two"),
                    b"\r\n0\r\n\r\n",
                ]
                .concat(),
            ),
        ),
        record("resource", "https://a.example/3", b"<p>three"),
    ]
}

#[test]
fn pages_are_the_same_compressed_or_not() {
    let plain = archive().concat();
    let compressed = archive().iter().map(|record| gz(record)).collect::<Vec<_>>().concat();
    for bytes in [plain, compressed] {
        let pages: Vec<_> = warc(bytes.as_slice()).map(Result::unwrap).collect();
        let bodies: Vec<_> = pages.iter().map(|page| page.body.as_slice()).collect();
        assert_eq!(bodies, [b"<p>one".as_slice(), b"<p>two", b"<p>three"]);
        assert_eq!(pages[1].url, "https://a.example/2");
        assert_eq!(pages[0].date.as_deref(), Some("2024-03-05T09:30:00Z"));
        assert_eq!(pages[0].content_type.as_deref(), Some("text/html; charset=utf-8"));
    }
}

#[test]
fn a_page_that_is_too_large_is_passed_over() {
    let large = vec![b'x'; MAX_PAGE_BYTES + MAX_HEADER_BYTES + 1];
    let bytes = [record("response", "https://a.example/big", &large), archive().concat()].concat();
    let mut pages = warc(bytes.as_slice());
    assert!(matches!(pages.next(), Some(Err(WarcError::TooLarge { .. }))));
    assert_eq!(pages.filter_map(Result::ok).count(), 3);
}

#[test]
fn an_archive_that_breaks_off_says_so() {
    let bytes = archive().concat();
    let mut pages = warc(&bytes[..bytes.len() - 8]);
    assert!(pages.by_ref().take(2).all(|page| page.is_ok()));
    assert!(matches!(pages.next(), Some(Err(WarcError::Record(_)))));
    assert!(pages.next().is_none());
    let mut none = warc(b"hello\n".as_slice());
    assert!(matches!(none.next(), Some(Err(WarcError::Record(_)))));
    assert_eq!(warc(b"".as_slice()).count(), 0);
}

/// The addresses of the pages, and how many errors there were.
fn read(bytes: &[u8]) -> (Vec<String>, usize) {
    let (mut urls, mut errors) = (Vec::new(), 0);
    for page in warc(bytes) {
        match page {
            Ok(page) => urls.push(page.url.rsplit('/').next().unwrap().to_owned()),
            Err(WarcError::Record(_)) => errors += 1,
            Err(error) => panic!("{error}"),
        }
    }
    (urls, errors)
}

/// Pages 0 to 4, whose text hardly shrinks when it is compressed.
fn pages() -> Vec<Vec<u8>> {
    let html = "200 OK\r\nContent-Type: text/html";
    let page = |number: u32| {
        let mut state = number + 1;
        let noise = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(b' ' + (state >> 24) as u8 % 94)
        });
        let text: String = noise.take(20_000).collect();
        record(
            "response",
            &format!("https://a.example/{number}"),
            &answer(html, format!("<p>{text}").as_bytes()),
        )
    };
    (0..5).map(page).collect()
}

#[test]
fn a_damaged_member_costs_its_record_and_no_other() {
    let members: Vec<Vec<u8>> = pages().iter().map(|page| gz(page)).collect();
    let damaged = |damage: fn(&mut Vec<u8>)| {
        let mut members = members.clone();
        damage(&mut members[2]);
        read(&members.concat())
    };
    let others = (["0", "1", "3", "4"].map(str::to_owned).to_vec(), 1);
    assert_eq!(damaged(|member| member.truncate(member.len() / 2)), others, "cut short");
    assert_eq!(damaged(|member| member.truncate(5)), others, "cut in its header");
    assert_eq!(damaged(|member| member[9_000..9_100].fill(0xa5)), others, "overwritten");
    assert_eq!(damaged(|member| member[0] = 0), others, "no magic number");
    let checksum = |member: &mut Vec<u8>| *member.iter_mut().rev().nth(5).unwrap() ^= 1;
    assert_eq!(damaged(checksum), others, "another checksum");
    let (urls, errors) = damaged(|member| member.extend([0; 600]));
    assert_eq!((urls.len(), errors), (5, 0), "padding is no damage");
    let (urls, errors) = damaged(|member| member.extend(b"not a member \x1f\x8b\x08\x00 at all"));
    assert_eq!((urls.len(), errors), (5, 1), "what stands between members is told");
}

#[test]
fn a_malformed_record_costs_itself_and_no_other() {
    let broken = |at: usize, from: &str, to: &str| {
        let mut pages = pages();
        let text = String::from_utf8(pages[at].clone()).unwrap();
        assert!(text.contains(from));
        pages[at] = text.replacen(from, to, 1).into_bytes();
        pages
    };
    let others = (["0", "1", "3", "4"].map(str::to_owned).to_vec(), 1);
    for (from, to) in [
        ("Content-Length", "Content-Size"),
        ("WARC/1.0", "WRAC/1.0"),
        ("Content-Length: 20", "Content-Length: much20"),
    ] {
        let pages = broken(2, from, to);
        assert_eq!(read(&pages.concat()), others, "{from}");
        let packed: Vec<u8> = pages.iter().flat_map(|page| gz(page)).collect();
        assert_eq!(read(&packed), others, "{from}, each in its member");
        assert_eq!(read(&gz(&pages.concat())), others, "{from}, all in one member");
    }
    let longer = broken(2, "Content-Length: 20", "Content-Length: 30");
    let packed: Vec<u8> = longer.iter().flat_map(|page| gz(page)).collect();
    assert_eq!(read(&packed), others, "no record reaches into another member");
}

proptest! {
    #[test]
    fn no_bytes_panic_or_run_for_ever(at in 0usize..1200, bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let mut archive = archive().concat();
        let at = at.min(archive.len());
        archive.splice(at..(at + bytes.len()).min(archive.len()), bytes.clone());
        prop_assert!(warc(archive.as_slice()).count() < 20);
        prop_assert!(warc(gz(&archive).as_slice()).count() < 20);
        let mut packed = self::archive().iter().flat_map(|record| gz(record)).collect::<Vec<_>>();
        let at = at.min(packed.len());
        packed.splice(at..(at + bytes.len()).min(packed.len()), bytes.clone());
        prop_assert!(warc(packed.as_slice()).count() < 20);
        prop_assert!(warc(bytes.as_slice()).count() < 20);
    }
}

fn page_as(encoding: &str, body: &[u8]) -> WarcPage {
    let head = format!("200 OK\r\nContent-Type: text/html\r\nContent-Encoding: {encoding}");
    let bytes = record("response", "https://a.example/1", &answer(&head, body));
    warc(bytes.as_slice()).next().unwrap().unwrap()
}

#[test]
fn every_packing_of_a_page_is_undone() {
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    zlib.write_all(b"<p>one").unwrap();
    for (encoding, body) in [
        ("zstd", zstd::encode_all(&b"<p>one"[..], 3).unwrap()),
        // An uncompressed meta-block of RFC 7932.
        ("br", [&[0x8b, 0x02, 0x80][..], b"<p>one", &[0x03]].concat()),
        ("deflate", zlib.finish().unwrap()),
        ("gzip, gzip", gz(&gz(b"<p>one"))),
        ("br", b"<p>one".to_vec()),
    ] {
        let page = page_as(encoding, &body);
        assert_eq!((page.body.as_slice(), page.is_cut), (&b"<p>one"[..], false), "{encoding}");
        let chunked =
            [format!("{:x}\r\n", body.len()).as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
        let page = page_as(&format!("{encoding}\r\nTransfer-Encoding: chunked"), &chunked);
        assert_eq!((page.body.as_slice(), page.is_cut), (&b"<p>one"[..], false), "{encoding}");
    }
}

#[test]
fn a_page_that_is_kept_in_part_says_so() {
    let html = answer("200 OK\r\nContent-Type: text/html", b"<p>one");
    let mark = |field: &str| {
        let bytes = record("response", "https://a.example/1", &html);
        let text = String::from_utf8(bytes).unwrap();
        text.replacen("WARC-Date", &format!("{field}\r\nWARC-Date"), 1).into_bytes()
    };
    let is_cut = |bytes: &[u8]| warc(bytes).next().unwrap().unwrap().is_cut;
    for field in ["WARC-Truncated: length", "WARC-Truncated: disconnect", "WARC-Segment-Number: 1"]
    {
        assert!(is_cut(&mark(field)), "{field}");
    }
    assert!(!is_cut(&mark("WARC-Other: x")));
    let head = "200 OK\r\nContent-Type: text/html";
    for (more, body, expected) in [
        ("Content-Length: 500", &b"<p>one"[..], true),
        ("Content-Length: 500", b"<p>one</html>", false),
        ("Content-Length: 6", b"<p>one", false),
        ("Transfer-Encoding: chunked", b"6\r\n<p>one\r\n5\r\n<p>t", true),
        ("Transfer-Encoding: chunked", b"500\r\n<p>one", true),
        ("Transfer-Encoding: chunked", b"<p>one", false),
    ] {
        let answer = answer(&format!("{head}\r\n{more}"), body);
        let bytes = record("response", "https://a.example/1", &answer);
        let page = warc(bytes.as_slice()).next().unwrap().unwrap();
        assert_eq!(page.is_cut, expected, "{more}: {:?}", String::from_utf8_lossy(body));
        assert!(page.body.starts_with(b"<p>"), "{more}");
    }
    let noise: Vec<u8> = (0..4_000_u32).map(|n| b'a' + (n * n % 23 + n % 3) as u8).collect();
    let packed = gz(&[b"<p>", &noise[..]].concat());
    let page = page_as("gzip", &packed[..packed.len() / 2]);
    assert!(page.is_cut && page.body.starts_with(b"<p>a"));
}

#[test]
fn an_archive_of_zstd_frames_is_read() {
    let dictionary = archive().concat();
    let mut packer = zstd::bulk::Compressor::with_dictionary(3, &dictionary).unwrap();
    let frames: Vec<_> = archive().iter().map(|record| packer.compress(record).unwrap()).collect();
    let size = u32::try_from(dictionary.len()).unwrap().to_le_bytes();
    let with_dictionary = [b"\x5d\x2a\x4d\x18", &size[..], &dictionary, &frames.concat()].concat();
    let frames: Vec<_> =
        archive().iter().map(|record| zstd::encode_all(&record[..], 3).unwrap()).collect();
    for bytes in [with_dictionary, frames.concat()] {
        assert_eq!(read(&bytes).0.len(), 3);
        let cut: Vec<_> = warc(&bytes[..bytes.len() - 9]).collect();
        assert!(matches!(cut[..], [Ok(_), Ok(_), Err(WarcError::Read(_))]), "{cut:?}");
    }
    let broken: Vec<_> = warc(&b"\x28\xb5\x2f\xfdgarbage"[..]).collect();
    assert!(matches!(broken[..], [Err(_)]), "{broken:?}");
}
