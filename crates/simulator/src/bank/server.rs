//! The listening side: one thread with its own runtime, TLS, HTTP/1.1, everything on 127.0.0.1.
//! A request goes to `front`; nothing of its content is known here.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::front;
use super::teller::Teller;

/// A running server; dropping it closes the door and every connection at once.
pub(super) struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// How the bank shows itself, and how many clients took it for the bank.
#[derive(Clone)]
pub(super) struct Door {
    pub tls: Arc<ServerConfig>,
    pub handshakes: Arc<AtomicU64>,
}

impl Server {
    /// Listens on 127.0.0.1 and serves on a thread of its own.
    pub(super) fn start(port: u16, door: Door, teller: Arc<Teller>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new().name("simulated-bank".to_owned()).spawn(move || {
            runtime.block_on(serve(listener, door, teller, stopped));
        })?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing more to close.
            drop(thread.join());
        }
    }
}

/// Accepts until the other end of `stopped` is dropped; connections end with this function.
async fn serve(
    listener: TcpListener,
    door: Door,
    teller: Arc<Teller>,
    mut stopped: oneshot::Receiver<()>,
) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => return,
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(converse(stream, door.clone(), Arc::clone(&teller)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// One connection from handshake to end. How it ends is the client's to find out.
async fn converse(stream: TcpStream, door: Door, teller: Arc<Teller>) {
    drop(stream.set_nodelay(true));
    let Ok(stream) = TlsAcceptor::from(door.tls).accept(stream).await else { return };
    door.handshakes.fetch_add(1, Ordering::SeqCst);
    let service = service_fn(move |request| front::answer(Arc::clone(&teller), request));
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}
