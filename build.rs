//! Compiles `proto/` into Rust, with protox instead of a system protoc. It also generates which messages have the
//! fields that many messages share (`shared/src/rpc/common_fields.rs`), and which request belongs to which method
//! (`shared/src/rpc/methods.rs`). Run for the `shared` crate, which names it.

#![expect(clippy::disallowed_methods, reason = "a build script is told by its environment")]

use std::collections::BTreeSet;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor};
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

    let mut compiler = protox::Compiler::new([&root])?;
    compiler.include_source_info(true).include_imports(true).open_files(&files)?;
    let descriptors = compiler.file_descriptor_set();
    let out = PathBuf::from(env::var("OUT_DIR")?);
    // As the compiler encodes it: the types of `prost_types` have no place for options of our own.
    fs::write(out.join("descriptors.bin"), compiler.encode_file_descriptor_set())?;
    fs::write(out.join("common_fields.rs"), common_fields(&descriptors))?;
    fs::write(out.join("methods.rs"), methods(&descriptors))?;
    fs::write(out.join("access.rs"), access(&compiler.descriptor_pool())?)?;
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
    for package in ["command", "query", "admin"] {
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
                // Where there is no common function for all methods, each is a function of the server itself.
                let (answer, open) = match package {
                    "admin" => (format!("Self::{call}(self, "), format!("Self::{call}(self, ")),
                    _ => ("self.answer(".to_owned(), "self.open(".to_owned()),
                };
                let types = format!("$crate::rpc::proto::{package}::");
                bodies.push_str(&match (method.client_streaming(), method.server_streaming()) {
                    (true, _) => format!(
                        "        type {name}Stream = $messages<{types}{response}>;\n        async fn {call}(&self, request: \
                         ::tonic::Request<::tonic::Streaming<{types}{request}>>) -> Result<::tonic::Response<Self::{name}Stream>, \
                         ::tonic::Status> {{ self.converse($crate::rpc::auth::access::authorized_stream::<{types}{request}, _>(request)?).await }}\n"
                    ),
                    (false, true) => format!(
                        "        type {name}Stream = $messages<{types}{response}>;\n        async fn {call}(&self, request: \
                         ::tonic::Request<{types}{request}>) -> Result<::tonic::Response<Self::{name}Stream>, ::tonic::Status> \
                         {{ {open}$crate::rpc::auth::access::authorized(request)?).await }}\n"
                    ),
                    (false, false) => format!(
                        "        async fn {call}(&self, request: ::tonic::Request<{types}{request}>) -> \
                         Result<::tonic::Response<{types}{response}>, ::tonic::Status> {{ {answer}$crate::rpc::auth::access::authorized(request)?).await }}\n"
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

/// The part of a method's package that names its service: `chirp.query.v1` is `query`.
fn package_of(method: &MethodDescriptor) -> String {
    method.parent_service().package_name().split('.').nth(1).unwrap_or_default().to_owned()
}

/// The option of the contract that says who may call a method.
const ACCESS: &str = "chirp.common.v1.access";

/// Scopes of what is no method: the pages of a server.
const OTHER_SCOPES: [&str; 1] = ["metrics:read"];

/// For each request of a method, who may call it. A method that does not say does not compile.
fn access(pool: &DescriptorPool) -> Result<String, Box<dyn Error>> {
    let option = pool.get_extension_by_name(ACCESS).ok_or("the contract has no option for access")?;
    let (mut text, mut every) = (String::new(), Vec::new());
    let mut scopes: BTreeSet<String> = OTHER_SCOPES.map(str::to_owned).into();
    for method in pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()) {
        let (options, full_name) = (method.options(), method.full_name());
        if !options.has_extension(&option) {
            return Err(format!("{full_name} does not say who may call it: it needs the option ({ACCESS})").into());
        }
        let said = options.get_extension(&option);
        let said = said.as_message().ok_or("the option for access is a message")?;
        let text_of = |message: &DynamicMessage, field: &str| -> String {
            message.get_field_by_name(field).and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
        };
        let accounts: Vec<String> = said
            .get_field_by_name("accounts")
            .and_then(|value| {
                value.as_list().map(|list| list.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect())
            })
            .unwrap_or_default();
        let scope = text_of(said, "scope");
        let number = said.get_field_by_name("role").and_then(|value| value.as_enum_number()).unwrap_or_default();
        let roles = pool.get_enum_by_name("chirp.common.v1.Role").ok_or("the contract has no roles")?;
        let role = roles.get_value(number).filter(|_| number != 0);
        let role = role.map_or_else(String::new, |role| role.name().trim_start_matches("ROLE_").to_owned());
        let anybody = said.get_field_by_name("anybody").and_then(|value| value.as_bool()).unwrap_or_default();
        let lesser = said.has_field_by_name("lesser").then(|| {
            let lesser = said.get_field_by_name("lesser").expect("it is set");
            let lesser = lesser.as_message().expect("it is a message");
            (text_of(lesser, "field"), text_of(lesser, "scope"))
        });
        scopes.extend(
            [&scope]
                .into_iter()
                .chain(lesser.iter().map(|(_, scope)| scope))
                .filter(|scope| !scope.is_empty())
                .cloned(),
        );
        if accounts.is_empty() && scope.is_empty() && role.is_empty() && !anybody {
            return Err(format!("nobody may call {full_name}").into());
        }
        let request = method.input();
        let has = |field: &str| request.get_field_by_name(field).is_some();
        let mut fields = Vec::new();
        for field in &accounts {
            if has(field) {
                fields.push(format!("&self.{field}"));
            } else if !method.is_client_streaming() {
                return Err(format!("{full_name} names a field that its request does not have: {field}").into());
            }
        }
        if let Some((field, _)) = lesser.as_ref().filter(|(field, _)| !has(field)) {
            return Err(format!("{full_name} names a field that its request does not have: {field}").into());
        }
        let service = method.parent_service();
        let package = package_of(&method);
        let (service_name, name) = (service.full_name(), method.name());
        let role = match role.as_str() {
            "" => "None".to_owned(),
            name => format!("Some(Role::{})", camel_case(name)),
        };
        let is_fresh = has("consistency") && package_of(&method) == "query" && !method.is_client_streaming();
        let is_fresh = match is_fresh {
            true => "is_fully_consistent(self.consistency.as_ref())",
            false => "false",
        };
        let asks = lesser.as_ref().map_or_else(|| "false".to_owned(), |(field, _)| format!("self.{field}"));
        text.push_str(&format!(
            "impl Guarded for crate::rpc::proto::{package}::{} {{\n    const ACCESS: Access = Access {{\n        method: \
             \"{service_name}/{name}\",\n        accounts: &{accounts:?},\n        scope: {scope:?},\n        role: {role},\n        \
             anybody: {anybody},\n        lesser: {lesser:?},\n    }};\n\n    fn account(&self, index: usize) -> &str {{\n        \
             let named: &[&str] = &[{}];\n        named.get(index).copied().unwrap_or_default()\n    }}\n\n    fn asks_for_less(&self) -> bool {{\n        {asks}\n    \
             }}\n\n    fn is_fully_consistent(&self) -> bool {{\n        {is_fresh}\n    }}\n}}\n",
            request.name(),
            fields.join(", ")
        ));
        every.push(format!("<crate::rpc::proto::{package}::{} as Guarded>::ACCESS", request.name()));
    }
    text.push_str(&format!(
        "/// Of every method of the contract.\npub const EVERY: &[Access] = &[{}];\n",
        every.join(", ")
    ));
    text.push_str(&format!(
        "/// Every scope of the contract, sorted.\npub const SCOPES: &[&str] = &{:?};\n",
        scopes.iter().collect::<Vec<_>>()
    ));
    Ok(text)
}

/// `MODERATOR` as `Moderator`.
fn camel_case(name: &str) -> String {
    let word = |word: &str| word[..1].to_owned() + &word[1..].to_ascii_lowercase();
    name.split('_').map(word).collect()
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
