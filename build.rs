//! Compiles `proto/` into Rust, with protox instead of a system protoc. Run for the `shared` crate, which names it.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use prost::Message;

const PACKAGES: [&str; 4] = ["common", "command", "query", "admin"];

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
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}
