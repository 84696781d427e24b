//! A file of interactions between people, in the order of time, and the commands that repeat it.
//!
//! Always: the same file gives the same commands with the same request ids, also when only its first lines are taken;
//! what a command refers to is planned before anything is sent.

use std::collections::HashSet;
use std::io::BufRead;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use shared::rpc::proto::command::{CreatePostRequest, FollowAccountRequest, RepostPostRequest};

use super::command::Command;
use super::people::{self, NOT_REGISTERED, Namespace, People, handle};
use super::sender::{Outbox, Sender};
use super::text;

mod posts;

use posts::Posts;

/// The reason under which reposts and replies are counted whose post could not be created.
const POST_NOT_MADE: &str = "POST_NOT_MADE";

/// The interactions of a file, planned as commands.
#[derive(Debug, PartialEq, Eq)]
pub struct Activity {
    namespace: Namespace,
    pub people: People,
    /// The pairs of different people who interacted, as indexes, each once, in the order of their first line.
    pairs: Vec<(u32, u32)>,
    /// How many people interacted with themselves, whom they cannot follow.
    pub loops: u64,
    steps: Vec<Step>,
    /// How many posts the steps create.
    posts: u32,
}

/// One command. People are indexes into the list of people, posts are numbered in the order in which they are created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    line: u32,
    actor: u32,
    deed: Deed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    /// Creates the next post, so that there is one to interact with.
    Post,
    /// Creates the next post, which mentions this person.
    Mention(u32),
    /// Creates the next post, in reply to this one.
    Reply(u32),
    Repost(u32),
}

/// The kind of interaction in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Mention,
    Repost,
    Reply,
}

impl Activity {
    /// Reads a file, plain or gzipped: the first `limit` of its lines that are not empty or comments.
    ///
    /// # Errors
    /// Also when a line is malformed.
    pub fn read(file: &Path, limit: Option<usize>) -> anyhow::Result<Self> {
        let (namespace, lines) = people::read(file)?;
        Self::parse(lines, namespace, limit.unwrap_or(usize::MAX))
    }

    fn parse(lines: impl BufRead, namespace: Namespace, limit: usize) -> anyhow::Result<Self> {
        let people = People::default();
        let mut activity = Self { namespace, people, pairs: vec![], loops: 0, steps: vec![], posts: 0 };
        let mut plan = Plan::default();
        for (index, line) in lines.lines().enumerate() {
            let number = index + 1;
            let line = line.with_context(|| format!("line {number} cannot be read"))?;
            let Some((a, b, kind)) = parse_line(&line).with_context(|| format!("line {number}"))? else { continue };
            if plan.lines == limit {
                break;
            }
            plan.lines += 1;
            let line = u32::try_from(number).context("the file has too many lines")?;
            let (actor, other) = (activity.place(a)?, activity.place(b)?);
            activity.interact(&mut plan, actor, other);
            activity.act(&mut plan, line, actor, other, kind);
        }
        Ok(activity)
    }

    fn place(&mut self, person: u64) -> anyhow::Result<u32> {
        u32::try_from(self.people.place(person)).context("the file has too many people")
    }

    fn interact(&mut self, plan: &mut Plan, actor: u32, other: u32) {
        if !plan.pairs.insert((actor, other)) {
            return;
        }
        match actor == other {
            true => self.loops += 1,
            false => self.pairs.push((actor, other)),
        }
    }

    fn act(&mut self, plan: &mut Plan, line: u32, actor: u32, other: u32, kind: Kind) {
        let deed = match kind {
            Kind::Mention => Deed::Mention(other),
            Kind::Repost => Deed::Repost(self.newest_post(plan, line, other)),
            Kind::Reply => Deed::Reply(self.newest_post(plan, line, other)),
        };
        self.step(plan, Step { line, actor, deed });
    }

    /// The newest post of a person, who creates one first if there is none.
    fn newest_post(&mut self, plan: &mut Plan, line: u32, person: u32) -> u32 {
        if let Some(post) = plan.newest.get(person as usize).copied().flatten() {
            return post;
        }
        self.step(plan, Step { line, actor: person, deed: Deed::Post });
        self.posts - 1
    }

    fn step(&mut self, plan: &mut Plan, step: Step) {
        if !matches!(step.deed, Deed::Repost(_)) {
            let person = step.actor as usize;
            plan.newest.resize(plan.newest.len().max(person + 1), None);
            plan.newest[person] = Some(self.posts);
            self.posts += 1;
        }
        self.steps.push(step);
    }

    /// How many commands it takes.
    pub fn commands(&self, derive_follows: bool) -> u64 {
        let follows = if derive_follows { self.pairs.len() } else { 0 };
        (self.people.count() + follows + self.steps.len()) as u64
    }

    fn follow(&self, &(follower, followee): &(u32, u32), ids: &Ids) -> Option<Command> {
        let [a, b] = [follower, followee].map(|place| self.people.numbers()[place as usize]);
        Some(Command::Follow(FollowAccountRequest {
            request_id: self.namespace.request_id(&format!("follow {a} {b}")),
            follower_id: ids.get(follower)?,
            followee_id: ids.get(followee)?,
            ..Default::default()
        }))
    }

    /// The command of a step, without the post that it refers to, which may still be in flight; nothing when the actor is not registered.
    fn command(&self, step: Step, ids: &Ids) -> Option<Command> {
        let actor = ids.get(step.actor)?;
        let name = if step.deed == Deed::Post { "post before" } else { "line" };
        let request_id = self.namespace.request_id(&format!("{name} {}", step.line));
        let text = text::of(step.line.into());
        let text = match step.deed {
            Deed::Mention(other) => format!("@{} {text}", handle(self.people.numbers()[other as usize])),
            Deed::Post | Deed::Reply(_) | Deed::Repost(_) => text,
        };
        Some(match step.deed {
            Deed::Repost(_) => Command::Repost(RepostPostRequest {
                request_id,
                account_id: actor,
                post_id: String::new(),
                ..Default::default()
            }),
            Deed::Post | Deed::Mention(_) | Deed::Reply(_) => {
                Command::Post(CreatePostRequest { request_id, author_id: actor, text, ..CreatePostRequest::default() })
            }
        })
    }
}

/// The state while a file is read.
#[derive(Default)]
struct Plan {
    lines: usize,
    pairs: HashSet<(u32, u32)>,
    /// The newest post of each person so far.
    newest: Vec<Option<u32>>,
}

/// The ids of the people who are registered.
struct Ids(Vec<Option<String>>);

impl Ids {
    fn get(&self, place: u32) -> Option<String> {
        self.0[place as usize].clone()
    }
}

/// Sends everything: the people, then the follows, then the interactions.
pub async fn replay(activity: &Activity, derive_follows: bool, sender: &Sender) {
    let Some(ids) = sender.register(&activity.people, activity.namespace).await else { return };
    let ids = Ids(ids);
    if derive_follows {
        sender.tally().begin("follows");
        let follows = activity.pairs.iter().filter_map(|pair| {
            let follow = activity.follow(pair, &ids);
            if follow.is_none() {
                sender.outbox(0).leave_out(NOT_REGISTERED);
            }
            follow
        });
        sender.send_all(follows).await;
    }
    sender.tally().begin("actions");
    let posts = Arc::new(Posts::new(activity.posts));
    let mut next_post = 0;
    let work = activity.steps.iter().enumerate().map(|(place, step)| {
        let makes = (!matches!(step.deed, Deed::Repost(_))).then(|| {
            next_post += 1;
            next_post - 1
        });
        let refers_to = match step.deed {
            Deed::Reply(post) | Deed::Repost(post) => Some(post),
            Deed::Post | Deed::Mention(_) => None,
        };
        send(sender.outbox(place), activity.command(*step, &ids), refers_to, makes, posts.clone())
    });
    sender.run(work, |()| {}).await;
}

/// Sends the command of one step once the post that it refers to is there.
async fn send(outbox: Outbox, command: Option<Command>, refers_to: Option<u32>, makes: Option<u32>, posts: Arc<Posts>) {
    let target = match refers_to {
        None => Some(String::new()),
        Some(post) => posts.id(post).await,
    };
    let made = match (command, target) {
        (Some(command), Some(target)) => outbox.send(command.about(target)).await,
        (None, _) => {
            outbox.leave_out(NOT_REGISTERED);
            None
        }
        (Some(_), None) => {
            outbox.leave_out(POST_NOT_MADE);
            None
        }
    };
    if let Some(post) = makes {
        posts.settle(post, made);
    }
}

/// The two people of a line and what the first did to the second; nothing for an empty line or a comment.
fn parse_line(line: &str) -> anyhow::Result<Option<(u64, u64, Kind)>> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let parsed = match words.as_slice() {
        [a, b, seconds, kind] => match (a.parse(), b.parse(), seconds.parse::<u64>(), *kind) {
            (Ok(a), Ok(b), Ok(_), "MT") => Some((a, b, Kind::Mention)),
            (Ok(a), Ok(b), Ok(_), "RT") => Some((a, b, Kind::Repost)),
            (Ok(a), Ok(b), Ok(_), "RE") => Some((a, b, Kind::Reply)),
            _ => None,
        },
        _ => None,
    };
    match parsed {
        Some(parsed) => Ok(Some(parsed)),
        None => bail!("expected `a b unix_seconds MT|RT|RE`, as in `0 1 1341100972 RT`, but found `{line}`"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const FILE: &str =
        "# who did what\n0 1 10 MT\n0 1 11 RT\n\n2 1 12 RT\n2 0 13 RE\n1 1 14 RE\n0 2 15 RT\n0 1 16 MT\n";

    fn activity(text: &str, limit: usize) -> anyhow::Result<Activity> {
        Activity::parse(text.as_bytes(), Namespace::NIL, limit)
    }

    fn step(line: u32, actor: u32, deed: Deed) -> Step {
        Step { line, actor, deed }
    }

    #[test]
    fn an_action_refers_to_the_newest_post_which_is_made_when_there_is_none() {
        let activity = activity(FILE, usize::MAX).expect("a good file");
        let expected = [
            step(2, 0, Deed::Mention(1)), // post 0
            step(3, 1, Deed::Post),       // post 1: person 1 had none
            step(3, 0, Deed::Repost(1)),
            step(5, 2, Deed::Repost(1)),
            step(6, 2, Deed::Reply(0)), // post 2
            step(7, 1, Deed::Reply(1)), // post 3: to oneself
            step(8, 0, Deed::Repost(2)),
            step(9, 0, Deed::Mention(1)), // post 4
        ];
        assert_eq!((activity.steps.as_slice(), activity.posts), (expected.as_slice(), 5));
    }

    #[test]
    fn each_pair_follows_once_and_nobody_follows_themselves() {
        let activity = activity(FILE, usize::MAX).expect("a good file");
        assert_eq!((activity.pairs.as_slice(), activity.loops), ([(0, 1), (2, 1), (2, 0), (0, 2)].as_slice(), 1));
        assert_eq!((activity.commands(true), activity.commands(false)), (3 + 4 + 8, 3 + 8));
    }

    #[test]
    fn a_malformed_line_is_named_by_its_number() {
        for bad in ["0 1", "0 1 10", "0 1 10 XX", "0 1 x RT", "a 1 10 RT", "0 1 10 RT RT", "0 1 10 rt"] {
            let told = format!("{:#}", activity(&format!("0 1 10 RT\n#\n{bad}\n"), usize::MAX).expect_err(bad));
            assert!(told.starts_with("line 3: expected `a b unix_seconds"), "{told}");
        }
    }

    fn requests(activity: &Activity) -> Vec<String> {
        let ids = Ids(activity.people.numbers().iter().map(|person| Some(person.to_string())).collect());
        let steps = activity.steps.iter().filter_map(|step| activity.command(*step, &ids));
        let follows = activity.pairs.iter().filter_map(|pair| activity.follow(pair, &ids));
        let all = activity.people.registrations(activity.namespace).chain(follows).chain(steps);
        all.map(|command| command.request_id().to_owned()).collect()
    }

    #[test]
    fn every_command_has_a_request_id_of_its_own_and_the_first_lines_alone_have_the_same() {
        let all = requests(&activity(FILE, usize::MAX).expect("a good file"));
        let some = requests(&activity(FILE, 2).expect("a good file"));
        assert_eq!((all.len(), some.len()), (15, 2 + 1 + 3));
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "no request id twice");
        assert!(some.iter().all(|id| all.contains(id)));
    }

    #[test]
    fn a_mention_names_the_other_person() {
        let activity = activity(FILE, 1).expect("a good file");
        let ids = Ids(vec![Some("a".to_owned()), Some("b".to_owned())]);
        let Some(Command::Post(request)) = activity.command(activity.steps[0], &ids) else {
            panic!("a mention is a post");
        };
        assert!(request.text.starts_with("@person_1 "), "{}", request.text);
    }
}
