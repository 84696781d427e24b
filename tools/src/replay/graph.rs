//! A file of follows between people, and the commands that repeat it.
//!
//! Always: the same file gives the same commands with the same request ids, also when only its first lines are taken.

use std::io::BufRead;
use std::path::Path;

use anyhow::{Context, bail};
use shared::rpc::proto::command::{CreatePostRequest, FollowAccountRequest};

use super::command::Command;
use super::people::{self, NOT_REGISTERED, Namespace, People};
use super::sender::Sender;
use super::text;

/// The follows of a file. People are numbered as in the file.
#[derive(Debug, PartialEq, Eq)]
pub struct Graph {
    namespace: Namespace,
    pub people: People,
    edges: Vec<Edge>,
    /// Lines in which somebody follows themselves, which nobody can.
    pub loops: u64,
}

/// A line of the file. Follower and followee are indexes into the list of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Edge {
    line: usize,
    follower: usize,
    followee: usize,
}

impl Graph {
    /// Reads a file, plain or gzipped: the first `limit` of its lines that are not empty or comments.
    ///
    /// # Errors
    /// Also when a line is malformed.
    pub fn read(file: &Path, limit: Option<usize>) -> anyhow::Result<Self> {
        let (namespace, lines) = people::read(file)?;
        Self::parse(lines, namespace, limit.unwrap_or(usize::MAX))
    }

    fn parse(lines: impl BufRead, namespace: Namespace, limit: usize) -> anyhow::Result<Self> {
        let mut graph = Self { namespace, people: People::default(), edges: Vec::new(), loops: 0 };
        let mut taken = 0;
        for (index, line) in lines.lines().enumerate() {
            let number = index + 1;
            let line = line.with_context(|| format!("line {number} cannot be read"))?;
            let Some((a, b)) = parse_line(&line).with_context(|| format!("line {number}"))? else {
                continue;
            };
            if taken == limit {
                break;
            }
            taken += 1;
            let (follower, followee) = (graph.people.place(a), graph.people.place(b));
            match follower == followee {
                true => graph.loops += 1,
                false => graph.edges.push(Edge { line: number, follower, followee }),
            }
        }
        Ok(graph)
    }

    /// How many commands it takes.
    pub fn commands(&self, both_ways: bool, post_each: bool) -> u64 {
        let (people, edges) = (self.people.count() as u64, self.edges.len() as u64);
        people + edges * if both_ways { 2 } else { 1 } + if post_each { people } else { 0 }
    }

    /// The follows of people who are registered, and how many others are left out.
    fn follows(&self, both_ways: bool, ids: &[Option<String>]) -> (Vec<Command>, u64) {
        let mut follows = Vec::new();
        let mut left_out = 0;
        for edge in &self.edges {
            let forth = ("forth", edge.follower, edge.followee);
            let back = ("back", edge.followee, edge.follower);
            for (direction, follower, followee) in [Some(forth), both_ways.then_some(back)].into_iter().flatten() {
                let (Some(follower), Some(followee)) = (&ids[follower], &ids[followee]) else {
                    left_out += 1;
                    continue;
                };
                follows.push(Command::Follow(FollowAccountRequest {
                    request_id: self.namespace.request_id(&format!("follow {} {direction}", edge.line)),
                    follower_id: follower.clone(),
                    followee_id: followee.clone(),
                    ..Default::default()
                }));
            }
        }
        (follows, left_out)
    }

    fn posts(&self, ids: &[Option<String>]) -> impl Iterator<Item = Command> {
        self.people.numbers().iter().zip(ids).filter_map(|(&person, id)| {
            Some(Command::Post(CreatePostRequest {
                request_id: self.namespace.request_id(&format!("post {person}")),
                author_id: id.clone()?,
                text: text::of(person),
                ..CreatePostRequest::default()
            }))
        })
    }
}

/// Sends the whole graph: the people, then the follows, then the posts.
pub async fn replay(graph: &Graph, both_ways: bool, post_each: bool, sender: &Sender) {
    let Some(ids) = sender.register(&graph.people, graph.namespace).await else { return };
    sender.tally().begin("follows");
    let (follows, left_out) = graph.follows(both_ways, &ids);
    (0..left_out).for_each(|_| sender.tally().failed(NOT_REGISTERED.to_owned()));
    sender.send_all(follows.into_iter()).await;
    if post_each {
        let without_author = ids.iter().filter(|id| id.is_none()).count();
        (0..without_author).for_each(|_| sender.tally().failed(NOT_REGISTERED.to_owned()));
        sender.tally().begin("posts");
        sender.send_all(graph.posts(&ids)).await;
    }
}

/// The two people of a line; nothing for an empty line or a comment.
fn parse_line(line: &str) -> anyhow::Result<Option<(u64, u64)>> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let mut words = line.split_ascii_whitespace();
    let (Some(a), Some(b), None) = (words.next(), words.next(), words.next()) else {
        bail!("expected two numbers, as in `0 1`, but found `{line}`");
    };
    match (a.parse(), b.parse()) {
        (Ok(a), Ok(b)) => Ok(Some((a, b))),
        _ => bail!("expected two numbers, as in `0 1`, but found `{line}`"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::io::Write;

    use super::*;

    const FILE: &str = "# who follows whom\n0 1\n\n0\t2\n1 1\n2 1\n";

    fn graph(text: &str, limit: usize) -> anyhow::Result<Graph> {
        Graph::parse(text.as_bytes(), Namespace::NIL, limit)
    }

    fn request_ids(graph: &Graph) -> Vec<String> {
        let ids: Vec<_> = graph.people.numbers().iter().map(|person| Some(person.to_string())).collect();
        let (follows, _) = graph.follows(true, &ids);
        let all = graph.people.registrations(graph.namespace).chain(follows).chain(graph.posts(&ids));
        all.map(|command| command.request_id().to_owned()).collect()
    }

    #[test]
    fn comments_and_blank_lines_are_skipped_and_self_follows_counted() {
        let graph = graph(FILE, usize::MAX).expect("a good file");
        assert_eq!((graph.people.numbers(), graph.edges.len(), graph.loops), ([0, 1, 2].as_slice(), 3, 1));
        assert_eq!(graph.edges[1], Edge { line: 4, follower: 0, followee: 2 });
        assert_eq!(graph.commands(true, true), 3 + 6 + 3);
        assert_eq!(graph.commands(false, false), 3 + 3);
    }

    #[test]
    fn a_malformed_line_is_named_by_its_number() {
        for bad in ["0", "0 1 2", "a b", "0 -1", "0,1", "0 18446744073709551616"] {
            let told = format!("{:#}", graph(&format!("0 1\n#\n{bad}\n"), usize::MAX).expect_err(bad));
            assert!(told.starts_with("line 3: expected two numbers"), "{told}");
        }
    }

    #[test]
    fn the_first_lines_alone_give_some_of_the_same_requests() {
        let all = request_ids(&graph(FILE, usize::MAX).expect("a good file"));
        let some = request_ids(&graph(FILE, 1).expect("a good file"));
        assert_eq!((all.len(), some.len()), (12, 2 + 2 + 2));
        assert!(some.iter().all(|id| all.contains(id)));
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "no request id twice");
    }

    #[test]
    fn follows_of_people_who_are_not_registered_are_left_out_and_counted() {
        let graph = graph(FILE, usize::MAX).expect("a good file");
        let (follows, left_out) = graph.follows(true, &[Some("a".into()), None, Some("c".into())]);
        assert_eq!((follows.len(), left_out), (2, 4));
    }

    #[test]
    fn a_gzipped_file_is_read_as_well() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(FILE.as_bytes()).expect("memory takes everything");
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(&packed.finish().expect("memory takes everything")).expect("written");
        assert_eq!(Graph::read(file.path(), Some(2)).expect("a good file").people.numbers(), [0, 1, 2]);
    }
}
