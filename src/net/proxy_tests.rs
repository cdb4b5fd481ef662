//! Requests through proxies, by small real ones on this machine: HTTP CONNECT and SOCKS5.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use super::{Engine, EngineOptions, Request, SitePolicy};
use crate::{
    clock::Clock,
    drill::upstream::{Disturbance, Upstream},
    market::MarketData,
    seed::Seed,
};

/// How a proxy learns where to connect to; it has answered that it is connected when it returns.
type Greet = fn(&mut TcpStream) -> io::Result<TcpStream>;

/// Starts a proxy and returns its address and how often it was used.
fn proxy(greet: Greet) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    let used = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&used);
    thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.expect("a connection");
            let count = Arc::clone(&count);
            thread::spawn(move || {
                let Ok(site) = greet(&mut client) else { return };
                count.fetch_add(1, Ordering::SeqCst);
                let (mut from, mut to) = (client.try_clone().expect("a clone"), site.try_clone().expect("a clone"));
                thread::spawn(move || io::copy(&mut from, &mut to));
                let (mut from, mut to) = (site, client);
                let _ = io::copy(&mut from, &mut to);
            });
        }
    });
    (address, used)
}

fn connect(client: &mut TcpStream) -> io::Result<TcpStream> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let target =
        head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()).ok_or(io::ErrorKind::InvalidData)?;
    let site = TcpStream::connect(target)?;
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    Ok(site)
}

fn socks5(client: &mut TcpStream) -> io::Result<TcpStream> {
    let mut two = [0; 2];
    client.read_exact(&mut two)?;
    client.read_exact(&mut vec![0; usize::from(two[1])])?;
    client.write_all(&[5, 0])?;
    let mut head = [0; 4];
    client.read_exact(&mut head)?;
    let host = if head[3] == 1 {
        let mut address = [0; 4];
        client.read_exact(&mut address)?;
        std::net::Ipv4Addr::from(address).to_string()
    } else {
        let mut length = [0];
        client.read_exact(&mut length)?;
        let mut name = vec![0; usize::from(length[0])];
        client.read_exact(&mut name)?;
        String::from_utf8_lossy(&name).into_owned()
    };
    client.read_exact(&mut two)?;
    let site = TcpStream::connect((host.as_str(), u16::from_be_bytes(two)))?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
    Ok(site)
}

fn engine(upstream: &Upstream, proxies: &[String], routes: &[(&str, Vec<String>)]) -> Engine {
    let mut policy = SitePolicy { max_qps: 200.0, ..SitePolicy::at(upstream.base_url()) };
    policy.proxies = proxies.to_vec();
    policy.rotate_on_ban = true;
    let routes = routes.iter().map(|(host, proxies)| ((*host).to_owned(), proxies.clone())).collect();
    let sites = [("site".to_owned(), policy)].into();
    Engine::new(&EngineOptions { routes, sites, ..EngineOptions::default() }, Clock::system(), Seed(1))
        .expect("an engine")
}

/// A path that the server answers without a market.
fn request() -> Request {
    Request::new("site", "/q=sh600519")
}

#[test]
fn requests_go_through_the_proxy_of_their_site_or_host() {
    let upstream = Upstream::start(MarketData::default()).expect("a port");
    let (http, http_used) = proxy(connect);
    let (socks, socks_used) = proxy(socks5);
    let used = || (http_used.load(Ordering::SeqCst), socks_used.load(Ordering::SeqCst));
    let get = |engine: &Engine| assert_eq!(engine.get(&request()).map(|answer| answer.attempts).ok(), Some(1));
    let (http, socks) = (format!("http://{http}"), format!("socks5://{socks}"));
    get(&engine(&upstream, std::slice::from_ref(&http), &[]));
    assert_eq!(used(), (1, 0), "the original went out directly");
    get(&engine(&upstream, std::slice::from_ref(&socks), &[]));
    assert_eq!(used(), (1, 1));
    get(&engine(&upstream, std::slice::from_ref(&http), &[("127.0.0.1", vec![socks.clone()])]));
    assert_eq!(used(), (1, 2), "the host's route goes over the site's proxy");
    get(&engine(&upstream, &[http], &[("127.0.0.1", Vec::new())]));
    assert_eq!(used(), (1, 2), "a route may say direct");
}

#[test]
fn a_ban_moves_on_to_the_next_proxy_and_a_dead_proxy_is_no_way_round() {
    let upstream = Upstream::start(MarketData::default()).expect("a port");
    let ((first, first_used), (second, second_used)) = (proxy(connect), proxy(socks5));
    let both = [format!("http://{first}"), format!("socks5://{second}")];
    let engine_of_both = engine(&upstream, &both, &[]);
    upstream.disturb("", Some(1), Disturbance::Status(403));
    assert!(engine_of_both.get(&request()).is_err());
    assert!(engine_of_both.get(&request()).is_ok());
    assert_eq!((first_used.load(Ordering::SeqCst), second_used.load(Ordering::SeqCst)), (1, 1));

    let asked = upstream.log().len();
    let closed = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).expect("a port");
    assert!(engine(&upstream, &[format!("http://{closed}")], &[]).get(&request()).is_err());
    assert_eq!(upstream.log().len(), asked, "nothing went out directly");
}
