//! The description of a port for whoever calls it in JSON: OpenAPI 3.1, made from the descriptors of the contract and their comments.
//!
//! Always: it has the services of this port and no others; what it says is what `rpc::json` reads and writes. Never here: health and reflection,
//! which are gRPC's own and described by it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::OnceLock;

use axum::http::HeaderValue;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use prost::Message as _;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::method_options::IdempotencyLevel;
use prost_types::source_code_info::Location;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet, MethodDescriptorProto,
    ServiceDescriptorProto,
};
use serde_json::{Map, Value, json};

use super::connect::CODES;
use crate::rpc::proto::DESCRIPTORS;

// Numbers of fields in the messages of `descriptor.proto`, by which comments are found.
const MESSAGES: i32 = 4;
const ENUMS: i32 = 5;
const SERVICES: i32 = 6;
const WITHIN: i32 = 2;

/// How a line of a comment begins that is for the linter of the contract.
const LINT: &str = "buf:lint:";

/// The names of services, and their description once it was asked for.
type Described = (Vec<String>, &'static str);

/// The description of a port with these services, as it is answered.
pub(super) fn served(names: &[&str]) -> ([(HeaderName, HeaderValue); 1], &'static str) {
    // A process has one port, or four.
    static MADE: OnceLock<std::sync::Mutex<Vec<Described>>> = OnceLock::new();
    let mut made = MADE.get_or_init(Default::default).lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let found = made.iter().find(|(of, _)| of.iter().eq(names)).map(|(_, text)| *text);
    let text = found.unwrap_or_else(|| {
        // Leaked on purpose: made once for each port, and served for as long as the process runs.
        let text: &'static str = document(names).to_string().leak();
        made.push((names.iter().map(|name| (*name).to_owned()).collect(), text));
        text
    });
    ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], text)
}

/// The description of these services.
fn document(names: &[&str]) -> Value {
    let contract = Contract::of_this_build();
    let (mut paths, mut tags) = (Map::new(), Vec::new());
    let (mut asked, mut answered) = (BTreeSet::new(), BTreeSet::new());
    for (name, service) in contract.services.iter().filter(|(name, _)| names.contains(&name.as_str())) {
        tags.push(json!({ "name": name, "description": service.comment }));
        let methods = service.described.method.iter().zip(&service.methods);
        for (method, comment) in methods.filter(|(method, _)| !method.client_streaming()) {
            contract.reach(method.input_type(), &mut asked);
            contract.reach(method.output_type(), &mut answered);
            paths.insert(format!("/{name}/{}", method.name()), path_of(name, method, comment));
        }
    }
    let mut schemas = Map::from_iter([("connect.error".to_owned(), error_schema())]);
    for name in asked.union(&answered) {
        // What comes in is refused with keys that are unknown; what goes out may have more of them in a later version.
        schemas.insert(name.trim_start_matches('.').to_owned(), contract.schema(name, !answered.contains(name)));
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": format!("Chirp: {}", names.join(", ")),
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "description": "Each call is a POST of JSON to /SERVICE/METHOD, as the Connect protocol has it. Keys are read in lowerCamelCase \
                            or as the contract names them, and written in lowerCamelCase; 64-bit integers are read as texts or numbers, and \
                            written as texts; what has its default value is not written. Keys that are unknown or given twice are refused. \
                            Every answer has its consistency token in the header x-chirp-consistency-token, and an error has its reason in \
                            x-chirp-error-reason.",
        },
        "servers": [{ "url": "/" }],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {
                "error": {
                    "description": "The call is refused or has failed.",
                    "headers": {
                        "x-chirp-error-reason": { "description": "The reason, for programs.", "schema": { "type": "string" } }
                    },
                    "content": { "application/json": { "schema": { "$ref": "#/components/schemas/connect.error" } } },
                },
            },
        },
    })
}

fn path_of(service: &str, method: &MethodDescriptorProto, comment: &str) -> Value {
    let reads =
        method.options.as_ref().map(|options| options.idempotency_level()) == Some(IdempotencyLevel::NoSideEffects);
    let (kind, told) = match method.server_streaming() {
        true => (
            "application/connect+json",
            format!(
                "{comment}\n\nIt answers a stream: the request is one message in an envelope of the Connect protocol, and so is each message \
                 of the answer. An envelope is a byte of flags and four bytes of length; the last one has the flag 2 and says how the stream \
                 ended."
            ),
        ),
        false => ("application/json", comment.to_owned()),
    };
    let content = |name: &str| json!({ kind: { "schema": { "$ref": reference(name) } } });
    let responses = json!({
        "200": { "description": "The answer.", "content": content(method.output_type()) },
        "default": { "$ref": "#/components/responses/error" },
    });
    let operation = |prefix: &str, more: Value| {
        let mut operation = json!({
            "operationId": format!("{prefix}{service}.{}", method.name()),
            "tags": [service],
            "summary": method.name(),
            "description": told,
            "responses": responses,
        });
        if let (Value::Object(operation), Value::Object(more)) = (&mut operation, more) {
            operation.extend(more);
        }
        operation
    };
    let body = json!({ "requestBody": { "required": true, "content": content(method.input_type()) } });
    let mut path = json!({ "post": operation("", body) });
    if reads && !method.server_streaming() {
        let message = json!({
            "name": "message",
            "in": "query",
            "required": true,
            "description": "The request.",
            "content": { "application/json": { "schema": { "$ref": reference(method.input_type()) } } },
        });
        let encoding = json!({ "name": "encoding", "in": "query", "required": true, "schema": { "const": "json" } });
        path["get"] = operation("get.", json!({ "parameters": [encoding, message] }));
    }
    path
}

fn error_schema() -> Value {
    json!({
        "type": "object",
        "description": "Why a call was refused or has failed. The header x-chirp-error-reason has the reason, and so has the detail google.rpc.ErrorInfo.",
        "required": ["code"],
        "properties": {
            "code": { "type": "string", "enum": CODES },
            "message": { "type": "string", "description": "For people; it may change." },
            "details": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["type", "value"],
                    "properties": {
                        "type": { "type": "string", "description": "The full name of a message, such as google.rpc.ErrorInfo." },
                        "value": { "type": "string", "contentEncoding": "base64", "description": "The message in protobuf." },
                        "debug": { "type": "object", "description": "The message in JSON, for those who read it." },
                    },
                },
            },
        },
    })
}

fn reference(name: &str) -> String {
    format!("#/components/schemas/{}", name.trim_start_matches('.'))
}

/// The messages, enums and services of the contract by their names, with their comments.
#[derive(Default)]
struct Contract {
    messages: HashMap<String, Commented<DescriptorProto>>,
    enums: HashMap<String, Commented<EnumDescriptorProto>>,
    /// The entries of maps, which are all of texts (see `rpc::json`).
    maps: HashSet<String>,
    services: Vec<(String, Service)>,
}

/// A message or an enum, with its comment and those of its fields or values.
struct Commented<T> {
    described: T,
    comment: String,
    within: Vec<String>,
}

struct Service {
    described: ServiceDescriptorProto,
    comment: String,
    methods: Vec<String>,
}

impl Contract {
    fn of_this_build() -> Self {
        let mut contract = Self::default();
        for file in FileDescriptorSet::decode(DESCRIPTORS).expect("a build describes itself well").file {
            // What options are made of is in no message.
            if file.name() == "google/protobuf/descriptor.proto" {
                continue;
            }
            let package = file.package().to_owned();
            let locations = file.source_code_info.map(|info| info.location).unwrap_or_default();
            let comments = Comments(locations.iter().map(|one| (one.path.as_slice(), one)).collect());
            for (described, index) in file.message_type.into_iter().zip(0..) {
                let name = format!(".{package}.{}", described.name());
                for entry in &described.nested_type {
                    let is_map = entry.options.as_ref().is_some_and(|options| options.map_entry());
                    assert!(is_map, "{} has messages inside", described.name());
                    contract.maps.insert(format!("{name}.{}", entry.name()));
                }
                let (comment, within) = comments.of([MESSAGES, index], described.field.len());
                contract.messages.insert(name, Commented { described, comment, within });
            }
            for (described, index) in file.enum_type.into_iter().zip(0..) {
                let name = format!(".{package}.{}", described.name());
                let (comment, within) = comments.of([ENUMS, index], described.value.len());
                contract.enums.insert(name, Commented { described, comment, within });
            }
            for (described, index) in file.service.into_iter().zip(0..) {
                let name = format!("{package}.{}", described.name());
                let (comment, methods) = comments.of([SERVICES, index], described.method.len());
                contract.services.push((name, Service { described, comment, methods }));
            }
        }
        contract
    }

    /// Adds what this message holds, itself included.
    fn reach(&self, name: &str, reached: &mut BTreeSet<String>) {
        let is_known = self.messages.contains_key(name) || self.enums.contains_key(name);
        if !is_known || !reached.insert(name.to_owned()) {
            return;
        }
        for field in self.messages.get(name).iter().flat_map(|message| &message.described.field) {
            self.reach(field.type_name(), reached);
        }
    }

    fn schema(&self, name: &str, is_closed: bool) -> Value {
        if let Some(Commented { described, comment, within }) = self.enums.get(name) {
            let names: Vec<&str> = described.value.iter().map(prost_types::EnumValueDescriptorProto::name).collect();
            let values = names.iter().zip(within).map(|(name, comment)| format!("- `{name}`: {comment}"));
            let told = format!("{comment}\n\n{}", values.collect::<Vec<_>>().join("\n"));
            return json!({ "type": "string", "enum": names, "description": told });
        }
        let Commented { described, comment, within } = &self.messages[name];
        let fields = described.field.iter().zip(within);
        let property = |field: &FieldDescriptorProto, comment: &String| match self.maps.contains(field.type_name()) {
            true => json!({ "type": "object", "additionalProperties": { "type": "string" }, "description": comment }),
            false => property(described, field, comment),
        };
        let properties: Map<String, Value> =
            fields.map(|(field, comment)| (field.json_name().to_owned(), property(field, comment))).collect();
        let mut schema = json!({ "type": "object", "description": comment, "properties": properties });
        if is_closed {
            schema["additionalProperties"] = false.into();
        }
        schema
    }
}

/// The schema of a field as it is written.
fn property(message: &DescriptorProto, field: &FieldDescriptorProto, comment: &str) -> Value {
    let mut schema = match field.r#type() {
        Type::Bool => json!({ "type": "boolean" }),
        Type::Int32 => json!({ "type": "integer", "format": "int32" }),
        Type::Uint32 => json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
        Type::Int64 => json!({ "type": "string", "format": "int64", "pattern": "^-?[0-9]+$" }),
        Type::Uint64 => json!({ "type": "string", "format": "uint64", "pattern": "^[0-9]+$" }),
        Type::Bytes => json!({ "type": "string", "contentEncoding": "base64" }),
        Type::Message | Type::Enum => match field.type_name() {
            ".google.protobuf.Timestamp" => json!({ "type": "string", "format": "date-time" }),
            ".google.protobuf.Duration" => json!({ "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?s$" }),
            ".google.protobuf.FieldMask" => json!({ "type": "string" }),
            name => json!({ "$ref": reference(name) }),
        },
        // The tables of JSON refuse every other type at their first use.
        _ => json!({ "type": "string" }),
    };
    if field.label() == Label::Repeated {
        schema = json!({ "type": "array", "items": schema });
    }
    let choice = field.oneof_index.filter(|_| !field.proto3_optional());
    let others = message.field.iter().filter(|other| choice.is_some() && other.oneof_index == choice);
    let others: Vec<&str> = others.map(FieldDescriptorProto::json_name).collect();
    let rule =
        if others.is_empty() { String::new() } else { format!("\n\nAt most one of {} is given.", others.join(", ")) };
    schema["description"] = format!("{comment}{rule}").into();
    schema
}

struct Comments<'a>(HashMap<&'a [i32], &'a Location>);

impl Comments<'_> {
    /// The comment of what is at this path, and those of what is within it.
    fn of(&self, path: [i32; 2], count: usize) -> (String, Vec<String>) {
        let [kind, index] = path;
        let within = (0..).take(count).map(|inner| self.at(&[kind, index, WITHIN, inner]));
        (self.at(&path), within.collect())
    }

    /// As one line for each paragraph.
    fn at(&self, path: &[i32]) -> String {
        let comment = self.0.get(path).map(|location| location.leading_comments()).unwrap_or_default();
        let paragraphs = comment.trim().split("\n\n").map(|paragraph| {
            let lines = paragraph.lines().map(str::trim).filter(|line| !line.starts_with(LINT));
            lines.collect::<Vec<_>>().join(" ")
        });
        paragraphs.collect::<Vec<_>>().join("\n\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_of_a_port_has_its_methods_and_every_schema_that_it_refers_to() {
        const NAMES: [&str; 2] = ["chirp.query.v1.QueryService", "chirp.command.v1.CommandService"];
        let document = document(&NAMES);
        let paths = document["paths"].as_object().expect("there are paths");
        let contract = Contract::of_this_build();
        for (name, service) in &contract.services {
            for method in &service.described.method {
                let is_here = paths.contains_key(&format!("/{name}/{}", method.name()));
                let is_wanted = NAMES.contains(&name.as_str()) && !method.client_streaming();
                assert_eq!(is_here, is_wanted, "{name}/{}", method.name());
            }
        }
        let text = document.to_string();
        for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(document.pointer(reference).is_some(), "{reference} is nowhere");
        }
        assert!(!text.contains("chirp.admin"), "nothing of another port is in it");
        assert!(!text.contains(LINT), "what is for a linter is not for a reader");
        let metadata = &document["components"]["schemas"]["chirp.query.v1.SubscriptionEnded"]["properties"]["metadata"];
        assert_eq!(metadata["additionalProperties"]["type"], "string");
        let get = &paths["/chirp.query.v1.QueryService/GetAccount"];
        assert!(get["get"]["parameters"].is_array() && get["post"]["requestBody"]["required"] == true, "{get}");
        assert!(get["post"]["description"].as_str().is_some_and(|told| told.contains("returns one account")), "{get}");
        assert!(paths["/chirp.command.v1.CommandService/CreatePost"]["get"].is_null());
        let account = &document["components"]["schemas"]["chirp.query.v1.Account"]["properties"];
        assert_eq!(account["followerCount"]["format"], "int64");
        assert!(account["handle"]["description"].as_str().is_some_and(|told| told.starts_with("Present handle")));
        let request = &document["components"]["schemas"]["chirp.query.v1.GetAccountRequest"];
        assert_eq!(request["additionalProperties"], false);
    }
}
