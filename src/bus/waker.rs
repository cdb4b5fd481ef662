//! Wakes a thread that waits for sockets: a byte through a socket pair that is polled beside them.

use std::{
    io::{self, Read as _, Write as _},
    os::{
        fd::{AsRawFd as _, RawFd},
        unix::net::UnixStream,
    },
};

/// The end that wakes; any thread may hold it.
#[derive(Debug)]
pub(super) struct Waker(UnixStream);

/// The end that is polled.
#[derive(Debug)]
pub(super) struct Alarm(UnixStream);

/// Makes both ends.
pub(super) fn pair() -> io::Result<(Waker, Alarm)> {
    let (waker, alarm) = UnixStream::pair()?;
    waker.set_nonblocking(true)?;
    alarm.set_nonblocking(true)?;
    Ok((Waker(waker), Alarm(alarm)))
}

impl Waker {
    /// Wakes the other end. A full pipe means that it is awake already.
    pub(super) fn wake(&self) {
        let _ = (&self.0).write(&[1]);
    }
}

impl Alarm {
    /// Returns what is polled.
    pub(super) fn descriptor(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    /// Forgets the wake-ups so far.
    pub(super) fn reset(&self) {
        let mut bytes = [0_u8; 64];
        while matches!((&self.0).read(&mut bytes), Ok(count) if count > 0) {}
    }
}
