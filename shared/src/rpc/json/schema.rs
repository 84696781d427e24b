//! The tables by which JSON is read and written: the messages, enums and methods of the descriptors that the build makes.
//!
//! Always: made once, at the first use; whatever a method or an error can hold is in them. Never here: types of fields that no message of the
//! contract has, such as fractions: the first use, and so every test, says which one is missing.

use std::collections::HashMap;
use std::sync::LazyLock;

use prost::Message as _;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::method_options::IdempotencyLevel;
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet};

use crate::rpc::proto::DESCRIPTORS;

/// The details of errors, which no method names.
const DETAILS: [&str; 6] = [
    "google.rpc.ErrorInfo",
    "google.rpc.BadRequest",
    "google.rpc.RetryInfo",
    "google.rpc.ResourceInfo",
    "google.rpc.PreconditionFailure",
    "google.rpc.Help",
];

static SCHEMA: LazyLock<Schema> = LazyLock::new(Schema::of_this_build);

/// The message of this full name.
pub fn named(name: &str) -> Option<&'static Named> {
    SCHEMA.by_name.get(name).map(|index| SCHEMA.message(*index))
}

/// The method at this path, on whichever port: those of the contract and of the health service. Not those of reflection, which is asked by
/// tools in protobuf.
pub fn method(path: &str) -> Option<&'static Method> {
    SCHEMA.methods.get(path)
}

/// The tables of this build.
pub(super) fn schema() -> &'static Schema {
    &SCHEMA
}

/// A method by its messages.
#[derive(Debug)]
pub struct Method {
    pub input: &'static Named,
    pub output: &'static Named,
    pub server_streaming: bool,
    /// Whether it has no side effects.
    pub reads: bool,
}

/// A message.
#[derive(Debug)]
pub struct Named {
    /// The full name, such as `chirp.query.v1.Account`.
    pub name: String,
    /// By their numbers.
    pub(super) fields: Vec<Field>,
}

impl Named {
    /// The field of this name, in JSON or in the contract.
    pub(super) fn field(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.json_name == name || field.name == name)
    }
}

#[derive(Debug)]
pub(super) struct Field {
    pub number: u32,
    /// The name in the contract.
    pub name: String,
    /// The name in JSON.
    pub json_name: String,
    pub kind: Kind,
    pub repeated: bool,
    /// Which choice of its message it belongs to.
    pub choice: Option<i32>,
}

/// What a field holds, as far as JSON sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Int32,
    Int64,
    Uint32,
    Uint64,
    Text,
    Bytes,
    Enum(usize),
    Message(usize),
    /// A map of texts: its entries are messages with the key as field 1 and the value as field 2.
    TextMap,
    Timestamp,
    Duration,
    FieldMask,
}

#[derive(Debug)]
pub(super) struct Enumeration {
    /// Without its package.
    pub name: String,
    values: Vec<(String, i32)>,
}

impl Enumeration {
    pub fn number(&self, name: &str) -> Option<i32> {
        self.values.iter().find(|(known, _)| known == name).map(|(_, number)| *number)
    }

    pub fn name(&self, number: i32) -> Option<&str> {
        self.values.iter().find(|(_, known)| *known == number).map(|(name, _)| name.as_str())
    }
}

#[derive(Debug, Default)]
pub(super) struct Schema {
    messages: Vec<&'static Named>,
    enums: Vec<Enumeration>,
    by_name: HashMap<String, usize>,
    methods: HashMap<String, Method>,
}

impl Schema {
    pub fn message(&self, index: usize) -> &'static Named {
        self.messages[index]
    }

    pub fn enumeration(&self, index: usize) -> &Enumeration {
        &self.enums[index]
    }

    fn of_this_build() -> Self {
        let described = |set: &[u8]| FileDescriptorSet::decode(set).expect("a build describes itself well").file;
        let served = [described(DESCRIPTORS), described(tonic_health::pb::FILE_DESCRIPTOR_SET)].concat();
        let files = [served.clone(), described(tonic_types::pb::FILE_DESCRIPTOR_SET)].concat();
        let mut making = Making::default();
        for file in &files {
            making.declare(file.package(), &file.message_type, &file.enum_type);
        }
        let mut wanted: Vec<String> = DETAILS.map(|name| format!(".{name}")).to_vec();
        for service in served.iter().flat_map(|file| &file.service) {
            let messages = service.method.iter().flat_map(|method| [method.input_type(), method.output_type()]);
            wanted.extend(messages.map(str::to_owned));
        }
        for name in &wanted {
            making.message(name);
        }
        let Making { messages, enums, indices, .. } = making;
        // Leaked on purpose: made once, and used for as long as the process runs.
        let leak = |message: Option<Named>| &*Box::leak(Box::new(message.expect("each index is filled")));
        let messages: Vec<&'static Named> = messages.into_iter().map(leak).collect();
        let mut methods = HashMap::new();
        for file in &served {
            for (service, method) in file.service.iter().flat_map(|own| own.method.iter().map(move |one| (own, one))) {
                let path = format!("/{}.{}/{}", file.package(), service.name(), method.name());
                let level = method.options.as_ref().map(|options| options.idempotency_level());
                let described = Method {
                    input: messages[indices[method.input_type()]],
                    output: messages[indices[method.output_type()]],
                    server_streaming: method.server_streaming(),
                    reads: level == Some(IdempotencyLevel::NoSideEffects),
                };
                // JSON has no streams of requests.
                if !method.client_streaming() {
                    methods.insert(path, described);
                }
            }
        }
        let by_name = messages.iter().enumerate().map(|(index, message)| (message.name.clone(), index)).collect();
        Self { messages, enums, by_name, methods }
    }
}

/// The tables while they are made.
#[derive(Default)]
struct Making {
    described: HashMap<String, DescriptorProto>,
    described_enums: HashMap<String, EnumDescriptorProto>,
    messages: Vec<Option<Named>>,
    indices: HashMap<String, usize>,
    enums: Vec<Enumeration>,
    enum_indices: HashMap<String, usize>,
}

impl Making {
    fn declare(&mut self, scope: &str, messages: &[DescriptorProto], enums: &[EnumDescriptorProto]) {
        for one in enums {
            self.described_enums.insert(format!(".{scope}.{}", one.name()), one.clone());
        }
        for message in messages {
            let scope = format!("{scope}.{}", message.name());
            self.declare(&scope, &message.nested_type, &message.enum_type);
            self.described.insert(format!(".{scope}"), message.clone());
        }
    }

    /// The index of a message, which is made with all that it holds.
    fn message(&mut self, name: &str) -> usize {
        if let Some(index) = self.indices.get(name) {
            return *index;
        }
        let index = self.messages.len();
        // The place is taken first, since a message may hold itself.
        self.indices.insert(name.to_owned(), index);
        self.messages.push(None);
        let described = self.described.get(name).unwrap_or_else(|| panic!("{name} is not described")).clone();
        let mut fields: Vec<Field> = described.field.iter().map(|field| self.field(name, field)).collect();
        fields.sort_by_key(|field| field.number);
        self.messages[index] = Some(Named { name: name.trim_start_matches('.').to_owned(), fields });
        index
    }

    fn field(&mut self, message: &str, field: &FieldDescriptorProto) -> Field {
        let kind = match field.r#type() {
            Type::Bool => Kind::Bool,
            Type::Int32 => Kind::Int32,
            Type::Int64 => Kind::Int64,
            Type::Uint32 => Kind::Uint32,
            Type::Uint64 => Kind::Uint64,
            Type::String => Kind::Text,
            Type::Bytes => Kind::Bytes,
            Type::Enum => Kind::Enum(self.enumeration(field.type_name())),
            Type::Message => match field.type_name() {
                ".google.protobuf.Timestamp" => Kind::Timestamp,
                ".google.protobuf.Duration" => Kind::Duration,
                ".google.protobuf.FieldMask" => Kind::FieldMask,
                name if self.is_text_map(name) => Kind::TextMap,
                name => Kind::Message(self.message(name)),
            },
            unknown => panic!("JSON cannot have {message}.{} yet: teach shared/src/rpc/json {unknown:?}", field.name()),
        };
        Field {
            number: u32::try_from(field.number()).expect("the number of a field is positive"),
            name: field.name().to_owned(),
            json_name: field.json_name().to_owned(),
            kind,
            repeated: field.label() == Label::Repeated && kind != Kind::TextMap,
            choice: field.oneof_index.filter(|_| !field.proto3_optional()),
        }
    }

    fn is_text_map(&self, name: &str) -> bool {
        let Some(entry) = self.described.get(name) else { return false };
        let is_map = entry.options.as_ref().is_some_and(|options| options.map_entry());
        assert!(
            !is_map || entry.field.iter().all(|field| field.r#type() == Type::String),
            "JSON has maps of texts only: {name}"
        );
        is_map
    }

    fn enumeration(&mut self, name: &str) -> usize {
        if let Some(index) = self.enum_indices.get(name) {
            return *index;
        }
        let described = &self.described_enums[name];
        let values = described.value.iter().map(|value| (value.name().to_owned(), value.number())).collect();
        self.enums.push(Enumeration { name: described.name().to_owned(), values });
        self.enum_indices.insert(name.to_owned(), self.enums.len() - 1);
        self.enums.len() - 1
    }
}
