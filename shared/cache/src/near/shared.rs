//! The index in Redis. A ring of entries, one per text, and rings of postings, one
//! per bucket of keys: both bounded, the oldest is overwritten. What ages out, ends
//! with its time to live.
//!
//! One script asks and takes in, so that replicas see each other's offers in one
//! order. It knows nothing of likeness: what it finds, Rust compares.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use courant_article::{ArticleId, ContentHash};
use courant_dedup::{KEYS, NearConfig, NearMatch, Sketch, SketchedText};
use redis::Script;

use crate::Error;
use crate::redis_level::RedisLevel;

/// Asks who shares keys with an entry, and takes it in unless it is there.
const OFFER: &str = include_str!("offer.lua");
/// Takes an entry out again, unless its place was given to another.
const WITHDRAW: &str = "
local key = ARGV[1] .. 'entry:' .. ARGV[2] % ARGV[3]
local held = redis.call('GET', key)
if held and struct.unpack('>I8', held) == tonumber(ARGV[2]) then redis.call('DEL', key) end
";
/// Keys per bucket on average, when the index is full.
const BUCKET_FILL: usize = 32;
/// Before an entry in Redis: its number.
const NUMBER_BYTES: usize = 8;
const ID_BYTES: usize = 16;
const TEXT_BYTES: usize = 8;
const SITE_BYTES: usize = 16;

#[derive(Clone, Debug)]
pub(super) struct SharedIndex {
    config: NearConfig,
    redis: RedisLevel,
    offer: Arc<Script>,
    withdraw: Arc<Script>,
    /// The greatest number that an answer named.
    greatest: Arc<AtomicUsize>,
}

/// The script's answer: the entry's number, true if the entry existed before, and the entries
/// that share keys with it.
type OfferReply = (u64, bool, Vec<Vec<u8>>);

/// An entry as another replica wrote it.
struct KnownEntry {
    number: u64,
    id: ArticleId,
    text: u64,
    site: [u8; SITE_BYTES],
    sketch: Sketch,
}

impl SharedIndex {
    pub(super) fn new(config: &NearConfig, redis: RedisLevel) -> Self {
        Self {
            config: config.clone(),
            redis,
            offer: Arc::new(Script::new(OFFER)),
            withdraw: Arc::new(Script::new(WITHDRAW)),
            greatest: Arc::default(),
        }
    }

    pub(super) async fn offer(&self, offer: &SketchedText) -> Result<Vec<NearMatch>, Error> {
        let (number, was_there, found) = self.ask(offer, self.config.max_age_s()).await?;
        let site = site_bytes(offer);
        let mut known: Vec<KnownEntry> =
            found.iter().filter_map(|bytes| KnownEntry::read(bytes)).collect();
        known.retain(|other| other.number < number && other.id != offer.id);
        known.sort_unstable_by_key(|other| other.number);
        let matches: Vec<NearMatch> = known
            .into_iter()
            .filter_map(|other| {
                let containment = self.config.nearness(&offer.sketch, &other.sketch)?;
                let KnownEntry { id, text, .. } = other;
                Some(NearMatch { id, text, on_this_site: other.site == site, containment })
            })
            .collect();
        if !was_there && matches.iter().any(|found| found.on_this_site) {
            self.take_out(number).await?;
        }
        Ok(matches)
    }

    pub(super) async fn restore(&self, offer: &SketchedText, left_s: u32) -> Result<(), Error> {
        self.ask(offer, left_s).await.map(|_| ())
    }

    pub(super) fn articles(&self) -> usize {
        self.greatest.load(Ordering::Relaxed).min(self.config.capacity)
    }

    pub(super) async fn is_unused(&self) -> Result<bool, Error> {
        Ok(self.redis.number(COUNT).await?.is_none())
    }

    async fn ask(&self, offer: &SketchedText, ttl_s: u32) -> Result<OfferReply, Error> {
        let hashes: Vec<u8> =
            offer.sketch.hashes().iter().flat_map(|hash| hash.to_le_bytes()).collect();
        let mut call = self.offer.prepare_invoke();
        call.arg(self.redis.key(PREFIX))
            .arg(entry(offer))
            .arg(hashes)
            .arg(KEYS)
            .arg(self.config.capacity)
            .arg((self.config.capacity * KEYS).div_ceil(BUCKET_FILL))
            .arg(self.config.max_age_s())
            .arg(ttl_s.max(1));
        let answer: OfferReply = self.redis.call(&call).await?;
        let number = usize::try_from(answer.0).unwrap_or(usize::MAX);
        self.greatest.fetch_max(number, Ordering::Relaxed);
        Ok(answer)
    }

    async fn take_out(&self, number: u64) -> Result<(), Error> {
        let mut call = self.withdraw.prepare_invoke();
        call.arg(self.redis.key(PREFIX)).arg(number).arg(self.config.capacity);
        self.redis.call(&call).await
    }
}

/// The keys of the index begin with this, behind the configured prefix. Release 0.1 had
/// entries of another shape at `near:`, which end with their time.
const PREFIX: &str = "near2:";
/// The number of entries that were ever taken in.
const COUNT: &str = "near2:count";

impl KnownEntry {
    fn read(bytes: &[u8]) -> Option<Self> {
        let (number, rest) = bytes.split_first_chunk::<NUMBER_BYTES>()?;
        let (id, rest) = rest.split_first_chunk::<ID_BYTES>()?;
        let (text, rest) = rest.split_first_chunk::<TEXT_BYTES>()?;
        let (site, sketch) = rest.split_first_chunk::<SITE_BYTES>()?;
        Some(Self {
            number: u64::from_be_bytes(*number),
            id: ArticleId::from_bytes(*id),
            text: u64::from_le_bytes(*text),
            site: *site,
            sketch: Sketch::from_bytes(sketch)?,
        })
    }
}

fn entry(offer: &SketchedText) -> Vec<u8> {
    let mut bytes = offer.id.as_bytes().to_vec();
    bytes.extend(offer.text.to_le_bytes());
    bytes.extend(site_bytes(offer));
    bytes.extend(offer.sketch.to_bytes());
    bytes
}

fn site_bytes(offer: &SketchedText) -> [u8; SITE_BYTES] {
    *ContentHash::of_normalized(&offer.site).as_bytes()
}
