use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::*;

const PAGE: &[u8] = b"<html><p>The bridge over the river is closed until the spring.</p></html>";

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An uncompressed meta-block of RFC 7932 with "news".
const BROTLI_NEWS: [u8; 8] = [0x8b, 0x01, 0x80, b'n', b'e', b'w', b's', 0x03];

fn whole(body: &[u8], content_encoding: Option<&str>) -> Vec<u8> {
    let unpacked = unpacked(body, content_encoding, 10_000);
    assert_eq!(unpacked.end, End::Whole, "{content_encoding:?}");
    unpacked.bytes.into_owned()
}

#[test]
fn every_coding_is_undone() {
    let zstd = zstd::encode_all(PAGE, 3).unwrap();
    for (name, body) in [
        ("gzip", gzipped(PAGE)),
        ("X-GZIP", gzipped(PAGE)),
        ("deflate", zlib(PAGE)),
        ("deflate", deflated(PAGE)),
        ("zstd", zstd),
        ("identity", PAGE.to_vec()),
    ] {
        assert_eq!(whole(&body, Some(name)), PAGE, "{name}");
    }
    assert_eq!(whole(&BROTLI_NEWS, Some("br")), b"news");
    let two = [gzipped(b"new"), gzipped(b"s"), b"and garbage".to_vec()].concat();
    assert_eq!(whole(&two, Some("gzip")), b"news");
}

#[test]
fn a_header_that_does_not_tell_the_truth_costs_nothing() {
    for name in ["gzip", "deflate", "br", "zstd", "gzip, br", "utf-8", "none", "compress"] {
        assert_eq!(whole(PAGE, Some(name)), PAGE, "{name} over a plain page");
    }
    assert_eq!(whole(&gzipped(PAGE), None), PAGE, "gzip that nobody names");
    assert_eq!(whole(&gzipped(PAGE), Some("br")), PAGE, "gzip that is called brotli");
    assert_eq!(whole(&gzipped(PAGE), Some("deflate")), PAGE, "gzip that is called deflate");
    assert_eq!(whole(&gzipped(&gzipped(PAGE)), Some("gzip")), PAGE, "twice, named once");
    assert_eq!(whole(&gzipped(&gzipped(PAGE)), Some("gzip, gzip")), PAGE);
    assert_eq!(whole(&gzipped(PAGE), Some("gzip, gzip")), PAGE, "once, named twice");
    assert_eq!(whole(&gzipped(&zlib(PAGE)), Some("deflate, gzip")), PAGE);
    assert!(is_packed(PAGE, Some("br")) && is_packed(&gzipped(PAGE), None));
    assert!(!is_packed(PAGE, None) && !is_packed(PAGE, Some("identity")));
}

#[test]
fn what_unpacks_to_more_than_the_limit_is_cut_there() {
    let long = vec![b' '; 100_000];
    for (name, body) in [
        ("gzip", gzipped(&long)),
        ("deflate", deflated(&long)),
        ("zstd", zstd::encode_all(&long[..], 3).unwrap()),
        ("", long.clone()),
    ] {
        let unpacked = unpacked(&body, Some(name), 1_000);
        assert_eq!((unpacked.bytes.len(), unpacked.end), (1_000, End::Limit), "{name}");
    }
    let exact = unpacked(&long, None, long.len());
    assert_eq!(exact.end, End::Whole);
}

#[test]
fn what_breaks_off_gives_its_start_and_says_so() {
    let noise: Vec<u8> = (0..4_000_u32).map(|n| (n * n % 251 + n % 5) as u8).collect();
    let packed = gzipped(&noise);
    let broken = unpacked(&packed[..packed.len() / 2], Some("gzip"), 10_000);
    assert_eq!(broken.end, End::Broken);
    assert!(!broken.bytes.is_empty() && noise.starts_with(&broken.bytes));
    assert_eq!(unpacked(&noise, Some("br"), 10_000).end, End::Broken);
    assert_eq!(unpacked(&noise, Some("compress"), 10_000).end, End::Broken);
}

#[test]
fn codings_are_not_undone_for_ever() {
    let mut body = PAGE.to_vec();
    for _ in 0..2 * MAX_LAYERS {
        body = gzipped(&body);
    }
    assert_eq!(unpacked(&body, None, 10_000).end, End::Broken);
    let names = ["gzip"; 1_000].join(",");
    assert_eq!(unpacked(&body, Some(&names), 10_000).end, End::Broken);
}
