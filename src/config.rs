//! Where values come from: flag, then environment, then file, then default.
//!
//! Always: the values of the file become clap's defaults, so all four ways share names, parsers and messages; every
//! value of the file is checked, also those that a flag overrides; an unknown key is an error that names the nearest
//! known one; every message names the key that is wrong. Never here: which flags there are (see `cli`).

pub mod log_targets;
pub mod secrets;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command, CommandFactory, FromArgMatches};
use shared::store::StoreError;
use toml::{Table, Value};

use self::secrets::{Secrets, may_be_secret};
use crate::cli::{Cli, EXIT_CODES};
use crate::roles::CannotListen;
use tools::out;

/// Commands that run until they are stopped, whose output is their log.
const SERVERS: [&str; 4] = ["serve", "command-server", "query-server", "projector"];
/// The default log level of all other commands, so that their output stands out.
const QUIET: &str = "warn";
const LIST_DELIMITER: &str = ",";
const CONFIG_VARIABLE: &str = "CHIRP_CONFIG";
/// The exit code of wrong usage or configuration.
pub const USAGE_ERROR: u8 = 2;

/// The exit code of a command that failed: [`USAGE_ERROR`] if its configuration was wrong.
pub fn exit_code(cause: &anyhow::Error) -> ExitCode {
    use io::ErrorKind::{AddrNotAvailable, PermissionDenied};
    let is_misuse = cause.is::<tools::Misuse>()
        || cause.downcast_ref::<StoreError>().is_some_and(StoreError::is_of_the_configuration)
        || cause.downcast_ref::<CannotListen>().is_some_and(|CannotListen(_, cause)| {
            // A port that is taken may become free; a machine does not get another address or other rights by waiting.
            matches!(cause.kind(), AddrNotAvailable | PermissionDenied)
        });
    if is_misuse { USAGE_ERROR.into() } else { ExitCode::FAILURE }
}

/// Why the program does not start.
#[derive(Debug)]
pub enum Refusal {
    /// Arguments that clap refuses, or a request for help. The lines name the keys concerned and, if they came from it, the file.
    Arguments(Box<clap::Error>, Vec<String>),
    /// The file cannot be read, parsed or understood.
    File(String),
}

impl Refusal {
    /// Prints the refusal without anything that may be a secret, and gives the exit code.
    pub fn report(self, secrets: &Secrets) -> ExitCode {
        match self {
            Self::Arguments(cause, lines) => {
                let text = cause.render();
                // Colours would stand between the letters of a secret that must be found; help holds nothing of the input.
                let is_help = !cause.use_stderr();
                // Without a terminal, there is nobody to tell.
                let _ = if is_help {
                    cause.print()
                } else {
                    writeln!(io::stderr(), "{}", secrets.hidden(text.to_string().trim_end()))
                };
                lines.iter().for_each(|line| out::note(&secrets.hidden(line)));
                u8::try_from(cause.exit_code()).unwrap_or(USAGE_ERROR).into()
            }
            Self::File(message) => {
                out::note(&format!("error: {}", secrets.hidden(&message)));
                USAGE_ERROR.into()
            }
        }
    }
}

/// Parses everything that configures this process. A request for help counts as a refusal.
pub fn parse(arguments: Vec<OsString>, secrets: &mut Secrets) -> Result<Cli, Refusal> {
    let mut command = described();
    let glance = Glance::at(&arguments, &command);
    if glance.command.as_deref().is_some_and(|name| !SERVERS.contains(&name)) {
        command = command.mut_arg("log", |log| log.default_value(QUIET));
    }
    if let Some(path) = glance.config {
        command = File::read(&path, secrets)?.apply(command, glance.command.as_deref())?;
    }
    let matches = match command.try_get_matches_from_mut(arguments) {
        Ok(matches) => matches,
        Err(cause) => {
            let lines = key_lines(&command, &cause);
            return Err(Refusal::Arguments(Box::new(cause), lines));
        }
    };
    Cli::from_arg_matches(&matches).map_err(|cause| Refusal::Arguments(Box::new(cause), Vec::new()))
}

/// The commands, with the end of each help text.
fn described() -> Command {
    fn describe(command: Command) -> Command {
        // Help names the variables, and not what the environment has there, such as a password.
        let arg = |arg| with_negative_numbers(arg).hide_env_values(true);
        command.after_help(EXIT_CODES).mut_args(arg).mut_subcommands(describe)
    }
    describe(Cli::command())
}

/// A negative number is a wrong value of this flag, not another flag, so that the refusal names the key.
fn with_negative_numbers(arg: Arg) -> Arg {
    match arg.get_action() {
        ArgAction::Set => arg.allow_negative_numbers(true),
        _ => arg,
    }
}

/// What must be known before the arguments can be parsed.
#[derive(Debug, Default, PartialEq, Eq)]
struct Glance {
    command: Option<String>,
    config: Option<PathBuf>,
}

impl Glance {
    fn at(arguments: &[OsString], known: &Command) -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is where the settings are read")]
        let mut glance = Self { command: None, config: std::env::var_os(CONFIG_VARIABLE).map(PathBuf::from) };
        let mut rest = arguments.iter().skip(1);
        while let Some(argument) = rest.next() {
            let text = argument.to_string_lossy();
            if text == "--" {
                break;
            } else if text == "--config" {
                glance.config = rest.next().map(PathBuf::from);
            } else if let Some(path) = text.strip_prefix("--config=") {
                glance.config = Some(PathBuf::from(path));
            } else if text == "--log" && glance.command.is_none() {
                rest.next();
            } else if glance.command.is_none() && known.find_subcommand(&*text).is_some() {
                glance.command = Some(text.into_owned());
            }
        }
        glance
    }
}

/// A file of settings.
struct File {
    path: String,
    table: Table,
}

impl File {
    fn read(path: &Path, secrets: &mut Secrets) -> Result<Self, Refusal> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|cause| {
            Refusal::File(format!(
                "{shown} cannot be read: {cause}\nkey: config (flag --config, environment {CONFIG_VARIABLE})"
            ))
        })?;
        secrets.add(&text);
        let table = text.parse().map_err(|cause: toml::de::Error| {
            // Without the line itself, which may hold a password.
            let before = cause.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let (line, column) =
                (before.matches('\n').count() + 1, before.rsplit('\n').next().unwrap_or_default().chars().count() + 1);
            Refusal::File(format!("{shown} is not TOML: line {line}, column {column}: {}", cause.message()))
        })?;
        Ok(Self { path: shown, table })
    }

    /// Makes the file's values the defaults of the chosen command.
    fn apply(&self, command: Command, chosen: Option<&str>) -> Result<Command, Refusal> {
        let mut values = BTreeMap::new();
        let everywhere = all_arguments(&command);
        let root: Vec<Arg> = command.get_arguments().filter(|arg| is_key(arg)).cloned().collect();
        for (key, value) in &self.table {
            let Value::Table(table) = value else {
                values.insert(key.clone(), self.check(&everywhere, key, key, value)?);
                continue;
            };
            let Some(scope) = command.find_subcommand(key) else {
                let known = command.get_subcommands().map(Command::get_name);
                return Err(self.unknown("table", key, known));
            };
            let mut inside = all_arguments(scope);
            inside.extend(root.iter().cloned());
            for (inner, value) in table {
                let text = self.check(&inside, inner, &format!("{key}.{inner}"), value)?;
                if chosen == Some(key.as_str()) {
                    // A table comes after the keys at the top, wherever it stands in the file.
                    values.insert(format!("{key}.{inner}"), text);
                }
            }
        }
        Ok(with_defaults(command, chosen, &values))
    }

    /// Checks a value with the parsers of all flags that it could stand for, and gives it as a flag's text.
    fn check(&self, flags: &[Arg], key: &str, shown: &str, value: &Value) -> Result<String, Refusal> {
        let named: Vec<&Arg> = flags.iter().filter(|arg| arg.get_id() == key).collect();
        if named.is_empty() {
            return Err(self.unknown("key", shown, flags.iter().map(|arg| arg.get_id().as_str())));
        }
        let takes_lists = named.iter().all(|arg| arg.get_value_delimiter().is_some());
        let Some(text) = text_of(value, takes_lists) else {
            let list = if takes_lists { ", or a list of texts or whole numbers without a comma in them" } else { "" };
            let rule = format!("must be a text, a whole number or a boolean{list}");
            return Err(Refusal::File(format!("{}: key {shown} {rule}", self.path)));
        };
        for arg in named {
            let is_switch = matches!(arg.get_action(), ArgAction::SetTrue);
            if is_switch != value.is_bool() {
                let expected = if is_switch { "true or false" } else { "a value, not a boolean" };
                return Err(Refusal::File(format!("{}: key {shown} must be {expected}", self.path)));
            }
            let is_empty_list = value.as_array().is_some_and(Vec::is_empty);
            if !is_switch && !is_empty_list {
                self.try_flag(arg, &text)?;
            }
        }
        Ok(text)
    }

    /// Parses the value as if it were given on the command line, for clap's own message.
    fn try_flag(&self, arg: &Arg, text: &str) -> Result<(), Refusal> {
        let flag = format!("--{}={text}", arg.get_long().unwrap_or_default());
        // The environment must not take precedence over what is tested.
        let arg = arg.clone().required(false).env(None::<&str>);
        let tried = Command::new("chirp").arg(arg.clone()).try_get_matches_from(["chirp", &flag]);
        tried.map(|_| ()).map_err(|cause| {
            let lines = vec![key_line(&arg), format!("file: {}", self.path)];
            Refusal::Arguments(Box::new(cause), lines)
        })
    }

    fn unknown<'a>(&self, what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Refusal {
        let bare = name.rsplit('.').next().unwrap_or(name);
        let hint = match nearest(bare, known) {
            Some(near) => format!("; the nearest known {what} is `{near}`"),
            None => String::new(),
        };
        Refusal::File(format!("{}: unknown {what} `{name}`{hint}", self.path))
    }
}

/// A value as the text of a flag; the entries of a list are joined with commas.
fn text_of(value: &Value, may_be_list: bool) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(flag) => Some(flag.to_string()),
        Value::Array(values) if may_be_list => {
            let is_one = |value: &&Value| !value.is_array() && !value.is_bool();
            let one =
                |value: &Value| text_of(value, false).filter(|text| is_one(&value) && !text.contains(LIST_DELIMITER));
            let texts: Option<Vec<String>> = values.iter().map(one).collect();
            texts.map(|texts| texts.join(LIST_DELIMITER))
        }
        Value::Array(_) | Value::Float(_) | Value::Datetime(_) | Value::Table(_) => None,
    }
}

/// Whether the flag can be set in the file.
fn is_key(arg: &Arg) -> bool {
    arg.get_long().is_some() && !["help", "version", "config"].contains(&arg.get_id().as_str())
}

/// The flags of a command and of its subcommands.
fn all_arguments(command: &Command) -> Vec<Arg> {
    let own = command.get_arguments().filter(|arg| is_key(arg)).cloned();
    own.chain(command.get_subcommands().flat_map(all_arguments)).collect()
}

/// Sets the defaults of the flags at the root and of the chosen command; `chosen.key` comes before `key`.
fn with_defaults(command: Command, chosen: Option<&str>, values: &BTreeMap<String, String>) -> Command {
    let Some(chosen) = chosen else {
        return command;
    };
    let find = |key: &str| values.get(&format!("{chosen}.{key}")).or_else(|| values.get(key)).cloned();
    set_defaults(command, &find, Some(chosen))
}

fn set_defaults(command: Command, find: &impl Fn(&str) -> Option<String>, only: Option<&str>) -> Command {
    let command = command.mut_args(|arg| match find(arg.get_id().as_str()) {
        // Help shows defaults, so one that may be a secret is hidden.
        Some(value) if is_key(&arg) && !is_nothing(&arg, &value) => {
            let is_hidden = arg.is_hide_default_value_set() || may_be_secret(&value);
            arg.required(false).default_value(value).hide_default_value(is_hidden)
        }
        _ => arg,
    });
    command.mut_subcommands(|inner| match only.is_none_or(|name| name == inner.get_name()) {
        true => set_defaults(inner, find, None),
        false => inner,
    })
}

/// An empty list counts as no value.
fn is_nothing(arg: &Arg, value: &str) -> bool {
    value.is_empty() && arg.get_value_delimiter().is_some()
}

/// The known name with the least edit distance.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let known: BTreeSet<&str> = known.collect();
    known.into_iter().min_by_key(|candidate| strsim::damerau_levenshtein(name, candidate))
}

/// A line for each flag that clap complains about.
fn key_lines(command: &Command, cause: &clap::Error) -> Vec<String> {
    let about_values = [ErrorKind::InvalidValue, ErrorKind::ValueValidation, ErrorKind::MissingRequiredArgument];
    if !about_values.contains(&cause.kind()) {
        return Vec::new();
    }
    let complained: Vec<&str> = match cause.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(flag)) => vec![flag],
        Some(ContextValue::Strings(flags)) => flags.iter().map(String::as_str).collect(),
        _ => return Vec::new(),
    };
    let all = all_arguments(command);
    let find = |flag: &str| {
        let long = flag.split([' ', '=']).next()?.strip_prefix("--")?;
        all.iter().find(|arg| arg.get_long() == Some(long))
    };
    complained.into_iter().filter_map(find).map(key_line).collect()
}

fn key_line(arg: &Arg) -> String {
    let (id, long) = (arg.get_id(), arg.get_long().unwrap_or_default());
    let variable = arg
        .get_env()
        .map_or_else(|| format!("CHIRP_{}", id.as_str().to_uppercase()), |name| name.to_string_lossy().into_owned());
    format!("key: {id} (flag --{long}, environment {variable}, file key {id})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli;

    fn parsed(file: &str, arguments: &[&str]) -> Result<Cli, Refusal> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("chirp.toml");
        std::fs::write(&path, file).expect("a file");
        let mut all = vec![OsString::from("chirp"), "--config".into(), path.into()];
        all.extend(arguments.iter().map(OsString::from));
        parse(all, &mut Secrets::default())
    }

    fn dev(file: &str, arguments: &[&str]) -> cli::DevArgs {
        match parsed(file, arguments).expect("good settings").command {
            cli::Command::Dev(args) => args,
            other => panic!("expected dev, got {other:?}"),
        }
    }

    fn refusal(file: &str, arguments: &[&str]) -> String {
        match parsed(file, arguments).expect_err("bad settings") {
            Refusal::File(message) => message,
            Refusal::Arguments(cause, lines) => format!("{cause}{}", lines.join("\n")),
        }
    }

    #[test]
    fn a_flag_comes_before_the_commands_table_and_that_before_the_top_of_the_file() {
        let file = "timeline_cap = 10\npull_following = 20\nno_demo = true\n[dev]\ntimeline_cap = 30\n";
        let args = dev(file, &["dev", "--data", "elsewhere"]);
        assert_eq!((args.projector.timeline_cap, args.projector.pull_following, args.no_demo), (30, 20, true));
        assert_eq!(dev(file, &["dev", "--timeline-cap", "40"]).projector.timeline_cap, 40);
    }

    #[test]
    fn a_required_flag_may_come_from_the_file() {
        let cli = parsed("store = 'somewhere'\nlog = 'debug'", &["verify"]).expect("good settings");
        let cli::Command::Verify(args) = cli.command else { panic!("expected verify") };
        assert_eq!((args.store, cli.log.as_str()), ("somewhere".to_owned(), "debug"));
    }

    #[test]
    fn a_key_is_the_name_of_its_flag_and_what_takes_several_values_may_be_a_list() {
        let origins = |file: &str| dev(file, &["dev"]).server.cors_origin;
        let both = ["https://a.example", "https://b.example"];
        assert_eq!(origins("cors_origin = ['https://a.example', 'https://b.example']"), both);
        assert_eq!(origins("cors_origin = 'https://a.example,https://b.example'"), both);
        assert_eq!(origins("[dev]\ncors_origin = ['*']"), ["*"]);
        assert_eq!(origins("cors_origin = []"), [""; 0]);
        assert_eq!(dev("projections = ['posts_1', 'graph_1']", &["dev"]).projector.projections, ["posts_1", "graph_1"]);
        assert!(refusal("projections = ['posts_1', 'grahp_1']", &["dev"]).contains("key: projections "));
        assert!(refusal("cors_origin = ['a', ['b']]", &["dev"]).contains("key cors_origin must be"));
        assert!(refusal("cors_origin = ['https://a,https://b']", &["dev"]).contains("without a comma"));
        assert!(refusal("cors_origins = '*'", &["dev"]).contains("the nearest known key is `cors_origin`"));
    }

    #[test]
    fn keys_of_nested_commands_are_known() {
        let cli = parsed("[events]\nops = 'localhost:1'\noutput = 'json'", &["events", "tail"]).expect("good settings");
        let cli::Command::Events(cli::EventsCommand::Tail(args)) = cli.command else { panic!("expected tail") };
        assert_eq!((args.ops.ops.as_str(), args.output.output), ("localhost:1", tools::args::Output::Json));
    }

    #[test]
    fn an_unknown_key_names_the_nearest_known_one() {
        assert!(
            refusal("timeline_cpa = 1", &["dev"])
                .contains("unknown key `timeline_cpa`; the nearest known key is `timeline_cap`")
        );
        assert!(
            refusal("[dev]\nno_demmo = true", &["dev"]).contains("`dev.no_demmo`; the nearest known key is `no_demo`")
        );
        assert!(refusal("[projektor]", &["dev"]).contains("the nearest known table is `projector`"));
        assert!(
            refusal("[command-server]\ntimeline_cap = 1", &["dev"])
                .contains("unknown key `command-server.timeline_cap`")
        );
    }

    #[test]
    fn a_bad_value_is_refused_with_its_key_also_when_a_flag_outweighs_it() {
        let told = refusal("timeline_cap = 0", &["dev", "--timeline-cap", "5"]);
        assert!(told.contains("key: timeline_cap (flag --timeline-cap, environment CHIRP_TIMELINE_CAP"), "{told}");
        assert!(told.contains("chirp.toml"), "{told}");
        assert!(refusal("no_demo = 1", &["dev"]).contains("key no_demo must be true or false"));
        assert!(refusal("timeline_cap = [1]", &["dev"]).contains("key timeline_cap must be"));
        assert!(refusal("", &["dev", "--grace-period", "-1"]).contains("key: grace_period"));
        assert!(refusal("", &["dev", "--timeline-cap", "x"]).contains("key: timeline_cap"));
    }

    #[test]
    fn the_glance_finds_the_command_and_the_file() {
        let known = described();
        let glance = |line: &str| Glance::at(&line.split(' ').map(OsString::from).collect::<Vec<_>>(), &known);
        assert_eq!(glance("chirp --log projector dev --config=x").command.as_deref(), Some("dev"));
        assert_eq!(glance("chirp dev --config x").config, Some(PathBuf::from("x")));
        assert_eq!(glance("chirp --help").command, None);
    }
}
