//! What must not pass: frames of a publisher that keeps no rule, and random ones.

use lighthunter::{
    bus::{BusEvent as _, ErrorEvent, Received, Subscriber},
    clock::Stopwatch,
};

use super::{
    PATIENCE, forwarder,
    python::{Script, interpreter},
};

#[test]
fn hostile_frames_are_dropped_and_counted() {
    let Some(python) = interpreter() else { return };
    let forwarder = forwarder(100_000);
    let endpoints = forwarder.endpoints();
    let mut subscriber = Subscriber::connect(&endpoints.sub_endpoint, &[ErrorEvent::TOPIC]).expect("connected");
    let mut metrics = Subscriber::connect(&endpoints.monitor_endpoint, &["metrics."]).expect("connected");
    let script = Script::file(&python, "hostile.py", &[&endpoints.pub_endpoint]);
    let sent = script.line();
    for seq in [1, 2] {
        match subscriber.next(PATIENCE).expect("received") {
            Some(Received::Frame(frame)) => {
                assert_eq!((frame.seq(), &*frame.publisher()), (seq, "hostile"));
                assert_eq!(frame.decode::<ErrorEvent<'_>>().expect("an event").message, "路径");
            }
            other => panic!("{other:?} instead of message {seq}"),
        }
    }
    let counts = forwarder.counts();
    assert_eq!(sent["malformed"], counts.malformed, "{counts:?}");
    assert_eq!(sent["oversized"], counts.oversized, "{counts:?}");
    assert_eq!(sent["replayed"], counts.replayed, "{counts:?}");
    assert_eq!(subscriber.counts().received, 2);
    let watch = Stopwatch::start();
    while watch.seconds() < PATIENCE.as_secs_f64() {
        if let Some(Received::Frame(frame)) = metrics.next(PATIENCE).expect("received") {
            let line: serde_json::Value = frame.decode().expect("JSON");
            if line["dropped"] == counts.dropped() {
                return;
            }
        }
    }
    panic!("the metrics never said that {} were dropped", counts.dropped());
}
