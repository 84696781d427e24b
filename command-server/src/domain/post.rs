//! A post: published once, edited by its author, taken down and restored by moderators, deleted once.
//!
//! Always: only the author edits and deletes; a reply and a quote name a post that its author could see; of a post that was taken down, its
//! author knows, and to anybody else there is no such post. Never here: who sees the post later, and who is a moderator.

use std::collections::BTreeMap;

use shared::model::entities::{Kind, names};
use shared::model::event::{DroppedMention, Envelope, Event, PostEvent, PostText};
use shared::model::ids::{AccountRef, AuthoredPost, Position, PostId, PostKey, PostRef, Version};
use shared::model::media::{LinkCard, Media, PostExtras};
use shared::model::moderation::Moderated;

use super::account::{Account, Known};
use super::notifications::Seen;
use super::{Aggregate, Refusal, expect};

/// Folded from `post-{id}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Post {
    /// Never published.
    #[default]
    Absent,
    Live(Live),
    /// Deleted for ever. Who wrote it is still known.
    Deleted(AuthoredPost),
}

/// A post that was not deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    pub me: PostRef,
    pub author: AccountRef,
    pub reply_to: Option<AuthoredPost>,
    /// The present text, and what belongs to it.
    pub personal: Envelope<PostText>,
    /// The accounts that the present text names.
    pub mentions: Vec<AccountRef>,
    /// Why it is taken down, if it is.
    pub taken_down: Option<Box<Moderated>>,
    /// How many events the post has.
    pub version: Version,
}

impl Live {
    /// The accounts that the present text names and a new one with these names does not.
    #[must_use]
    pub fn dropped_by(&self, named: &Named) -> Vec<AccountRef> {
        self.mentions.iter().filter(|mentioned| !named.mentions.contains(mentioned)).copied().collect()
    }

    #[must_use]
    pub fn authored(&self) -> AuthoredPost {
        AuthoredPost { post: self.me, author: self.author }
    }

    /// The post, for its author, unless it is taken down.
    ///
    /// # Errors
    /// `PostTakenDown`.
    fn not_taken_down(&self) -> Result<&Self, Refusal> {
        match &self.taken_down {
            None => Ok(self),
            Some(moderated) => Err(Refusal::PostTakenDown { post: self.me.id, moderated: Moderated::clone(moderated) }),
        }
    }
}

/// What a post says from now on; what is none stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PostChange {
    /// The whole new text.
    pub text: Option<String>,
    pub media: Option<Vec<Media>>,
    /// The new card, or that there is none any more.
    pub link_card: Option<Option<Box<LinkCard>>>,
    pub languages: Option<Vec<String>>,
    pub content_warning: Option<String>,
}

impl PostChange {
    #[must_use]
    pub fn applied_to(&self, PostText { text, extras: present }: &PostText) -> PostText {
        let Self { text: new_text, media, link_card, languages, content_warning } = self;
        PostText {
            text: new_text.as_ref().unwrap_or(text).clone(),
            extras: PostExtras {
                media: media.as_ref().unwrap_or(&present.media).clone(),
                link_card: link_card.as_ref().unwrap_or(&present.link_card).clone(),
                languages: languages.as_ref().unwrap_or(&present.languages).clone(),
                content_warning: content_warning.as_ref().unwrap_or(&present.content_warning).clone(),
            },
        }
    }
}

/// What a text names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    pub mentions: Vec<AccountRef>,
    pub hashtags: Vec<String>,
}

/// The handles that the present text of a post names, each with the position since which it does so without
/// interruption. Whom a handle names was settled there: an account that claims it later is not named by an old text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedSince(pub BTreeMap<String, Position>);

impl Aggregate for NamedSince {
    fn evolve(self, position: Position, event: &Event) -> Self {
        let Event::Post(event) = event else { return self };
        let personal = match event {
            PostEvent::Created { personal, .. } | PostEvent::Edited { personal, .. } => personal,
            PostEvent::Deleted { .. } | PostEvent::TakenDown { .. } | PostEvent::Restored { .. } => return self,
        };
        let handles = names(&personal.open().text, Kind::Mention).into_iter();
        Self(handles.map(|handle| (handle.clone(), self.0.get(&handle).copied().unwrap_or(position))).collect())
    }
}

/// What decides whether an account may see a post.
#[derive(Clone, Debug)]
pub struct Sight<'a> {
    pub viewer: &'a Known,
    pub author: &'a Account,
    /// Whether there is a block in either direction.
    pub blocked: bool,
    /// Whether the viewer follows the author.
    pub follows: bool,
}

impl Post {
    /// The post and its author, also when it was deleted.
    ///
    /// # Errors
    /// `PostNotFound`.
    pub fn authored(&self) -> Result<AuthoredPost, Refusal> {
        match self {
            Self::Absent => Err(Refusal::PostNotFound),
            Self::Live(live) => Ok(live.authored()),
            Self::Deleted(authored) => Ok(*authored),
        }
    }

    /// The post, if it was not deleted.
    ///
    /// # Errors
    /// `PostNotFound`, `PostDeleted`.
    pub fn live(&self) -> Result<&Live, Refusal> {
        match self {
            Self::Absent => Err(Refusal::PostNotFound),
            Self::Live(live) => Ok(live),
            Self::Deleted(_) => Err(Refusal::PostDeleted),
        }
    }

    /// The post, if it was neither deleted nor taken down, and the viewer may see it.
    ///
    /// # Errors
    /// `PostNotFound`, `PostDeleted`; to the author alone, `PostTakenDown`.
    pub fn seen(&self, sight: &Sight<'_>) -> Result<&Live, Refusal> {
        self.authored()?;
        let author = sight.author.known()?;
        let own = author.me == sight.viewer.me;
        let hidden = !author.is_shown() || sight.blocked || (author.protected && !sight.follows && !own);
        if hidden {
            // A viewer who could not see it must not learn that it was deleted, either.
            return Err(Refusal::PostNotFound);
        }
        let live = self.live()?;
        match live.not_taken_down() {
            Err(_) if !own => Err(Refusal::PostNotFound),
            outcome => outcome,
        }
    }
}

/// Publishes a post. Its author must have been able to see `reply_to` and `quoted`, which is checked elsewhere.
///
/// # Errors
/// `AccountNotFound`, `AccountDeactivated`.
pub fn create(
    author: &Account,
    post_id: PostId,
    reply_to: Option<&Live>,
    quoted: Option<&Live>,
    personal: Envelope<PostText>,
    named: Named,
) -> Result<Vec<Event>, Refusal> {
    let author = author.acting()?.me;
    Ok(vec![Event::Post(PostEvent::Created {
        post_id,
        author,
        reply_to: reply_to.map(Live::authored),
        quoted: quoted.map(Live::authored),
        mentions: named.mentions,
        hashtags: named.hashtags,
        personal,
    })])
}

/// Replaces what the post says. `seen` is what the accounts have seen of their notifications that the new text does not name any more.
///
/// # Errors
/// `AccountNotFound`, `AccountDeactivated`, `PostNotFound`, `NotAuthor`, `PostDeleted`, `PostTakenDown`, `VersionMismatch`, `PostEmpty`.
pub fn edit(
    author: &Account,
    post: &Post,
    expected: Option<Version>,
    personal: Envelope<PostText>,
    named: Named,
    seen: &[(AccountRef, Seen)],
) -> Result<Vec<Event>, Refusal> {
    let by = author.acting()?.me;
    match post {
        Post::Absent => Err(Refusal::PostNotFound),
        Post::Live(Live { author, .. }) | Post::Deleted(AuthoredPost { author, .. }) if *author != by => {
            Err(Refusal::NotAuthor)
        }
        Post::Deleted(_) => Err(Refusal::PostDeleted),
        Post::Live(live) => {
            expect(expected, live.not_taken_down()?.version)?;
            let PostText { text, extras } = personal.open();
            if text.is_empty() && extras.media.is_empty() {
                return Err(Refusal::PostEmpty);
            }
            if live.personal == personal {
                return Ok(vec![]);
            }
            let dropped = |(account, seen): &(AccountRef, Seen)| {
                Some(DroppedMention { account: *account, seen_up_to: seen.up_to()? })
            };
            Ok(vec![Event::Post(PostEvent::Edited {
                post: live.me,
                author: by,
                mentions: named.mentions,
                dropped_mentions: seen.iter().filter_map(dropped).collect(),
                hashtags: named.hashtags,
                personal,
            })])
        }
    }
}

/// Deletes the post, and its reposts with it.
///
/// # Errors
/// `AccountNotFound`, `AccountDeactivated`, `PostNotFound`, `NotAuthor`, `VersionMismatch`.
pub fn delete(author: &Account, post: &Post, expected: Option<Version>) -> Result<Vec<Event>, Refusal> {
    let by = author.acting()?.me;
    match post {
        Post::Absent => Err(Refusal::PostNotFound),
        Post::Live(Live { author, .. }) | Post::Deleted(AuthoredPost { author, .. }) if *author != by => {
            Err(Refusal::NotAuthor)
        }
        Post::Deleted(_) => Ok(vec![]), // Deleting twice is fine.
        Post::Live(live) => {
            expect(expected, live.version)?;
            Ok(vec![Event::Post(PostEvent::Deleted { post: live.me, author: by, reply_to: live.reply_to })])
        }
    }
}

/// Takes the post down, which keeps everything. One that is taken down already stays so for the first reason.
///
/// # Errors
/// `PostNotFound`, `PostDeleted`.
pub fn take_down(post: &Post, moderated: &Moderated) -> Result<Vec<Event>, Refusal> {
    let live = post.live()?;
    if live.taken_down.is_some() {
        return Ok(vec![]);
    }
    let Live { me, author, reply_to, .. } = *live;
    let Moderated { reason, note } = moderated.clone();
    let personal = Envelope::Plain(note);
    Ok(vec![Event::Post(PostEvent::TakenDown { post: me, author, reply_to, reason, personal })])
}

/// Shows the post again, with everything that it had.
///
/// # Errors
/// `PostNotFound`, `PostDeleted`.
pub fn restore(post: &Post) -> Result<Vec<Event>, Refusal> {
    let live = post.live()?;
    let Live { me, author, reply_to, .. } = *live;
    match live.taken_down {
        None => Ok(vec![]),
        Some(_) => Ok(vec![Event::Post(PostEvent::Restored { post: me, author, reply_to })]),
    }
}

impl Aggregate for Post {
    fn evolve(self, position: Position, event: &Event) -> Self {
        let Event::Post(event) = event else { return self };
        match (self, event) {
            (Self::Absent, PostEvent::Created { post_id, author, reply_to, personal, mentions, .. }) => {
                Self::Live(Live {
                    me: PostRef { id: *post_id, key: PostKey(position.0) },
                    author: *author,
                    reply_to: *reply_to,
                    personal: personal.clone(),
                    mentions: mentions.clone(),
                    taken_down: None,
                    version: Version(1),
                })
            }
            (Self::Live(live), PostEvent::Edited { personal, mentions, .. }) => Self::Live(Live {
                personal: personal.clone(),
                mentions: mentions.clone(),
                version: live.version.next(),
                ..live
            }),
            (Self::Live(live), PostEvent::Deleted { .. }) => Self::Deleted(live.authored()),
            (Self::Live(live), PostEvent::TakenDown { reason, personal, .. }) => {
                let moderated = Moderated { reason: *reason, note: personal.open().clone() };
                Self::Live(Live { taken_down: Some(Box::new(moderated)), version: live.version.next(), ..live })
            }
            (Self::Live(live), PostEvent::Restored { .. }) => {
                Self::Live(Live { taken_down: None, version: live.version.next(), ..live })
            }
            // A post begins once, and what is deleted stays so.
            (state @ (Self::Live(_) | Self::Deleted(_)), PostEvent::Created { .. })
            | (
                state @ (Self::Absent | Self::Deleted(_)),
                PostEvent::Edited { .. }
                | PostEvent::Deleted { .. }
                | PostEvent::TakenDown { .. }
                | PostEvent::Restored { .. },
            ) => state,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{ALICE, BOB, CAROL, POST, deactivated, image, known, moderated, protected, suspended};
    use super::*;

    fn text(text: &str) -> Envelope<PostText> {
        Envelope::Plain(PostText::plain(text))
    }

    #[test]
    fn a_handle_is_named_since_it_came_into_the_text_and_was_not_taken_out() {
        let edited = |named: &str| {
            let (mentions, dropped_mentions, hashtags, personal) = (vec![], vec![], vec![], text(named));
            Event::Post(PostEvent::Edited { post: POST, author: ALICE, mentions, dropped_mentions, hashtags, personal })
        };
        let named =
            NamedSince::default().evolve(Position(1), &edited("@ada @bob")).evolve(Position(2), &edited("@ada"));
        assert_eq!(named, NamedSince([("ada".to_owned(), Position(1))].into()));
        let named = named.evolve(Position(3), &edited("now @Ada, and @bob again"));
        assert_eq!(named, NamedSince([("ada".to_owned(), Position(1)), ("bob".to_owned(), Position(3))].into()));
    }

    const GONE: Post = Post::Deleted(AuthoredPost { post: POST, author: ALICE });

    fn published() -> Post {
        let (personal, version) = (text("Hello."), Version(1));
        let (mentions, taken_down) = (vec![], None);
        Post::Live(Live { me: POST, author: ALICE, reply_to: None, personal, mentions, taken_down, version })
    }

    fn taken_down() -> Post {
        let events = take_down(&published(), &moderated()).expect("it is there");
        events.iter().fold(published(), |post, event| post.evolve(Position(9), event))
    }

    fn active(me: AccountRef) -> Account {
        Account::Known(known(me))
    }

    #[test]
    fn only_the_author_edits_and_deletes() {
        for post in [published(), GONE] {
            assert_eq!(delete(&active(BOB), &post, None), Err(Refusal::NotAuthor));
            assert_eq!(
                edit(&active(BOB), &post, Some(Version(9)), text("Mine."), Named::default(), &[]),
                Err(Refusal::NotAuthor)
            );
        }
        let deleted = PostEvent::Deleted { post: POST, author: ALICE, reply_to: None };
        assert_eq!(delete(&active(ALICE), &published(), None), Ok(vec![Event::Post(deleted)]));
    }

    #[test]
    fn deleting_twice_is_fine_and_editing_afterwards_is_not() {
        assert_eq!(delete(&active(ALICE), &GONE, Some(Version(9))), Ok(vec![]));
        let edited = edit(&active(ALICE), &GONE, Some(Version(9)), text("Again."), Named::default(), &[]);
        assert_eq!(edited, Err(Refusal::PostDeleted));
    }

    #[test]
    fn an_edit_tells_what_those_had_seen_whom_it_drops() {
        let mut post = published();
        let Post::Live(live) = &mut post else { unreachable!("it was published") };
        live.mentions = vec![BOB, CAROL];
        let named = Named { mentions: vec![CAROL], hashtags: vec![] };
        assert_eq!(live.dropped_by(&named), [BOB]);
        for (seen, told) in [(Seen::default(), vec![]), (Seen(Position(7)), vec![(BOB, Position(7))])] {
            let edited = edit(&active(ALICE), &post, None, text("Only @carol."), named.clone(), &[(BOB, seen)]);
            let edited = edited.expect("it is her post");
            let [Event::Post(PostEvent::Edited { dropped_mentions, .. })] = &*edited else { panic!("{edited:?}") };
            let dropped: Vec<_> = dropped_mentions.iter().map(|one| (one.account, one.seen_up_to)).collect();
            assert_eq!(dropped, told);
        }
    }

    #[test]
    fn an_edit_to_the_same_text_changes_nothing() {
        assert_eq!(edit(&active(ALICE), &published(), None, text("Hello."), Named::default(), &[]), Ok(vec![]));
    }

    #[test]
    fn an_edit_and_a_deletion_that_expect_another_version_are_refused() {
        let mismatch = Err(Refusal::VersionMismatch { expected: Version(2), present: Version(1) });
        let edited =
            |expected| edit(&active(ALICE), &published(), Some(expected), text("Hello."), Named::default(), &[]);
        assert_eq!(edited(Version(1)), Ok(vec![]));
        assert_eq!(edited(Version(2)), mismatch, "also where it would change nothing");
        assert_eq!(delete(&active(ALICE), &published(), Some(Version(2))), mismatch);
        assert_eq!(delete(&active(ALICE), &published(), Some(Version(1))).map(|events| events.len()), Ok(1));
    }

    #[test]
    fn a_change_keeps_what_it_does_not_name_and_leaves_something_to_show() {
        let picture = image("https://media.example/a.png");
        let change = PostChange { media: Some(vec![picture.clone()]), ..PostChange::default() };
        let with_picture = change.applied_to(&PostText::plain("Hello."));
        assert_eq!((&*with_picture.text, &with_picture.extras.media), ("Hello.", &vec![picture]));
        let edited = |personal: &PostText| {
            let personal = Envelope::Plain(personal.clone());
            edit(&active(ALICE), &published(), None, personal, Named::default(), &[])
        };
        assert_eq!(edited(&with_picture).map(|events| events.len()), Ok(1));
        let silent = PostChange { text: Some(String::new()), ..PostChange::default() }.applied_to(&with_picture);
        assert_eq!(edited(&silent).map(|events| events.len()), Ok(1), "a picture is enough");
        let nothing = PostChange { media: Some(vec![]), ..PostChange::default() }.applied_to(&silent);
        assert_eq!(edited(&nothing), Err(Refusal::PostEmpty));
    }

    #[test]
    fn of_a_post_that_was_taken_down_its_author_knows_and_to_others_there_is_none() {
        let (author, stranger) = (known(ALICE), known(BOB));
        let seen = |viewer: &Known, post: &Post| {
            let author = active(ALICE);
            post.seen(&Sight { viewer, author: &author, blocked: false, follows: true }).map(|_| ())
        };
        let told = Refusal::PostTakenDown { post: POST.id, moderated: moderated() };
        assert_eq!(seen(&stranger, &taken_down()), Err(Refusal::PostNotFound));
        assert_eq!(seen(&author, &taken_down()), Err(told.clone()));
        let edited = edit(&active(ALICE), &taken_down(), Some(Version(9)), text("Mine."), Named::default(), &[]);
        assert_eq!(edited, Err(told));
        assert_eq!(delete(&active(ALICE), &taken_down(), Some(Version(2))).map(|events| events.len()), Ok(1));
    }

    #[test]
    fn taking_down_and_restoring_twice_changes_nothing_and_what_is_deleted_stays_so() {
        assert_eq!(take_down(&taken_down(), &moderated()), Ok(vec![]));
        assert_eq!(restore(&published()), Ok(vec![]));
        let restored = restore(&taken_down()).expect("it is there");
        let Post::Live(live) = taken_down().evolve(Position(10), &restored[0]) else { panic!("it is there") };
        let Post::Live(before) = published() else { panic!("it is there") };
        assert_eq!(live, Live { version: Version(3), ..before });
        for (post, refusal) in [(GONE, Refusal::PostDeleted), (Post::Absent, Refusal::PostNotFound)] {
            assert_eq!(take_down(&post, &moderated()), Err(refusal.clone()));
            assert_eq!(restore(&post), Err(refusal));
        }
    }

    #[test]
    fn a_post_that_never_was_is_not_found() {
        assert_eq!(delete(&active(ALICE), &Post::Absent, None), Err(Refusal::PostNotFound));
        assert_eq!(Post::Absent.live(), Err(Refusal::PostNotFound));
        assert_eq!(GONE.live(), Err(Refusal::PostDeleted));
    }

    #[test]
    fn a_deactivated_author_can_do_nothing() {
        let away = deactivated(ALICE);
        assert_eq!(delete(&away, &published(), None), Err(Refusal::AccountDeactivated));
        let created = create(&away, POST.id, None, None, text("Hello."), Named::default());
        assert_eq!(created, Err(Refusal::AccountDeactivated));
    }

    #[test]
    fn a_post_is_hidden_by_a_block_by_protection_and_by_deactivation() {
        let viewer = known(BOB);
        let sees = |author: Account, blocked, follows| {
            let sight = Sight { viewer: &viewer, author: &author, blocked, follows };
            published().seen(&sight).map(|_| ())
        };
        assert_eq!(sees(active(ALICE), false, false), Ok(()));
        assert_eq!(sees(active(ALICE), true, true), Err(Refusal::PostNotFound));
        assert_eq!(sees(Account::Known(protected(ALICE)), false, false), Err(Refusal::PostNotFound));
        assert_eq!(sees(Account::Known(protected(ALICE)), false, true), Ok(()));
        assert_eq!(sees(deactivated(ALICE), false, true), Err(Refusal::PostNotFound));
        assert_eq!(sees(suspended(ALICE), false, true), Err(Refusal::PostNotFound));
    }

    #[test]
    fn a_protected_author_sees_their_own_posts() {
        let author = Account::Known(protected(ALICE));
        let viewer = protected(ALICE);
        let sight = Sight { viewer: &viewer, author: &author, blocked: false, follows: false };
        assert!(published().seen(&sight).is_ok());
    }
}
