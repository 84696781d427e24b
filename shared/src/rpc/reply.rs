//! Answers: a message's consistency token is sent in the metadata, too, and a small message as it is.

use prost::Message;
use tonic::metadata::MetadataValue;
use tonic::{Response, Status};

use crate::rpc::common_fields::Tokened;
use crate::rpc::errors::internal;
use crate::rpc::serve::COMPRESSED_FROM_BYTES;
use crate::rpc::tokens::CONSISTENCY_TOKEN_HEADER;

/// The answer with this message. It cannot fail in practice, since a token is ASCII.
pub fn reply<T: Tokened + Message>(message: T) -> Result<Response<T>, Status> {
    let token = MetadataValue::try_from(message.consistency_token()).map_err(internal)?;
    let mut response = sized(message);
    response.metadata_mut().insert(CONSISTENCY_TOKEN_HEADER, token);
    Ok(response)
}

/// The answer with this message, compressed for a client that takes it so if it is large.
pub fn sized<T: Message>(message: T) -> Response<T> {
    let is_small = message.encoded_len() < COMPRESSED_FROM_BYTES;
    let mut response = Response::new(message);
    if is_small {
        response.disable_compression();
    }
    response
}
