//! Logs: text on a terminal, JSON elsewhere, always on stderr, so that stdout is for answers.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Starts logging for this process, at the level of `filter` (`info`, `chirp=debug`, …).
///
/// # Errors
/// When the filter is not one.
pub fn start(filter: &str) -> Result<(), tracing_subscriber::filter::ParseError> {
    let filter = EnvFilter::try_new(filter)?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let terminal = std::io::stderr().is_terminal();
    // A second start, as in tests, keeps the first.
    let _ = match terminal {
        true => builder.with_target(false).try_init(),
        false => builder.json().flatten_event(true).try_init(),
    };
    Ok(())
}
