//! The administration service of the projector: the state of projections, rebuilds, parked events, tables that were set
//! aside, and reading the log.

mod as_of;
mod event_stream;
pub(crate) mod parked;
mod public_event;

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use shared::log::{Anchor, EventLog, Recorded};
use shared::model::clock::{Clock, Timestamp};
use shared::model::ids::Position;
use shared::rpc::errors::{ErrorReason, Refused, Violations, internal, store_unavailable, too_many_streams};
use shared::rpc::paging::{PageSizes, page_start};
use shared::rpc::progress::answer_by;
use shared::rpc::proto::admin as v1;
use shared::rpc::reply::sized;
use shared::rpc::serve::StreamEnd;
use shared::rpc::tokens::{Tokens, must_be_in_the_log};
use shared::runtime::tasks::Tasks;
use shared::sql::database::{Database, Row, Value};
use shared::sql::{SHADOW_PREFIX, statements};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Response, Status};

pub use self::as_of::History;
use self::event_stream::EventStream;
use crate::checkpoints;
use crate::health::{Owner, Silence};
use crate::runner::{Done, Order, Rates, RunError};

type Reply<T> = Result<Response<T>, Status>;

statements! { "admin.sql": SELECT_PROJECTION, SELECT_SET_ASIDE }
const PAGE_SIZES: PageSizes = PageSizes { default: 50, max: 200 };
/// The most events that one page of a list examines, whether they match or not.
const EXAMINED_MAX: usize = 4_096;
/// Event streams that one server holds open.
const STREAMS_MAX: usize = 64;
/// Messages that are buffered for a slow consumer.
const WAITING_MESSAGES_MAX: usize = 64;

#[derive(Clone)]
pub struct Admin {
    log: Arc<dyn EventLog>,
    tables: Database,
    clock: Arc<dyn Clock>,
    names: Arc<[&'static str]>,
    orders: mpsc::Sender<Order>,
    rates: Rates,
    silence: Silence,
    tokens: Tokens,
    tasks: Tasks,
    room: Arc<Semaphore>,
    history: Option<Arc<dyn History>>,
}

impl Admin {
    pub(crate) fn new(
        log: Arc<dyn EventLog>,
        tables: Database,
        clock: Arc<dyn Clock>,
        mut names: Vec<&'static str>,
        orders: mpsc::Sender<Order>,
        (rates, silence): (Rates, Silence),
    ) -> Self {
        let tokens = Tokens::new(log.identity());
        names.sort_unstable();
        let (tasks, room) = (Tasks::default(), Arc::new(Semaphore::new(STREAMS_MAX)));
        Self { log, tables, clock, names: names.into(), orders, rates, silence, tokens, tasks, room, history: None }
    }

    /// Makes event streams tasks of these, so that they end with their drain; answers questions about the past from this
    /// history.
    pub(crate) fn with(self, tasks: Tasks, history: Arc<dyn History>) -> Self {
        Self { tasks, history: Some(history), ..self }
    }

    async fn projection(&self, name: &str) -> Result<v1::Projection, Status> {
        let now = Value::Number(self.clock.now().0);
        let rows = self.tables.rows(&SELECT_PROJECTION, &[Value::Text(name), now]).await.map_err(store_unavailable)?;
        // A projection that never ran has no row.
        let (checkpoint, failure, silent_micros, served_from) = match rows.first() {
            Some(row) => (
                Position(row.get("checkpoint").map_err(internal)?),
                row.get("failure").map_err(internal)?,
                row.get::<i64>("silent_micros").map_err(internal)?,
                Position(row.get("served_from").map_err(internal)?),
            ),
            None => (Position(0), None::<String>, i64::MAX, Position(0)),
        };
        let is_left = self.silence.of(name, silent_micros) == Owner::Gone;
        let failure = failure.or_else(|| is_left.then(|| "no projector works on it".to_owned()));
        let head = self.log.head().await?.position.max(checkpoint);
        let rebuild = format!("{SHADOW_PREFIX}{name}");
        let rows =
            self.tables.rows(&SELECT_PROJECTION, &[Value::Text(&rebuild), now]).await.map_err(store_unavailable)?;
        let rebuilt = rows.first().map(|row| row.get("checkpoint").map(Position)).transpose().map_err(internal)?;
        let time_left = rebuilt.and_then(|rebuilt| self.rates.time_left(name, rebuilt, head));
        let state = match failure {
            _ if rebuilt.is_some() => v1::ProjectionState::Rebuilding,
            None if checkpoint < served_from => v1::ProjectionState::Rebuilding,
            Some(_) => v1::ProjectionState::Stopped,
            None if checkpoint < head => v1::ProjectionState::Behind,
            None => v1::ProjectionState::CaughtUp,
        };
        Ok(v1::Projection {
            name: name.to_owned(),
            state: state.into(),
            checkpoint: checkpoint.unsigned(),
            head: head.unsigned(),
            lag_events: Position(head.0 - checkpoint.0).unsigned(),
            lag: Some(self.age_of_next(checkpoint).await?),
            failure: failure.unwrap_or_default(),
            parked_count: self.parked_count(name).await?,
            set_aside: self.set_aside(name).await?,
            rebuild_checkpoint: rebuilt.map_or(0, Position::unsigned),
            rebuild_time_left: time_left.map(prost_types::Duration::try_from).transpose().map_err(internal)?,
        })
    }

    async fn set_aside(&self, name: &str) -> Result<Vec<v1::SetAside>, Status> {
        let set = |row: &Row| -> Result<v1::SetAside, sqlx::Error> {
            Ok(v1::SetAside {
                number: Position(row.get("number")?).unsigned(),
                checkpoint: Position(row.get("checkpoint")?).unsigned(),
                log_head: Position(row.get("log_head")?).unsigned(),
                set_aside_at: Some(Timestamp(row.get("set_aside_at")?).to_proto()),
            })
        };
        let rows = self.tables.rows(&SELECT_SET_ASIDE, &[Value::Text(name)]).await.map_err(store_unavailable)?;
        rows.iter().map(set).collect::<Result<_, _>>().map_err(internal)
    }

    /// How long the oldest event that is not applied yet has been waiting.
    async fn age_of_next(&self, checkpoint: Position) -> Result<prost_types::Duration, Status> {
        let next = self.log.read(checkpoint, 1).await?;
        let waiting = next.first().map_or(0, |event| self.clock.now().0.saturating_sub(event.recorded_at.0).max(0));
        let waiting = Duration::from_micros(u64::try_from(waiting).unwrap_or(0));
        prost_types::Duration::try_from(waiting).map_err(internal)
    }

    /// The projection that a request names; a violation if the name is empty.
    fn named(&self, name: &str) -> Result<&'static str, Status> {
        let mut violations = Violations::default();
        violations.must_not_be_empty("name", name);
        violations.check()?;
        self.known(name)
    }

    /// The projection of this name; NOT_FOUND if there is none.
    fn known(&self, name: &str) -> Result<&'static str, Status> {
        self.names.iter().copied().find(|known| *known == name).ok_or_else(|| {
            let message = format!("there is no projection {name:?}, there are {}", self.names.join(", "));
            let refused = Refused::new(Code::NotFound, ErrorReason::ProjectionNotFound, message);
            refused.with("name", name).resource("projection", name).into()
        })
    }

    /// Where the page before this one ended; nothing on the first page.
    async fn page_start(&self, token: &str, arguments: &[&str]) -> Result<Option<Position>, Status> {
        match page_start(&self.tokens, token, arguments)? {
            Some((token, _)) => token.compared_with(&*self.log, answer_by()).await.map(Some),
            None => Ok(None),
        }
    }

    /// The position and hash after which an event stream begins.
    async fn start_of_events(&self, asked: &v1::StreamEventsRequest) -> Result<Anchor, Status> {
        let position = match asked.resume_token.as_str() {
            "" => Position(i64::try_from(asked.after_position).unwrap_or(i64::MAX)),
            token => {
                let token = self.tokens.open_resume(event_stream::ABOUT, token)?;
                token.compared_with(&*self.log, answer_by()).await?
            }
        };
        match self.log.anchor_at(position).await? {
            Some(anchor) => Ok(anchor),
            None => {
                must_be_in_the_log(position, self.log.head().await?.position)?;
                Err(internal(format!("the log has no event at position {position}")))
            }
        }
    }

    /// The error where another projector owns a projection and must be asked, with its address.
    async fn ask_the_owner(&self, name: &str) -> Status {
        let address = match checkpoints::owner_address(&self.tables, name).await {
            Ok(address) => address.unwrap_or_default(),
            Err(cause) => return store_unavailable(cause),
        };
        let owner = if address.is_empty() { "another projector" } else { &address };
        let message = format!("{name} is owned by {owner}, and this projector stands by; ask that one");
        let refused = Refused::new(Code::FailedPrecondition, ErrorReason::ProjectionOwnedElsewhere, message);
        refused.with("projection", name).with("owner_address", address).into()
    }

    /// Sends an order to the runner, and waits for the outcome.
    async fn order<T>(&self, order: impl FnOnce(Done<T>) -> Order) -> Result<T, Status> {
        let (done, answered) = oneshot::channel();
        let gone = |_| Refused::new(Code::Unavailable, ErrorReason::ShuttingDown, "the projector is stopping");
        self.orders.try_send(order(done)).map_err(|full| match full {
            mpsc::error::TrySendError::Full(_) => {
                Refused::new(Code::Aborted, ErrorReason::ConcurrentChange, "too many orders are waiting")
            }
            mpsc::error::TrySendError::Closed(_) => gone(()),
        })?;
        let outcome = answered.await.map_err(|_| gone(()))?;
        if let Err(RunError::StandingBy(name) | RunError::Superseded(name)) = &outcome {
            return Err(self.ask_the_owner(name).await);
        }
        outcome.map_err(|cause| match cause {
            RunError::Rebuilding(name) | RunError::Cancelled(name) => {
                let refused = Refused::new(Code::Aborted, ErrorReason::ConcurrentChange, cause.to_string());
                refused.with("rebuilding", name).into()
            }
            cause => store_unavailable(cause),
        })
    }
}

type Messages<T> = ReceiverStream<Result<T, Status>>;

shared::serve_admin_service!(Admin, Messages);

/// The methods of the service, by their names.
impl Admin {
    async fn list_projections(
        &self,
        request: Request<v1::ListProjectionsRequest>,
    ) -> Reply<v1::ListProjectionsResponse> {
        let asked = request.get_ref();
        let arguments = ["ListProjections"];
        let mut violations = Violations::default();
        let page_size = PAGE_SIZES.read(asked.page_size, &mut violations);
        violations.check()?;
        let before = self.page_start(&asked.page_token, &arguments).await?;
        let skipped = before.map_or(0, |before| usize::try_from(before.0).unwrap_or(0));
        let mut projections = Vec::new();
        for name in self.names.iter().skip(skipped).take(page_size) {
            projections.push(self.projection(name).await?);
        }
        let reached = skipped + projections.len();
        let next_page_token = match reached < self.names.len() {
            // The token counts projections, which no lost history changes.
            true => {
                let reached = Position(i64::try_from(reached).map_err(internal)?);
                self.tokens.seal_page(&arguments, reached, Anchor::ORIGIN)
            }
            false => String::new(),
        };
        Ok(sized(v1::ListProjectionsResponse { projections, next_page_token }))
    }

    async fn rebuild_projection(
        &self,
        request: Request<v1::RebuildProjectionRequest>,
    ) -> Reply<v1::RebuildProjectionResponse> {
        let name = self.named(&request.get_ref().name)?;
        self.order(|done| Order::Rebuild(name.to_owned(), done)).await?;
        Ok(sized(v1::RebuildProjectionResponse { projection: Some(self.projection(name).await?) }))
    }

    async fn cancel_rebuild(&self, request: Request<v1::CancelRebuildRequest>) -> Reply<v1::CancelRebuildResponse> {
        let name = self.named(&request.get_ref().name)?;
        self.order(|done| Order::CancelRebuild(name.to_owned(), done)).await?;
        Ok(sized(v1::CancelRebuildResponse { projection: Some(self.projection(name).await?) }))
    }

    async fn release_set_aside(
        &self,
        request: Request<v1::ReleaseSetAsideRequest>,
    ) -> Reply<v1::ReleaseSetAsideResponse> {
        let name = self.named(&request.get_ref().name)?;
        let released_count = self.order(|done| Order::Release(name.to_owned(), done)).await?;
        let projection = Some(self.projection(name).await?);
        Ok(sized(v1::ReleaseSetAsideResponse { projection, released_count }))
    }

    async fn list_parked_events(
        &self,
        request: Request<v1::ListParkedEventsRequest>,
    ) -> Reply<v1::ListParkedEventsResponse> {
        self.parked_page(request.get_ref()).await.map(sized)
    }

    async fn retry_parked_events(
        &self,
        request: Request<v1::RetryParkedEventsRequest>,
    ) -> Reply<v1::RetryParkedEventsResponse> {
        self.retry_parked(request.into_inner()).await.map(sized)
    }

    async fn discard_parked_event(
        &self,
        request: Request<v1::DiscardParkedEventRequest>,
    ) -> Reply<v1::DiscardParkedEventResponse> {
        self.discard_parked(request.into_inner()).await.map(sized)
    }

    async fn read_events(&self, request: Request<v1::ReadEventsRequest>) -> Reply<v1::ReadEventsResponse> {
        let asked = request.get_ref();
        let mut violations = Violations::default();
        let page_size = PAGE_SIZES.read(asked.page_size, &mut violations);
        let correlation_id =
            (!asked.correlation_id.is_empty()).then(|| violations.uuid("correlation_id", &asked.correlation_id));
        violations.check()?;
        let after_text = asked.after_position.to_string();
        let content = if asked.without_content { "without content" } else { "" };
        let arguments = ["ReadEvents", &after_text, &asked.stream, &asked.r#type, &asked.correlation_id, content];
        let before = self.page_start(&asked.page_token, &arguments).await?;
        let matches = |event: &Recorded| {
            (asked.stream.is_empty() || event.stream.as_str() == asked.stream)
                && (asked.r#type.is_empty() || event.kind == asked.r#type)
                && correlation_id.is_none_or(|id| event.cause.correlation_id == id)
        };

        let start = Position(i64::try_from(asked.after_position).unwrap_or(i64::MAX - 1));
        let after = before.unwrap_or(start);
        let mut examined = Anchor::ORIGIN;
        let found = self.log.read(after, EXAMINED_MAX).await?;
        let mut more = found.len() == EXAMINED_MAX;
        let mut events = Vec::new();
        for event in &found {
            if events.len() == page_size {
                more = true;
                break;
            }
            examined = Anchor::new(event.position, &event.hash);
            if matches(event) {
                let mut shown = present(event);
                if asked.without_content {
                    shown.payload_json.clear();
                }
                events.push(shown);
            }
        }
        let next = || self.tokens.seal_page(&arguments, examined.position, examined);
        let next_page_token = if more { next() } else { String::new() };
        Ok(sized(v1::ReadEventsResponse { events, next_page_token }))
    }

    async fn get_as_of(&self, request: Request<v1::GetAsOfRequest>) -> Reply<v1::GetAsOfResponse> {
        self.as_of(request.get_ref()).await.map(sized)
    }

    async fn stream_events(
        &self,
        request: Request<v1::StreamEventsRequest>,
    ) -> Reply<Messages<v1::StreamEventsResponse>> {
        let end = StreamEnd::of(request.extensions(), self.tasks.draining());
        let asked = request.into_inner();
        let mut violations = Violations::default();
        if asked.after_position > 0 && !asked.resume_token.is_empty() {
            let rule = "must not be set together with resume_token";
            violations.add("after_position", ErrorReason::FieldInvalid, rule);
        }
        let mut types = HashSet::new();
        for (index, number) in asked.types.iter().enumerate() {
            match v1::EventType::try_from(*number) {
                Ok(v1::EventType::Unspecified) | Err(_) => {
                    let rule = format!("must be a type of event, is {number}");
                    violations.add(&format!("types[{index}]"), ErrorReason::EventTypeUnknown, rule);
                }
                Ok(kind) => {
                    types.insert(kind);
                }
            }
        }
        violations.check()?;
        let from = self.start_of_events(&asked).await?;
        let room = self.room.clone().try_acquire_owned().map_err(|_| too_many_streams("server", STREAMS_MAX))?;
        let (messages, queue) = mpsc::channel(WAITING_MESSAGES_MAX);
        let (log, told_at) = (self.log.clone(), Instant::now());
        let (tokens, last_word) = (self.tokens.clone(), messages.clone());
        let without_content = asked.without_content;
        let stream = EventStream { log, tokens, from, without_content, types, messages, end, told_at };
        self.tasks.spawn_for_call("stream of events", async move {
            let _room = room;
            if AssertUnwindSafe(stream.run()).catch_unwind().await.is_err() {
                // Without it, the stream would seem to have ended normally.
                let _ = last_word.try_send(Err(internal("the task of a stream panicked")));
            }
        });
        Ok(Response::new(ReceiverStream::new(queue)))
    }
}

fn present(event: &Recorded) -> v1::RecordedEvent {
    let cause = &event.cause;
    v1::RecordedEvent {
        position: event.position.unsigned(),
        event_id: event.event_id.to_string(),
        stream: event.stream.to_string(),
        version: Position(event.version.0).unsigned(),
        r#type: event.kind.clone(),
        schema_version: event.schema_version,
        command_id: cause.command_id.to_string(),
        correlation_id: cause.correlation_id.to_string(),
        causation_id: cause.causation_id.map(|id| id.to_string()).unwrap_or_default(),
        principal: cause.principal.clone(),
        traceparent: cause.traceparent.clone().unwrap_or_default(),
        recorded_at: Some(event.recorded_at.to_proto()),
        payload_json: event.payload.clone(),
        payload_digest: event.payload_digest.to_vec(),
        hash: event.hash.to_vec(),
    }
}
