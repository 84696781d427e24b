//! The fields that many messages of the contract share, as traits. The build reads from the contract which message has which.

use super::proto::{command, query};

/// What every request for a command has beside its payload.
pub trait Commanding: prost::Message {
    /// Takes `request_id` and `wait_for` out, so that what is left is the payload that the request id is bound to.
    fn take_manner(&mut self) -> (String, i32);
}

/// What every request for a query has.
pub trait Asked {
    fn consistency(&self) -> Option<&query::Consistency>;
    fn viewer_account_id(&self) -> &str;
}

/// What every request for a page of a list has.
pub trait Paged: Asked {
    fn page_size(&self) -> i32;
    fn page_token(&self) -> &str;
}

/// What every answer has.
pub trait Tokened {
    fn consistency_token(&self) -> &str;
}

/// What every answer to a command has.
pub trait CommandAnswer: Tokened {
    fn set_consistency_token(&mut self, token: String);
}

macro_rules! commanding {
    ($request:ident) => {
        impl Commanding for command::$request {
            fn take_manner(&mut self) -> (String, i32) {
                (std::mem::take(&mut self.request_id), std::mem::take(&mut self.wait_for))
            }
        }
    };
}

macro_rules! asked {
    ($request:ident) => {
        impl Asked for query::$request {
            fn consistency(&self) -> Option<&query::Consistency> {
                self.consistency.as_ref()
            }

            fn viewer_account_id(&self) -> &str {
                &self.viewer_account_id
            }
        }
    };
}

macro_rules! paged {
    ($request:ident) => {
        impl Paged for query::$request {
            fn page_size(&self) -> i32 {
                self.page_size
            }

            fn page_token(&self) -> &str {
                &self.page_token
            }
        }
    };
}

macro_rules! command_answer {
    ($response:ident) => {
        impl Tokened for command::$response {
            fn consistency_token(&self) -> &str {
                &self.consistency_token
            }
        }

        impl CommandAnswer for command::$response {
            fn set_consistency_token(&mut self, token: String) {
                self.consistency_token = token;
            }
        }
    };
}

macro_rules! query_answer {
    ($response:ident) => {
        impl Tokened for query::$response {
            fn consistency_token(&self) -> &str {
                &self.read_at
            }
        }
    };
}

include!(concat!(env!("OUT_DIR"), "/common_fields.rs"));
