//! The JSON form of the contract's messages (proto3 JSON), read into and written from their encoding as protobuf.
//!
//! Always: what is read is refused rather than guessed, with the name of the key and its place: keys that are unknown or given twice, also once
//! under each of their two names, wrong types, numbers out of range, nesting below [`DEPTH_MAX`]; what is written has the keys in lowerCamelCase,
//! 64-bit integers as texts, enums by name, and nothing that has its default value. Never here: HTTP, and what a message means.
//!
//! It is one table of the messages, made once from the descriptors, and not generated serde for each of them: JSON becomes protobuf in one pass
//! without the typed message between, unknown and repeated keys are refused alike at every depth, and the types of the contract stay as prost
//! makes them.

mod read;
mod schema;
mod write;

use std::fmt;

pub(in crate::rpc) use self::read::base64;
pub use self::read::read;
pub use self::schema::{Method, Named, method, named};
pub use self::write::write;

/// How deep objects and lists may be nested in what is read. No request of the contract needs more than five levels.
pub const DEPTH_MAX: usize = 32;

/// Why a text or a message is refused. It is for people, names the key and the place, and may repeat what the client sent.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed(String);

impl fmt::Display for Malformed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Malformed {}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use serde_json::{Value, json};

    use super::*;
    use crate::rpc::proto::{admin, command, query};

    fn of(name: &str) -> &'static Named {
        named(name).unwrap_or_else(|| panic!("{name} is in the contract"))
    }

    fn refused(name: &str, text: &str) -> String {
        match read(of(name), text.as_bytes()) {
            Ok(bytes) => panic!("{text} was read as {bytes:?}"),
            Err(Malformed(told)) => told,
        }
    }

    #[test]
    fn a_request_is_read_by_either_name_of_its_keys() {
        for text in [
            r#"{"requestId": "r", "handle": "ada", "displayName": "Ada \u00e9", "kind": "ACCOUNT_KIND_USER"}"#,
            r#"{"request_id": "r", "handle": "ada", "display_name": "Ada é", "kind": 1, "bio": null}"#,
            r#" {"request_id":"r","handle":"ada","display_name":"Ada é","kind":1} "#,
        ] {
            let bytes = read(of("chirp.command.v1.RegisterAccountRequest"), text.as_bytes()).expect(text);
            let request = command::RegisterAccountRequest::decode(&*bytes).expect("it is one");
            assert_eq!((request.request_id.as_str(), request.handle.as_str()), ("r", "ada"));
            assert_eq!((request.display_name.as_str(), request.kind, request.bio.as_str()), ("Ada é", 1, ""));
        }
    }

    #[test]
    fn nested_messages_lists_masks_times_and_choices_are_read() {
        let text = r#"{"consistency": {"atLeastAsFresh": "t"}, "accountIds": ["a", "b"], "viewerAccountId": "v"}"#;
        let bytes = read(of("chirp.query.v1.BatchGetAccountsRequest"), text.as_bytes()).expect("it is one");
        let request = query::BatchGetAccountsRequest::decode(&*bytes).expect("it is one");
        assert_eq!((request.account_ids, request.viewer_account_id.as_str()), (vec!["a".into(), "b".into()], "v"));
        let requirement = request.consistency.and_then(|consistency| consistency.requirement);
        assert_eq!(requirement, Some(query::consistency::Requirement::AtLeastAsFresh("t".to_owned())));

        let bytes =
            read(of("chirp.command.v1.UpdateProfileRequest"), br#"{"updateMask": "displayName,bio"}"#).expect("a mask");
        let request = command::UpdateProfileRequest::decode(&*bytes).expect("it is one");
        assert_eq!(request.update_mask.expect("it is set").paths, ["display_name", "bio"]);

        for (text, seconds, nanos) in [
            ("2026-11-21T00:52:44.5Z", 1_795_222_364, 500_000_000),
            ("2026-11-21T01:52:44+01:00", 1_795_222_364, 0),
            ("0001-01-01T00:00:00Z", -62_135_596_800, 0),
        ] {
            let bytes = read(of("chirp.admin.v1.GetAsOfRequest"), json!({ "time": text }).to_string().as_bytes());
            let request = admin::GetAsOfRequest::decode(&*bytes.expect(text)).expect("it is one");
            let time = prost_types::Timestamp { seconds, nanos };
            assert_eq!(request.moment, Some(admin::get_as_of_request::Moment::Time(time)), "{text}");
        }
    }

    #[test]
    fn numbers_are_read_as_numbers_or_texts_within_their_range() {
        let page = |text: &str| {
            let text = format!(r#"{{"pageSize": {text}}}"#);
            let bytes = read(of("chirp.query.v1.ListFollowersRequest"), text.as_bytes())?;
            Ok::<_, Malformed>(query::ListFollowersRequest::decode(&*bytes).expect("it is one").page_size)
        };
        for (text, number) in [("5", 5), (r#""5""#, 5), ("-1", -1), ("5.0", 5), ("5e1", 50), ("2147483647", i32::MAX)] {
            assert_eq!(page(text), Ok(number), "{text}");
        }
        for wrong in ["2147483648", "-2147483649", "5.5", r#""""#, r#""+5""#, r#"" 5""#, "true", "[]", "{}", "1e99"] {
            let Malformed(told) = page(wrong).expect_err(wrong);
            assert!(told.contains("pageSize") && told.contains("line 1 column"), "{wrong}: {told}");
        }
    }

    #[test]
    fn what_is_wrong_is_refused_by_its_name_and_place() {
        const GET: &str = "chirp.query.v1.GetAccountRequest";
        const BATCH: &str = "chirp.query.v1.BatchGetAccountsRequest";
        let deep = format!("{}{}", "[".repeat(DEPTH_MAX + 1), "]".repeat(DEPTH_MAX + 1));
        for (name, text, parts) in [
            (GET, r#"{"handel": "ada"}"#, &["unknown key handel", "line 1 column"][..]),
            (GET, r#"{"consistency": {"at_least": "x"}}"#, &["unknown key consistency.at_least"]),
            (GET, r#"{"handle": "a", "handle": "b"}"#, &["handle is given twice"]),
            (GET, r#"{"viewerAccountId": "a", "viewer_account_id": "b"}"#, &["viewerAccountId is given twice"]),
            (GET, r#"{"handle": "a", "account_id": "b"}"#, &["handle and accountId", "one of them"]),
            (GET, r#"{"handle": 5}"#, &["handle", "text"]),
            (GET, r#"{"handle": ["a"]}"#, &["handle", "text"]),
            (GET, r#"{"consistency": "x"}"#, &["consistency", "object"]),
            (GET, r#"{"consistency": {"fullyConsistent": "true"}}"#, &["consistency.fullyConsistent", "true or false"]),
            (BATCH, r#"{"accountIds": ["a", null]}"#, &["accountIds[1]", "text"]),
            (BATCH, r#"{"accountIds": "a"}"#, &["accountIds", "list"]),
            ("chirp.command.v1.RegisterAccountRequest", r#"{"kind": "USER"}"#, &["kind", "USER", "AccountKind"]),
            ("chirp.command.v1.UpdateProfileRequest", r#"{"updateMask": "a,,b"}"#, &["updateMask"]),
            ("chirp.admin.v1.GetAsOfRequest", r#"{"time": "2026-11-21"}"#, &["time", "RFC 3339"]),
            (GET, r#"{"handle": "a"} {}"#, &["trailing characters"]),
            (GET, r#"{"handle": "a",}"#, &["trailing comma"]),
            (GET, "{'handle': 1}", &["line 1"]),
            (GET, "[]", &["object"]),
            (GET, "null", &["object"]),
            (GET, "", &["empty", "{}"]),
            (GET, "  ", &["empty", "{}"]),
            (GET, &deep, &["deeper than 32"]),
        ] {
            let told = refused(name, text);
            assert!(parts.iter().all(|part| told.contains(part)), "{text}: {told}");
        }
        let told = read(of(GET), b"{\"handle\": \"\xff\"}").expect_err("it is no text").to_string();
        assert!(told.contains("UTF-8") && told.contains("byte 12"), "{told}");
        // What looks like nesting within a text is none.
        let brackets = json!({ "handle": format!("\\\"{}", "[{".repeat(100)) }).to_string();
        read(of(GET), brackets.as_bytes()).expect("it is a text");
    }

    #[test]
    fn an_answer_is_written_as_proto3_json_has_it() {
        let account = query::Account {
            account_id: "id".to_owned(),
            display_name: "A \"quoted\"\n\u{1} name \u{2028}é".to_owned(),
            kind: 1,
            follower_count: i64::MAX,
            following_count: -1,
            protected: true,
            created_at: Some(prost_types::Timestamp { seconds: 1_795_222_364, nanos: 691_848_000 }),
            viewer: Some(query::Relationship::default()),
            ..query::Account::default()
        };
        let missing = vec!["x".to_owned(), String::new()];
        let answer = query::BatchGetAccountsResponse {
            accounts: vec![account.clone(), query::Account::default()],
            missing_account_ids: missing,
            read_at: "token".to_owned(),
        };
        let written = write(of("chirp.query.v1.BatchGetAccountsResponse"), &answer.encode_to_vec()).expect("it is one");
        let written: Value = serde_json::from_slice(&written).expect("it is JSON");
        let expected = json!({
            "accounts": [{
                "accountId": "id", "displayName": account.display_name, "kind": "ACCOUNT_KIND_USER", "protected": true,
                "followerCount": "9223372036854775807", "followingCount": "-1",
                "createdAt": "2026-11-21T00:52:44.691848Z", "viewer": {},
            }, {}],
            "missingAccountIds": ["x", ""],
            "readAt": "token",
        });
        assert_eq!(written, expected);
        assert_eq!(write(of("chirp.query.v1.Account"), &[]), Ok(b"{}".to_vec()));
        // A choice is written though it has its default value; a number that no name stands for is written as it is.
        let request = query::GetAccountRequest {
            account: Some(query::get_account_request::Account::Handle(String::new())),
            ..Default::default()
        };
        let written = write(of("chirp.query.v1.GetAccountRequest"), &request.encode_to_vec());
        assert_eq!(written, Ok(br#"{"handle":""}"#.to_vec()));
        let odd = query::Account { kind: 99, ..query::Account::default() };
        assert_eq!(write(of("chirp.query.v1.Account"), &odd.encode_to_vec()), Ok(br#"{"kind":99}"#.to_vec()));
    }

    #[test]
    fn details_of_errors_are_written_with_their_maps_and_durations() {
        let metadata = [("handle".to_owned(), "ada".to_owned())].into_iter().collect();
        let info = tonic_types::pb::ErrorInfo { reason: "R".to_owned(), domain: "chirp".to_owned(), metadata };
        let written = write(of("google.rpc.ErrorInfo"), &info.encode_to_vec()).expect("it is one");
        let written: Value = serde_json::from_slice(&written).expect("it is JSON");
        assert_eq!(written, json!({"reason": "R", "domain": "chirp", "metadata": {"handle": "ada"}}));
        let delay = prost_types::Duration { seconds: 0, nanos: 500_000_000 };
        let retry = tonic_types::pb::RetryInfo { retry_delay: Some(delay) };
        assert_eq!(
            write(of("google.rpc.RetryInfo"), &retry.encode_to_vec()),
            Ok(br#"{"retryDelay":"0.500s"}"#.to_vec())
        );
    }

    #[test]
    fn bytes_that_are_no_message_are_refused() {
        for bytes in [&b"\xff"[..], b"\x0a\xff", b"\x0a\x7fshort", b"\x0a\x02\xc3\x28", b"\x0b\x0b", b"\x00\x00"] {
            write(of("chirp.query.v1.Account"), bytes).expect_err("it is no message");
        }
    }

    /// What is written is read as the same message, for a message with most kinds of fields.
    #[test]
    fn what_is_written_is_read_back() {
        let event = admin::RecordedEvent {
            position: 7,
            payload_digest: vec![0, 1, 254, 255],
            recorded_at: Some(prost_types::Timestamp { seconds: -1, nanos: 1 }),
            ..admin::RecordedEvent::default()
        };
        let encoded = event.encode_to_vec();
        let written = write(of("chirp.admin.v1.RecordedEvent"), &encoded).expect("it is one");
        assert_eq!(
            read(of("chirp.admin.v1.RecordedEvent"), &written),
            Ok(encoded),
            "{}",
            String::from_utf8_lossy(&written)
        );
    }

    /// Whatever is cut, doubled or changed in a request is read or refused, and never more than that.
    #[test]
    fn no_text_makes_reading_panic_and_what_is_read_is_a_message() {
        const SEED: u64 = 0x2545_f491_4f6c_dd1d;
        const TEXTS: usize = 20_000;
        let sample = br#"{"requestId":"r","accountId":"a","updateMask":"bio,displayName","bio":"\u00e9","waitFor":1,"displayName":null}"#;
        let message = of("chirp.command.v1.UpdateProfileRequest");
        read(message, sample).expect("the sample is one");
        let (mut random, mut taken) = (SEED, 0);
        let mut next = |below: usize| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            usize::try_from(random >> 33).expect("31 bits fit") % below
        };
        for _ in 0..TEXTS {
            let mut text = sample.to_vec();
            for _ in 0..=next(3) {
                let place = next(text.len());
                match next(4) {
                    0 => text.truncate(place + 1),
                    1 => text[place] = b"{}[]\",:\\0-9en\xff"[next(14)],
                    2 => drop(text.remove(place)),
                    _ => text.extend_from_within(place..),
                }
                if text.is_empty() {
                    text.push(b' ');
                }
            }
            if let Ok(encoded) = read(message, &text) {
                command::UpdateProfileRequest::decode(&*encoded).expect("what is read is a message");
                taken += 1;
            }
        }
        assert!(taken > 0 && taken < TEXTS / 2, "{taken} of {TEXTS} texts are read");
    }

    #[test]
    fn every_method_of_the_contract_is_known_with_its_messages() {
        let get = method("/chirp.query.v1.QueryService/GetAccount").expect("it is there");
        assert!(get.reads && !get.server_streaming && get.input.name == "chirp.query.v1.GetAccountRequest");
        let post = method("/chirp.command.v1.CommandService/CreatePost").expect("it is there");
        assert!(!post.reads && post.output.name == "chirp.command.v1.CreatePostResponse");
        let stream = method("/chirp.query.v1.QueryService/StreamPost").expect("it is there");
        assert!(stream.server_streaming);
        assert!(method("/grpc.health.v1.Health/Check").is_some());
        assert!(method("/chirp.query.v1.QueryService/Nothing").is_none());
    }
}
