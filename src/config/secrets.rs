//! Keeps secrets out of what is printed: every text of the arguments, the environment and the file of settings that may
//! hold a password, in whichever form and place, is removed from what is printed.
//!
//! Always: an address that cannot be parsed is not shown at all (see `shared::sql::postgres::address`); this is the net
//! below that, for input that the parsers of flags and files repeat. Never here: logs, which contain only input that
//! was understood.

use std::collections::BTreeSet;
use std::ffi::OsString;

/// What is printed in the place of something that may be a secret.
const HIDDEN: &str = "(not shown, since it may hold a password)";
const PREFIX: &str = "CHIRP_";
/// A shorter text is no secret, since it could not be told from other text.
const LENGTH_MIN: usize = 4;

/// Texts that may hold a secret.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    /// The longest first, since one may be a part of another.
    texts: Vec<String>,
}

impl Secrets {
    /// What may be a secret in the arguments and the environment of this process.
    pub fn of(arguments: &[OsString]) -> Self {
        let mut secrets = Self::default();
        for argument in arguments.iter().skip(1) {
            secrets.add(&argument.to_string_lossy());
        }
        #[expect(clippy::disallowed_methods, reason = "what came from there must be known to be hidden")]
        for (name, value) in std::env::vars_os() {
            if name.to_string_lossy().starts_with(PREFIX) {
                secrets.add(&value.to_string_lossy());
            }
        }
        secrets
    }

    /// Adds what may be a secret in a text, as a whole and in its words: a value that is quoted, or follows its key.
    pub fn add(&mut self, text: &str) {
        let is_split = |character: char| character.is_whitespace() || ['"', '\'', '`', ','].contains(&character);
        let mut texts: BTreeSet<&str> = text.split(is_split).filter(|word| may_be_secret(word)).collect();
        if may_be_secret(text) && !text.contains('\n') {
            texts.insert(text);
        }
        for text in texts.clone() {
            // As `--flag=value` and `key=value`; an address has `=` only after its `?`.
            if let Some((key, value)) = text.split_once('=')
                && !key.contains([':', '@', '?'])
                && value.len() >= LENGTH_MIN
            {
                texts.insert(value);
            }
        }
        self.texts.extend(texts.into_iter().map(str::to_owned));
        self.texts.sort_unstable_by_key(|text| std::cmp::Reverse(text.len()));
        self.texts.dedup();
    }

    /// The text with every secret replaced.
    pub fn hidden(&self, text: &str) -> String {
        let mut hidden = text.to_owned();
        for secret in &self.texts {
            // As it is, and as debug output quotes it.
            for form in [secret.clone(), secret.escape_debug().to_string(), secret.escape_default().to_string()] {
                hidden = hidden.replace(&form, HIDDEN);
            }
        }
        hidden
    }
}

/// How JSON Web Tokens and API keys begin.
const CREDENTIALS: [&str; 2] = ["eyJ", "chirp_key_"];

/// Whether this may be, or hold, the address of a server with a password in it, a token, or an API key.
pub fn may_be_secret(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    text.len() >= LENGTH_MIN
        && (text.contains('@')
            || lower.contains("://")
            || lower.contains("pass")
            || lower.contains("postgres")
            || CREDENTIALS.iter().any(|start| text.contains(start)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_may_hold_a_password_is_hidden_wherever_it_is_repeated() {
        let mut secrets = Secrets::default();
        secrets.add("--store=mysql://u:hunter2@h/db");
        secrets.add("stroe = 'u:hunter3@h'\n[dev]\nx = \"postgres://u:hunter4@h/db?a=hunter5\"");
        secrets.add("./chirp-data");
        let text = "bad mysql://u:hunter2@h/db, --store=mysql://u:hunter2@h/db, 'u:hunter3@h', \"postgres://u:hunter4@h/db?a=hunter5\"";
        let hidden = secrets.hidden(text);
        assert!(!hidden.contains("hunter"), "{hidden}");
        assert_eq!(secrets.hidden("in ./chirp-data"), "in ./chirp-data");
    }
}
