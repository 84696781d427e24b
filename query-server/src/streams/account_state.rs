//! What an account does itself, and what moderators do to its posts, for its other devices: `own_changes_1` says what it has touched; what that is now is read from the tables of
//! the other projections.
//!
//! Always: only the account itself hears of it; however often something was done and undone between two looks, it is told once, as it is now.

use std::collections::HashMap;
use std::time::Duration;

use serde::Deserialize;
use shared::model::ids::{AccountId, AccountKey, Position, PostKey};
use shared::rpc::errors::internal;
use shared::rpc::proto::query as v1;
use shared::rpc::tokens::Tokens;
use shared::sql::{Statement, statements};
use shared::tables::OwnChange;
use tonic::Status;
use uuid::Uuid;

use super::dispatch::Heard;
use super::feed::Kind;
use super::interests::{Interests, Source, Touch};
use super::pending::{Pending, in_order};
use super::together::{Live, SentTogether, refreshed};
use crate::freshness::Freshness;
use crate::hydrate::{self, Flag, taken_down};
use crate::questions::account::{Named, find};
use crate::questions::{notifications, relationship};
use crate::snapshot::{Projections, Snapshot, Value, column, limit, list};
use crate::vocabulary::VOCABULARY;

/// What is read.
pub const READS: Projections =
    &["own_changes_1", "posts_1", "bookmarks_1", "profiles_1", "graph_1", "counts_1", "notifications_1"];

/// What is told one by one; when more was touched, all is to be fetched again.
const TOUCHED_MAX: usize = 256;
/// Between two looks.
const PACE: Duration = Duration::from_millis(250);

statements! {
    "account_state.sql" with VOCABULARY: SELECT_CHANGES, SELECT_KEPT, SELECT_TOUCHED, SELECT_POST_STATES, SELECT_ACCOUNT_IDS
}

/// What is to be told.
type News = super::feed::News<Live>;

/// Where an account's other devices hear of what it does.
pub struct AccountStateChanges;

impl Source for AccountStateChanges {
    const READS: Projections = READS;

    fn changes() -> &'static Statement {
        &SELECT_CHANGES
    }
}

/// The subscription of one account to itself.
pub struct AccountStateFeed {
    pub freshness: Freshness,
    pub tokens: Tokens,
    pub owner: AccountKey,
    pub owner_id: AccountId,
}

/// What an account has to do with a post, as the statement has it: key, id, liked, reposted, bookmarked, taken down.
#[derive(Deserialize)]
struct PostStateRow(i64, Uuid, Flag, Flag, Flag, #[serde(deserialize_with = "taken_down")] Option<v1::TakenDown>);

/// What an account has touched, and where first and last.
struct Touched {
    what: OwnChange,
    target: i64,
    first: Position,
    last: Position,
}

impl Kind for AccountStateFeed {
    type Event = Live;
    type Index = Interests<AccountStateChanges>;

    const PACE: Duration = PACE;

    async fn look(&mut self, from: Position, _: Heard<Touch>) -> Result<News, Status> {
        let mut snapshot = Snapshot::take(self.freshness.tables(), READS).await?;
        let (reached, read_at) = (snapshot.checkpoint, snapshot.anchor);
        if reached <= from {
            return Ok(News { events: vec![], reached: from, read_at, unfinished: false });
        }
        find(&mut snapshot, &Named::Id(self.owner_id)).await?;
        let refresh = |is_expired| {
            let event = refreshed(is_expired, self.tokens.seal(read_at));
            Ok(News { events: vec![(reached, event)], reached, read_at, unfinished: false })
        };
        let kept = snapshot.row(&SELECT_KEPT, &[]).await?;
        if from < Position(column(&kept, "kept_after")?) {
            return refresh(true);
        }
        let touched = self.touched(&mut snapshot, from, reached).await?;
        if touched.len() > TOUCHED_MAX {
            return refresh(false);
        }
        Ok(News { events: self.present(&mut snapshot, touched).await?, reached, read_at, unfinished: false })
    }
}

impl SentTogether for AccountStateFeed {
    fn together(event: Live) -> Option<Live> {
        Some(event)
    }
}

impl AccountStateFeed {
    async fn touched(&self, snapshot: &mut Snapshot, from: Position, to: Position) -> Result<Vec<Touched>, Status> {
        let values = [self.owner.0, from.0, to.0].map(Value::Number);
        let values = [&values[..], &[limit(TOUCHED_MAX + 1)]].concat();
        let touch = |row| {
            let number = column(row, "what")?;
            let what = OwnChange::from_stored(number).ok_or_else(|| internal(format!("unknown change {number}")))?;
            let (first, last) = (Position(column(row, "first")?), Position(column(row, "last")?));
            Ok(Touched { what, target: column(row, "target")?, first, last })
        };
        snapshot.rows(&SELECT_TOUCHED, &values).await?.iter().map(touch).collect()
    }

    async fn present(&self, snapshot: &mut Snapshot, touched: Vec<Touched>) -> Result<Vec<(Position, Live)>, Status> {
        let of = |wanted: OwnChange| touched.iter().filter(move |one| one.what == wanted).map(|one| one.target);
        let (posts, accounts) = (of(OwnChange::Post).collect(), of(OwnChange::Account).map(AccountKey).collect());
        let mut posts = self.posts(snapshot, posts).await?;
        let mut accounts = self.accounts(snapshot, accounts).await?;
        let mut told = Vec::with_capacity(touched.len());
        for Touched { what, target, first, last } in touched {
            let event = match what {
                OwnChange::Post => posts.remove(&PostKey(target)).map(Live::PostState),
                OwnChange::Account => accounts.remove(&AccountKey(target)).map(Live::Relationship),
                OwnChange::Profile => {
                    let profile = hydrate::accounts(snapshot, &[self.owner], Some(self.owner)).await?;
                    profile.into_iter().next().map(Live::Profile)
                }
                OwnChange::Seen => {
                    let up_to_place = notifications::seen_up_to(snapshot, self.owner).await?.unsigned();
                    Some(Live::NotificationsSeen(v1::NotificationsSeen { up_to_place }))
                }
            };
            told.extend(event.map(|event| Pending { first, last, event }));
        }
        Ok(in_order(told))
    }

    async fn posts(&self, snapshot: &mut Snapshot, posts: Vec<i64>) -> Result<HashMap<PostKey, v1::PostState>, Status> {
        if posts.is_empty() {
            return Ok(HashMap::new());
        }
        let wanted = posts.iter().collect();
        let row = snapshot.row(&SELECT_POST_STATES, &[Value::Rows(&wanted), Value::Number(self.owner.0)]).await?;
        let state = |PostStateRow(post, id, liked, reposted, bookmarked, taken_down): PostStateRow| {
            let (liked, reposted, bookmarked) = (liked.0, reposted.0, bookmarked.0);
            (PostKey(post), v1::PostState { post_id: id.to_string(), liked, reposted, bookmarked, taken_down })
        };
        Ok(list(&row, "found")?.into_iter().map(state).collect())
    }

    async fn accounts(
        &self,
        snapshot: &mut Snapshot,
        accounts: Vec<AccountKey>,
    ) -> Result<HashMap<AccountKey, v1::RelationshipTo>, Status> {
        if accounts.is_empty() {
            return Ok(HashMap::new());
        }
        let mut there = relationship::to_each(snapshot, self.owner, &accounts, Some(self.owner)).await?;
        let wanted = accounts.iter().collect();
        let rows = snapshot.rows(&SELECT_ACCOUNT_IDS, &[Value::Rows(&wanted)]).await?;
        let with_id = |row| {
            let key = AccountKey(column(row, "account")?);
            let target_account_id = AccountId(column(row, "account_id")?).to_string();
            Ok((key, v1::RelationshipTo { target_account_id, relationship: there.remove(&key) }))
        };
        rows.iter().map(with_id).collect()
    }
}
