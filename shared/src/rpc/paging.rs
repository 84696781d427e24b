//! Pages, as AIP-158 has them: 0 is the default size, too large is lowered, negative is refused, tokens are opaque.

use tonic::Status;

use crate::rpc::errors::{ErrorReason, Violations};
use crate::rpc::tokens::{Genuine, Tokens};

/// How large the pages of a list are.
#[derive(Clone, Copy, Debug)]
pub struct PageSizes {
    /// When the client does not say.
    pub default: usize,
    /// At most.
    pub max: usize,
}

impl PageSizes {
    /// How many items the page may have. A negative size is noted as `PAGE_SIZE_NEGATIVE`.
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

/// Where the page before this one ended; nothing on the first page. `arguments` are the name of the call and all of its
/// other arguments; a token is good for these only.
///
/// # Errors
/// What is wrong with the token.
pub fn page_start(tokens: &Tokens, token: &str, arguments: &[&str]) -> Result<Option<Genuine>, Status> {
    match token {
        "" => Ok(None),
        token => tokens.open_page(arguments, token).map(Some),
    }
}
