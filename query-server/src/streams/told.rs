//! The order in which changes are told, and the tokens between them.

use shared::model::ids::Position;

/// An event, and the first and the last of the changes that it tells: several of one thing become one event.
pub struct Told<E> {
    pub first: Position,
    pub last: Position,
    pub event: E,
}

/// In the order of the last change, each with its token. A client may go away after any message and come back with its token, so a
/// token stays below the first change of everything that is still to be told.
pub fn in_order<E>(mut told: Vec<Told<E>>) -> Vec<(Position, E)> {
    told.sort_by_key(|told| told.last);
    let mut untold_from = Position(i64::MAX);
    let mut events: Vec<(Position, E)> = Vec::with_capacity(told.len());
    for Told { first, last, event } in told.into_iter().rev() {
        events.push((last.min(Position(untold_from.0 - 1)), event));
        untold_from = untold_from.min(first);
    }
    events.reverse();
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(changes: &[(i64, i64)], tokens: &[i64]) {
        let told =
            changes.iter().map(|(first, last)| Told { first: Position(*first), last: Position(*last), event: () });
        let found: Vec<i64> = in_order(told.collect()).iter().map(|(token, ())| token.0).collect();
        assert_eq!(found, tokens);
    }

    #[test]
    fn a_token_stays_below_what_is_still_to_be_told() {
        check(&[(5, 5), (7, 7)], &[5, 7]);
        check(&[(7, 7), (5, 9)], &[4, 9]);
        check(&[(5, 5), (5, 5), (6, 6)], &[4, 5, 6]);
        check(&[], &[]);
    }
}
