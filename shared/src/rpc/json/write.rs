//! Writes a message as JSON, from its encoding.
//!
//! Always: in one pass, so the values of one list stand together, as every encoder of protobuf that we use writes them. Never here: the defaults
//! of proto3, which are not in the encoding either.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::bytes::Buf as _;
use prost::encoding::{WireType, decode_key, decode_varint};
use prost_types::{Duration, FieldMask, Timestamp};

use super::Malformed;
use super::schema::{Field, Kind, Named, schema};

/// JSON has more bytes than the encoding, mostly by the names of keys.
const GROWTH: usize = 2;

/// The JSON of this message.
///
/// # Errors
/// When the bytes are not its encoding.
pub fn write(message: &'static Named, encoded: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut json = Vec::with_capacity(encoded.len() * GROWTH + 2);
    write_message(message, encoded, &mut json)
        .map_err(|cause| Malformed(format!("it is no encoding of {}: {cause}", message.name)))?;
    Ok(json)
}

type Outcome = Result<(), String>;

fn write_message(message: &'static Named, mut encoded: &[u8], json: &mut Vec<u8>) -> Outcome {
    json.push(b'{');
    // The list or the map that is not closed yet.
    let mut open: Option<&Field> = None;
    let mut is_first = true;
    while !encoded.is_empty() {
        let (number, wire) = decode_key(&mut encoded).map_err(|cause| cause.to_string())?;
        let Ok(index) = message.fields.binary_search_by_key(&number, |field| field.number) else {
            skip(wire, &mut encoded)?;
            continue;
        };
        let field = &message.fields[index];
        if open.is_some_and(|open| open.number == field.number) {
            json.push(b',');
        } else {
            close(open.take(), json);
            if !is_first {
                json.push(b',');
            }
            json.push(b'"');
            // The names of the contract need no escaping.
            json.extend_from_slice(field.json_name.as_bytes());
            json.extend_from_slice(b"\":");
            match (field.repeated, field.kind) {
                (true, _) => json.push(b'['),
                (false, Kind::TextMap) => json.push(b'{'),
                (false, _) => {}
            }
            open = (field.repeated || field.kind == Kind::TextMap).then_some(field);
            is_first = false;
        }
        write_field(field, wire, &mut encoded, json)?;
    }
    close(open, json);
    json.push(b'}');
    Ok(())
}

fn close(open: Option<&Field>, json: &mut Vec<u8>) {
    if let Some(field) = open {
        json.push(if field.kind == Kind::TextMap { b'}' } else { b']' });
    }
}

/// Writes one value, or all values of a packed list.
fn write_field(field: &Field, wire: WireType, encoded: &mut &[u8], json: &mut Vec<u8>) -> Outcome {
    let is_number =
        matches!(field.kind, Kind::Bool | Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64 | Kind::Enum(_));
    match (is_number, wire) {
        (true, WireType::Varint) => write_number(field.kind, varint(encoded)?, json),
        (true, WireType::LengthDelimited) if field.repeated => {
            let mut packed = delimited(encoded)?;
            let mut is_first = true;
            while !packed.is_empty() {
                if !is_first {
                    json.push(b',');
                }
                write_number(field.kind, varint(&mut packed)?, json);
                is_first = false;
            }
        }
        (false, WireType::LengthDelimited) => write_delimited(field.kind, delimited(encoded)?, json)?,
        (_, wire) => return Err(format!("{} as {wire:?}", field.name)),
    }
    Ok(())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "protobuf says that integers are cut to their width, and that negative ones are sign-extended"
)]
fn write_number(kind: Kind, value: u64, json: &mut Vec<u8>) {
    let mut text = String::new();
    let written = match kind {
        Kind::Bool => write!(text, "{}", value != 0),
        Kind::Int32 => write!(text, "{}", value as i32),
        Kind::Uint32 => write!(text, "{}", value as u32),
        // A double, as JavaScript has it, cannot hold all of them.
        Kind::Int64 => write!(text, "\"{}\"", value as i64),
        Kind::Uint64 => write!(text, "\"{value}\""),
        Kind::Enum(index) => match schema().enumeration(index).name(value as i32) {
            Some(name) => write!(text, "\"{name}\""),
            None => write!(text, "{}", value as i32),
        },
        Kind::Text
        | Kind::Bytes
        | Kind::Message(_)
        | Kind::TextMap
        | Kind::Timestamp
        | Kind::Duration
        | Kind::FieldMask => unreachable!("they are no numbers"),
    };
    written.expect("a text can be written to");
    json.extend_from_slice(text.as_bytes());
}

fn write_delimited(kind: Kind, value: &[u8], json: &mut Vec<u8>) -> Outcome {
    match kind {
        Kind::Message(index) => return write_message(schema().message(index), value, json),
        Kind::Text => write_text(text(value)?, json),
        Kind::Bytes => write_text(&STANDARD.encode(value), json),
        Kind::Timestamp => write_text(&decoded::<Timestamp>(value)?.to_string(), json),
        Kind::Duration => write_text(&decoded::<Duration>(value)?.to_string(), json),
        Kind::FieldMask => {
            let paths = decoded::<FieldMask>(value)?.paths;
            write_text(&paths.iter().map(|path| lower_camel_case(path)).collect::<Vec<_>>().join(","), json);
        }
        Kind::TextMap => {
            let (key, value) = entry(value)?;
            write_text(key, json);
            json.push(b':');
            write_text(value, json);
        }
        Kind::Bool | Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64 | Kind::Enum(_) => {
            unreachable!("they are numbers")
        }
    }
    Ok(())
}

fn entry(mut encoded: &[u8]) -> Result<(&str, &str), String> {
    let (mut key, mut value) = ("", "");
    while !encoded.is_empty() {
        match decode_key(&mut encoded).map_err(|cause| cause.to_string())? {
            (1, WireType::LengthDelimited) => key = text(delimited(&mut encoded)?)?,
            (2, WireType::LengthDelimited) => value = text(delimited(&mut encoded)?)?,
            (_, wire) => skip(wire, &mut encoded)?,
        }
    }
    Ok((key, value))
}

fn write_text(text: &str, json: &mut Vec<u8>) {
    serde_json::to_writer(json, text).expect("a text has JSON, and memory takes it");
}

fn text(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|cause| cause.to_string())
}

fn decoded<T: prost::Message + Default>(bytes: &[u8]) -> Result<T, String> {
    T::decode(bytes).map_err(|cause| cause.to_string())
}

fn varint(encoded: &mut &[u8]) -> Result<u64, String> {
    decode_varint(encoded).map_err(|cause| cause.to_string())
}

fn delimited<'a>(encoded: &mut &'a [u8]) -> Result<&'a [u8], String> {
    let length = usize::try_from(varint(encoded)?).map_err(|cause| cause.to_string())?;
    let (value, rest) = encoded.split_at_checked(length).ok_or("a length beyond the end")?;
    *encoded = rest;
    Ok(value)
}

/// Skips a field that this build does not know.
fn skip(wire: WireType, encoded: &mut &[u8]) -> Outcome {
    let length = match wire {
        WireType::Varint => return varint(encoded).map(drop),
        WireType::LengthDelimited => return delimited(encoded).map(drop),
        WireType::SixtyFourBit => 8,
        WireType::ThirtyTwoBit => 4,
        WireType::StartGroup | WireType::EndGroup => return Err("a group".to_owned()),
    };
    if encoded.len() < length {
        return Err("a number beyond the end".to_owned());
    }
    encoded.advance(length);
    Ok(())
}

/// `display_name` as `displayName`.
fn lower_camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut written, word| {
        let mut letters = word.chars();
        written.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        written.push_str(letters.as_str());
        written
    })
}
