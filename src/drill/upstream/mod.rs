//! A quote site of our own, for tests and drills: answers for any symbol of a given market in the shapes that the
//! real sites were recorded to send, breaks in the ways they break, and logs what it was asked and when.
//! Listens on 127.0.0.1 only.
//!
//! ```no_run
//! use lighthunter::{drill::upstream::{Disturbance, Upstream}, market::MarketData};
//!
//! let upstream = Upstream::start(MarketData::default())?;
//! upstream.disturb("/api/qt/stock/kline/get", Some(2), Disturbance::HalfThenReset);
//! println!("{} was asked {} times", upstream.base_url(), upstream.log().len());
//! # Ok::<(), std::io::Error>(())
//! ```

mod answer;
mod connection;
mod disturbance;
mod eastmoney;
mod line;
mod orders;
mod quote;
mod table;

use std::{
    collections::VecDeque,
    io,
    net::{SocketAddr, TcpListener},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use jiff::civil::DateTime;

pub use disturbance::Disturbance;
pub use orders::Orders;

use crate::{
    clock::{Stopwatch, pause},
    market::MarketData,
};
use disturbance::Plan;
use table::Table;

/// How long the server sleeps between two looks for a caller.
const LOOK: Duration = Duration::from_millis(1);

/// A request as it came in.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Seconds since the server was made.
    pub at_seconds: f64,
    /// Path and query, as sent.
    pub target: String,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// The `Referer` header.
    pub referer: String,
    /// The status answered with; 0 where the answer was no HTTP.
    pub status: u16,
}

/// A running server; it ends when it is dropped.
#[derive(Debug)]
pub struct Upstream {
    shared: Arc<Shared>,
    address: SocketAddr,
    door: Mutex<Option<Door>>,
}

/// What the connections share.
#[derive(Debug)]
struct Shared {
    table: Mutex<Arc<Table>>,
    plan: Mutex<Plan>,
    moments: Mutex<VecDeque<DateTime>>,
    log: Mutex<Vec<Asked>>,
    since: Stopwatch,
    ended: AtomicBool,
}

/// The thread that accepts connections.
#[derive(Debug)]
struct Door {
    shut: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Upstream {
    /// Starts to answer from `market` on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn start(market: MarketData) -> io::Result<Self> {
        Self::start_at(0, market)
    }

    /// Starts to answer from `market` on a port of 127.0.0.1; on a free one where it is 0.
    ///
    /// # Errors
    /// When the port cannot be had.
    pub fn start_at(port: u16, market: MarketData) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            table: Mutex::new(Arc::new(Table::new(market))),
            plan: Mutex::default(),
            moments: Mutex::default(),
            log: Mutex::default(),
            since: Stopwatch::start(),
            ended: AtomicBool::new(false),
        });
        let door = open(listener, &shared)?;
        Ok(Self { shared, address, door: Mutex::new(Some(door)) })
    }

    /// Returns `http://127.0.0.1:PORT`, for every site's `base_urls`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Answers from another market from now on: new days, or restated ones.
    pub fn replace_market(&self, market: MarketData) {
        *lock(&self.shared.table) = Arc::new(Table::new(market));
    }

    /// Answers the requests for quotes to come as of these moments, one after the other, disturbed ones included, from
    /// the market's 1-minute bars; the last moment stays. Without a moment it is after the close of the last day.
    pub fn play_quotes(&self, moments: impl IntoIterator<Item = DateTime>) {
        *lock(&self.shared.moments) = moments.into_iter().collect();
    }

    /// Disturbs the next `times` requests, or all, whose path and query contain `part`; earlier plans that
    /// are not used up come first.
    pub fn disturb(&self, part: &str, times: Option<u32>, disturbance: Disturbance) {
        lock(&self.shared.plan).add(part, times, disturbance);
    }

    /// Ends all disturbances; the port is not opened by this.
    pub fn calm(&self) {
        lock(&self.shared.plan).clear();
    }

    /// Closes the port: an outage. Connections are refused when this returns.
    pub fn close_port(&self) {
        if let Some(door) = lock(&self.door).take() {
            door.shut.store(true, Ordering::SeqCst);
            // A thread that panicked has let go of the port too.
            let _ = door.thread.join();
        }
    }

    /// Opens the same port again.
    ///
    /// # Errors
    /// When another process took it in the meantime.
    pub fn open_port(&self) -> io::Result<()> {
        let mut door = lock(&self.door);
        if door.is_none() {
            *door = Some(open(TcpListener::bind(self.address)?, &self.shared)?);
        }
        Ok(())
    }

    /// Returns what was asked so far, in order.
    #[must_use]
    pub fn log(&self) -> Vec<Asked> {
        lock(&self.shared.log).clone()
    }

    /// Returns what was asked since the last call, in order, and forgets it.
    #[must_use]
    pub fn take_log(&self) -> Vec<Asked> {
        std::mem::take(&mut *lock(&self.shared.log))
    }

    /// Forgets what was asked so far.
    pub fn clear_log(&self) {
        lock(&self.shared.log).clear();
    }

    /// Returns the most requests that came within any `window`, both ends included.
    #[must_use]
    pub fn most_within(&self, window: Duration) -> usize {
        let times: Vec<f64> = self.log().iter().map(|asked| asked.at_seconds).collect();
        let within = |(first, from): (usize, &f64)| {
            times.iter().skip(first).take_while(|at| **at <= from + window.as_secs_f64()).count()
        };
        times.iter().enumerate().map(within).max().unwrap_or(0)
    }
}

impl Shared {
    /// Returns the moment of a request for quotes, and moves on to the next.
    fn moment(&self, target: &str) -> Option<DateTime> {
        if !["/q=", "/list="].iter().any(|head| target.starts_with(head)) {
            return None;
        }
        let mut moments = lock(&self.moments);
        if moments.len() > 1 { moments.pop_front() } else { moments.front().copied() }
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        self.close_port();
    }
}

/// Accepts connections on a thread of its own, each of which is served on another.
fn open(listener: TcpListener, shared: &Arc<Shared>) -> io::Result<Door> {
    listener.set_nonblocking(true)?;
    let shut = Arc::new(AtomicBool::new(false));
    let (is_shut, shared) = (Arc::clone(&shut), Arc::clone(shared));
    let thread = std::thread::spawn(move || {
        while !is_shut.load(Ordering::SeqCst) {
            let Ok((stream, _)) = listener.accept() else {
                pause(LOOK);
                continue;
            };
            let shared = Arc::clone(&shared);
            // A caller that goes away in the middle is no affair of the server's.
            std::thread::spawn(move || connection::serve(stream, &shared).unwrap_or_default());
        }
    });
    Ok(Door { shut, thread })
}

/// Locks; the values here are whole after every step, so a thread that panicked spoiled none.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
