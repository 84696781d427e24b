//! The table of who sees what names every field that the public services answer with, and no others.
//!
//! What the table says is checked by the laws and by `tests/system/visibility.rs`; here, that nothing was forgotten in it.

use std::collections::{BTreeMap, BTreeSet};

use prost::Message;
use prost_types::field_descriptor_proto::Type;
use prost_types::{DescriptorProto, FileDescriptorSet};
use shared::rpc::proto::DESCRIPTORS;

const TABLE: &str = include_str!("../docs/visibility.md");
const PUBLIC: [&str; 2] = ["chirp.command.v1.CommandService", "chirp.query.v1.QueryService"];
/// The columns of a row that are for viewers.
const COLUMNS: usize = 4;

/// The fields of all responses of the public services, each as `Message.field`.
fn answered() -> BTreeSet<String> {
    let files = FileDescriptorSet::decode(DESCRIPTORS).expect("a build describes itself well").file;
    let mut messages: BTreeMap<String, &DescriptorProto> = BTreeMap::new();
    for file in &files {
        for message in &file.message_type {
            assert!(
                message.nested_type.is_empty(),
                "{} has messages inside, which are to be walked, too",
                message.name()
            );
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
        if name.starts_with(".google.protobuf.") || !visited.insert(name.clone()) {
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
