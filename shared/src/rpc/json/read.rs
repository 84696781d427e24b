//! Reads JSON as a message, into its encoding.
//!
//! Always: one pass, which refuses the first thing that is wrong with the key and the line and column; `null` is as good as a key that is not
//! there, but not within a list. Never here: which values a field may have.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use prost::Message as _;
use prost::encoding::{WireType, encode_key, encode_varint};
use prost_types::{Duration, FieldMask, Timestamp};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};

use super::schema::{Field, Kind, Named, schema};
use super::{DEPTH_MAX, Malformed};

/// Beyond this, a number of JSON that is written as a fraction may have lost digits on its way.
const EXACT_FRACTION_MAX: f64 = 9_007_199_254_740_992.0;

/// The encoding of the message that this JSON is.
///
/// # Errors
/// When it is not JSON, or not of this message.
pub fn read(message: &'static Named, json: &[u8]) -> Result<Vec<u8>, Malformed> {
    let text = std::str::from_utf8(json)
        .map_err(|cause| Malformed(format!("the JSON is not UTF-8 from byte {} on", cause.valid_up_to())))?;
    if text.trim_ascii().is_empty() {
        return Err(Malformed("the body is empty; the JSON of an empty message is {}".to_owned()));
    }
    if is_too_deep(json) {
        return Err(Malformed(format!("the JSON is nested deeper than {DEPTH_MAX} levels")));
    }
    let mut encoded = Vec::with_capacity(json.len());
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let reading = OfMessage { message, place: &Place::Root, encoded: &mut encoded };
    let read = reading.deserialize(&mut deserializer).and_then(|()| deserializer.end());
    read.map_err(|cause| Malformed(cause.to_string()))?;
    Ok(encoded)
}

/// Looked at before anything is made of the text, so that deep nesting costs one pass over it and no stack.
fn is_too_deep(json: &[u8]) -> bool {
    let (mut depth, mut is_text, mut is_escaped) = (0_usize, false, false);
    for byte in json {
        match (is_text, byte) {
            (true, _) if is_escaped => is_escaped = false,
            (true, b'\\') => is_escaped = true,
            (_, b'"') => is_text = !is_text,
            (false, b'{' | b'[') => depth += 1,
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            return true;
        }
    }
    false
}

/// Where in the JSON something is.
enum Place<'a> {
    Root,
    Key(&'a Place<'a>, &'a str),
    Index(&'a Place<'a>, usize),
}

impl Place<'_> {
    /// How a key at this place is called.
    fn key(&self, key: &str) -> String {
        match self {
            Self::Root => key.to_owned(),
            Self::Key(..) | Self::Index(..) => format!("{self}.{key}"),
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => formatter.write_str("the message"),
            Self::Key(within, key) => formatter.write_str(&within.key(key)),
            Self::Index(within, index) => write!(formatter, "{within}[{index}]"),
        }
    }
}

/// Reads an object as a message, without the key and length that stand before one within another.
struct OfMessage<'a> {
    message: &'static Named,
    place: &'a Place<'a>,
    encoded: &'a mut Vec<u8>,
}

impl<'de> DeserializeSeed<'de> for OfMessage<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for OfMessage<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "an object for {}", self.place)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { message, place, encoded } = self;
        let mut given = vec![false; message.fields.len()];
        let mut chosen: Vec<&Field> = Vec::new();
        while let Some(index) = map.next_key_seed(OfKey { message, place })? {
            let field = &message.fields[index];
            if std::mem::replace(&mut given[index], true) {
                return Err(A::Error::custom(format!("key {} is given twice", place.key(&field.json_name))));
            }
            let place_of_field = Place::Key(place, &field.json_name);
            let is_set = map.next_value_seed(OfField { field, place: &place_of_field, encoded: &mut *encoded })?;
            if field.choice.is_none() || !is_set {
                continue;
            }
            if let Some(other) = chosen.iter().find(|other| other.choice == field.choice) {
                let (one, other) = (place.key(&other.json_name), &field.json_name);
                return Err(A::Error::custom(format!(
                    "keys {one} and {other} are given, and may have one of them only"
                )));
            }
            chosen.push(field);
        }
        Ok(())
    }
}

/// Reads a key as the index of its field.
struct OfKey<'a> {
    message: &'static Named,
    place: &'a Place<'a>,
}

impl<'de> DeserializeSeed<'de> for OfKey<'_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for OfKey<'_> {
    type Value = usize;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<usize, E> {
        self.message.field(key).ok_or_else(|| {
            let known = self.message.fields.iter().map(|field| field.json_name.as_str()).collect::<Vec<_>>().join(", ");
            E::custom(format!("unknown key {}; there are {known}", self.place.key(key)))
        })
    }
}

/// Reads the value of a key. Whether there is one: `null` is none.
struct OfField<'a> {
    field: &'a Field,
    place: &'a Place<'a>,
    encoded: &'a mut Vec<u8>,
}

impl<'de> DeserializeSeed<'de> for OfField<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for OfField<'_> {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a value for {}", self.place)
    }

    fn visit_none<E: Error>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_unit<E: Error>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        let Self { field, place, encoded } = self;
        match (field.repeated, field.kind) {
            (true, _) => deserializer.deserialize_any(OfList { field, place, encoded })?,
            (false, Kind::TextMap) => deserializer.deserialize_any(OfMap { field, place, encoded })?,
            (false, _) => OfValue { field, place, encoded }.deserialize(deserializer)?,
        }
        Ok(true)
    }
}

struct OfList<'a> {
    field: &'a Field,
    place: &'a Place<'a>,
    encoded: &'a mut Vec<u8>,
}

impl<'de> Visitor<'de> for OfList<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a list for {}", self.place)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self { field, place, encoded } = self;
        for index in 0.. {
            let place = Place::Index(place, index);
            if list.next_element_seed(OfValue { field, place: &place, encoded: &mut *encoded })?.is_none() {
                break;
            }
        }
        Ok(())
    }
}

struct OfMap<'a> {
    field: &'a Field,
    place: &'a Place<'a>,
    encoded: &'a mut Vec<u8>,
}

impl<'de> Visitor<'de> for OfMap<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "an object of texts for {}", self.place)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut keys = std::collections::HashSet::new();
        while let Some((key, value)) = map.next_entry::<String, String>()? {
            let mut entry = Vec::new();
            encode_delimited(1, key.as_bytes(), &mut entry);
            encode_delimited(2, value.as_bytes(), &mut entry);
            encode_delimited(self.field.number, &entry, self.encoded);
            if let Some(key) = keys.replace(key) {
                return Err(A::Error::custom(format!("key {} is given twice", self.place.key(&key))));
            }
        }
        Ok(())
    }
}

/// Reads one value of a field, with the key that stands before it in the encoding.
struct OfValue<'a> {
    field: &'a Field,
    place: &'a Place<'a>,
    encoded: &'a mut Vec<u8>,
}

impl<'de> DeserializeSeed<'de> for OfValue<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Self { field, place, encoded } = self;
        let Kind::Message(index) = field.kind else {
            return deserializer.deserialize_any(Self { field, place, encoded });
        };
        let mut inner = Vec::new();
        OfMessage { message: schema().message(index), place, encoded: &mut inner }.deserialize(deserializer)?;
        encode_delimited(field.number, &inner, encoded);
        Ok(())
    }
}

impl OfValue<'_> {
    fn number<E: Error>(self, number: i128, is_text: bool) -> Result<(), E> {
        let range = match self.field.kind {
            Kind::Int32 | Kind::Enum(_) => i128::from(i32::MIN)..=i128::from(i32::MAX),
            Kind::Int64 => i128::from(i64::MIN)..=i128::from(i64::MAX),
            Kind::Uint32 => 0..=i128::from(u32::MAX),
            Kind::Uint64 => 0..=i128::from(u64::MAX),
            Kind::Bool
            | Kind::Text
            | Kind::Bytes
            | Kind::Message(_)
            | Kind::TextMap
            | Kind::Timestamp
            | Kind::Duration
            | Kind::FieldMask => return Err(E::invalid_type(Unexpected::Other("a number"), &self)),
        };
        if is_text && matches!(self.field.kind, Kind::Enum(_)) {
            return Err(E::invalid_type(Unexpected::Other("a number in a text"), &self));
        }
        if !range.contains(&number) {
            return Err(E::custom(format!("{number} is out of the range of {}", self.place)));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a negative number is encoded as ten bytes of its two's complement"
        )]
        let bits = number as u64;
        encode_key(self.field.number, WireType::Varint, self.encoded);
        encode_varint(bits, self.encoded);
        Ok(())
    }

    fn delimited(self, bytes: &[u8]) {
        encode_delimited(self.field.number, bytes, self.encoded);
    }
}

impl<'de> Visitor<'de> for OfValue<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wanted = match self.field.kind {
            Kind::Bool => "true or false",
            Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64 => "a whole number",
            Kind::Text => "a text",
            Kind::Bytes => "a text of base64",
            Kind::Enum(index) => {
                return write!(formatter, "a name of {} for {}", schema().enumeration(index).name, self.place);
            }
            Kind::Message(_) | Kind::TextMap => "an object",
            Kind::Timestamp => "a time of RFC 3339 such as \"2026-11-21T00:52:44Z\"",
            Kind::Duration => "a text of seconds such as \"1.5s\"",
            Kind::FieldMask => "a text of names of fields with commas between",
        };
        write!(formatter, "{wanted} for {}", self.place)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        if self.field.kind != Kind::Bool {
            return Err(E::invalid_type(Unexpected::Bool(value), &self));
        }
        encode_key(self.field.number, WireType::Varint, self.encoded);
        encode_varint(u64::from(value), self.encoded);
        Ok(())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.number(i128::from(value), false)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.number(i128::from(value), false)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        if value.fract() != 0.0 || value.abs() > EXACT_FRACTION_MAX {
            return Err(E::invalid_type(Unexpected::Float(value), &self));
        }
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and within the range")]
        self.number(i128::from(value as i64), false)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        let wrong = |reading: &Self| E::invalid_value(Unexpected::Str(text), reading);
        match self.field.kind {
            Kind::Text => self.delimited(text.as_bytes()),
            Kind::Bytes => {
                let Some(bytes) = base64(text) else { return Err(wrong(&self)) };
                self.delimited(&bytes);
            }
            Kind::Enum(index) => {
                let Some(number) = schema().enumeration(index).number(text) else { return Err(wrong(&self)) };
                return self.number(i128::from(number), false);
            }
            Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64 => {
                let digits = text.strip_prefix('-').unwrap_or(text);
                let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
                return match text.parse().ok().filter(|_| is_number) {
                    Some(number) => self.number(number, true),
                    None => Err(wrong(&self)),
                };
            }
            Kind::Timestamp => {
                // A day alone would be read, too.
                let is_time = text.contains(['T', 't']);
                let Some(time) = text.parse::<Timestamp>().ok().filter(|_| is_time) else { return Err(wrong(&self)) };
                self.delimited(&time.encode_to_vec());
            }
            Kind::Duration => {
                let Ok(duration) = text.parse::<Duration>() else { return Err(wrong(&self)) };
                self.delimited(&duration.encode_to_vec());
            }
            Kind::FieldMask => {
                let is_name = |path: &str| {
                    !path.is_empty() && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(&byte))
                };
                let paths: Vec<&str> = if text.is_empty() { vec![] } else { text.split(',').collect() };
                if !paths.iter().all(|path| is_name(path)) {
                    return Err(wrong(&self));
                }
                let paths = paths.into_iter().map(|path| snake_case(path).into_owned()).collect();
                self.delimited(&FieldMask { paths }.encode_to_vec());
            }
            Kind::Bool | Kind::Message(_) | Kind::TextMap => {
                return Err(E::invalid_type(Unexpected::Str(text), &self));
            }
        }
        Ok(())
    }
}

fn encode_delimited(number: u32, bytes: &[u8], encoded: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, encoded);
    encode_varint(bytes.len() as u64, encoded);
    encoded.extend_from_slice(bytes);
}

/// Base64 of either alphabet, with padding or without.
pub(in crate::rpc) fn base64(text: &str) -> Option<Vec<u8>> {
    let standard: String = text
        .trim_end_matches('=')
        .chars()
        .map(|letter| match letter {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    STANDARD_NO_PAD.decode(standard).ok()
}

/// `displayName` as `display_name`; what is in that form already stays so.
fn snake_case(name: &str) -> Cow<'_, str> {
    if !name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Borrowed(name);
    }
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    Cow::Owned(snake)
}
