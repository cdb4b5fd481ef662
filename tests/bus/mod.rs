//! The bus from outside: subscribers and publishers of another language and in other processes.

mod events;
mod foreign;
mod hosting;
mod python;

use lighthunter::bus::{Endpoints, ErrorEvent, Forwarder, ForwarderOptions};

const ANY_PORT: &str = "tcp://127.0.0.1:*";

/// How long anything may take.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

/// Starts a forwarder on free ports with queues of so many messages.
fn forwarder(queue_messages_max: i32) -> Forwarder {
    let endpoints = Endpoints::new(ANY_PORT, ANY_PORT, ANY_PORT);
    Forwarder::start_with(&endpoints, ForwarderOptions { queue_messages_max }).expect("free ports")
}

fn error(message: &str) -> ErrorEvent<'_> {
    ErrorEvent {
        component: "test".into(),
        message: message.into(),
        level: "error".into(),
        ts: jiff::Timestamp::UNIX_EPOCH,
    }
}
