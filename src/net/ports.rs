//! Free ports of the loopback, for what is brought up for a while: environments of drills, and tests. Binds
//! nothing for its caller, who may find a port taken all the same.

use std::{
    collections::BTreeSet,
    io,
    net::{Ipv4Addr, TcpListener},
    ops::RangeInclusive,
    process,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::clock::pause;

/// Where ports are looked for: below those that Linux gives to outgoing connections
/// (`net.ipv4.ip_local_port_range` begins at 32768), so that no connection made elsewhere takes a port between
/// its choice and its use.
const RANGE: RangeInclusive<u16> = 16_384..=32_767;

/// How far the first ports of neighbouring processes lie apart, so that two seldom choose the same.
const STRIDE: u32 = 97;

/// How often a port that is taken is looked at again, and after what time.
const LOOKS: usize = 3;
const BETWEEN: Duration = Duration::from_millis(10);

/// Says whether an address of this machine, `HOST:PORT`, can be listened on. One that is taken is tried again after a
/// moment: whoever else looks, as this does, holds it while it looks.
#[must_use]
pub fn is_free(address: &str) -> bool {
    (0..LOOKS).any(|look| {
        if look > 0 {
            pause(BETWEEN);
        }
        TcpListener::bind(address).is_ok()
    })
}

/// The ports that this process has handed out, and where it looks next.
struct HandedOut {
    ports: BTreeSet<u16>,
    next: u32,
}

static HANDED_OUT: Mutex<Option<HandedOut>> = Mutex::new(None);

/// Returns `count` ports of the loopback that are free now and that this process has not handed out before; when
/// it has handed out all of them it begins again.
///
/// # Errors
///
/// When fewer than `count` ports of the range are free.
pub fn free_ports(count: usize) -> io::Result<Vec<u16>> {
    let mut guard = HANDED_OUT.lock().unwrap_or_else(PoisonError::into_inner);
    let first = process::id().wrapping_mul(STRIDE);
    let handed_out = guard.get_or_insert(HandedOut { ports: BTreeSet::new(), next: first });
    let mut found = handed_out.choose(count);
    if found.len() < count && count <= RANGE.len() {
        handed_out.ports.clear();
        found = handed_out.choose(count);
    }
    if found.len() == count { Ok(found) } else { Err(too_few(found.len(), count)) }
}

fn too_few(found: usize, count: usize) -> io::Error {
    let said = format!("{found} of {count} ports are free between {} and {}", RANGE.start(), RANGE.end());
    io::Error::new(io::ErrorKind::AddrInUse, said)
}

impl HandedOut {
    fn choose(&mut self, count: usize) -> Vec<u16> {
        let span = u32::from(RANGE.end() - RANGE.start()) + 1;
        let mut found = Vec::with_capacity(count);
        for _ in 0..span {
            if found.len() == count {
                break;
            }
            let offset = u16::try_from(self.next % span).unwrap_or_default();
            self.next = self.next.wrapping_add(1);
            let port = RANGE.start() + offset;
            if !self.ports.contains(&port) && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
                self.ports.insert(port);
                found.push(port);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_free_and_none_is_given_twice() {
        let (some, more) = (free_ports(5).expect("free"), free_ports(5).expect("free"));
        let all: BTreeSet<u16> = some.iter().chain(&more).copied().collect();
        assert_eq!(all.len(), 10);
        assert!(all.iter().all(|port| RANGE.contains(port)));
        for port in all {
            let address = format!("127.0.0.1:{port}");
            assert!(is_free(&address));
            let _held = TcpListener::bind(&address).expect("nobody holds it");
            assert!(!is_free(&address));
        }
    }

    #[test]
    fn port_that_is_held_is_passed_over_and_too_many_are_an_error() {
        let held = TcpListener::bind((Ipv4Addr::LOCALHOST, free_ports(1).expect("free")[0])).expect("bound");
        let next = u32::from(held.local_addr().expect("bound").port() - RANGE.start());
        let mut fresh = HandedOut { ports: BTreeSet::new(), next };
        assert_ne!(fresh.choose(1), [held.local_addr().expect("bound").port()]);
        // Not asked of the process's own ports: trying all of them would for a moment hold those of other tests.
        let mut spent = HandedOut { ports: RANGE.collect(), next };
        assert!(spent.choose(2).is_empty());
        assert_eq!(too_few(0, 2).to_string(), "0 of 2 ports are free between 16384 and 32767");
    }
}
