//! The public contract as Rust types, generated from `proto/`.
#![allow(clippy::all, clippy::pedantic, reason = "generated code; the documentation is in proto/")]

// The generated code finds its neighbours by the packages' full names.
mod chirp {
    pub mod common {
        pub mod v1 {
            tonic::include_proto!("chirp.common.v1");
        }
    }
    pub mod command {
        pub mod v1 {
            tonic::include_proto!("chirp.command.v1");
        }
    }
    pub mod query {
        pub mod v1 {
            tonic::include_proto!("chirp.query.v1");
        }
    }
    pub mod admin {
        pub mod v1 {
            tonic::include_proto!("chirp.admin.v1");
        }
    }
}

pub use chirp::admin::v1 as admin;
pub use chirp::command::v1 as command;
pub use chirp::common::v1 as common;
pub use chirp::query::v1 as query;

/// The whole contract as a `google.protobuf.FileDescriptorSet`, for reflection and the tests.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
