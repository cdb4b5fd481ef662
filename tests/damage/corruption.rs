//! One corruption of one file: bytes flipped, an end cut off, or two files exchanged; and taking it back.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
};

/// Chooses: the same seed chooses the same.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// Returns a number below a limit (the splitmix64 generator).
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((value ^ (value >> 31)) % limit.max(1) as u64) as usize
    }
}

/// What was done to which files; [`undo`](Self::undo) takes it back.
pub(crate) struct Corruption {
    pub(crate) what: String,
    before: Vec<(PathBuf, Vec<u8>)>,
}

impl Corruption {
    /// Damages `path`, or exchanges it with one of `others`; `None` where the dice change nothing.
    pub(crate) fn inflict(dice: &mut Dice, path: &Path, others: &[PathBuf]) -> Option<Self> {
        let bytes = fs::read(path).ok()?;
        let before = vec![(path.to_path_buf(), bytes.clone())];
        let name = path.display();
        let mut damaged = bytes.clone();
        let what = match dice.below(3) {
            0 => {
                let count = 1 + dice.below(8);
                let at = dice.below(bytes.len());
                for byte in damaged.iter_mut().skip(at).take(count) {
                    *byte ^= 1 + dice.below(255) as u8;
                }
                format!("{count} bytes flipped at {at} of {name}")
            }
            1 => {
                let at = dice.below(bytes.len());
                damaged.truncate(at);
                format!("{name} cut at {at} of {}", bytes.len())
            }
            _ => return Self::exchange(before, path, others.get(dice.below(others.len()))?),
        };
        if damaged == bytes {
            return None;
        }
        put(path, &damaged);
        Some(Self { what, before })
    }

    fn exchange(mut before: Vec<(PathBuf, Vec<u8>)>, path: &Path, other: &Path) -> Option<Self> {
        let (own, others) = (before[0].1.clone(), fs::read(other).ok()?);
        if own == others {
            return None;
        }
        before.push((other.to_path_buf(), others.clone()));
        put(path, &others);
        put(other, &own);
        Some(Self { what: format!("{} and {} exchanged", path.display(), other.display()), before })
    }

    pub(crate) fn undo(self) {
        for (path, bytes) in self.before {
            put(&path, &bytes);
        }
    }
}

/// Writes without sync: what a test plants need not survive anything.
pub(crate) fn put(path: &Path, bytes: &[u8]) {
    File::create(path).and_then(|mut file| file.write_all(bytes)).expect("written");
}
