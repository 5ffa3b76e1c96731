//! Reads files that are packed as a whole, as a stream.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use zstd::stream::read::Decoder;

use crate::gzip;

/// The first bytes of every zstd frame with content (RFC 8878).
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The first bytes of the frame with the dictionary, by "Use of Zstandard compression in WARC
/// files".
const DICTIONARY_MAGIC: [u8; 4] = [0x5d, 0x2a, 0x4d, 0x18];
/// The most bytes of a dictionary, unpacked.
const MAX_DICTIONARY_BYTES: u64 = 16 * 1024 * 1024;

/// Unpacks a file of gzip members or zstd frames while it is read. Any other file is read as it is.
///
/// # Errors
/// An I/O error if the start of the file cannot be read, or starts as zstd and is no valid zstd.
pub fn unpacking<'r>(reader: impl BufRead + Send + 'r) -> io::Result<Box<dyn BufRead + Send + 'r>> {
    let mut reader = reader;
    let start = reader.fill_buf()?;
    Ok(match start {
        _ if gzip::is_gzip(start) => Box::new(BufReader::new(MultiGzDecoder::new(reader))),
        _ if is_zstd(start) => Box::new(BufReader::new(zstd_frames(reader)?)),
        _ => Box::new(reader),
    })
}

/// Returns true for zstd, with or without a dictionary in front.
pub(super) fn is_zstd(start: &[u8]) -> bool {
    start.starts_with(&ZSTD_MAGIC) || start.starts_with(&DICTIONARY_MAGIC)
}

fn zstd_frames<'r, R: BufRead + Send + 'r>(mut reader: R) -> io::Result<Decoder<'r, R>> {
    let dictionary = if reader.fill_buf()?.starts_with(&DICTIONARY_MAGIC) {
        dictionary(&mut reader)?
    } else {
        Vec::new()
    };
    Decoder::with_dictionary(reader, &dictionary)
}

/// Returns the content of the first frame: the dictionary for the following frames. It may itself
/// be packed.
fn dictionary(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut header = [0; 8];
    reader.read_exact(&mut header)?;
    let size = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
    let (size, mut bytes) = (u64::from(size).min(MAX_DICTIONARY_BYTES), Vec::new());
    reader.take(size).read_to_end(&mut bytes)?;
    if bytes.starts_with(&ZSTD_MAGIC) {
        let mut unpacked = Vec::new();
        Decoder::new(&bytes[..])?.take(MAX_DICTIONARY_BYTES).read_to_end(&mut unpacked)?;
        return Ok(unpacked);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const LINES: &[u8] = b"one\ntwo\n";

    fn read(file: &[u8]) -> Vec<u8> {
        let mut content = Vec::new();
        unpacking(file).unwrap().read_to_end(&mut content).unwrap();
        content
    }

    #[test]
    fn a_packed_file_reads_as_what_is_in_it() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(LINES).unwrap();
        let frames = [zstd::encode_all(LINES, 3).unwrap(), zstd::encode_all(LINES, 3).unwrap()];
        assert_eq!(read(LINES), LINES);
        assert_eq!(read(&gzip.finish().unwrap()), LINES);
        assert_eq!(read(&frames.concat()), [LINES, LINES].concat());
        assert_eq!(read(b""), b"");
    }

    #[test]
    fn a_dictionary_in_front_serves_all_frames() {
        let dictionary =
            b"the council decided on the bridge over the river before the winter comes";
        let mut packer = zstd::bulk::Compressor::with_dictionary(3, dictionary).unwrap();
        let frame = packer.compress(b"the bridge over the river").unwrap();
        for stored in [dictionary.to_vec(), zstd::encode_all(&dictionary[..], 3).unwrap()] {
            let size = u32::try_from(stored.len()).unwrap().to_le_bytes();
            let file = [&DICTIONARY_MAGIC[..], &size, &stored, &frame, &frame].concat();
            assert_eq!(read(&file), b"the bridge over the riverthe bridge over the river");
        }
    }
}
