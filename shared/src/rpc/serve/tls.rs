//! TLS, by rustls: the certificate that a server shows, and connections that begin with a handshake.
//!
//! Always: versions 1.2 and 1.3; HTTP/2 is offered before HTTP/1.1 (ALPN), so that a browser has all of its streams on one connection; files that
//! change are read again, and what is open goes on; a file that cannot be read takes no certificate away; a handshake that does not end holds up
//! nobody. Never here: certificates of clients.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tonic::transport::server::Connected;
use tracing::{debug, info, warn};

use super::age::{Aging, Connection};
use crate::runtime::settings::TlsSettings;
use crate::runtime::tasks::Tasks;

/// How long a handshake may take.
const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(10);
/// How many handshakes may be under way at once.
const HANDSHAKES_MAX: usize = 4_096;
/// How often the files are looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);
const HTTP2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";

/// The certificate that is shown from now on.
pub struct Certificate {
    settings: TlsSettings,
    shown: RwLock<Shown>,
}

struct Shown {
    /// The bytes of both files.
    read: (Vec<u8>, Vec<u8>),
    key: Arc<CertifiedKey>,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Certificate").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.shown.read().unwrap_or_else(PoisonError::into_inner).key.clone())
    }
}

impl Certificate {
    /// Reads the certificate and its key.
    ///
    /// # Errors
    /// Why they are none, with the file, for people.
    pub fn read(settings: &TlsSettings) -> Result<Arc<Self>, String> {
        let shown = Shown::read(settings)?;
        Ok(Arc::new(Self { settings: settings.clone(), shown: RwLock::new(shown) }))
    }

    /// Shows what the files have, whenever they change; never returns.
    async fn keep_reading(&self) {
        let mut failure = None;
        loop {
            sleep(LOOK_INTERVAL).await;
            let files = (std::fs::read(&self.settings.certificate), std::fs::read(&self.settings.key));
            if let (Ok(certificate), Ok(key)) = &files {
                let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
                if shown.read.0 == *certificate && shown.read.1 == *key {
                    continue;
                }
            }
            match Shown::read(&self.settings) {
                Ok(shown) => {
                    *self.shown.write().unwrap_or_else(PoisonError::into_inner) = shown;
                    failure = None;
                    info!(file = %self.settings.certificate.display(), "new connections are shown the new certificate");
                }
                // The two files may be written one after the other.
                Err(cause) if failure.as_ref() != Some(&cause) => {
                    warn!(%cause, "the certificate of before stays: {cause}");
                    failure = Some(cause);
                }
                Err(_) => {}
            }
        }
    }

    /// How connections begin.
    fn acceptor(self: &Arc<Self>) -> io::Result<TlsAcceptor> {
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_protocol_versions(&[&TLS13, &TLS12]).map_err(io::Error::other)?;
        let mut config = builder.with_no_client_auth().with_cert_resolver(self.clone());
        config.alpn_protocols = vec![HTTP2.to_vec(), HTTP1.to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

impl Shown {
    fn read(settings: &TlsSettings) -> Result<Self, String> {
        let TlsSettings { certificate, key } = settings;
        let bytes = |file: &Path| std::fs::read(file).map_err(|cause| format!("{}: {cause}", file.display()));
        let read = (bytes(certificate)?, bytes(key)?);
        let none = |file: &PathBuf, what| format!("{} has no {what} in PEM", file.display());
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read.0).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or_else(|| none(certificate, "certificate"))?;
        let private = PrivateKeyDer::from_pem_slice(&read.1).map_err(|_| none(key, "private key"))?;
        let unusable = |cause| format!("{} and {}: {cause}", certificate.display(), key.display());
        let key = CertifiedKey::from_der(chain, private, &ring::default_provider()).map_err(unusable)?;
        Ok(Self { read, key: Arc::new(key) })
    }
}

/// A connection with TLS or without.
pub(super) enum Incoming {
    /// Without.
    Plain(Aging),
    /// With.
    Tls(Box<TlsStream<Aging>>),
}

/// The connections once they can be used. Those whose handshake fails are left out.
///
/// # Errors
/// When TLS cannot be configured.
pub(super) fn begun(
    incoming: impl Stream<Item = io::Result<Aging>> + Send + 'static,
    certificate: Option<Arc<Certificate>>,
    tasks: &Tasks,
) -> io::Result<Pin<Box<dyn Stream<Item = io::Result<Incoming>> + Send>>> {
    let Some(certificate) = certificate else {
        return Ok(incoming.map(|connection| connection.map(Incoming::Plain)).boxed());
    };
    let acceptor = certificate.acceptor()?;
    let drain = tasks.draining().clone();
    tasks.spawn_vital("certificate", async move {
        drain.run_until_cancelled(certificate.keep_reading()).await;
    });
    let shake = move |connection: io::Result<Aging>| {
        let acceptor = acceptor.clone();
        async move {
            let connection = match connection {
                Ok(connection) => connection,
                // It is the listener that failed.
                Err(cause) => return Some(Err(cause)),
            };
            match timeout(HANDSHAKE_DEADLINE, acceptor.accept(connection)).await {
                Ok(Ok(stream)) => Some(Ok(Incoming::Tls(Box::new(stream)))),
                Ok(Err(cause)) => {
                    debug!(%cause, "a handshake failed: {cause}");
                    None
                }
                Err(_) => None,
            }
        }
    };
    let shaken = incoming.map(shake).buffer_unordered(HANDSHAKES_MAX);
    Ok(shaken.filter_map(|connection| async { connection }).boxed())
}

impl Connected for Incoming {
    type ConnectInfo = Connection;

    fn connect_info(&self) -> Connection {
        match self {
            Self::Plain(connection) => connection.connect_info(),
            Self::Tls(stream) => stream.get_ref().0.connect_info(),
        }
    }
}

impl AsyncRead for Incoming {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(connection) => Pin::new(connection).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Incoming {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(connection) => Pin::new(connection).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(connection) => Pin::new(connection).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(connection) => Pin::new(connection).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(connection) => Pin::new(connection).poll_write_vectored(context, slices),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(connection) => connection.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }
}
