//! Compiles `proto/` into Rust, with protox instead of a system protoc, and says of each message which of the fields it has that many have
//! (`shared/src/rpc/common_fields.rs`). Run for the `shared` crate, which names it.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use prost::Message;
use prost_types::{DescriptorProto, FileDescriptorSet};

const PACKAGES: [&str; 4] = ["common", "command", "query", "admin"];

/// Fields that many messages of a package have, and what is said of a message that has all of them: a macro of `common_fields.rs`, which
/// implements a trait.
const COMMON_FIELDS: [(&str, &[&str], &str); 4] = [
    ("command", &["request_id", "wait_for"], "commanding"),
    ("query", &["consistency", "viewer_account_id", "page_size", "page_token"], "paged"),
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
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}

/// A line for each message and each set of fields that it has.
fn common_fields(descriptors: &FileDescriptorSet) -> String {
    let mut lines = String::new();
    for (package, fields, said) in COMMON_FIELDS {
        let files = descriptors.file.iter().filter(|file| file.package() == format!("chirp.{package}.v1"));
        let has = |message: &&DescriptorProto| {
            fields.iter().all(|field| message.field.iter().any(|own| own.name() == *field))
        };
        for message in files.flat_map(|file| &file.message_type).filter(has) {
            lines.push_str(&format!("{said}!({});\n", message.name()));
        }
    }
    lines
}
