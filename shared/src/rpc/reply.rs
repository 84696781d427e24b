//! Answers: the consistency token that is in a message also goes into the metadata of the answer.

use tonic::metadata::MetadataValue;
use tonic::{Response, Status};

use crate::rpc::common_fields::Tokened;
use crate::rpc::errors::internal;
use crate::rpc::tokens::CONSISTENCY_TOKEN_HEADER;

/// The answer with this message.
///
/// # Errors
/// Never: a token is ASCII.
pub fn reply<T: Tokened>(message: T) -> Result<Response<T>, Status> {
    let token = MetadataValue::try_from(message.consistency_token()).map_err(internal)?;
    let mut response = Response::new(message);
    response.metadata_mut().insert(CONSISTENCY_TOKEN_HEADER, token);
    Ok(response)
}
