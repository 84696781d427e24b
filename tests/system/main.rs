//! The built binary from outside: real processes, real gRPC, throw-away stores.
//!
//! Always: every test starts its own processes on ports that the system picked, waits for a position and never for a
//! duration, and ends what it started by its process id. The output of a process is printed when its test fails.

#![allow(clippy::disallowed_methods, reason = "a test spawns and is told by its environment as it likes")]

mod access;
mod addresses;
mod api;
mod around;
mod as_of;
mod backup;
mod bad_input;
mod browser;
mod cluster;
mod command_line;
mod compression;
mod connect;
mod connection_age;
mod consistency;
mod crashes;
mod damage;
mod deadlines;
mod ending;
mod events;
mod expected_version;
mod extremes;
mod history;
mod idempotency;
mod idle;
mod includes;
mod interrupted;
mod journey;
mod limits;
mod live;
mod manners;
mod media;
mod metrics;
mod moderation;
mod operations;
mod pages;
mod parked;
mod postgres;
mod presence;
mod process;
mod raw;
mod read_your_writes;
mod ready;
mod rebuild;
mod refusals;
mod relay;
mod resumes;
mod roles;
mod serve;
mod sqlite_files;
mod streams;
mod texts;
mod tls;
mod together;
mod upgrade;
mod versions;
mod visibility;
mod waiting;
mod web;
mod week;
