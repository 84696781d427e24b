//! gzip and zstd of whole messages.
//!
//! Always: what is inflated is bounded by [`MESSAGE_BYTES_MAX`], whatever it claims to be. Never here: when it pays to compress.

use std::io::{Read as _, Write as _};

use axum::http::header::ACCEPT_ENCODING;
use axum::http::{HeaderMap, HeaderName};
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use tonic::Status;

use super::super::MESSAGE_BYTES_MAX;
use super::super::calls::{too_large, unknown_encoding};
use super::requests::malformed;

/// In which header a client says what it can inflate; for streams, it is of each message and not of the body.
pub const ACCEPT: HeaderName = ACCEPT_ENCODING;
pub const CONNECT_ACCEPT: HeaderName = HeaderName::from_static("connect-accept-encoding");

/// How much memory a message of zstd may ask for, as the logarithm of its window: what RFC 9659 lets every client rely on.
const WINDOW_LOG_MAX: u32 = 23;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    Gzip,
    Zstd,
}

impl Compression {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// The better one of those that a client takes.
    pub fn accepted(headers: &HeaderMap, header: &HeaderName) -> Option<Self> {
        let takes = |name: &str| {
            let values = headers.get_all(header).iter().filter_map(|value| value.to_str().ok());
            values.flat_map(|value| value.split(',')).any(|offer| {
                let mut words = offer.split(';').map(str::trim);
                let is_named = words.next().is_some_and(|word| word.eq_ignore_ascii_case(name));
                // `gzip;q=0` is a refusal.
                is_named && !words.any(|word| word.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0_f32)))
            })
        };
        [Self::Zstd, Self::Gzip].into_iter().find(|one| takes(one.name()))
    }

    /// The one of this name; none for what is sent as it is.
    ///
    /// # Errors
    /// When there is no such compression here.
    pub fn named(name: &str) -> Result<Option<Self>, Status> {
        match name {
            "" | "identity" => Ok(None),
            "gzip" => Ok(Some(Self::Gzip)),
            "zstd" => Ok(Some(Self::Zstd)),
            _ => Err(unknown_encoding().into()),
        }
    }

    /// # Errors
    /// When it is not what it says, or too large.
    pub fn inflated(self, bytes: &[u8]) -> Result<Vec<u8>, Status> {
        let mut inflated = Vec::new();
        // One byte more, by which what is too large is told.
        let limit = MESSAGE_BYTES_MAX as u64 + 1;
        let read = match self {
            Self::Gzip => GzDecoder::new(bytes).take(limit).read_to_end(&mut inflated),
            Self::Zstd => zstd::stream::read::Decoder::with_buffer(bytes).and_then(|mut decoder| {
                decoder.window_log_max(WINDOW_LOG_MAX)?;
                decoder.take(limit).read_to_end(&mut inflated)
            }),
        };
        match read {
            Ok(read) if read > MESSAGE_BYTES_MAX => Err(too_large()),
            Ok(_) => Ok(inflated),
            Err(_) => Err(malformed(&format!("the message is not compressed by {}, as it says", self.name()))),
        }
    }

    pub fn deflated(self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 2), flate2::Compression::default());
                encoder.write_all(bytes)?;
                encoder.finish()
            }
            Self::Zstd => zstd::bulk::compress(bytes, zstd::DEFAULT_COMPRESSION_LEVEL),
        }
    }
}
