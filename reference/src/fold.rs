//! Folds one event into the model, after checking whether the log may hold it.
//!
//! Always: the whole event is checked before anything changes, so a refused event leaves the model as it was. What only
//! holds once an append is complete is a *promise*: the events right behind must keep it, and any event that cannot
//! belong to the same append finds it broken. Never here: who may *see* something (`law`).

use crate::event::{
    Content, Dropped, Event, Follow, LogEvent, OffPost, OnAccount, OnPost, PostCreated, PostRef, Profile, Ref, Taking,
};
use crate::listings::same_for_all_cases;
use crate::model::{AccountNumber, AccountState, Deed, Model, PostNumber, PostState, Promise};
use crate::questions::{Extras, TakenDown};

const HANDLE_LENGTH_MIN: usize = 3;
const HANDLE_LENGTH_MAX: usize = 30;
/// 500 characters as people see them, of up to 20 bytes each, and as much again for what ends their turns of direction.
const TEXT_BYTES_MAX: usize = 20_000;
const MEDIA_MAX: usize = 4;
/// 200 characters of up to 20 bytes each, and as much again.
const NOTE_BYTES_MAX: usize = 8_000;

impl Model {
    /// Applies the next event of the log.
    ///
    /// # Errors
    ///
    /// Says why the event cannot be read, or why the log may not hold it after the events before it.
    pub fn apply(&mut self, event: &LogEvent<'_>) -> Result<(), String> {
        let refused = |why| format!("{} at position {} on {}: {why}", event.kind, event.position, event.stream);
        self.judge_and_fold(event).map_err(refused)
    }

    /// Goes past an event that was not applied, so that those after it are checked for themselves and not for what is
    /// missing. What an event that cannot be read would have done is not known, and so is not asked for.
    pub fn pass(&mut self, event: &LogEvent<'_>) {
        if Self::can_read(event).is_err() {
            self.promises.clear();
        }
        self.head = event.position;
        let before = usize::try_from(event.position.saturating_sub(1)).expect("a log fits in memory");
        self.recorded_at_us.resize(before, event.recorded_at_us);
        self.recorded_at_us.push(event.recorded_at_us);
        self.versions.insert(event.stream.to_owned(), event.version);
    }

    /// Whether this code can read the event; the error says why not.
    pub fn can_read(event: &LogEvent<'_>) -> Result<(), String> {
        Event::decode(event).map(drop)
    }

    /// Checks that the log ends with a complete append.
    ///
    /// # Errors
    ///
    /// Says what the last append promised and did not bring.
    pub fn settled(&self) -> Result<(), String> {
        match self.promises.first() {
            None => Ok(()),
            Some(promise) => Err(format!("the log ends with a broken promise: {promise:?}")),
        }
    }

    fn judge_and_fold(&mut self, logged: &LogEvent<'_>) -> Result<(), String> {
        let event = Event::decode(logged)?;
        self.judge_place(logged, &event)?;
        self.judge_promises(&event)?;
        self.fold(logged, event)?;

        self.head = logged.position;
        self.recorded_at_us.push(logged.recorded_at_us);
        self.versions.insert(logged.stream.to_owned(), logged.version);
        self.applied.insert(logged.stream.to_owned(), logged.version);
        self.forget_kept_promises();
        Ok(())
    }

    fn judge_place(&self, logged: &LogEvent<'_>, event: &Event) -> Result<(), String> {
        let last_version = self.versions.get(logged.stream).copied().unwrap_or(0);
        require(logged.position == self.head + 1, "the position is not the last plus one")?;
        require(logged.version == last_version + 1, "the version is not the stream's last plus one")?;
        require(logged.stream == event.stream(), "the event stands in a stream of another name")
    }

    fn fold(&mut self, logged: &LogEvent<'_>, event: Event) -> Result<(), String> {
        match event {
            Event::AccountRegistered { account_id, handle, kind, profile } => {
                self.register(logged, account_id, handle, kind, profile)
            }
            Event::AccountProfileUpdated { account, profile } => self.update_profile(&account, profile),
            Event::AccountHandleChanged { account, from, to } => self.change_handle(&account, from, to),
            Event::AccountProtected { account } => self.protect(&account),
            Event::AccountUnprotected { account } => self.unprotect(&account),
            Event::AccountDeactivated { account } => self.deactivate(&account),
            Event::AccountReactivated { account } => self.reactivate(&account),
            Event::AccountSuspended { account, active, taking } => self.suspend(&account, active, &taking),
            Event::AccountUnsuspended { account, active } => self.unsuspend(&account, active),
            Event::HandleClaimed { handle, account_id } => self.claim(handle, account_id),
            Event::HandleReleased { handle, account_id } => self.release(handle, account_id),
            Event::PostCreated(created) => self.create_post(logged, created),
            Event::PostEdited { target, content, dropped } => self.edit_post(logged, &target, content, &dropped),
            Event::PostDeleted { target, reply_to } => self.delete_post(&target, reply_to.as_ref()),
            Event::PostTakenDown { target, reply_to, taking } => self.take_down(&target, reply_to.as_ref(), taking),
            Event::PostRestored { target, reply_to } => self.restore(&target, reply_to.as_ref()),
            Event::LikeAdded(like) => self.add_like(logged, &like),
            Event::LikeRemoved(like) => self.remove_like(&like),
            Event::RepostAdded(repost) => self.add_repost(logged, &repost),
            Event::RepostRemoved { repost, added_at } => self.remove_repost(&repost, added_at),
            Event::BookmarkAdded(bookmark) => self.add_bookmark(logged, &bookmark),
            Event::BookmarkRemoved(bookmark) => self.remove_bookmark(&bookmark),
            Event::FollowRequested(follow) => self.request(logged, &follow),
            Event::FollowFollowed(follow) => self.follow(logged, &follow),
            Event::FollowRejected(follow) | Event::FollowWithdrawn(follow) => self.end_request(&follow),
            Event::FollowUnfollowed(follow) => self.unfollow(&follow),
            // An index of what the follow events say anyway.
            Event::RequestsAdded { followee, follower } | Event::RequestsRemoved { followee, follower } => {
                self.known_account(&followee).and(self.known_account(&follower)).map(drop)
            }
            Event::BlockAdded(block) => self.add_block(logged, &block),
            Event::BlockRemoved(block) => self.remove_block(&block),
            Event::MuteAdded(mute) => self.add_mute(logged, &mute),
            Event::MuteRemoved(mute) => self.remove_mute(&mute),
            Event::NotificationsSeen { account, up_to } => self.see_notifications(logged, &account, up_to),
        }
    }
}

/// Accounts and handles.
impl Model {
    fn register(
        &mut self,
        logged: &LogEvent<'_>,
        account_id: String,
        handle: String,
        kind: String,
        profile: Profile,
    ) -> Result<(), String> {
        require(self.account_number(&account_id).is_none(), "the account is registered already")?;
        require_handle(&handle)?;

        self.account_numbers.insert(account_id.clone(), AccountNumber(self.accounts.len()));
        self.promises
            .push(Promise::HandleIsHeldByItsCarrier { handle: handle.clone(), account_id: account_id.clone() });
        self.accounts.push(AccountState {
            id: account_id,
            created_at: logged.position,
            created_at_us: logged.recorded_at_us,
            handle,
            kind,
            display_name: profile.display_name,
            bio: profile.bio,
            avatar: profile.avatar,
            banner: profile.banner,
            protected: false,
            deactivated: false,
            suspended: false,
            seen_up_to: 0,
            posts: Vec::new(),
        });
        Ok(())
    }

    fn update_profile(&mut self, account: &Ref, profile: Profile) -> Result<(), String> {
        let account = self.active_account(account)?;

        let state = self.account_state_mut(account);
        state.display_name = profile.display_name;
        state.bio = profile.bio;
        state.avatar = profile.avatar;
        state.banner = profile.banner;
        Ok(())
    }

    fn change_handle(&mut self, account: &Ref, from: String, to: String) -> Result<(), String> {
        let number = self.active_account(account)?;
        require(self.account_state(number).handle == from, "the account carries another handle")?;
        require(from != to, "the handle stays the same")?;
        require_handle(&to)?;

        self.account_state_mut(number).handle.clone_from(&to);
        for handle in [from, to] {
            self.promises.push(Promise::HandleIsHeldByItsCarrier { handle, account_id: account.id.clone() });
        }
        Ok(())
    }

    fn protect(&mut self, account: &Ref) -> Result<(), String> {
        let account = self.active_account(account)?;
        require(!self.account_state(account).protected, "the account is protected already")?;

        self.account_state_mut(account).protected = true;
        Ok(())
    }

    fn unprotect(&mut self, account: &Ref) -> Result<(), String> {
        let account = self.active_account(account)?;
        require(self.account_state(account).protected, "the account is not protected")?;

        self.account_state_mut(account).protected = false;
        self.promises.push(Promise::NoRequestToPublic { account });
        Ok(())
    }

    fn deactivate(&mut self, account: &Ref) -> Result<(), String> {
        let account = self.active_account(account)?;

        self.account_state_mut(account).deactivated = true;
        Ok(())
    }

    fn reactivate(&mut self, account: &Ref) -> Result<(), String> {
        let account = self.known_account(account)?;
        require(self.account_state(account).deactivated, "the account is active already")?;
        require(!self.account_state(account).suspended, "the account is suspended")?;

        self.account_state_mut(account).deactivated = false;
        Ok(())
    }

    /// A moderator acts, so the account may be deactivated.
    fn suspend(&mut self, account: &Ref, active: bool, taking: &Taking) -> Result<(), String> {
        let account = self.known_account(account)?;
        require(!self.account_state(account).suspended, "the account is suspended already")?;
        require(active != self.account_state(account).deactivated, "whether the account was active is not so")?;
        require(taking.text.len() <= NOTE_BYTES_MAX, "the moderator says too much")?;

        self.account_state_mut(account).suspended = true;
        Ok(())
    }

    fn unsuspend(&mut self, account: &Ref, active: bool) -> Result<(), String> {
        let account = self.known_account(account)?;
        require(self.account_state(account).suspended, "the account is not suspended")?;
        require(active != self.account_state(account).deactivated, "whether the account is active is not so")?;

        self.account_state_mut(account).suspended = false;
        Ok(())
    }

    fn see_notifications(&mut self, logged: &LogEvent<'_>, account: &Ref, up_to: u64) -> Result<(), String> {
        let account = self.active_account(account)?;
        require(up_to > self.account_state(account).seen_up_to, "that much has been seen already")?;
        require(up_to < logged.position, "nobody sees what has not happened yet")?;

        self.account_state_mut(account).seen_up_to = up_to;
        Ok(())
    }

    fn claim(&mut self, handle: String, account_id: String) -> Result<(), String> {
        require_handle(&handle)?;
        require(!self.handles.contains_key(&handle), "the handle is held")?;

        self.handles.insert(handle.clone(), account_id.clone());
        self.promises.push(Promise::HandleIsHeldByItsCarrier { handle, account_id });
        Ok(())
    }

    fn release(&mut self, handle: String, account_id: String) -> Result<(), String> {
        require(self.handles.get(&handle) == Some(&account_id), "the account does not hold the handle")?;

        self.handles.remove(&handle);
        self.promises.push(Promise::HandleIsHeldByItsCarrier { handle, account_id });
        Ok(())
    }
}

/// Posts, likes, reposts and bookmarks.
impl Model {
    fn create_post(&mut self, logged: &LogEvent<'_>, created: PostCreated) -> Result<(), String> {
        require(self.post_number(&created.post_id).is_none(), "the post exists already")?;
        let author = self.active_account(&created.author)?;
        let reply_to = self.optional_visible_post(created.reply_to.as_ref(), author)?;
        let quoted = self.optional_visible_post(created.quoted.as_ref(), author)?;
        let mentioned = self.judged_mentions(&created.content)?;

        let post = PostNumber(self.posts.len());
        self.post_numbers.insert(created.post_id.clone(), post);
        self.account_state_mut(author).posts.push(post);
        if let Some(parent) = reply_to {
            self.post_state_mut(parent).replies.push(post);
        }
        if let Some(quoted) = quoted {
            self.post_state_mut(quoted).quotes.push(post);
        }
        self.posts.push(PostState {
            id: created.post_id,
            created_at: logged.position,
            created_at_us: logged.recorded_at_us,
            edited_at_us: None,
            author,
            text: String::new(),
            extras: Extras::default(),
            hashtags: Vec::new(),
            reply_to,
            quoted,
            deleted: false,
            taken_down: None,
            replies: Vec::new(),
            quotes: Vec::new(),
        });
        self.write(logged, post, created.content, &mentioned, &[]);
        Ok(())
    }

    fn edit_post(
        &mut self,
        logged: &LogEvent<'_>,
        target: &PostRef,
        content: Content,
        dropped: &[Dropped],
    ) -> Result<(), String> {
        let post = self.own_live_post(target)?;
        require(self.post_state(post).taken_down.is_none(), "the post is taken down")?;
        let mentioned = self.judged_mentions(&content)?;
        let seen = self.judged_dropped(post, &mentioned, dropped)?;

        self.post_state_mut(post).edited_at_us = Some(logged.recorded_at_us);
        self.write(logged, post, content, &mentioned, &seen);
        Ok(())
    }

    fn delete_post(&mut self, target: &PostRef, reply_to: Option<&PostRef>) -> Result<(), String> {
        let post = self.own_live_post(target)?;
        let parent = reply_to.map(|parent| self.post_by(parent)).transpose()?;
        require(parent == self.post_state(post).reply_to, "the post was created as a reply to something else")?;

        self.post_state_mut(post).deleted = true;
        Ok(())
    }

    /// A moderator acts, so it does not matter who sees the post, and what its author may do.
    fn take_down(&mut self, target: &PostRef, reply_to: Option<&PostRef>, taking: Taking) -> Result<(), String> {
        let post = self.moderated_post(target, reply_to)?;
        require(self.post_state(post).taken_down.is_none(), "the post is taken down already")?;
        require(taking.text.len() <= NOTE_BYTES_MAX, "the moderator says too much")?;

        let Taking { reason, text } = taking;
        self.post_state_mut(post).taken_down = Some(TakenDown { reason, text });
        Ok(())
    }

    fn restore(&mut self, target: &PostRef, reply_to: Option<&PostRef>) -> Result<(), String> {
        let post = self.moderated_post(target, reply_to)?;
        require(self.post_state(post).taken_down.is_some(), "the post is not taken down")?;

        self.post_state_mut(post).taken_down = None;
        Ok(())
    }

    fn moderated_post(&self, target: &PostRef, reply_to: Option<&PostRef>) -> Result<PostNumber, String> {
        let post = self.post_by(target)?;
        require(!self.post_state(post).deleted, "the post is deleted")?;
        let parent = reply_to.map(|parent| self.post_by(parent)).transpose()?;
        require(parent == self.post_state(post).reply_to, "the post was created as a reply to something else")?;
        Ok(post)
    }

    fn add_like(&mut self, logged: &LogEvent<'_>, like: &OnPost) -> Result<(), String> {
        let account = self.active_account(&like.account)?;
        let post = self.visible_post(&like.target, account)?;
        require(!self.likes.has(account, post), "the post is liked already")?;

        self.likes.add(account, post, logged.position);
        self.done(Deed::Like(account, post), logged.position, logged.recorded_at_us);
        Ok(())
    }

    fn remove_like(&mut self, OffPost { was: like, seen_up_to }: &OffPost) -> Result<(), String> {
        let account = self.active_account(&like.account)?;
        let post = self.post_by(&like.target)?;
        require(self.likes.has(account, post), "the post is not liked")?;
        self.judge_seen(self.post_state(post).author, *seen_up_to)?;

        self.likes.remove(account, post);
        self.undone(Deed::Like(account, post), *seen_up_to);
        Ok(())
    }

    fn add_repost(&mut self, logged: &LogEvent<'_>, repost: &OnPost) -> Result<(), String> {
        let account = self.active_account(&repost.account)?;
        let post = self.visible_post(&repost.target, account)?;
        let author = self.post_state(post).author;
        require(!self.account_state(author).protected, "a protected account's posts may not be reposted")?;
        require(!self.reposts.has(account, post), "the post is reposted already")?;

        self.reposts.add(account, post, logged.position);
        self.done(Deed::Repost(account, post), logged.position, logged.recorded_at_us);
        Ok(())
    }

    fn remove_repost(&mut self, OffPost { was: repost, seen_up_to }: &OffPost, added_at: u64) -> Result<(), String> {
        let account = self.active_account(&repost.account)?;
        let post = self.post_by(&repost.target)?;
        let place = self.reposts.place(account, post).ok_or("the post is not reposted")?;
        require(place == added_at, "the repost was added at another position")?;
        self.judge_seen(self.post_state(post).author, *seen_up_to)?;

        self.reposts.remove(account, post);
        self.undone(Deed::Repost(account, post), *seen_up_to);
        Ok(())
    }

    fn add_bookmark(&mut self, logged: &LogEvent<'_>, bookmark: &OnPost) -> Result<(), String> {
        let account = self.active_account(&bookmark.account)?;
        let post = self.visible_post(&bookmark.target, account)?;
        require(!self.bookmarks.has(account, post), "the post is bookmarked already")?;

        self.bookmarks.add(account, post, logged.position);
        Ok(())
    }

    fn remove_bookmark(&mut self, bookmark: &OnPost) -> Result<(), String> {
        let account = self.active_account(&bookmark.account)?;
        let post = self.post_by(&bookmark.target)?;
        require(self.bookmarks.has(account, post), "the post is not bookmarked")?;

        self.bookmarks.remove(account, post);
        Ok(())
    }

    /// Checks what an author writes, and finds whom it mentions.
    fn judged_mentions(&self, content: &Content) -> Result<Vec<AccountNumber>, String> {
        let length = content.text.trim().len();
        let hashtags_are_lower_case = content.hashtags.iter().all(|hashtag| *hashtag == hashtag.to_lowercase());
        let length_min = usize::from(content.extras.media.is_empty());
        require((length_min..=TEXT_BYTES_MAX).contains(&length), "the text has a forbidden length")?;
        require(content.extras.media.len() <= MEDIA_MAX, "the post has too many media")?;
        require(hashtags_are_lower_case, "a hashtag is not lower case")?;
        content.mentions.iter().map(|mention| self.known_account(mention)).collect()
    }

    /// Checks whom an edit says to have dropped, and finds up to where each had seen its notifications.
    fn judged_dropped(
        &self,
        post: PostNumber,
        mentioned: &[AccountNumber],
        dropped: &[Dropped],
    ) -> Result<Vec<(AccountNumber, u64)>, String> {
        let mut seen = Vec::new();
        for one in dropped {
            let account = self.known_account(&one.account)?;
            let was_mentioned = self.mentions.from(post).any(|(before, _)| before == account);
            require(was_mentioned && !mentioned.contains(&account), "the edit does not drop a mention that it names")?;
            seen.push((account, one.seen_up_to));
        }
        Ok(seen)
    }

    /// A mention that was there before keeps its place; any other takes the place of this event. Gives the dropped ones
    /// that had seen anything.
    fn write(
        &mut self,
        logged: &LogEvent<'_>,
        post: PostNumber,
        content: Content,
        mentioned: &[AccountNumber],
        seen: &[(AccountNumber, u64)],
    ) {
        let mentioned_before: Vec<AccountNumber> = self.mentions.from(post).map(|(account, _)| account).collect();
        for account in &mentioned_before {
            if !mentioned.contains(account) {
                self.mentions.remove(post, *account);
                let seen_up_to = seen.iter().find(|(dropped, _)| dropped == account).map(|(_, up_to)| *up_to);
                self.undone(Deed::Mention(post, *account), seen_up_to);
            }
        }
        for account in mentioned {
            if !mentioned_before.contains(account) {
                self.mentions.add(post, *account, logged.position);
                self.done(Deed::Mention(post, *account), logged.position, logged.recorded_at_us);
            }
        }
        for hashtag in &content.hashtags {
            self.posts_by_hashtag.entry(same_for_all_cases(hashtag)).or_default().insert(post);
        }
        let state = self.post_state_mut(post);
        state.text = content.text;
        state.extras = content.extras;
        state.hashtags = content.hashtags;
    }
}

/// Follows, blocks and mutes.
impl Model {
    fn request(&mut self, logged: &LogEvent<'_>, follow: &Follow) -> Result<(), String> {
        let (follower, followee) = self.pair(follow)?;
        self.judge_new_follow(follower, followee)?;
        require(!self.requests.has(follower, followee), "the request is pending already")?;
        require(self.account_state(followee).protected, "following a public account needs no request")?;

        self.requests.add(follower, followee, logged.position);
        self.done(Deed::Request(follower, followee), logged.position, logged.recorded_at_us);
        Ok(())
    }

    fn follow(&mut self, logged: &LogEvent<'_>, follow: &Follow) -> Result<(), String> {
        let (follower, followee) = self.pair(follow)?;
        let is_approval = self.requests.has(follower, followee);
        if is_approval {
            // The owner acts, so the follower may be deactivated or suspended by now.
            require(!self.account_state(followee).is_gone(), "the followee is deactivated or suspended")?;
            require(!self.block_stands_between(follower, followee), "a block stands between the two")?;
        } else {
            self.judge_new_follow(follower, followee)?;
            require(!self.account_state(followee).protected, "following a protected account needs a request")?;
        }

        self.requests.remove(follower, followee);
        self.undone(Deed::Request(follower, followee), None);
        self.follows.add(follower, followee, logged.position);
        self.done(Deed::Follow(follower, followee), logged.position, logged.recorded_at_us);
        Ok(())
    }

    fn end_request(&mut self, follow: &Follow) -> Result<(), String> {
        let (follower, followee) = self.pair(follow)?;
        require(self.requests.has(follower, followee), "no request is pending")?;
        self.judge_either_can_act(follower, followee)?;
        self.judge_seen(followee, follow.seen_up_to)?;

        self.requests.remove(follower, followee);
        self.undone(Deed::Request(follower, followee), follow.seen_up_to);
        Ok(())
    }

    fn unfollow(&mut self, follow: &Follow) -> Result<(), String> {
        let (follower, followee) = self.pair(follow)?;
        require(self.follows.has(follower, followee), "the follower does not follow")?;
        self.judge_either_can_act(follower, followee)?;
        self.judge_seen(followee, follow.seen_up_to)?;

        self.follows.remove(follower, followee);
        self.undone(Deed::Follow(follower, followee), follow.seen_up_to);
        Ok(())
    }

    fn add_block(&mut self, logged: &LogEvent<'_>, block: &OnAccount) -> Result<(), String> {
        let (account, target) = self.actor_and_other(block)?;
        require(!self.blocks.has(account, target), "the target is blocked already")?;

        self.blocks.add(account, target, logged.position);
        self.promises.push(Promise::NoFollowAcrossBlock { one: account, other: target });
        Ok(())
    }

    fn remove_block(&mut self, block: &OnAccount) -> Result<(), String> {
        let (account, target) = self.actor_and_other(block)?;
        require(self.blocks.has(account, target), "the target is not blocked")?;

        self.blocks.remove(account, target);
        Ok(())
    }

    fn add_mute(&mut self, logged: &LogEvent<'_>, mute: &OnAccount) -> Result<(), String> {
        let (account, target) = self.actor_and_other(mute)?;
        require(!self.mutes.has(account, target), "the target is muted already")?;

        self.mutes.add(account, target, logged.position);
        Ok(())
    }

    fn remove_mute(&mut self, mute: &OnAccount) -> Result<(), String> {
        let (account, target) = self.actor_and_other(mute)?;
        require(self.mutes.has(account, target), "the target is not muted")?;

        self.mutes.remove(account, target);
        Ok(())
    }

    fn pair(&self, follow: &Follow) -> Result<(AccountNumber, AccountNumber), String> {
        let follower = self.known_account(&follow.follower)?;
        let followee = self.known_account(&follow.followee)?;
        require(follower != followee, "an account cannot follow itself")?;
        require(self.account_state(followee).kind == follow.followee_kind, "the followee is of another kind")?;
        Ok((follower, followee))
    }

    fn judge_new_follow(&self, follower: AccountNumber, followee: AccountNumber) -> Result<(), String> {
        require(!self.account_state(follower).is_gone(), "the follower is deactivated or suspended")?;
        require(!self.account_state(followee).is_gone(), "the followee is deactivated or suspended")?;
        require(!self.block_stands_between(follower, followee), "a block stands between the two")?;
        require(!self.follows.has(follower, followee), "the follower follows already")
    }

    /// Older events do not say what was seen; if an event does, it must be true.
    fn judge_seen(&self, account: AccountNumber, seen_up_to: Option<u64>) -> Result<(), String> {
        let seen = self.account_state(account).seen_up_to;
        require(
            seen_up_to.is_none_or(|told| told == seen && told > 0),
            "the account has seen its notifications up to elsewhere",
        )
    }

    /// The events do not say which of the two ended a follow or a request: a block by either ends those of both.
    fn judge_either_can_act(&self, one: AccountNumber, other: AccountNumber) -> Result<(), String> {
        let neither_can = self.account_state(one).is_gone() && self.account_state(other).is_gone();
        require(!neither_can, "both accounts are deactivated or suspended")
    }

    fn actor_and_other(&self, on: &OnAccount) -> Result<(AccountNumber, AccountNumber), String> {
        let account = self.active_account(&on.account)?;
        let target = self.known_account(&on.target)?;
        require(account != target, "an account cannot do this to itself")?;
        Ok((account, target))
    }
}

/// Promises.
impl Model {
    fn judge_promises(&self, event: &Event) -> Result<(), String> {
        for promise in &self.promises {
            if !may_stand_in_append_of(promise, event) {
                return Err(format!("the append before it left a broken promise: {promise:?}"));
            }
        }
        Ok(())
    }

    /// An event that makes a promise again also adds a new entry, so a kept promise need not be watched.
    fn forget_kept_promises(&mut self) {
        let mut promises = std::mem::take(&mut self.promises);
        promises.retain(|promise| !self.is_kept(promise));
        self.promises = promises;
    }

    fn is_kept(&self, promise: &Promise) -> bool {
        match promise {
            Promise::HandleIsHeldByItsCarrier { handle, account_id } => {
                let holds = self.handles.get(handle) == Some(account_id);
                let account = self.account_number(account_id);
                let carries = account.is_some_and(|account| self.account_state(account).handle == *handle);
                holds == carries
            }
            Promise::NoFollowAcrossBlock { one, other } => {
                let edges = [&self.follows, &self.requests];
                !edges.iter().any(|edges| edges.has(*one, *other) || edges.has(*other, *one))
            }
            Promise::NoRequestToPublic { account } => self.requests.to(*account).next().is_none(),
        }
    }
}

fn may_stand_in_append_of(promise: &Promise, event: &Event) -> bool {
    match promise {
        Promise::HandleIsHeldByItsCarrier { .. } => matches!(
            event,
            Event::AccountRegistered { .. }
                | Event::AccountHandleChanged { .. }
                | Event::HandleClaimed { .. }
                | Event::HandleReleased { .. }
        ),
        Promise::NoFollowAcrossBlock { .. } => matches!(
            event,
            Event::FollowRejected(_)
                | Event::FollowWithdrawn(_)
                | Event::FollowUnfollowed(_)
                | Event::RequestsRemoved { .. }
        ),
        Promise::NoRequestToPublic { .. } => {
            matches!(event, Event::FollowFollowed(_) | Event::RequestsRemoved { .. })
        }
    }
}

/// What events refer to.
impl Model {
    fn known_account(&self, reference: &Ref) -> Result<AccountNumber, String> {
        let Some(number) = self.account_number(&reference.id) else {
            return Err(format!("account {} does not exist", reference.id));
        };
        let created_at = self.account_state(number).created_at;
        if created_at != reference.key {
            return Err(format!("the key of account {} is {created_at}, not {}", reference.id, reference.key));
        }
        Ok(number)
    }

    /// A deactivated account can do nothing but reactivate, and a suspended one nothing at all.
    fn active_account(&self, reference: &Ref) -> Result<AccountNumber, String> {
        let account = self.known_account(reference)?;
        require(!self.account_state(account).deactivated, "the account is deactivated")?;
        require(!self.account_state(account).suspended, "the account is suspended")?;
        Ok(account)
    }

    fn post_by(&self, reference: &PostRef) -> Result<PostNumber, String> {
        let id = &reference.post.id;
        let Some(number) = self.post_number(id) else {
            return Err(format!("post {id} does not exist"));
        };
        let state = self.post_state(number);
        if state.created_at != reference.post.key {
            return Err(format!("the key of post {id} is {}, not {}", state.created_at, reference.post.key));
        }
        require(self.known_account(&reference.author)? == state.author, "the post is by another author")?;
        Ok(number)
    }

    fn own_live_post(&self, reference: &PostRef) -> Result<PostNumber, String> {
        self.active_account(&reference.author)?;
        let post = self.post_by(reference)?;
        require(!self.post_state(post).deleted, "the post is deleted")?;
        Ok(post)
    }

    fn visible_post(&self, reference: &PostRef, viewer: AccountNumber) -> Result<PostNumber, String> {
        let post = self.post_by(reference)?;
        require(self.is_visible(post, Some(viewer)), "the post is not visible to the account")?;
        Ok(post)
    }

    fn optional_visible_post(
        &self,
        reference: Option<&PostRef>,
        viewer: AccountNumber,
    ) -> Result<Option<PostNumber>, String> {
        reference.map(|reference| self.visible_post(reference, viewer)).transpose()
    }
}

fn require_handle(handle: &str) -> Result<(), String> {
    let has_length = (HANDLE_LENGTH_MIN..=HANDLE_LENGTH_MAX).contains(&handle.len());
    let has_alphabet = handle.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    require(has_length && has_alphabet, "the handle is not 3 to 30 of a-z0-9_")
}

fn require(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}
