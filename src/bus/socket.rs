//! Opens sockets with every limit set before they bind or connect, and sends and receives two frames.

use std::{fs::File, time::Duration};

use super::{BusError, FRAME_BYTES_MAX, LINGER};

/// Returns a duration as libzmq wants it.
pub(super) fn milliseconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX)
}

/// Opens a socket whose queues are bounded by `queue` messages.
pub(super) fn open(
    context: &zmq::Context,
    kind: zmq::SocketType,
    queue: i32,
    endpoint: &str,
) -> Result<zmq::Socket, BusError> {
    require_descriptors(endpoint)?;
    let socket = context.socket(kind).map_err(BusError::at("open a socket", endpoint))?;
    let limited = || -> zmq::Result<()> {
        // Not where it is not needed: libzmq would then name IPv4 ports in IPv6 form.
        socket.set_ipv6(endpoint.contains('['))?;
        socket.set_sndhwm(queue)?;
        socket.set_rcvhwm(queue)?;
        socket.set_maxmsgsize(FRAME_BYTES_MAX)?;
        socket.set_linger(milliseconds(LINGER))
    };
    limited().map_err(BusError::at("set up the socket", endpoint))?;
    Ok(socket)
}

/// How many files a first socket opens: two threads with a poller and a wake-up each, its own, and a connection.
const DESCRIPTORS_MIN: usize = 16;

/// Refuses where the process can hardly open another file: libzmq ends the whole process when its own poller
/// cannot be made, and the bus is not worth that.
fn require_descriptors(endpoint: &str) -> Result<(), BusError> {
    let spare: std::io::Result<Vec<File>> = (0..DESCRIPTORS_MIN).map(|_| File::open("/dev/null")).collect();
    spare.map(drop).map_err(BusError::system("open a socket", endpoint))
}

/// Sends two frames; a PUB socket never blocks.
pub(super) fn send(socket: &zmq::Socket, topic: &[u8], payload: &[u8]) -> zmq::Result<()> {
    socket.send(topic, zmq::SNDMORE | zmq::DONTWAIT)?;
    socket.send(payload, zmq::DONTWAIT)
}

/// The frames of one message; the buffers are used again.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) topic: zmq::Message,
    pub(super) payload: zmq::Message,
    /// How many frames the message has; only the first two are kept.
    pub(super) count: usize,
}

impl Parts {
    pub(super) fn new() -> Self {
        Self { topic: zmq::Message::new(), payload: zmq::Message::new(), count: 0 }
    }

    /// Receives a message if there is one.
    pub(super) fn receive(&mut self, socket: &zmq::Socket) -> zmq::Result<bool> {
        match socket.recv(&mut self.topic, zmq::DONTWAIT) {
            Ok(()) => {}
            Err(zmq::Error::EAGAIN | zmq::Error::EINTR) => return Ok(false),
            Err(error) => return Err(error),
        }
        self.count = 1;
        let mut more = self.topic.get_more();
        // All frames of a message arrive together, so none of these waits.
        if more {
            socket.recv(&mut self.payload, 0)?;
            more = self.payload.get_more();
            self.count = 2;
        }
        while more {
            more = socket.recv_msg(0)?.get_more();
            self.count += 1;
        }
        Ok(true)
    }
}
