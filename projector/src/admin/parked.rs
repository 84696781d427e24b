//! Parked events (dead letters), for operators: listing, retrying and discarding them.

use shared::log::Anchor;
use shared::model::clock::Timestamp;
use shared::model::ids::Position;
use shared::rpc::errors::{ErrorReason, Refused, Violations, internal, store_unavailable};
use shared::rpc::paging::PageSizes;
use shared::rpc::proto::admin as v1;
use shared::sql::database::{Row, Value};
use shared::sql::rows::Rows;
use shared::sql::statements;
use tonic::{Code, Status};

use super::Admin;
use crate::runner::Order;

const PAGE_SIZES: PageSizes = PageSizes { default: 50, max: 200 };
/// The most positions that one call can retry.
const POSITIONS_MAX: usize = 100;
/// The longest reason for discarding an event, in characters.
const REASON_LENGTH_MAX: usize = 500;

statements! { "parked.sql": SELECT_PAGE, SELECT_ONE, COUNT }

impl Admin {
    pub(super) async fn parked_count(&self, projection: &str) -> Result<u64, Status> {
        let rows = self.tables.rows(&COUNT, &[Value::Text(projection)]).await.map_err(store_unavailable)?;
        let count = rows.first().map_or(Ok(0), |row| row.get::<i64>("parked")).map_err(internal)?;
        u64::try_from(count).map_err(internal)
    }

    pub(super) async fn parked_page(
        &self,
        asked: &v1::ListParkedEventsRequest,
    ) -> Result<v1::ListParkedEventsResponse, Status> {
        let mut violations = Violations::default();
        let page_size = PAGE_SIZES.read(asked.page_size, &mut violations);
        violations.check()?;
        let wanted = match asked.projection.as_str() {
            "" => self.names.to_vec(),
            name => vec![self.known(name)?],
        };
        let (position, discarded) = (asked.position.to_string(), asked.include_discarded.to_string());
        let arguments = ["ListParkedEvents", &asked.projection, &position, &discarded];
        let before = self.page_start(&asked.page_token, &arguments).await?;
        let (after, of) = before.map_or((0, ""), |before| self.taken_apart(before));
        let values = [
            Value::Rows(&wanted.iter().collect::<Rows>()),
            Value::Number(after),
            Value::Text(of),
            Value::Number(i64::try_from(asked.position).unwrap_or(i64::MAX)),
            Value::Number(asked.include_discarded.into()),
            Value::Number(i64::try_from(page_size).map_err(internal)?),
        ];
        let rows = self.tables.rows(&SELECT_PAGE, &values).await.map_err(store_unavailable)?;
        let parked_events = rows.iter().map(present).collect::<Result<Vec<_>, _>>().map_err(internal)?;
        let next_page_token = match parked_events.last() {
            Some(last) if parked_events.len() == page_size => {
                self.tokens.seal_page(&arguments, self.put_together(last)?, Anchor::ORIGIN)
            }
            _ => String::new(),
        };
        Ok(v1::ListParkedEventsResponse { parked_events, next_page_token })
    }

    /// A page token holds one number, which combines a position and a projection.
    fn put_together(&self, last: &v1::ParkedEvent) -> Result<Position, Status> {
        let of = self.names.iter().position(|name| *name == last.projection).unwrap_or_default();
        let position = i64::try_from(last.position).map_err(internal)?;
        let count = i64::try_from(self.names.len()).map_err(internal)?;
        Ok(Position(position.saturating_mul(count).saturating_add(i64::try_from(of).map_err(internal)?)))
    }

    fn taken_apart(&self, token: Position) -> (i64, &'static str) {
        let count = i64::try_from(self.names.len()).unwrap_or(1);
        let of = usize::try_from(token.0.rem_euclid(count)).unwrap_or_default();
        (token.0.div_euclid(count), self.names.get(of).copied().unwrap_or_default())
    }

    pub(super) async fn retry_parked(
        &self,
        asked: v1::RetryParkedEventsRequest,
    ) -> Result<v1::RetryParkedEventsResponse, Status> {
        let mut violations = Violations::default();
        violations.must_not_be_empty("projection", &asked.projection);
        if asked.positions.len() > POSITIONS_MAX {
            let rule = format!("must be at most {POSITIONS_MAX}, are {}", asked.positions.len());
            violations.add("positions", ErrorReason::BatchSizeInvalid, rule);
        }
        violations.check()?;
        let name = self.known(&asked.projection)?.to_owned();
        let position = |position: &u64| Position(i64::try_from(*position).unwrap_or(i64::MAX));
        let positions = asked.positions.iter().map(position).collect();
        let retried = self.order(|done| Order::Retry(name, positions, done)).await?;
        Ok(v1::RetryParkedEventsResponse {
            applied_count: u32::try_from(retried.applied).map_err(internal)?,
            remaining_count: u32::try_from(retried.remaining).map_err(internal)?,
        })
    }

    pub(super) async fn discard_parked(
        &self,
        asked: v1::DiscardParkedEventRequest,
    ) -> Result<v1::DiscardParkedEventResponse, Status> {
        let mut violations = Violations::default();
        violations.must_not_be_empty("projection", &asked.projection);
        let reason = violations.required_words("reason", &asked.reason, REASON_LENGTH_MAX);
        violations.check()?;
        let name = self.known(&asked.projection)?;
        let position = Position(i64::try_from(asked.position).unwrap_or(i64::MAX));
        let retried = self.order(|done| Order::Discard(name.to_owned(), position, reason, done)).await?;
        let Some(retried) = retried else {
            let message = format!("{name} has parked no event at position {position}");
            let refused = Refused::new(Code::NotFound, ErrorReason::ParkedEventNotFound, message);
            return Err(refused.resource("parked event", format!("{name}@{position}")).into());
        };
        let values = [Value::Text(name), Value::Number(position.0)];
        let rows = self.tables.rows(&SELECT_ONE, &values).await.map_err(store_unavailable)?;
        Ok(v1::DiscardParkedEventResponse {
            parked_event: rows.first().map(present).transpose().map_err(internal)?,
            applied_count: u32::try_from(retried.applied).map_err(internal)?,
        })
    }
}

fn present(row: &Row) -> Result<v1::ParkedEvent, sqlx::Error> {
    let unsigned = |position: i64| Position(position).unsigned();
    let time = |micros: Option<i64>| micros.map(|micros| Timestamp(micros).to_proto());
    Ok(v1::ParkedEvent {
        projection: row.get("projection")?,
        position: unsigned(row.get("position")?),
        stream: row.get("stream")?,
        r#type: row.get("kind")?,
        cause: row.get("cause")?,
        attempts: u32::try_from(row.get::<i64>("attempts")?).unwrap_or(u32::MAX),
        behind_position: row.get::<Option<i64>>("behind")?.map_or(0, unsigned),
        parked_at: time(Some(row.get("parked_at")?)),
        discarded_at: time(row.get("discarded_at")?),
        discard_reason: row.text("discard_reason")?.unwrap_or_default().into_owned(),
    })
}
