//! Pages about the contract agree with it: the table of who sees what names every field that the public services answer with, and no
//! others; the page about error reasons has the comments of the contract.
//!
//! What the table says is checked by the laws and by `tests/system/visibility.rs`; here, that nothing was forgotten in it.

#![allow(clippy::disallowed_methods, reason = "a test is told by its environment what to write")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use prost::Message;
use prost_types::field_descriptor_proto::Type;
use prost_types::{DescriptorProto, FileDescriptorProto, FileDescriptorSet};
use shared::rpc::auth::access::{Access, EVERY, SCOPES};
use shared::rpc::proto::DESCRIPTORS;

const TABLE: &str = include_str!("../docs/visibility.md");
const PUBLIC: [&str; 2] = ["chirp.command.v1.CommandService", "chirp.query.v1.QueryService"];
/// The columns of a row that are for viewers.
const COLUMNS: usize = 4;
/// Numbers of fields of `FileDescriptorProto` and `EnumDescriptorProto`, by which comments are found.
const ENUM_TYPES: i32 = 5;
const ENUM_VALUES: i32 = 2;

/// The fields of all responses of the public services, each as `Message.field`.
fn answered() -> BTreeSet<String> {
    let files = FileDescriptorSet::decode(DESCRIPTORS).expect("a build describes itself well").file;
    let mut messages: BTreeMap<String, &DescriptorProto> = BTreeMap::new();
    let mut maps = BTreeSet::new();
    for file in files.iter().filter(|file| !file.package().starts_with("google.")) {
        for message in &file.message_type {
            // The entries of a map are its key and its value.
            let is_map = |nested: &DescriptorProto| nested.options.as_ref().is_some_and(|options| options.map_entry());
            assert!(
                message.nested_type.iter().all(is_map),
                "{} has messages inside, which are to be walked, too",
                message.name()
            );
            for map in &message.nested_type {
                maps.insert(format!(".{}.{}.{}", file.package(), message.name(), map.name()));
            }
            messages.insert(format!(".{}.{}", file.package(), message.name()), message);
        }
    }
    let mut to_visit: Vec<String> = Vec::new();
    for name in PUBLIC {
        let found = files.iter().find_map(|file| {
            let is_wanted = |service: &&prost_types::ServiceDescriptorProto| {
                format!("{}.{}", file.package(), service.name()) == name
            };
            file.service.iter().find(is_wanted)
        });
        let service = found.expect("it is in the contract");
        to_visit.extend(service.method.iter().map(|method| method.output_type().to_owned()));
    }
    let (mut visited, mut fields) = (BTreeSet::new(), BTreeSet::new());
    while let Some(name) = to_visit.pop() {
        if name.starts_with(".google.protobuf.") || maps.contains(&name) || !visited.insert(name.clone()) {
            continue;
        }
        let message = messages.get(&name).expect("what is answered is described");
        for field in &message.field {
            assert!(
                fields.insert(format!("{}.{}", message.name(), field.name())),
                "two messages are {}",
                message.name()
            );
            if field.r#type() == Type::Message {
                to_visit.push(field.type_name().to_owned());
            }
        }
    }
    fields
}

/// The fields that the rows of the table name, in their first cell.
fn tabled() -> Vec<String> {
    let mut fields = Vec::new();
    for line in TABLE.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert!(
            cells.len() == COLUMNS + 1 && cells.iter().all(|cell| !cell.is_empty()),
            "a viewer is missing in {line}"
        );
        fields.extend(cells[0].split(", ").map(|name| name.trim_matches('`').to_owned()));
    }
    fields
}

#[test]
fn the_table_of_who_sees_what_names_every_field_that_is_answered_and_no_others() {
    let (answered, tabled) = (answered(), tabled());
    assert!(answered.len() > 100 && answered.contains("Account.handle"), "the contract is walked: {answered:?}");
    let named: BTreeSet<String> = tabled.iter().cloned().collect();
    let missing: Vec<_> = answered.difference(&named).collect();
    assert!(missing.is_empty(), "docs/visibility.md does not say who sees {missing:?}");
    let unknown: Vec<_> = named.difference(&answered).collect();
    assert!(unknown.is_empty(), "docs/visibility.md has rows for what nobody is answered: {unknown:?}");
    assert_eq!(tabled.len(), named.len(), "a field has one row");
}

/// What each 64-bit integer of the contract counts: nothing that reaches 2^53, up to which JavaScript reads it without loss.
const COUNTS: [(&str, &[&str]); 4] = [
    (
        "events of the log",
        &[
            "after_position",
            "behind_position",
            "checkpoint",
            "head",
            "lag_events",
            "log_head",
            "parked_count",
            "place",
            "position",
            "positions",
            "rebuild_checkpoint",
            "up_to_place",
        ],
    ),
    ("events of one log stream", &["version", "expected_version"]),
    (
        "edges and posts, each with an event",
        &["follower_count", "following_count", "post_count", "like_count", "repost_count", "reply_count"],
    ),
    ("sets of tables that an operator has not released", &["number"]),
];

#[test]
fn every_64_bit_integer_counts_what_cannot_reach_2_to_the_53() {
    let files = FileDescriptorSet::decode(DESCRIPTORS).expect("a build describes itself well").file;
    let own = files.iter().filter(|file| file.package().starts_with("chirp."));
    let fields = own.flat_map(|file| &file.message_type).flat_map(|message| &message.field);
    let is_wide =
        |kind: Type| matches!(kind, Type::Int64 | Type::Uint64 | Type::Sint64 | Type::Fixed64 | Type::Sfixed64);
    let found: BTreeSet<&str> = fields.filter(|field| is_wide(field.r#type())).map(|field| field.name()).collect();
    let known: BTreeSet<&str> = COUNTS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
    assert_eq!(found, known, "a field of 64 bits stands in the list, with what it counts");
}

/// The page about reasons, as the comments in the contract have it.
fn error_reference() -> String {
    let files = FileDescriptorSet::decode(DESCRIPTORS).expect("a build describes itself well").file;
    let is_wanted = |file: &&FileDescriptorProto| file.name() == "chirp/common/v1/errors.proto";
    let file = files.iter().find(is_wanted).expect("it is in the contract");
    let comments = &file.source_code_info.as_ref().expect("the build keeps comments").location;
    let comment = |path: &[i32]| {
        let found = comments.iter().find(|location| location.path == path).map(|one| one.leading_comments());
        let paragraphs = found.unwrap_or_default().trim().split("\n\n").map(str::to_owned);
        let joined = paragraphs.map(|one| one.lines().map(str::trim).collect::<Vec<_>>().join(" "));
        joined.collect::<Vec<_>>().join("\n\n")
    };
    let reasons = &file.enum_type[0];
    let mut page = format!("# Error reasons\n\n{}\n\n", comment(&[ENUM_TYPES, 0]));
    page += "This page is made from the comments in [`errors.proto`](../../proto/chirp/common/v1/errors.proto).\n";
    for (index, value) in reasons.value.iter().enumerate() {
        let name = value.name().trim_start_matches("ERROR_REASON_");
        let index = i32::try_from(index).expect("there are few");
        page += &format!("\n## {name}\n\n{}\n", comment(&[ENUM_TYPES, 0, ENUM_VALUES, index]));
    }
    page
}

#[test]
fn the_page_about_error_reasons_says_what_the_contract_says() {
    let page = error_reference();
    assert!(page.matches("\n## ").count() > 40 && page.contains("INVALID_ARGUMENT"), "the contract is read: {page}");
    must_be_written("docs/reference/errors.md", &page);
}

/// The page is as the contract says, or is written anew.
fn must_be_written(path: &str, page: &str) {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("CHIRP_WRITE_REFERENCE").is_some() {
        std::fs::write(&place, page).expect("the page can be written");
    }
    let written = std::fs::read_to_string(&place).unwrap_or_default();
    assert!(written == page, "{path} is older than the contract: run this test with CHIRP_WRITE_REFERENCE=1");
}

/// Who may call a method, as the page says it.
fn who(access: &Access) -> String {
    let mut told = Vec::new();
    if access.anybody {
        told.push("anybody, for what is public".to_owned());
    }
    if !access.accounts.is_empty() {
        let fields: Vec<String> = access.accounts.iter().map(|field| format!("`{field}`")).collect();
        told.push(format!("the account in {}", fields.join(" and ")));
    }
    if !access.scope.is_empty() {
        told.push(format!("a service with `{}`", access.scope));
    }
    if let Some((field, scope)) = access.lesser {
        told.push(format!("one with `{scope}` if `{field}` is true"));
    }
    if let Some(role) = access.role {
        let role = role.as_str_name().trim_start_matches("ROLE_").to_ascii_lowercase();
        told.push(format!("whoever has the role {role}"));
    }
    told.join("; ")
}

const ACCESS_PAGE: &str = "docs/reference/access.md";

fn access_page() -> String {
    let mut page = "# Who may call what\n\nGenerated from the option `chirp.common.v1.access` of each method; do not edit. A server that authenticates \
         nobody lets everybody do everything. What an account then sees is said in [visibility.md](../visibility.md).\n\n| method | who \
         |\n|---|---|\n"
        .to_owned();
    for access in EVERY {
        page.push_str(&format!("| `{}` | {} |\n", access.method, who(access)));
    }
    for other in
        ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"]
    {
        page.push_str(&format!("| `{other}`, all methods | anybody |\n"));
    }
    let scopes: Vec<String> = SCOPES.iter().map(|scope| format!("`{scope}`")).collect();
    page.push_str(&format!("\nThe scopes: {}.\n", scopes.join(", ")));
    page
}

#[test]
fn the_page_about_access_is_what_the_contract_says() {
    let files = FileDescriptorSet::decode(DESCRIPTORS).expect("a build describes itself well").file;
    let services = files.iter().flat_map(|file| file.service.iter().map(move |service| (file.package(), service)));
    let described: BTreeSet<String> = services
        .flat_map(|(package, service)| {
            service.method.iter().map(move |method| format!("{package}.{}/{}", service.name(), method.name()))
        })
        .collect();
    let judged: BTreeSet<String> = EVERY.iter().map(|access| access.method.to_owned()).collect();
    assert!(described.len() > 60, "the contract has its methods");
    assert_eq!(described, judged, "each method says who may call it");
    must_be_written(ACCESS_PAGE, &access_page());
}
