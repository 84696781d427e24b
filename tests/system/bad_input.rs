//! What is wrong with a call is said with its reason, all of it at once; nothing is appended, and nobody else notices.

mod bytes;
mod commands;
mod odd_texts;
mod of_a_week;
mod queries;

use shared::rpc::proto::query::get_account_request::Account as Named;

fn by_id(id: &str) -> Option<Named> {
    Some(Named::AccountId(id.to_owned()))
}
