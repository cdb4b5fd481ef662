//! The client order ids that a broker took: an id is one order for the broker's whole life.
//!
//! Ids of the running session are kept as names, since open orders are found by them. Those of ended
//! sessions are kept as 16 bytes of their SHA-256, in the order of their numbers: 32 characters of state
//! an order, and no id is ever forgotten.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::ClientOrderId;
use crate::market::Symbol;

/// Characters of one digest in a state.
const DIGEST_CHARS: usize = 32;

/// The ids, each with the number of its order. Both maps are only looked up, never walked for output.
#[derive(Debug, Clone, Default)]
pub(super) struct OrderIds {
    current: HashMap<ClientOrderId, (u64, Symbol)>,
    names: Vec<(ClientOrderId, Symbol)>,
    past: HashMap<u128, u64>,
    past_digests: String,
}

/// The ids as a state keeps them; the place of an id in both lists, counted on, is its order's number.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OrderIdsState {
    past: String,
    current: Vec<(ClientOrderId, Symbol)>,
}

impl OrderIds {
    /// Returns the number of the order that has the id.
    pub(super) fn number(&self, id: &ClientOrderId) -> Option<u64> {
        let current = self.current.get(id).map(|(number, _)| *number);
        current.or_else(|| if self.past.is_empty() { None } else { self.past.get(&digest(id)).copied() })
    }

    /// Returns the number and the symbol of an order of the running session.
    pub(super) fn current(&self, id: &ClientOrderId) -> Option<(u64, Symbol)> {
        self.current.get(id).copied()
    }

    /// Takes a new id and returns its order's number, from 1.
    pub(super) fn take(&mut self, id: &ClientOrderId, symbol: Symbol) -> u64 {
        let number = self.count() + 1;
        self.current.insert(id.clone(), (number, symbol));
        self.names.push((id.clone(), symbol));
        number
    }

    /// Returns how many ids were taken.
    pub(super) fn count(&self) -> u64 {
        (self.past.len() + self.names.len()) as u64
    }

    /// Ends a session: none of its orders is open any more.
    pub(super) fn end_session(&mut self) {
        self.current.clear();
        let mut number = self.past.len() as u64;
        for (id, _) in self.names.drain(..) {
            number += 1;
            let digest = digest(&id);
            self.past.insert(digest, number);
            for shift in (0..DIGEST_CHARS).rev() {
                let nibble = (digest >> (shift * 4)) as u32 & 0xf;
                self.past_digests.extend(char::from_digit(nibble, 16));
            }
        }
    }

    /// Returns the ids as a state keeps them.
    pub(super) fn state(&self) -> OrderIdsState {
        OrderIdsState { past: self.past_digests.clone(), current: self.names.clone() }
    }

    /// Reads a state.
    pub(super) fn from_state(state: OrderIdsState) -> Result<Self, String> {
        let mut ids = Self::default();
        for (place, chars) in state.past.as_bytes().chunks(DIGEST_CHARS).enumerate() {
            let digest = std::str::from_utf8(chars).ok().filter(|text| text.len() == DIGEST_CHARS);
            let digest = digest.and_then(|text| u128::from_str_radix(text, 16).ok());
            let digest = digest.ok_or_else(|| format!("ids.past: digest {place} is not {DIGEST_CHARS} hex digits"))?;
            if ids.past.insert(digest, place as u64 + 1).is_some() {
                return Err(format!("ids.past: digest {place} is there twice"));
            }
        }
        ids.past_digests = state.past;
        for (id, symbol) in state.current {
            if ids.number(&id).is_some() {
                return Err(format!("ids.current: {id} is there twice"));
            }
            ids.take(&id, symbol);
        }
        Ok(ids)
    }
}

fn digest(id: &ClientOrderId) -> u128 {
    let bytes: [u8; 32] = Sha256::digest(id.as_str().as_bytes()).into();
    bytes.iter().take(DIGEST_CHARS / 2).fold(0, |digest, byte| digest << 8 | u128::from(*byte))
}
