//! `/metrics` and `/healthz` on the loopback: reads the board, changes nothing.
//!
//! Answers only requests that name this machine as their host: a page in a browser that was led here
//! under another name (DNS rebinding) gets 403.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    thread::{self, JoinHandle},
    time::Duration,
};

use axum::{
    Router,
    body::HttpBody as _,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::sync::oneshot;

use super::{
    MonitorError,
    board::Board,
    connection::{BoundedListener, Life},
    exposition,
};
use crate::clock::Clock;

/// The media type of OpenMetrics text.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Connections at once: few, since a request and its answer take milliseconds.
const CONNECTIONS_MAX: usize = 16;
/// The longest that a connection lives.
const LIFE: Duration = Duration::from_secs(2);
/// What every answer carries: one request a connection, never kept, never guessed at.
const HEADERS: [(HeaderName, &str); 3] =
    [(header::CONNECTION, "close"), (header::CACHE_CONTROL, "no-store"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];

#[derive(Clone)]
struct Site {
    board: Board,
    clock: Clock,
    port: u16,
}

/// The monitor's server; its port is free again when this is dropped.
pub(super) struct Web {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// A port that is held and not served yet.
pub(super) struct HeldPort {
    listener: TcpListener,
    address: SocketAddr,
}

impl HeldPort {
    /// Takes a port of the loopback.
    pub(super) fn take(port: u16) -> Result<Self, MonitorError> {
        let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).and_then(|listener| {
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            Ok(Self { listener, address })
        });
        bound.map_err(|source| MonitorError::port(port, source))
    }

    /// Serves what the board shows, in a thread of its own.
    pub(super) fn serve(self, board: Board, clock: Clock) -> Result<Web, MonitorError> {
        let Self { listener, address } = self;
        let failed = |source: io::Error| MonitorError::Serve { address, source };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let listener = runtime.block_on(async { tokio::net::TcpListener::from_std(listener) }).map_err(failed)?;
        let router = router(Site { board, clock, port: address.port() });
        let (stop, stopped) = oneshot::channel::<()>();
        let serve = move || {
            // Open connections are cut when the runtime goes: nobody's work hangs on them.
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => {}
                    ended = axum::serve(BoundedListener::new(listener, CONNECTIONS_MAX, Life::InAll(LIFE)), router) => {
                        tracing::error!(component = "monitor", "the page of metrics ended: {ended:?}");
                    }
                }
            });
        };
        let thread = thread::Builder::new().name("monitor-web".into()).spawn(serve).map_err(failed)?;
        Ok(Web { address, stop: Some(stop), thread: Some(thread) })
    }
}

impl Web {
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of that thread has been reported by then.
            let _ = thread.join();
        }
    }
}

fn router(site: Site) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(health))
        .layer(middleware::from_fn_with_state(site.clone(), guard))
        .with_state(site)
}

async fn metrics(State(site): State<Site>) -> Response {
    match exposition::open_metrics(site.board.last(), site.clock.now()) {
        Ok(page) => ([(header::CONTENT_TYPE, OPEN_METRICS)], page).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("the page was not made: {error}\n")).into_response(),
    }
}

async fn health(State(site): State<Site>) -> Response {
    let ailments = site.board.last().ailments(site.clock.now());
    if ailments.is_empty() {
        return "ok\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", ailments.join("\n"))).into_response()
}

/// Refuses what no scraper sends, before anything else looks at it.
async fn guard(State(site): State<Site>, request: Request, next: Next) -> Response {
    let mut response = if !names_this_host(&request, site.port) {
        (StatusCode::FORBIDDEN, "this is served to 127.0.0.1, localhost and [::1] only\n").into_response()
    } else if !request.body().is_end_stream() {
        (StatusCode::PAYLOAD_TOO_LARGE, "a request for metrics has no body\n").into_response()
    } else {
        next.run(request).await
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn names_this_host(request: &Request, port: u16) -> bool {
    let ours = |host: &str| ["127.0.0.1", "localhost", "[::1]"].iter().any(|name| host == format!("{name}:{port}"));
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let target = request.uri().authority().is_none_or(|authority| ours(authority.as_str()));
    target && host.to_str().is_ok_and(ours)
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, extract::Request};

    use super::names_this_host;

    #[test]
    fn only_this_machine_under_its_own_names_is_served() {
        let cases: [(&[&str], &str, bool); 10] = [
            (&["127.0.0.1:8001"], "/", true),
            (&["localhost:8001"], "/", true),
            (&["[::1]:8001"], "/", true),
            (&["127.0.0.1"], "/", false),
            (&["127.0.0.1:8002"], "/", false),
            (&["evil.example:8001"], "/", false),
            (&["127.0.0.1:8001.evil.example"], "/", false),
            (&[], "/", false),
            (&["127.0.0.1:8001", "evil.example"], "/", false),
            (&["127.0.0.1:8001"], "http://evil.example/metrics", false),
        ];
        for (hosts, target, wanted) in cases {
            let mut request = Request::builder().uri(target);
            for host in hosts {
                request = request.header("host", *host);
            }
            let request = request.body(Body::empty()).expect("a request");
            assert_eq!(names_this_host(&request, 8001), wanted, "{hosts:?} {target}");
        }
    }
}
