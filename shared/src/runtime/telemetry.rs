//! Logging: text on a terminal, JSON elsewhere, always on stderr, since stdout is for answers. A panic is logged and counted, too.

use std::backtrace::Backtrace;
use std::io::IsTerminal;
use std::panic::PanicHookInfo;

use ::metrics::counter;
use tracing::error;
use tracing_subscriber::EnvFilter;

use crate::runtime::metrics::PANICS;

/// Starts logging for this process, at the level of `filter` (`info`, `chirp=debug`, …).
pub fn start(filter: &str) -> Result<(), tracing_subscriber::filter::ParseError> {
    let filter = EnvFilter::try_new(filter)?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A line that nobody reads any more is lost; told on stderr, that would be a panic within the logging of a panic.
    let builder = builder.log_internal_errors(false);
    let terminal = std::io::stderr().is_terminal();
    std::panic::set_hook(Box::new(note_panic));
    // A second start, as in tests, keeps the first.
    let _ = match terminal {
        true => builder.with_target(false).try_init(),
        false => builder.json().flatten_event(true).try_init(),
    };
    Ok(())
}

/// Logs and counts a panic where it happens, before anything catches it.
fn note_panic(panic: &PanicHookInfo<'_>) {
    counter!(PANICS).increment(1);
    let said = panic.payload_as_str().unwrap_or("without a message");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let thread = std::thread::current();
    let (thread, backtrace) = (thread.name().unwrap_or_default(), Backtrace::capture());
    error!(panic = said, place, thread, %backtrace, "a task panicked at {place}: {said}");
}
