//! How refusals are checked: a row of a table is one call and the refusal that it must get.
//!
//! Always: a refusal is also compared with the comment of its rpc in `proto/`, which lists the reasons that callers were promised.

use std::collections::BTreeSet;
use std::fmt::Debug;

use tonic::{Code, Response, Status};
use tonic_types::StatusExt;

use crate::api::reason;

pub const PROTOS: [&str; 3] = [
    include_str!("../../proto/chirp/command/v1/command.proto"),
    include_str!("../../proto/chirp/query/v1/query.proto"),
    include_str!("../../proto/chirp/admin/v1/admin.proto"),
];
/// Reasons that a single violation gives in place of FIELD_INVALID.
const OF_A_FIELD: [&str; 16] = [
    "ID_MALFORMED",
    "HANDLE_MALFORMED",
    "TEXT_EMPTY",
    "TEXT_TOO_LONG",
    "KIND_UNSPECIFIED",
    "PAGE_SIZE_NEGATIVE",
    "HASHTAG_MALFORMED",
    "BATCH_SIZE_INVALID",
    "EVENT_TYPE_UNKNOWN",
    "UPDATE_MASK_INVALID",
    "URL_INVALID",
    "MEDIA_HOST_NOT_ALLOWED",
    "MEDIA_KIND_INVALID",
    "LIST_TOO_LONG",
    "LANGUAGE_MALFORMED",
    "MODERATION_REASON_INVALID",
];
/// A well-formed id of nothing.
pub const NOBODY: &str = "01920000-0000-7000-8000-000000000001";

/// The reasons that the comment of an rpc promises, together with that of its service.
pub fn promised(rpc: &str) -> BTreeSet<String> {
    let proto = PROTOS.iter().find(|proto| proto.contains(&format!("  rpc {rpc}("))).expect("there is such an rpc");
    let lines: Vec<&str> = proto.lines().collect();
    let comment_above = |what: &str| {
        let at = lines.iter().position(|line| line.starts_with(what)).expect("it is there");
        let comment = lines[..at].iter().rev().take_while(|line| line.trim_start().starts_with("//"));
        comment.copied().collect::<Vec<_>>()
    };
    let comments = [comment_above("service "), comment_above(&format!("  rpc {rpc}("))].concat();
    let word = |text: &str| text.trim_matches(|character: char| !character.is_ascii_uppercase()).to_owned();
    let is_name = |word: &String| {
        word.len() > 3 && word.chars().all(|character| character.is_ascii_uppercase() || character == '_')
    };
    comments.iter().flat_map(|line| line.split(' ')).map(word).filter(is_name).collect()
}

/// The refusals of one test, and what was wrong with them.
#[derive(Default)]
pub struct Table {
    rows: usize,
    wrong: Vec<String>,
}

impl Table {
    pub fn refused<T: Debug>(
        &mut self,
        (rpc, request): (&str, String),
        answered: Result<Response<T>, Status>,
        (code, expected): (Code, &str),
        fields: &[&str],
    ) {
        self.rows += 1;
        let what = format!("{rpc} {request:.300}");
        let status = match answered {
            Ok(answer) => return self.wrong.push(format!("{what}: is answered {:.300?}", answer.into_inner())),
            Err(status) => status,
        };
        let told = reason(&status);
        if (status.code(), told.as_deref()) != (code, Some(expected)) {
            self.wrong.push(format!(
                "{what}: is refused with {:?} {told:?} ({:.300}), not {code:?} {expected}",
                status.code(),
                status.message()
            ));
        }
        if let Some(told) = &told {
            let listed = if OF_A_FIELD.contains(&told.as_str()) { "FIELD_INVALID" } else { told };
            if !promised(rpc).contains(listed) {
                self.wrong.push(format!("{what}: {listed} is not among the reasons that the comment of {rpc} lists"));
            }
        }
        let violations = status.get_details_bad_request().map(|bad| bad.field_violations).unwrap_or_default();
        let mut violated: Vec<String> =
            violations.iter().map(|violation| format!("{} {}", violation.field, violation.reason)).collect();
        let mut expected: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
        violated.sort_unstable();
        expected.sort_unstable();
        if violated != expected {
            self.wrong.push(format!("{what}: the violations are {violated:?}, not {expected:?}"));
        }
    }

    pub fn check(self) {
        assert!(self.rows > 0, "the table has rows");
        assert!(self.wrong.is_empty(), "{} faults in {} rows:\n{}", self.wrong.len(), self.rows, self.wrong.join("\n"));
    }
}

/// One row: which call, and how it must be refused.
macro_rules! row {
    ($table:ident, $client:expr, $method:ident, $request:expr, $code:ident $reason:literal $(, $field:literal)*) => {{
        let request = $request;
        let call = ($crate::refusals::camel(stringify!($method)), format!("{request:?}"));
        let answered = $client.clone().$method(request).await;
        $table.refused((&call.0, call.1), answered, (tonic::Code::$code, $reason), &[$($field),*]);
    }};
}

pub(crate) use row;

pub fn camel(method: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    method.split('_').map(capital).collect()
}

/// The token with one character changed.
pub fn with_changed_byte(token: &str) -> String {
    let mut bytes = token.to_owned().into_bytes();
    let middle = bytes.len() / 2;
    bytes[middle] = if bytes[middle] == b'A' { b'B' } else { b'A' };
    String::from_utf8(bytes).expect("tokens are ASCII")
}
