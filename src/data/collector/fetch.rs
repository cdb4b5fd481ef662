//! Asks one source for pages by several threads. The engine keeps the site's limits; here is decided when a
//! source is given up, so that a site that is down is not asked for every page that is left.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use crate::{
    exit::{Exit, Failure},
    net::{self, Engine, NetError, Response},
    source::web::{self, Page, Request, Site, WebError},
};

/// So many pages in a row that fail by the site's fault end a source: each was tried as often as its policy says.
const STRAIGHT_FAILURES_MAX: usize = 5;
/// How often a body that is not of its shape is asked for again: half a page may be whole the next time.
const SHAPE_RETRIES: usize = 2;
/// So many answers wait for whoever takes them.
const ANSWERS_WAITING: usize = 256;

/// A source as the engine knows it.
#[derive(Debug, Clone)]
pub struct Upstream {
    /// The source's id, which its rows carry.
    pub id: Arc<str>,
    /// The site that answers.
    pub site: Site,
    /// The engine's name of the server that is asked.
    pub server: String,
    /// How many threads ask.
    pub threads: usize,
}

/// Why a page did not come.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The engine has no answer.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The answer is not taken.
    #[error(transparent)]
    Web(#[from] WebError),
    /// It was not asked for.
    #[error("not asked for: {reason}")]
    NotAsked {
        /// Why.
        reason: String,
    },
}

impl FetchError {
    /// Says whether the site failed, as opposed to this one page.
    fn is_of_the_site(&self) -> bool {
        match self {
            Self::Net(error) => error.fault().is_none_or(net::Fault::counts_against_site),
            Self::Web(error) => matches!(error, WebError::NotTheShape { .. }),
            Self::NotAsked { .. } => true,
        }
    }
}

impl Failure for FetchError {
    fn exit(&self) -> Exit {
        match self {
            Self::Net(error) => error.exit(),
            Self::Web(error) => error.exit(),
            Self::NotAsked { .. } => Exit::Upstream,
        }
    }

    fn remedy(&self) -> Option<String> {
        match self {
            Self::Net(error) => error.remedy(),
            Self::Web(error) => error.remedy(),
            Self::NotAsked { .. } => Some("Collect again when the site answers: what is in is not asked for.".into()),
        }
    }
}

/// A page that was asked for, and what came.
#[derive(Debug)]
pub struct Fetched {
    /// What was asked for.
    pub request: Request,
    /// The answer and its rows.
    pub outcome: Result<(Response, Page), FetchError>,
}

/// What the threads share.
struct Work<'a> {
    engine: &'a Engine,
    upstream: &'a Upstream,
    requests: &'a [Request],
    next: AtomicUsize,
    straight_failures: AtomicUsize,
    is_over: AtomicBool,
}

/// Asks for every page and hands each to `take` as it comes, in no certain order, in the caller's thread. Once the
/// site is given up the rest is handed over as not asked for. Ends early where `take` fails.
///
/// # Errors
/// What `take` says.
pub fn fetch<E>(
    engine: &Engine,
    upstream: &Upstream,
    requests: &[Request],
    mut take: impl FnMut(Fetched) -> Result<(), E>,
) -> Result<(), E> {
    let work = Work {
        engine,
        upstream,
        requests,
        next: AtomicUsize::new(0),
        straight_failures: AtomicUsize::new(0),
        is_over: AtomicBool::new(false),
    };
    thread::scope(|scope| {
        let (sender, answers) = mpsc::sync_channel(ANSWERS_WAITING);
        for _ in 0..upstream.threads.clamp(1, 64).min(requests.len()) {
            let (work, sender) = (&work, sender.clone());
            scope.spawn(move || {
                while let Some(fetched) = work.step() {
                    if sender.send(fetched).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        for fetched in &answers {
            if let Err(error) = take(fetched) {
                work.is_over.store(true, Ordering::Relaxed);
                // The threads must not wait for a reader that is gone.
                drop(answers);
                return Err(error);
            }
        }
        Ok(())
    })
}

impl Work<'_> {
    fn step(&self) -> Option<Fetched> {
        if self.is_over.load(Ordering::Relaxed) {
            return None;
        }
        let request = self.requests.get(self.next.fetch_add(1, Ordering::Relaxed))?.clone();
        let failures = self.straight_failures.load(Ordering::Relaxed);
        if failures >= STRAIGHT_FAILURES_MAX {
            let reason = format!("{} failed {failures} times in a row", self.upstream.id);
            return Some(Fetched { request, outcome: Err(FetchError::NotAsked { reason }) });
        }
        let outcome = self.ask(&request);
        match &outcome {
            Ok(_) => self.straight_failures.store(0, Ordering::Relaxed),
            // Nothing was sent: the engine has given the site up already.
            Err(FetchError::Net(NetError::CircuitOpen { .. })) => {
                self.straight_failures.store(STRAIGHT_FAILURES_MAX, Ordering::Relaxed);
            }
            // One refusal says it for all pages, and asking again may lock the account.
            Err(FetchError::Net(error)) if error.fault().is_some_and(net::Fault::is_of_credentials) => {
                self.straight_failures.store(STRAIGHT_FAILURES_MAX, Ordering::Relaxed);
            }
            Err(error) if error.is_of_the_site() => {
                self.straight_failures.fetch_add(1, Ordering::Relaxed);
            }
            Err(_) => {}
        }
        Some(Fetched { request, outcome })
    }

    fn ask(&self, request: &Request) -> Result<(Response, Page), FetchError> {
        let Upstream { id, site, server, .. } = self.upstream;
        let ask = web::ask(*site, request)?;
        let asked = net::Request {
            query: ask.query,
            referer: ask.referer.map(str::to_owned),
            ..net::Request::new(server.as_str(), ask.path)
        };
        let mut tries = 0;
        loop {
            let response = self.engine.get(&asked)?;
            match web::read(*site, request, id, &response.body) {
                Ok(page) => return Ok((response, page)),
                Err(WebError::NotTheShape { .. }) if tries < SHAPE_RETRIES => tries += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }
}
