//! The bare statement: the same events into a table of the same shape, with the group commit of the log, but without a
//! counter, expected versions, request ids or a hash chain.

use std::sync::Arc;

use anyhow::Context;
use shared::log::{NewEvent, Recorded, chain};
use shared::model::clock::Timestamp;
use shared::model::ids::{AccountRef, EventId, Position, PostId, Version};
use shared::sql::database::{Database, Value};
use shared::sql::rows::Rows;
use shared::sql::{Script, Statement};
use tokio::sync::{mpsc, oneshot};

use super::load::Operation;
use super::stage;

/// As many as in a group commit of the log.
const BATCH_MAX: usize = 1_024;

static SCHEMA: Script = Script::new(
    "
CREATE TABLE bare (
    position {number} PRIMARY KEY, event_id {id} NOT NULL, stream TEXT NOT NULL, version {number} NOT NULL,
    type TEXT NOT NULL, schema_version {number} NOT NULL, command_id {id} NOT NULL, correlation_id {id} NOT NULL,
    causation_id {id}, principal TEXT NOT NULL, traceparent TEXT, recorded_at {number} NOT NULL, payload TEXT NOT NULL,
    payload_digest {bytes} NOT NULL, hash {bytes} NOT NULL, UNIQUE (stream, version)
){table}",
);
static INSERT: Statement = Statement::new(
    "
INSERT INTO bare SELECT * FROM {rows $1 AS recorded: position, event_id id, stream verbatim, version, type verbatim, schema_version, command_id id, correlation_id id, causation_id id, principal verbatim, traceparent verbatim, recorded_at, payload verbatim, payload_digest bytes, hash bytes}",
);

type Waiting = (Recorded, oneshot::Sender<()>);

/// Writes posts into the bare table.
#[derive(Clone)]
pub struct BareStatement {
    waiting: mpsc::Sender<Waiting>,
    authors: Arc<Vec<AccountRef>>,
    number: usize,
}

impl BareStatement {
    /// Makes the table, beside those of the log, and starts the task that writes.
    pub async fn start(database: Database, authors: Arc<Vec<AccountRef>>) -> anyhow::Result<Self> {
        let mut setup = database.begin_to_write().await?;
        setup.script(&SCHEMA).await?;
        setup.commit().await?;
        let (waiting, queue) = mpsc::channel(BATCH_MAX);
        tokio::spawn(write(database, queue));
        Ok(Self { waiting, authors, number: 0 })
    }
}

impl Operation for BareStatement {
    async fn once(&mut self) -> anyhow::Result<()> {
        self.number += 1;
        let author = self.authors[self.number % self.authors.len()];
        let event = stage::written(PostId::generate(), author, self.number);
        let NewEvent { stream, kind, schema_version, payload, payload_digest } =
            NewEvent::new(event.stream(), event.encode());
        let recorded = Recorded {
            position: Position(0),
            event_id: EventId::generate(),
            stream,
            version: Version(1),
            kind,
            schema_version,
            cause: stage::cause(),
            recorded_at: Timestamp(0),
            payload,
            payload_digest,
            hash: chain::GENESIS,
        };
        let (written, is_written) = oneshot::channel();
        self.waiting.send((recorded, written)).await.context("the writer has stopped")?;
        is_written.await.context("it was not written")
    }
}

async fn write(database: Database, mut queue: mpsc::Receiver<Waiting>) -> Result<(), sqlx::Error> {
    let (mut waiting, mut position) = (Vec::new(), Position(0));
    while queue.recv_many(&mut waiting, BATCH_MAX).await > 0 {
        let mut rows = Rows::default();
        for (recorded, _) in &mut waiting {
            position = position.next();
            recorded.position = position;
            rows.push(&*recorded);
        }
        // A single statement is a transaction of its own.
        database.rows(&INSERT, &[Value::Rows(&rows)]).await?;
        for (_, written) in waiting.drain(..) {
            // The waiter may have gone away.
            let _ = written.send(());
        }
    }
    Ok(())
}
