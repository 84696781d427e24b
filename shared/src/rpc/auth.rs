//! Who is calling, and what the contract lets them do.
//!
//! Always: who calls is known before anything is decoded ([`authority`]), and what a method demands of its caller is judged in one place from the
//! option beside its comment in the contract ([`access`]); whoever came by no authentication may do nothing. Never here: what an account may see
//! or do as itself, which the law of the timeline and the domain say.

#![warn(missing_docs)]

pub mod access;
pub mod api_keys;
pub mod authority;
pub mod development;
mod fetch;
pub mod jwt;
mod key_set;
pub mod principal;
mod ring_provider;
pub mod validity;
