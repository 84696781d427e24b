//! One set of odd texts through every text field of every request, on both engines.
//!
//! Always: the fields come from the descriptors, so that a new one is tried from its first day; apart from the odd
//! text, a request is as valid as it can be, so that the text comes as far as it can.

use std::collections::{BTreeMap, BTreeSet};

use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint, string, uint64};
use prost_types::field_descriptor_proto::Type;
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorSet};
use shared::rpc::proto::DESCRIPTORS;
use shared::rpc::proto::admin::Projection;
use tonic::Code;

use crate::api::{channel, reason};
use crate::process::{Dev, eventually, folder, folder_on_server, store_of};
use crate::raw;

/// Texts that break unprepared programs: that cannot be searched for, or that mean something to a system behind the server.
const ODD: [&str; 16] = [
    "\0",
    "a\0b",
    "ada\0",
    "\u{1}\u{8}\u{1b}[31m\u{7f}",
    "\u{85}\u{9b}31m",
    "\u{202e}txt.exe\u{2066}\u{200f}",
    "\u{feff}ada",
    "\u{fffe}\u{ffff}\u{fffd}",
    "\u{10ffff}0",
    "'; DROP TABLE posts_1; --",
    "%_\\",
    "{\"a\\u0000\":\"\\ud800\"}",
    "a\r\nx-chirp-consistency-token: b",
    " \t\u{3000}",
    "e\u{301}💥",
    "0190000000007000800000000000000",
];
/// How deep messages within a request are followed.
const DEPTH_MAX: usize = 4;

/// The messages of the contract, by their full names.
struct Contract {
    messages: BTreeMap<String, DescriptorProto>,
    /// The path of each method, and its request.
    methods: Vec<(String, String)>,
}

impl Contract {
    fn read() -> Self {
        let (mut messages, mut methods) = (BTreeMap::new(), Vec::new());
        for file in FileDescriptorSet::decode(DESCRIPTORS).expect("it was made by us").file {
            for message in &file.message_type {
                messages.insert(format!(".{}.{}", file.package(), message.name()), message.clone());
            }
            for service in &file.service {
                let path = |method: &str| format!("/{}.{}/{method}", file.package(), service.name());
                methods.extend(service.method.iter().map(|one| (path(one.name()), one.input_type().to_owned())));
            }
        }
        Self { messages, methods }
    }

    /// The text fields of a message and of those within it, each by the numbers of the fields that lead to it.
    fn texts(&self, message: &str, depth: usize) -> Vec<Vec<i32>> {
        let Some(found) = self.messages.get(message).filter(|_| depth < DEPTH_MAX) else { return vec![] };
        let mut paths = Vec::new();
        for field in &found.field {
            match field.r#type() {
                Type::String => paths.push(vec![field.number()]),
                Type::Message => {
                    let within = self.texts(field.type_name(), depth + 1);
                    paths.extend(within.into_iter().map(|path| [vec![field.number()], path].concat()));
                }
                _ => {}
            }
        }
        paths
    }

    /// A valid message with an odd text at a path.
    fn encoded(&self, message: &str, path: &[i32], odd: &str, good: &Good<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        let found = &self.messages[message];
        let [next, rest @ ..] = path else { unreachable!("a path ends at a text") };
        let target = found.field.iter().find(|field| field.number() == *next).expect("it is of this message");
        for field in &found.field {
            let tag = u32::try_from(field.number()).expect("it is a number of a field");
            if field.number() == target.number() {
                match field.r#type() {
                    Type::String => string::encode(tag, &odd.to_owned(), &mut bytes),
                    _ => {
                        let within = self.encoded(field.type_name(), rest, odd, good);
                        encode_key(tag, WireType::LengthDelimited, &mut bytes);
                        encode_varint(within.len() as u64, &mut bytes);
                        bytes.extend(within);
                    }
                }
            } else if !excludes(target, field) {
                match field.r#type() {
                    Type::String => good.text(field).iter().for_each(|text| string::encode(tag, text, &mut bytes)),
                    Type::Enum if field.name() == "kind" => uint64::encode(tag, &1, &mut bytes),
                    _ => {}
                }
            }
        }
        bytes
    }
}

/// Whether a message can have only one of the two fields.
fn excludes(one: &FieldDescriptorProto, other: &FieldDescriptorProto) -> bool {
    one.oneof_index.is_some() && one.oneof_index == other.oneof_index
}

/// Valid values for the fields that are not the odd one.
struct Good<'a> {
    ada: &'a str,
    bob: &'a str,
    post: &'a str,
    handle: String,
}

impl Good<'_> {
    fn text(&self, field: &FieldDescriptorProto) -> Option<String> {
        let good = match field.name() {
            "account_id" | "account_ids" | "author_id" | "follower_id" => self.ada,
            "target_account_id" | "followee_id" => self.bob,
            "post_id" | "post_ids" => self.post,
            "handle" => &self.handle,
            "display_name" | "text" | "reason" | "title" => "words",
            "url" => "https://media.example/a.png",
            "tag" => "law",
            "name" | "projection" => "posts_1",
            _ => return None,
        };
        Some(good.to_owned())
    }
}

/// The answer to each odd text in each field, and those answers that nobody should get.
async fn answers(store: &str) -> (BTreeMap<String, String>, Vec<String>) {
    let dev = Dev::start_at(store).await;
    let [ada, bob] = dev.api.accounts(["ada", "bob"]).await;
    let post = dev.api.post(&ada, "about the #law").await.id;
    let contract = Contract::read();
    let (mut answers, mut wrong, mut tried) = (BTreeMap::new(), Vec::new(), BTreeSet::new());
    for (path, request) in &contract.methods {
        let address = match path {
            path if path.contains(".command.") => &dev.command,
            path if path.contains(".query.") => &dev.query,
            _ => &dev.ops,
        };
        let channel = channel(address);
        for field in contract.texts(request, 0) {
            for odd in ODD {
                let handle = format!("new_{}", answers.len());
                let good = Good { ada: &ada, bob: &bob, post: &post, handle };
                let message = contract.encoded(request, &field, odd, &good);
                let answered = raw::call(&channel, path, message).await;
                let what = format!("{path} {field:?} {odd:?}");
                let told = match &answered {
                    Ok(_) => "OK".to_owned(),
                    Err(status) => format!("{:?} {:?}", status.code(), reason(status)),
                };
                let faults = [Code::InvalidArgument, Code::NotFound, Code::FailedPrecondition, Code::OutOfRange];
                if let Err(status) = answered
                    && !(faults.contains(&status.code()) && reason(&status).is_some())
                {
                    wrong.push(format!("{what}: {told}, {:.200}", status.message()));
                }
                tried.insert(path.clone());
                answers.insert(what, told);
            }
        }
    }
    assert_eq!(tried.len(), contract.methods.len(), "every request has a text, if only its page token: {tried:?}");
    // Everything that was accepted can be applied, and is.
    let caught_up =
        |projections: &Vec<Projection>| projections.iter().all(|one| one.lag_events == 0 && one.failure.is_empty());
    let projections = eventually("all is applied", || dev.api.projections(), caught_up).await;
    wrong.extend(projections.iter().filter(|one| one.parked_count > 0).map(|one| format!("{one:?}")));
    (answers, wrong)
}

#[tokio::test]
async fn odd_texts_in_any_field_are_the_callers_fault_if_any_and_both_engines_answer_alike() {
    let (file, server) = (folder(), folder_on_server().await);
    let path = file.path().to_str().expect("our own folders have plain names");
    let on_server = store_of(server.path()).await;
    let ((of_file, wrong_of_file), (of_server, wrong_of_server)) = tokio::join!(answers(path), answers(&on_server));
    let differences: Vec<String> = of_file
        .iter()
        .filter(|(what, told)| of_server.get(*what) != Some(told))
        .map(|(what, told)| format!("{what}: SQLite {told}, PostgreSQL {:?}", of_server.get(what)))
        .collect();
    let wrong = [wrong_of_file, wrong_of_server, differences].concat();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), of_file.len(), wrong.join("\n"));
}
