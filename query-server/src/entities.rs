//! What the texts of posts name, as the contract has it.

use shared::model::entities::{Kind, entities};
use shared::rpc::proto::query::TextEntity;
use shared::rpc::proto::query::text_entity::Entity;

/// The parts of a text that name something, with their places in bytes and in units of UTF-16.
pub fn of_text(text: &str) -> Vec<TextEntity> {
    // Both are counted on from the end of the part before.
    let (mut bytes, mut units) = (0, 0);
    let mut up_to = |end: usize| {
        units += text[bytes..end].encode_utf16().count();
        bytes = end;
        units
    };
    let entity = |found: shared::model::entities::Entity| TextEntity {
        start_utf16: small(up_to(found.start)),
        end_utf16: small(up_to(found.end)),
        start_byte: small(found.start),
        end_byte: small(found.end),
        entity: Some(match found.kind {
            Kind::Mention => Entity::Mention(found.name),
            Kind::Hashtag => Entity::Hashtag(found.name),
            Kind::Link => Entity::Link(found.name),
        }),
    };
    entities(text).into_iter().map(entity).collect()
}

fn small(place: usize) -> i32 {
    i32::try_from(place).expect("a text has a bounded length")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_bytes_and_in_units_of_utf_16() {
        let text = "🐦é @ada #größe";
        let found = of_text(text);
        let places: Vec<_> =
            found.iter().map(|one| (one.start_byte, one.end_byte, one.start_utf16, one.end_utf16)).collect();
        assert_eq!(places, [(7, 11, 4, 8), (12, 20, 9, 15)]);
        let units: Vec<u16> = text.encode_utf16().collect();
        assert_eq!(String::from_utf16(&units[9..15]).expect("whole characters"), "#größe");
        assert_eq!(found[0].entity, Some(Entity::Mention("ada".to_owned())));
    }
}
