//! The bus against libzmq's own throughput tests: bars encoded, published, forwarded, received and
//! checked, beside the same bytes pushed through bare sockets.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use lighthunter::{
    bus::{BusEvent as _, Endpoints, Extra, Forwarder, MarketBar1mEvent, Received, Subscriber},
    clock::Stopwatch,
};

use crate::board::{Board, Target};

/// Messages of one run.
const MESSAGES: usize = 1_000_000;

/// How often each arrangement runs, in turns.
const RUNS: usize = 5;

/// A publisher this far ahead waits, as a PUSH socket does at its high-water mark.
const AHEAD_MAX: usize = 50_000;

/// How long any socket waits for the next message.
const PATIENCE: Duration = Duration::from_secs(30);

const ANY_PORT: &str = "tcp://127.0.0.1:*";

/// Messages a second of each arrangement, a figure a run.
#[derive(Debug, Default)]
pub(crate) struct Throughput {
    /// Bytes of topic and payload.
    pub(crate) message_bytes: usize,
    /// libzmq's local_thr and remote_thr: PUSH to PULL over loopback, one frame of the same bytes.
    pub(crate) bare: Vec<f64>,
    /// libzmq's proxy_thr: PUB, XSUB, XPUB, SUB, two frames of the same bytes.
    pub(crate) proxy: Vec<f64>,
    /// Ours.
    pub(crate) bus: Vec<f64>,
}

/// Measures and puts the figures on the board.
pub(crate) fn bench(board: &mut Board) {
    if !board.wants("bus") {
        return;
    }
    let (runs, messages) = if board.judges() { (RUNS, MESSAGES) } else { (1, MESSAGES / 100) };
    let figures = throughput(runs, messages);
    let millions = |rates: &[f64]| rates.iter().map(|rate| rate / 1e6).collect::<Vec<_>>();
    let share = |of: &[f64]| figures.bus.iter().zip(of).map(|(ours, theirs)| 100.0 * ours / theirs).collect::<Vec<_>>();
    board.put("bus message", [figures.message_bytes as f64], "bytes", Target::None);
    board.put("libzmq PUSH/PULL, same bytes", millions(&figures.bare), "M msg/s", Target::None);
    board.put("libzmq PUB/XSUB/XPUB/SUB, same bytes", millions(&figures.proxy), "M msg/s", Target::None);
    board.put("bus, bars encoded and checked", millions(&figures.bus), "M msg/s", Target::None);
    board.put("bus against PUSH/PULL", share(&figures.bare), "%", Target::AtLeast(70.0));
    board.put("bus against libzmq's proxy", share(&figures.proxy), "%", Target::None);
}

/// Runs the arrangements in turns.
pub(crate) fn throughput(runs: usize, messages: usize) -> Throughput {
    let payload = payload();
    let topic = MarketBar1mEvent::TOPIC.as_bytes();
    let mut figures = Throughput { message_bytes: topic.len() + payload.len(), ..Throughput::default() };
    let one_frame = [topic, &payload].concat();
    for _ in 0..runs {
        figures.bare.push(bare(&one_frame, messages));
        figures.proxy.push(proxy(topic, &payload, messages));
        figures.bus.push(bus(messages));
    }
    figures
}

fn bar(number: usize, symbols: &[String]) -> MarketBar1mEvent<'_> {
    let price = 10.0 + (number % 997) as f64 / 100.0;
    MarketBar1mEvent {
        source: "files".into(),
        symbol: symbols[number % symbols.len()].as_str().into(),
        trading_date: jiff::civil::date(2025, 1, 2),
        bar_ts: jiff::civil::date(2025, 1, 2).at(9, 31 + (number % 28) as i8, 0, 0),
        open: price,
        high: price + 0.02,
        low: price - 0.02,
        close: price + 0.01,
        volume: Some(100 * (number % 10_007) as i64),
        amount: Some(price * 100.0 * (number % 10_007) as f64),
        payload: Extra::new(),
    }
}

fn symbols() -> Vec<String> {
    (0..300).map(|number| format!("{:06}.SH", 600_000 + number)).collect()
}

fn forwarder() -> Forwarder {
    Forwarder::start(&Endpoints::new(ANY_PORT, ANY_PORT, ANY_PORT)).expect("free ports")
}

/// Returns the payload of one bar as it travels.
fn payload() -> Vec<u8> {
    let forwarder = forwarder();
    let publisher = forwarder.publisher("simulate").expect("a publisher");
    let mut subscriber = Subscriber::connect(&forwarder.endpoints().sub_endpoint, &[MarketBar1mEvent::TOPIC]);
    let subscriber = subscriber.as_mut().expect("connected");
    assert!(publisher.wait_for_listener(MarketBar1mEvent::TOPIC, PATIENCE));
    publisher.publish(&bar(MESSAGES / 2, &symbols())).expect("published");
    match subscriber.next(PATIENCE).expect("received") {
        Some(Received::Frame(frame)) => frame.payload().to_vec(),
        other => unreachable!("{other:?}"),
    }
}

/// Returns messages a second from encoding to the checked number.
fn bus(messages: usize) -> f64 {
    let forwarder = forwarder();
    let publisher = forwarder.publisher("simulate").expect("a publisher");
    let endpoint = forwarder.endpoints().sub_endpoint.clone();
    let received = Arc::new(AtomicUsize::new(0));
    let progress = Arc::clone(&received);
    let listener = thread::spawn(move || {
        let mut subscriber = Subscriber::connect(&endpoint, &[MarketBar1mEvent::TOPIC]).expect("connected");
        let mut watch = Stopwatch::start();
        for number in 1..=messages {
            match subscriber.next(PATIENCE).expect("received") {
                Some(Received::Frame(_)) => {}
                other => unreachable!("{other:?}"),
            }
            if number == 1 {
                watch = Stopwatch::start();
            }
            if number % 1024 == 0 {
                progress.store(number, Ordering::Release);
            }
        }
        let seconds = watch.seconds();
        assert_eq!((subscriber.counts().received, subscriber.counts().missed), (messages as u64, 0));
        seconds
    });
    assert!(publisher.wait_for_listener(MarketBar1mEvent::TOPIC, PATIENCE));
    let symbols = symbols();
    for number in 0..messages {
        publisher.publish(&bar(number, &symbols)).expect("published");
        while number % 1024 == 0 && number - received.load(Ordering::Acquire).min(number) > AHEAD_MAX {
            thread::sleep(Duration::from_micros(50));
        }
    }
    (messages - 1) as f64 / listener.join().expect("a listener")
}

fn endpoint_of(socket: &zmq::Socket) -> String {
    socket.get_last_endpoint().expect("bound").expect("text")
}

/// libzmq's perf/local_thr and perf/remote_thr: default options, the watch starts at the first message.
fn bare(message: &[u8], messages: usize) -> f64 {
    let pull = zmq::Context::new().socket(zmq::PULL).expect("a socket");
    pull.bind(ANY_PORT).expect("bound");
    let endpoint = endpoint_of(&pull);
    let message = message.to_vec();
    let sender = thread::spawn(move || {
        let push = zmq::Context::new().socket(zmq::PUSH).expect("a socket");
        push.connect(&endpoint).expect("connected");
        for _ in 0..messages {
            push.send(zmq::Message::from(message.as_slice()), 0).expect("sent");
        }
    });
    let mut frame = zmq::Message::new();
    pull.recv(&mut frame, 0).expect("received");
    let watch = Stopwatch::start();
    for _ in 1..messages {
        pull.recv(&mut frame, 0).expect("received");
    }
    let seconds = watch.seconds();
    sender.join().expect("a sender");
    (messages - 1) as f64 / seconds
}

/// libzmq's perf/proxy_thr over loopback instead of inproc: a lossy pattern, so all queues are unbounded.
fn proxy(topic: &[u8], payload: &[u8], messages: usize) -> f64 {
    let context = zmq::Context::new();
    let open = |context: &zmq::Context, kind| {
        let socket = context.socket(kind).expect("a socket");
        socket.set_sndhwm(0).and(socket.set_rcvhwm(0)).and(socket.set_linger(0)).expect("set");
        socket
    };
    let (front, back) = (open(&context, zmq::XSUB), open(&context, zmq::XPUB));
    front.bind(ANY_PORT).and(back.bind(ANY_PORT)).expect("bound");
    let (pub_endpoint, sub_endpoint) = (endpoint_of(&front), endpoint_of(&back));
    let steering = |kind| (context.socket(kind).expect("a socket"), "inproc://steering");
    let (mut stopped, place) = steering(zmq::PAIR);
    let (stopping, _) = steering(zmq::PAIR);
    stopped.bind(place).and(stopping.connect(place)).expect("bound");
    let carrier = thread::spawn(move || {
        let (mut front, mut back) = (front, back);
        zmq::proxy_steerable(&mut front, &mut back, &mut stopped).expect("carried");
    });
    let subscriber = open(&zmq::Context::new(), zmq::SUB);
    subscriber.set_subscribe(topic).and(subscriber.connect(&sub_endpoint)).expect("connected");
    let publisher = open(&zmq::Context::new(), zmq::XPUB);
    publisher.connect(&pub_endpoint).expect("connected");
    publisher.recv_msg(0).expect("a subscription");
    let (topic, payload) = (topic.to_vec(), payload.to_vec());
    let sender = thread::spawn(move || {
        publisher.set_linger(-1).expect("set");
        for _ in 0..messages {
            publisher.send(zmq::Message::from(topic.as_slice()), zmq::SNDMORE).expect("sent");
            publisher.send(zmq::Message::from(payload.as_slice()), 0).expect("sent");
        }
    });
    let mut frame = zmq::Message::new();
    let mut receive = || {
        subscriber.recv(&mut frame, 0).expect("received");
        subscriber.recv(&mut frame, 0).expect("received");
    };
    receive();
    let watch = Stopwatch::start();
    (1..messages).for_each(|_| receive());
    let seconds = watch.seconds();
    sender.join().expect("a sender");
    stopping.send("TERMINATE", 0).expect("sent");
    carrier.join().expect("a proxy");
    (messages - 1) as f64 / seconds
}
