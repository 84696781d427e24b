//! `chirp migrate`: the schemas and the roles of a PostgreSQL database.

use std::process::ExitCode;

use anyhow::Context;
use shared::sql::postgres::{ROLES, Server, is_lack_of_right};
use shared::sql::versions::{LOG, Mismatch, Schema, TABLES, UNFINISHED};
use shared::store::migrate::Found;
use shared::tables::OpenError;

use crate::cli::MigrateCommand;
use tools::Misuse;
use tools::out;

/// Makes or upgrades the schemas and roles, or prints which there are.
///
/// # Errors
/// Also when the store is a folder.
pub async fn run(command: MigrateCommand) -> anyhow::Result<ExitCode> {
    match command {
        MigrateCommand::Up(args) => {
            let server = server(&args.store)?;
            server.migrate(&projector::projections::tables()).await.map_err(|cause| explained(&server, cause))?;
            out::print(&format!(
                "{server} has the schemas chirp_log and chirp_tables and the roles {}\n",
                ROLES.join(", ")
            ))?;
            Ok(ExitCode::SUCCESS)
        }
        MigrateCommand::Status(args) => {
            let server = server(&args.store)?;
            let projections = projector::projections::tables();
            let status =
                server.status(&projections).await.with_context(|| format!("{server} does not say what it has"))?;
            let schemas = [("chirp_log   ", status.log, LOG), ("chirp_tables", status.tables, TABLES)];
            for (name, found, _) in schemas {
                out::print(&format!("schema {name}  {}\n", said(found)))?;
            }
            out::print(&format!("roles                {} of {}\n", status.roles, ROLES.len()))?;
            let lacking = (!status.lacking.is_empty()).then(|| TABLES.lacking(&status.lacking));
            for cause in schemas.iter().filter_map(|(_, found, schema)| mismatch(*found, *schema)).chain(lacking) {
                out::note(&cause.to_string());
            }
            let is_served = |(_, found, schema): &(&str, Found, Schema)| {
                *found != Found::Missing && mismatch(*found, *schema).is_none()
            };
            let is_complete = schemas.iter().all(is_served)
                && status.lacking.is_empty()
                && usize::try_from(status.roles) == Ok(ROLES.len());
            Ok(if is_complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}

fn said(found: Found) -> String {
    match found {
        Found::Missing => "missing".to_owned(),
        Found::Version(UNFINISHED) => "there, not whole".to_owned(),
        Found::Version(version) => format!("there, version {version}"),
        Found::Unreadable => "there, in a version that this role may not read".to_owned(),
    }
}

/// Why this build does not serve a schema that is there.
fn mismatch(found: Found, schema: Schema) -> Option<Mismatch> {
    match found {
        Found::Version(version) => schema.check(version).err(),
        Found::Missing | Found::Unreadable => None,
    }
}

fn server(store: &str) -> anyhow::Result<Server> {
    let folder =
        "the store is not the address of a database, such as postgres://user@host/chirp; a folder needs no migration";
    let server = Server::named(store).ok_or_else(|| Misuse(folder.to_owned()))?;
    server.context("the store is not the address of a database")
}

/// The error with what an administrator must grant first, where the role may not do it.
fn explained(server: &Server, cause: OpenError) -> anyhow::Error {
    let lacks_right = matches!(&cause, OpenError::Database(cause) if is_lack_of_right(cause));
    let failed = anyhow::Error::from(cause).context(format!("{server} cannot be migrated"));
    if !lacks_right {
        return failed;
    }
    let [owner, database] = [server.role(), server.database()];
    let roles: Vec<String> = ROLES.iter().map(|role| format!("CREATE ROLE {role} LOGIN;")).collect();
    failed.context(format!(
        "role {owner} may not do all of it; let an administrator run, leaving out the roles that are there: {} GRANT chirp_projector TO \
         {owner}; GRANT CREATE ON DATABASE {database} TO {owner};",
        roles.join(" ")
    ))
}
