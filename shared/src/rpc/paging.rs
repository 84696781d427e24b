//! Paging, as AIP-158 has it: a page size of 0 is the default, one that is too large is lowered, a negative one is
//! refused, tokens are opaque.

use tonic::Status;

use crate::rpc::errors::{ErrorReason, Violations};
use crate::rpc::tokens::{Genuine, Tokens};

/// Page sizes of a list, in items.
#[derive(Clone, Copy, Debug)]
pub struct PageSizes {
    /// Used when the client asks for 0.
    pub default: usize,
    pub max: usize,
}

impl PageSizes {
    /// How many items the page may have. A negative size adds the violation `PAGE_SIZE_NEGATIVE`.
    pub fn read(&self, asked: i32, violations: &mut Violations) -> usize {
        match usize::try_from(asked) {
            Err(_) => {
                violations.add("page_size", ErrorReason::PageSizeNegative, "must not be negative");
                0
            }
            Ok(0) => self.default,
            Ok(size) => size.min(self.max),
        }
    }
}

/// Where the page before this one ended, and what it left for this one; nothing on the first page. `arguments` are the name of the call and all of its
/// other arguments: a token of another query is refused.
pub fn page_start(tokens: &Tokens, token: &str, arguments: &[&str]) -> Result<Option<(Genuine, Vec<u8>)>, Status> {
    match token {
        "" => Ok(None),
        token => tokens.open_page_with(arguments, token).map(Some),
    }
}
