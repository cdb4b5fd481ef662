//! TCP connections of a page: a bounded number, and none that keeps its place for nothing. A peer that sends its
//! request a byte a minute, or does not take what it asked for, is cut.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::serve::Listener;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Sleep, sleep},
};

/// The pause after the system refused a connection, such as when it is out of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// How long a connection lives.
#[derive(Debug, Clone, Copy)]
pub enum Life {
    /// As long as this in all.
    InAll(Duration),
    /// As long as its peer takes a byte within this: one that listens to events stays, for each event that it takes
    /// starts its time anew.
    SinceTaken(Duration),
}

/// Accepts connections within limits.
#[derive(Debug)]
pub struct BoundedListener {
    listener: TcpListener,
    slots: Arc<Semaphore>,
    life: Life,
}

impl BoundedListener {
    /// Accepts at most `count` connections at once; more wait in the system's queue.
    #[must_use]
    pub fn new(listener: TcpListener, count: usize, life: Life) -> Self {
        Self { listener, slots: Arc::new(Semaphore::new(count)), life }
    }
}

impl Listener for BoundedListener {
    type Io = BoundedStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        // The semaphore is never closed, so a slot comes.
        let slot = Arc::clone(&self.slots).acquire_owned().await.ok();
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    // An event is one small packet that should leave at once.
                    let _ = stream.set_nodelay(true);
                    let (Life::InAll(time) | Life::SinceTaken(time)) = self.life;
                    return (BoundedStream { stream, end: Box::pin(sleep(time)), life: self.life, _slot: slot }, peer);
                }
                Err(error) => {
                    tracing::debug!("a connection was refused: {error}");
                    sleep(PAUSE).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

/// A connection with an end.
#[derive(Debug)]
pub struct BoundedStream {
    stream: TcpStream,
    end: Pin<Box<Sleep>>,
    life: Life,
    _slot: Option<OwnedSemaphorePermit>,
}

impl BoundedStream {
    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.end.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::ErrorKind::TimedOut.into()),
            Poll::Pending => Ok(()),
        }
    }
}

impl AsyncRead for BoundedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for BoundedStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check(context)?;
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if let (Poll::Ready(Ok(_)), Life::SinceTaken(time)) = (&written, self.life) {
            self.end.set(sleep(time));
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
