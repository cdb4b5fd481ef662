//! The client order ids that a broker took: an id is one order for the broker's whole life.
//!
//! Ids of the running session are kept as names, since open orders are found by them. Those of ended
//! sessions are kept as 16 bytes of their SHA-256, in the order of their numbers: 32 characters of state
//! an order, and no id is ever forgotten.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{ClientOrderId, digits::write_digits};
use crate::market::Symbol;

/// Characters of one digest in a state.
const DIGEST_CHARS: usize = 32;

/// The ids, each with the number of its order.
#[derive(Debug, Clone, Default)]
pub(super) struct OrderIds {
    /// Of all ids, by digest, which is made once for each; only looked up, never walked for output.
    numbers: HashMap<u128, u64, ByDigest>,
    /// Those of the running session: their numbers follow on those of the past.
    names: Vec<(ClientOrderId, Symbol, u128)>,
    past_digests: String,
}

/// Finds a digest by its first bits: a digest is a hash already.
type ByDigest = BuildHasherDefault<FirstBits>;

/// The first 64 bits of a digest.
#[derive(Debug, Clone, Copy, Default)]
struct FirstBits(u64);

impl Hasher for FirstBits {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u128(&mut self, digest: u128) {
        self.0 = (digest >> 64) as u64;
    }

    /// Of other keys there are none here.
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
}

/// What is known of an id.
pub(super) enum Found {
    /// It is the name of the order with this number.
    Taken(u64),
    /// It is nobody's yet; this is its digest.
    New(u128),
}

/// The ids as a state keeps them; the place of an id in both lists, counted on, is its order's number.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OrderIdsState {
    past: String,
    current: Vec<(ClientOrderId, Symbol)>,
}

impl OrderIds {
    /// Returns the number and the symbol of an order of the running session.
    pub(super) fn current(&self, id: &ClientOrderId) -> Option<(u64, Symbol)> {
        let number = *self.numbers.get(&digest(id))?;
        let place = number.checked_sub(self.past_count() + 1)?;
        self.names.get(place as usize).map(|(_, symbol, _)| (number, *symbol))
    }

    /// Finds an id among those that were taken.
    pub(super) fn find(&self, id: &ClientOrderId) -> Found {
        let digest = digest(id);
        self.numbers.get(&digest).map_or(Found::New(digest), |number| Found::Taken(*number))
    }

    /// Takes a new id, whose digest `find` gave, and returns its order's number, from 1.
    pub(super) fn take(&mut self, id: &ClientOrderId, digest: u128, symbol: Symbol) -> u64 {
        let number = self.count() + 1;
        // The name first: its count is changed atomically, which waits for every store before it, and a place in
        // the map lies far away.
        self.names.push((id.clone(), symbol, digest));
        self.numbers.insert(digest, number);
        number
    }

    /// Returns how many ids were taken.
    pub(super) fn count(&self) -> u64 {
        self.past_count() + self.names.len() as u64
    }

    /// Returns how many ids were taken in sessions that have ended.
    const fn past_count(&self) -> u64 {
        (self.past_digests.len() / DIGEST_CHARS) as u64
    }

    /// Ends a session: none of its orders is open any more.
    pub(super) fn end_session(&mut self) {
        self.past_digests.reserve(self.names.len() * DIGEST_CHARS);
        for (_, _, digest) in self.names.drain(..) {
            let mut chars = [0; DIGEST_CHARS];
            for (pair, byte) in chars.chunks_exact_mut(2).zip(digest.to_be_bytes()) {
                write_digits::<16>(pair, u32::from(byte));
            }
            // Digits are ASCII.
            self.past_digests.push_str(std::str::from_utf8(&chars).unwrap_or_default());
        }
    }

    /// Returns the ids as a state keeps them.
    pub(super) fn state(&self) -> OrderIdsState {
        let current = self.names.iter().map(|(id, symbol, _)| (id.clone(), *symbol));
        OrderIdsState { past: self.past_digests.clone(), current: current.collect() }
    }

    /// Reads a state.
    pub(super) fn from_state(state: OrderIdsState) -> Result<Self, String> {
        let mut ids = Self::default();
        for (place, chars) in state.past.as_bytes().chunks(DIGEST_CHARS).enumerate() {
            let digest = std::str::from_utf8(chars).ok().filter(|text| text.len() == DIGEST_CHARS);
            let digest = digest.and_then(|text| u128::from_str_radix(text, 16).ok());
            let digest = digest.ok_or_else(|| format!("ids.past: digest {place} is not {DIGEST_CHARS} hex digits"))?;
            if ids.numbers.insert(digest, place as u64 + 1).is_some() {
                return Err(format!("ids.past: digest {place} is there twice"));
            }
        }
        ids.past_digests = state.past;
        for (id, symbol) in state.current {
            let Found::New(digest) = ids.find(&id) else {
                return Err(format!("ids.current: {id} is there twice"));
            };
            ids.take(&id, digest, symbol);
        }
        Ok(ids)
    }
}

fn digest(id: &ClientOrderId) -> u128 {
    let bytes: [u8; 32] = Sha256::digest(id.as_str().as_bytes()).into();
    bytes.iter().take(DIGEST_CHARS / 2).fold(0, |digest, byte| digest << 8 | u128::from(*byte))
}
