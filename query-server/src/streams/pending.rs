//! The order in which the events of a stream are sent, and the resume tokens between them.

use shared::model::ids::Position;

/// An event that is to be sent, and the first and the last of the changes that it is about: several of one thing become one event.
pub struct Pending<E> {
    pub first: Position,
    pub last: Position,
    pub event: E,
}

/// In the order of the last change, each with its token. A client may go away after any message and come back with its token, so a
/// token stays below the first change of everything that is still to be sent.
pub fn in_order<E>(mut pending: Vec<Pending<E>>) -> Vec<(Position, E)> {
    pending.sort_by_key(|event| event.last);
    let mut unsent_from = Position(i64::MAX);
    let mut events: Vec<(Position, E)> = Vec::with_capacity(pending.len());
    for Pending { first, last, event } in pending.into_iter().rev() {
        events.push((last.min(Position(unsent_from.0 - 1)), event));
        unsent_from = unsent_from.min(first);
    }
    events.reverse();
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(changes: &[(i64, i64)], tokens: &[i64]) {
        let pending =
            changes.iter().map(|(first, last)| Pending { first: Position(*first), last: Position(*last), event: () });
        let found: Vec<i64> = in_order(pending.collect()).iter().map(|(token, ())| token.0).collect();
        assert_eq!(found, tokens);
    }

    #[test]
    fn a_token_stays_below_what_is_still_to_be_sent() {
        check(&[(5, 5), (7, 7)], &[5, 7]);
        check(&[(7, 7), (5, 9)], &[4, 9]);
        check(&[(5, 5), (5, 5), (6, 6)], &[4, 5, 6]);
        check(&[], &[]);
    }
}
