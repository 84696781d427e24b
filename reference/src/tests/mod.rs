//! Small histories, written by hand, and what the reference makes of them.
//!
//! Always: a history is a list of acts over the same four accounts; an act becomes the events that a correct command
//! server appends for it. Never here: random histories, which the laws compare the real servers with.

mod activities;
mod law;
mod listings;
mod log;
mod moderation;
mod notifications;
mod questions;
mod threads;

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::{LogEvent, Model};

const READER: &str = "reader";
const BOB: &str = "bob";
const CAROL: &str = "carol";
const DAVE: &str = "dave";

/// What an account does. Actors come first, then what they act on; a post's own id comes right after its author.
#[derive(Clone, Copy)]
enum Act {
    Register(&'static str),
    Rename(&'static str, &'static str),
    Describe(&'static str, &'static str),
    Protect(&'static str),
    Unprotect(&'static str),
    Deactivate(&'static str),
    Reactivate(&'static str),
    /// By a moderator, as what follows.
    Suspend(&'static str),
    Unsuspend(&'static str),
    TakeDown(&'static str),
    Restore(&'static str),
    Post(&'static str, &'static str),
    Reply(&'static str, &'static str, &'static str),
    Quote(&'static str, &'static str, &'static str),
    Edit(&'static str, &'static str),
    Delete(&'static str),
    Like(&'static str, &'static str),
    Unlike(&'static str, &'static str),
    Repost(&'static str, &'static str),
    UndoRepost(&'static str, &'static str),
    Bookmark(&'static str, &'static str),
    Unbookmark(&'static str, &'static str),
    Follow(&'static str, &'static str),
    Request(&'static str, &'static str),
    Reject(&'static str, &'static str),
    Withdraw(&'static str, &'static str),
    Unfollow(&'static str, &'static str),
    Block(&'static str, &'static str),
    Unblock(&'static str, &'static str),
    Mute(&'static str, &'static str),
    Unmute(&'static str, &'static str),
    /// Has seen its notifications up to the last event of an act, counted from 1.
    See(&'static str, usize),
    /// A day passes.
    Sleep,
}

/// A log that grows, and the model that has applied it.
#[derive(Default)]
struct History {
    model: Model,
    versions: HashMap<String, u64>,
    /// Position of the event that created each account and post.
    keys: HashMap<String, u64>,
    authors: HashMap<String, String>,
    parents: HashMap<String, String>,
    repost_places: HashMap<(String, String), u64>,
    /// Position of the first event of each act.
    acts: Vec<u64>,
    days_slept: i64,
}

/// The four accounts, and then these acts, all of which the log may hold.
fn history(acts: &[Act]) -> History {
    let mut history = History::default();
    for account in [READER, BOB, CAROL, DAVE] {
        history.play(Act::Register(account)).expect("registering is legal");
    }
    history.acts.clear();
    for act in acts {
        history.play(*act).expect("every act of a history is legal");
        history.model.settled().expect("every act is complete");
    }
    history
}

impl History {
    fn play(&mut self, act: Act) -> Result<(), String> {
        self.acts.push(self.model.head() + 1);
        match act {
            Act::Register(account) => {
                self.emit(
                    "handle.claimed",
                    &format!("handle-{account}"),
                    json!({"handle": account, "account_id": account}),
                )?;
                self.keys.insert(account.to_owned(), self.model.head() + 1);
                let personal = json!({"alg": "none", "display_name": account, "bio": ""});
                let payload =
                    json!({"account_id": account, "handle": account, "kind": kind(account), "personal": personal});
                self.emit("account.registered", &format!("account-{account}"), payload)
            }
            Act::Rename(account, to) => {
                let from = self.model.account(account).map_or_else(String::new, |account| account.handle);
                let payload = json!({"account": self.reference(account), "from": from, "to": to});
                self.emit("account.handle_changed", &format!("account-{account}"), payload)?;
                self.emit(
                    "handle.released",
                    &format!("handle-{from}"),
                    json!({"handle": from, "account_id": account}),
                )?;
                self.emit("handle.claimed", &format!("handle-{to}"), json!({"handle": to, "account_id": account}))
            }
            Act::Describe(account, bio) => {
                let personal = json!({"alg": "none", "display_name": account, "bio": bio});
                let payload = json!({"account": self.reference(account), "personal": personal});
                self.emit("account.profile_updated", &format!("account-{account}"), payload)
            }
            Act::Protect(account) => self.emit_on_account("account.protected", account),
            Act::Unprotect(account) => {
                let requesters = self.model.follow_requests(account);
                self.emit_on_account("account.unprotected", account)?;
                for requester in requesters {
                    self.emit_follow("follow.followed", &requester, account)?;
                }
                Ok(())
            }
            Act::Deactivate(account) => self.emit_on_account("account.deactivated", account),
            Act::Reactivate(account) => self.emit_on_account("account.reactivated", account),
            Act::Suspend(account) => {
                let mut payload = self.seen_by_moderator(account);
                payload["reason"] = json!("spam");
                payload["personal"] = json!({"alg": "none", "text": "No ads."});
                self.emit("account.suspended", &format!("account-{account}"), payload)
            }
            Act::Unsuspend(account) => {
                self.emit("account.unsuspended", &format!("account-{account}"), self.seen_by_moderator(account))
            }
            Act::TakeDown(post) => {
                let mut payload = self.of_post(post);
                payload["reason"] = json!("harassment");
                payload["personal"] = json!({"alg": "none"});
                self.emit("post.taken_down", &format!("post-{post}"), payload)
            }
            Act::Restore(post) => self.emit("post.restored", &format!("post-{post}"), self.of_post(post)),
            Act::Post(author, post) => self.emit_post(author, post, None, None),
            Act::Reply(author, post, parent) => self.emit_post(author, post, Some(parent), None),
            Act::Quote(author, post, quoted) => self.emit_post(author, post, None, Some(quoted)),
            Act::Edit(post, text) => {
                let author = self.author_of(post);
                let mut payload = self.content(text);
                payload["post"] = self.reference(post);
                payload["author"] = self.reference(&author);
                payload["dropped_mentions"] = self.dropped(post, text);
                self.emit("post.edited", &format!("post-{post}"), payload)
            }
            Act::Delete(post) => self.emit("post.deleted", &format!("post-{post}"), self.of_post(post)),
            Act::Like(account, post) => self.emit_on_post("like.added", account, post),
            Act::Unlike(account, post) => self.emit_on_post("like.removed", account, post),
            Act::Repost(account, post) => {
                self.repost_places.insert((account.to_owned(), post.to_owned()), self.model.head() + 1);
                self.emit_on_post("repost.added", account, post)
            }
            Act::UndoRepost(account, post) => self.emit_on_post("repost.removed", account, post),
            Act::Bookmark(account, post) => self.emit_on_post("bookmark.added", account, post),
            Act::Unbookmark(account, post) => self.emit_on_post("bookmark.removed", account, post),
            Act::Follow(follower, followee) => self.emit_follow("follow.followed", follower, followee),
            Act::Request(follower, followee) => {
                self.emit_follow("follow.requested", follower, followee)?;
                let payload = json!({"followee": self.reference(followee), "follower": self.reference(follower)});
                self.emit("requests.added", &format!("requests-{followee}"), payload)
            }
            Act::Reject(followee, follower) => self.emit_follow("follow.rejected", follower, followee),
            Act::Withdraw(follower, followee) => self.emit_follow("follow.withdrawn", follower, followee),
            Act::Unfollow(follower, followee) => self.emit_follow("follow.unfollowed", follower, followee),
            Act::Block(account, target) => {
                let before = self.model.relationship(account, target, Some(account));
                self.emit_between("block.added", account, target)?;
                if before.following {
                    self.emit_follow("follow.unfollowed", account, target)?;
                }
                if before.followed_by {
                    self.emit_follow("follow.unfollowed", target, account)?;
                }
                if before.follow_requested {
                    self.emit_follow("follow.withdrawn", account, target)?;
                }
                if before.follow_requested_by {
                    self.emit_follow("follow.rejected", target, account)?;
                }
                Ok(())
            }
            Act::Unblock(account, target) => self.emit_between("block.removed", account, target),
            Act::Mute(account, target) => self.emit_between("mute.added", account, target),
            Act::Unmute(account, target) => self.emit_between("mute.removed", account, target),
            Act::See(account, act) => self.emit_seen(account, self.acts[act] - 1),
            Act::Sleep => {
                self.days_slept += 1;
                Ok(())
            }
        }
    }

    /// An account, and whether it is active.
    fn seen_by_moderator(&self, account: &str) -> Value {
        let state = self.model.account_number(account).map(|number| self.model.account_state(number));
        json!({"account": self.reference(account), "active": state.is_none_or(|state| !state.deactivated)})
    }

    /// A post, its author, and what it answers.
    fn of_post(&self, post: &str) -> Value {
        let parent = self.parents.get(post).map(|parent| self.post_reference(parent));
        json!({"post": self.reference(post), "author": self.reference(&self.author_of(post)), "reply_to": parent})
    }

    fn emit_on_account(&mut self, kind: &str, account: &str) -> Result<(), String> {
        self.emit(kind, &format!("account-{account}"), json!({"account": self.reference(account)}))
    }

    fn emit_between(&mut self, kind: &str, account: &str, target: &str) -> Result<(), String> {
        let payload = json!({"account": self.reference(account), "target": self.reference(target)});
        self.emit(kind, &format!("{}-{account}-{target}", family(kind)), payload)
    }

    fn emit_follow(&mut self, step: &str, follower: &str, followee: &str) -> Result<(), String> {
        let mut payload = json!({
            "follower": self.reference(follower),
            "followee": self.reference(followee),
            "followee_kind": kind(followee),
        });
        if let (Some(seen), false) = (self.seen_by(followee), matches!(step, "follow.requested" | "follow.followed")) {
            payload["followee_seen_up_to"] = json!(seen);
        }
        self.emit(step, &format!("follow-{follower}-{followee}"), payload)
    }

    fn emit_post(
        &mut self,
        author: &str,
        post: &str,
        parent: Option<&str>,
        quoted: Option<&str>,
    ) -> Result<(), String> {
        let mut payload = self.content(post);
        payload["post_id"] = json!(post);
        payload["author"] = self.reference(author);
        payload["reply_to"] = json!(parent.map(|parent| self.post_reference(parent)));
        if let Some(quoted) = quoted {
            payload["quoted"] = self.post_reference(quoted);
        }
        self.keys.insert(post.to_owned(), self.model.head() + 1);
        self.authors.insert(post.to_owned(), author.to_owned());
        if let Some(parent) = parent {
            self.parents.insert(post.to_owned(), parent.to_owned());
        }
        self.emit("post.created", &format!("post-{post}"), payload)
    }

    fn emit_on_post(&mut self, kind: &str, account: &str, post: &str) -> Result<(), String> {
        let mut payload = json!({
            "account": self.reference(account),
            "post": self.reference(post),
            "post_author": self.reference(&self.author_of(post)),
            "added_at": self.repost_places.get(&(account.to_owned(), post.to_owned())),
        });
        if let (Some(seen), true) = (self.seen_by(&self.author_of(post)), kind.ends_with(".removed")) {
            payload["author_seen_up_to"] = json!(seen);
        }
        self.emit(kind, &format!("{}-{account}-{post}", family(kind)), payload)
    }

    /// Up to where an account has seen its notifications, if it has seen any.
    fn seen_by(&self, account: &str) -> Option<u64> {
        let number = self.model.account_number(account)?;
        Some(self.model.account_state(number).seen_up_to).filter(|seen| *seen > 0)
    }

    fn emit_seen(&mut self, account: &str, up_to: u64) -> Result<(), String> {
        let payload = json!({"account": self.reference(account), "up_to": up_to});
        self.emit("notifications.seen", &format!("notifications-{account}"), payload)
    }

    /// Appends an event at the next position and version.
    fn emit(&mut self, kind: &str, stream: &str, payload: Value) -> Result<(), String> {
        let position = self.model.head() + 1;
        let version = self.versions.get(stream).copied().unwrap_or(0) + 1;
        self.model.apply(&LogEvent {
            position,
            stream,
            version,
            kind,
            schema_version: 1,
            recorded_at_us: recorded_at_us(position) + self.days_slept * 86_400_000_000,
            payload: payload.to_string().as_bytes(),
        })?;
        self.versions.insert(stream.to_owned(), version);
        Ok(())
    }

    /// Position of the first event of an act, counted from 1.
    fn position_of(&self, act: usize) -> u64 {
        self.acts[act - 1]
    }

    fn reference(&self, id: &str) -> Value {
        json!({"id": id, "key": self.keys.get(id).copied().unwrap_or(0)})
    }

    fn post_reference(&self, post: &str) -> Value {
        json!({"post": self.reference(post), "author": self.reference(&self.author_of(post))})
    }

    /// Every word of a text that begins with `@` mentions an account, and every one that begins with `#` is a hashtag.
    fn content(&self, text: &str) -> Value {
        let words = || text.split(' ');
        let mentions: Vec<Value> =
            words().filter_map(|word| word.strip_prefix('@')).map(|id| self.reference(id)).collect();
        let hashtags: Vec<&str> = words().filter_map(|word| word.strip_prefix('#')).collect();
        json!({"mentions": mentions, "hashtags": hashtags, "personal": {"alg": "none", "text": text}})
    }

    /// Accounts that the post's text mentions and this one does not, of those that have seen anything.
    fn dropped(&self, post: &str, text: &str) -> Value {
        let Some(number) = self.model.post_number(post) else { return json!([]) };
        let before = self.model.mentions.from(number).map(|(account, _)| self.model.account_state(account).id.clone());
        let dropped = before.filter(|account| !text.split(' ').any(|word| word.strip_prefix('@') == Some(account)));
        let dropped = dropped.filter_map(|account| {
            let seen_up_to = self.seen_by(&account)?;
            Some(json!({"account": self.reference(&account), "seen_up_to": seen_up_to}))
        });
        dropped.collect()
    }

    fn author_of(&self, post: &str) -> String {
        self.authors.get(post).cloned().unwrap_or_default()
    }
}

/// The clock of these histories: a millisecond per event.
fn recorded_at_us(position: u64) -> i64 {
    1000 * i64::try_from(position).expect("histories are short")
}

/// Dave is an organization, so that both kinds take part.
fn kind(account: &str) -> &'static str {
    if account == DAVE { "organization" } else { "user" }
}

fn family(kind: &str) -> &str {
    kind.split('.').next().unwrap_or(kind)
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
