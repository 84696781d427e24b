//! The fields that many messages of the contract have, as traits: which message has which, the build reads from the contract.

use super::proto::{command, query};

/// What all requests for commands have beside the payload.
pub trait Commanding: prost::Message {
    /// Takes `request_id` and `wait_for` out, so that what is left is the payload that the request id is bound to.
    fn take_manner(&mut self) -> (String, i32);
}

/// What all requests for pages have.
pub trait Paged {
    /// How fresh the answer must be.
    fn consistency(&self) -> Option<&query::Consistency>;
    /// For whom it is made.
    fn viewer_account_id(&self) -> &str;
    /// How many entries are wanted.
    fn page_size(&self) -> i32;
    /// Where the page before ended.
    fn page_token(&self) -> &str;
}

/// What all answers have.
pub trait Tokened {
    /// The consistency token.
    fn consistency_token(&self) -> &str;
}

/// What all answers to commands have.
pub trait CommandAnswer: Tokened {
    /// Sets the consistency token.
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

macro_rules! paged {
    ($request:ident) => {
        impl Paged for query::$request {
            fn consistency(&self) -> Option<&query::Consistency> {
                self.consistency.as_ref()
            }

            fn viewer_account_id(&self) -> &str {
                &self.viewer_account_id
            }

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
