//! The people of a file: numbered as in the file, registered once each.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Cursor};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};
use shared::rpc::proto::command::RegisterAccountRequest;
use shared::rpc::proto::common::AccountKind;
use uuid::Uuid;

use super::command::Command;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// The reason under which commands are counted whose account could not be registered.
pub const NOT_REGISTERED: &str = "ACCOUNT_NOT_REGISTERED";

/// A file's namespace for request ids, so that they are always the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Namespace(Uuid);

impl Namespace {
    /// For tests, of no file.
    #[cfg(test)]
    pub const NIL: Self = Self(Uuid::nil());

    /// The request id of the command with this name.
    pub fn request_id(self, name: &str) -> String {
        Uuid::new_v5(&self.0, name.as_bytes()).to_string()
    }
}

/// The lines of a file, plain or gzipped.
pub fn read(file: &Path) -> std::io::Result<(Namespace, Box<dyn BufRead>)> {
    let bytes = std::fs::read(file)?;
    let namespace = Namespace(Uuid::new_v5(&Uuid::NAMESPACE_OID, &Sha256::digest(&bytes)));
    let is_packed = bytes.starts_with(&GZIP_MAGIC);
    let bytes = Cursor::new(bytes);
    Ok(match is_packed {
        true => (namespace, Box::new(BufReader::new(MultiGzDecoder::new(bytes)))),
        false => (namespace, Box::new(bytes)),
    })
}

/// All people, in the order of their first mention, in which each has an index.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct People {
    numbers: Vec<u64>,
    places: HashMap<u64, usize>,
}

impl People {
    /// The index of a person, who is added if new.
    pub fn place(&mut self, person: u64) -> usize {
        *self.places.entry(person).or_insert_with(|| {
            self.numbers.push(person);
            self.numbers.len() - 1
        })
    }

    /// Their numbers in the file.
    pub fn numbers(&self) -> &[u64] {
        &self.numbers
    }

    pub fn count(&self) -> usize {
        self.numbers.len()
    }

    /// The commands that register them.
    pub fn registrations(&self, namespace: Namespace) -> impl Iterator<Item = Command> {
        self.numbers.iter().map(move |&person| {
            Command::Register(RegisterAccountRequest {
                request_id: namespace.request_id(&format!("register {person}")),
                handle: handle(person),
                display_name: format!("Person {person}"),
                bio: String::new(),
                kind: AccountKind::User.into(),
                ..Default::default()
            })
        })
    }
}

pub fn handle(person: u64) -> String {
    format!("person_{person}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_handle_is_a_legal_one() {
        for person in [0, 42, u64::MAX] {
            assert!((3..=30).contains(&handle(person).len()));
        }
    }
}
