//! Seeded mutational fuzzing for the tests of every room: a corpus is damaged as files and messages are
//! damaged, and a target must neither panic nor take longer than a second. `LIGHTHUNTER_FUZZ` is the number of
//! inputs of all targets together, `LIGHTHUNTER_FUZZ_SEED` their seed.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use rand::Rng as _;
use rand_chacha::ChaCha8Rng;

use super::Seed;
use crate::clock::Stopwatch;

/// How many inputs all targets get together in `cargo test`.
const INPUTS: f64 = 30_000.0;
/// An input that takes longer than this hangs.
const SECONDS_MAX: f64 = 1.0;
/// No input grows beyond this.
const BYTES_MAX: usize = 1 << 16;

/// What breaks parsers, whatever they parse.
const TOKENS: [&[u8]; 24] = [
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\r\n",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"\\u0000",
    b"\\ud800",
    b"-",
    b"1e999",
    b"NaN",
    b"-0",
    b"9223372036854775808",
    b"18446744073709551616",
    b"null",
    b"../../",
    b"'; DROP TABLE runs; --",
    b"\xe2\x80\xae",
    b"&a [*a,*a]",
    b"%00",
    b"1970-00-00",
];

/// Damages inputs.
pub(crate) struct Mutator {
    random: ChaCha8Rng,
    corpus: Vec<Vec<u8>>,
}

impl Mutator {
    fn new(name: &str, corpus: Vec<Vec<u8>>) -> Self {
        let seed = number("LIGHTHUNTER_FUZZ_SEED").map_or(Seed::DEFAULT, |seed| Seed(seed as u64));
        Self { random: seed.stream(name), corpus }
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.random.next_u64() % limit.max(1) as u64) as usize
    }

    fn input(&mut self) -> Vec<u8> {
        let at = self.below(self.corpus.len());
        let mut input = self.corpus.get(at).cloned().unwrap_or_default();
        for _ in 0..=self.below(4) {
            self.mutate(&mut input);
        }
        input.truncate(BYTES_MAX);
        input
    }

    fn mutate(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len() + 1);
        let length = self.below(16).min(input.len() - at);
        match self.below(8) {
            0 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << (self.random.next_u32() % 8);
                }
            }
            1 => {
                for _ in 0..length {
                    let value = self.random.next_u32() as u8;
                    if let Some(byte) = input.get_mut(at) {
                        *byte = value;
                    }
                }
            }
            2 => input.truncate(at),
            3 => drop(input.drain(at..at + length)),
            4 => {
                let token = TOKENS[self.below(TOKENS.len())];
                input.splice(at..at, token.iter().copied());
            }
            5 => {
                let piece = input[at..at + length].to_vec();
                let times = 1 + self.below(200);
                input.splice(at..at, piece.repeat(times));
            }
            6 => {
                let other = self.below(self.corpus.len());
                let other = self.corpus.get(other).cloned().unwrap_or_default();
                let from = self.below(other.len() + 1);
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            _ => {
                let value = [0, 1, 0x7f, 0x80, 0xff][self.below(5)];
                for byte in input.iter_mut().skip(at).take(4) {
                    *byte = value;
                }
            }
        }
    }
}

fn number(name: &str) -> Option<f64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Returns the files of `fixtures/fuzz/<name>`.
pub(crate) fn corpus(name: &str) -> Vec<Vec<u8>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/fuzz").join(name);
    let mut files: Vec<_> = fs::read_dir(&directory)
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()))
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    files.iter().map(|file| fs::read(file).expect("readable")).collect()
}

/// Gives a target its share of the inputs; every input of the corpus comes first, undamaged. A panic and an
/// input that takes longer than a second fail the test, with the input in the message.
pub(crate) fn fuzz(name: &str, share: f64, corpus: Vec<Vec<u8>>, mut target: impl FnMut(&[u8])) {
    assert!(!corpus.is_empty(), "{name} has no corpus");
    let count = (number("LIGHTHUNTER_FUZZ").unwrap_or(INPUTS) * share) as usize;
    let mut mutator = Mutator::new(name, corpus.clone());
    let (mut slowest, mut failures) = (0.0_f64, Vec::new());
    let damaged = std::iter::from_fn(|| Some(mutator.input())).take(count);
    for input in corpus.into_iter().chain(damaged) {
        let mut timed = || {
            let watch = Stopwatch::start();
            (catch_unwind(AssertUnwindSafe(|| target(&input))), watch.seconds())
        };
        let (outcome, mut seconds) = timed();
        if seconds > SECONDS_MAX {
            // A machine that others keep busy stalls now and then; an input that hangs does so again.
            seconds = seconds.min(timed().1);
        }
        slowest = slowest.max(seconds);
        if outcome.is_err() || seconds > SECONDS_MAX {
            failures.push(format!(
                "{} in {seconds:.2} s: {}",
                if outcome.is_err() { "panic" } else { "hang" },
                shown(&input)
            ));
        }
    }
    eprintln!("fuzz {name:<14} {count:>8} inputs, {} failures, slowest {:.1} ms", failures.len(), slowest * 1e3);
    assert!(failures.is_empty(), "{name}: {} failures\n{}", failures.len(), failures.join("\n"));
}

fn shown(input: &[u8]) -> String {
    let text: String =
        input.iter().take(2000).flat_map(|byte| std::ascii::escape_default(*byte)).map(char::from).collect();
    format!("{} bytes b\"{text}\"", input.len())
}

#[cfg(test)]
mod tests {
    use super::fuzz;

    #[test]
    fn target_that_panics_is_caught() {
        let caught = std::panic::catch_unwind(|| {
            fuzz("planted", 0.001, vec![b"abc".to_vec()], |input| assert!(input.len() > 2, "planted"));
        });
        assert!(caught.is_err());
    }
}
