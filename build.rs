//! Compiles `proto/` into Rust, with protox instead of a system protoc. It also generates which messages have the
//! fields that many messages share (`shared/src/rpc/common_fields.rs`), and which request belongs to which method
//! (`shared/src/rpc/methods.rs`). Run for the `shared` crate, which names it.

#![expect(clippy::disallowed_methods, reason = "a build script is told by its environment")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use prost::Message;
use prost_types::{DescriptorProto, FileDescriptorProto, FileDescriptorSet};

const PACKAGES: [&str; 4] = ["common", "command", "query", "admin"];

/// Fields that many messages of a package share, and the macro of `common_fields.rs` that implements a trait for a
/// message that has all of them.
const COMMON_FIELDS: [(&str, &[&str], &str); 5] = [
    ("command", &["request_id", "wait_for"], "commanding"),
    ("query", &["consistency", "viewer_account_id"], "asked"),
    ("query", &["page_size", "page_token"], "paged"),
    ("command", &["consistency_token"], "command_answer"),
    ("query", &["read_at"], "query_answer"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../proto");
    println!("cargo::rerun-if-changed={}", root.display());

    let mut files = Vec::new();
    for package in PACKAGES {
        for entry in fs::read_dir(root.join("chirp").join(package).join("v1"))? {
            files.push(entry?.path());
        }
    }
    files.sort();

    let descriptors = protox::compile(&files, [&root])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    fs::write(out.join("common_fields.rs"), common_fields(&descriptors))?;
    fs::write(out.join("methods.rs"), methods(&descriptors))?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}

fn files_of<'a>(descriptors: &'a FileDescriptorSet, package: &'a str) -> impl Iterator<Item = &'a FileDescriptorProto> {
    descriptors.file.iter().filter(move |file| file.package() == format!("chirp.{package}.v1"))
}

/// A line for each message and each set of shared fields that it has.
fn common_fields(descriptors: &FileDescriptorSet) -> String {
    let mut lines = String::new();
    for (package, fields, said) in COMMON_FIELDS {
        let has = |message: &&DescriptorProto| {
            fields.iter().all(|field| message.field.iter().any(|own| own.name() == *field))
        };
        for message in files_of(descriptors, package).flat_map(|file| &file.message_type).filter(has) {
            lines.push_str(&format!("{said}!({});\n", message.name()));
        }
    }
    lines
}

/// For each method, its request with the method's name and response; for each service, a macro that implements it by
/// one function for all methods.
fn methods(descriptors: &FileDescriptorSet) -> String {
    let mut text = String::new();
    for package in ["command", "query"] {
        for service in files_of(descriptors, package).flat_map(|file| &file.service) {
            let mut bodies = String::new();
            for method in &service.method {
                let last = |path: &str| path.rsplit('.').next().unwrap_or(path).to_owned();
                let (name, request, response) = (method.name(), last(method.input_type()), last(method.output_type()));
                text.push_str(&format!(
                    "impl Method for super::proto::{package}::{request} {{\n    const NAME: &'static str = \"{name}\";\n    \
                     type Response = super::proto::{package}::{response};\n}}\n"
                ));
                let call = snake_case(name);
                let types = format!("$crate::rpc::proto::{package}::");
                bodies.push_str(&match (method.client_streaming(), method.server_streaming()) {
                    (true, _) => format!(
                        "        type {name}Stream = $messages<{types}{response}>;\n        async fn {call}(&self, request: \
                         ::tonic::Request<::tonic::Streaming<{types}{request}>>) -> Result<::tonic::Response<Self::{name}Stream>, \
                         ::tonic::Status> {{ self.converse(request).await }}\n"
                    ),
                    (false, true) => format!(
                        "        type {name}Stream = $messages<{types}{response}>;\n        async fn {call}(&self, request: \
                         ::tonic::Request<{types}{request}>) -> Result<::tonic::Response<Self::{name}Stream>, ::tonic::Status> \
                         {{ self.open(request).await }}\n"
                    ),
                    (false, false) => format!(
                        "        async fn {call}(&self, request: ::tonic::Request<{types}{request}>) -> \
                         Result<::tonic::Response<{types}{response}>, ::tonic::Status> {{ self.answer(request).await }}\n"
                    ),
                });
            }
            let (module, called) = (snake_case(service.name()), service.name());
            let parameters = match service.method.iter().any(|method| method.server_streaming()) {
                true => "$server:ty, $messages:ident",
                false => "$server:ty",
            };
            text.push_str(&format!(
                "/// Implements the service by `answer`, by `open` where it streams messages, and by `converse` where the client does, too.\n#[macro_export]\n\
                 macro_rules! serve_{module} {{\n    ({parameters}) => {{\n        #[::tonic::async_trait]\n        \
                 impl $crate::rpc::proto::{package}::{module}_server::{called} for $server {{\n{bodies}        }}\n    }};\n}}\n"
            ));
        }
    }
    text
}

/// `CreatePost` as `create_post`.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
