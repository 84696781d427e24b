//! Answers: a message's consistency token is sent in the metadata, too.

use tonic::metadata::MetadataValue;
use tonic::{Response, Status};

use crate::rpc::common_fields::Tokened;
use crate::rpc::errors::internal;
use crate::rpc::tokens::CONSISTENCY_TOKEN_HEADER;

/// The answer with this message. It cannot fail in practice, since a token is ASCII.
pub fn reply<T: Tokened>(message: T) -> Result<Response<T>, Status> {
    let token = MetadataValue::try_from(message.consistency_token()).map_err(internal)?;
    let mut response = Response::new(message);
    response.metadata_mut().insert(CONSISTENCY_TOKEN_HEADER, token);
    Ok(response)
}
