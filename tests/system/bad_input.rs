//! Wrong input is refused with its reason, all violations at once; nothing is appended, and other clients notice nothing.

mod bytes;
mod commands;
mod odd_texts;
mod of_a_week;
mod queries;

use shared::rpc::proto::query::get_account_request::Account as Named;

pub fn by_id(id: &str) -> Option<Named> {
    Some(Named::AccountId(id.to_owned()))
}
