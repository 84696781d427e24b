//! The `chirp` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    chirp::main()
}
