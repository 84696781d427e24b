//! What owners see of posts that were just posted or reposted, for all home streams that ask at the same time.
//!
//! A stream that hears of a post knows the reasons: who posted or reposted it, and where. They are newer than whatever it has told, so that the
//! newest of them that the owner sees is the place of the post, and what else is a reason need not be looked at, however many have reposted it.

use std::collections::BTreeMap;

use shared::model::ids::{AccountKey, PostKey};
use shared::rpc::proto::query::{Includes, TimelineItem};
use timelines::Reason;
use tonic::Status;

use super::shared_read::SharedRead;
use crate::hydrate;
use crate::law::{self, Candidate};
use crate::questions::home_timeline::READS;
use crate::snapshot::{Projections, Snapshot};

/// The reasons that the stream of one owner has heard of.
pub struct HeardReasons {
    pub owner: AccountKey,
    pub reasons: Vec<Reason>,
}

/// What an owner sees, by the posts, each at the newest of the reasons, with what it refers to.
pub type Items = BTreeMap<PostKey, (TimelineItem, Includes)>;

/// The items of home timelines.
pub struct HomeItems;

impl SharedRead for HomeItems {
    type Question = HeardReasons;
    type Answer = Items;

    const READS: Projections = READS;
    const NAME: &'static str = "home_timelines";

    async fn answer(snapshot: &mut Snapshot, questions: &[HeardReasons]) -> Result<Vec<Result<Items, Status>>, Status> {
        let (mut asked_by, mut reasons) = (Vec::new(), Vec::new());
        for (number, heard) in questions.iter().enumerate() {
            asked_by.extend(heard.reasons.iter().map(|_| number));
            // Whatever newer reasons there are, the stream has heard of them, too, or will.
            let candidate = |reason: &Reason| Candidate { owner: heard.owner, reason: *reason, up_to: reason.place };
            reasons.extend(heard.reasons.iter().map(candidate));
        }
        let mut newest: BTreeMap<(usize, PostKey), Reason> = BTreeMap::new();
        for number in law::seen(snapshot, &reasons).await? {
            let reason = reasons[number].reason;
            let seen = newest.entry((asked_by[number], reason.post)).or_insert(reason);
            if reason.place > seen.place {
                *seen = reason;
            }
        }
        let entries: Vec<_> = newest.iter().map(|((number, _), reason)| (questions[*number].owner, *reason)).collect();
        let items = hydrate::items_of_viewers(snapshot, &entries).await?;
        let mut answers: Vec<Items> = questions.iter().map(|_| Items::new()).collect();
        for ((number, post), item) in newest.into_keys().zip(items) {
            answers[number].extend(item.map(|item| (post, item)));
        }
        Ok(answers.into_iter().map(Ok).collect())
    }
}
