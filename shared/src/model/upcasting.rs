//! Older schema versions of events: a payload is brought to the newest version of its type, a step at a time, before it is decoded.
//!
//! Always: what is stored stays as it is, with its hash; every version that was ever written can be read; a step is a
//! pure function of the payload. Never here: what an event means.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::model::event::DecodeError;

/// The version of a type that has no step.
const FIRST_VERSION: u32 = 1;

type Fields = Map<String, Value>;

/// Brings the payloads of one type from one schema version to the next.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The type name, such as `post.created`.
    pub kind: &'static str,
    /// The version that it takes; it gives the one after it.
    pub from: u32,
    /// Fails with the reason when the payload is not of that version.
    pub apply: fn(Fields) -> Result<Fields, String>,
}

/// All steps, those of one type in the order of their versions. The newest version of a type follows from them.
pub const STEPS: &[Step] = &[];

/// The schema version in which events of this type are written.
pub fn newest_version(steps: &[Step], kind: &str) -> u32 {
    let own = steps.iter().filter(|step| step.kind == kind);
    own.map(|step| step.from + 1).max().unwrap_or(FIRST_VERSION)
}

/// A stored payload in the newest version of its type.
///
/// # Errors
/// When nobody ever wrote this version, or a step refuses the payload.
pub fn upcast<'a>(
    steps: &[Step],
    kind: &str,
    schema_version: u32,
    payload: &'a str,
) -> Result<Cow<'a, str>, DecodeError> {
    let newest = newest_version(steps, kind);
    if schema_version == newest {
        return Ok(Cow::Borrowed(payload));
    }
    if !(FIRST_VERSION..newest).contains(&schema_version) {
        return Err(DecodeError::UnknownSchemaVersion { kind: kind.to_owned(), schema_version, newest });
    }
    let broken = |cause| DecodeError::BrokenPayload { kind: kind.to_owned(), cause };
    let mut fields = serde_json::from_str(payload).map_err(broken)?;
    for version in schema_version..newest {
        let step = steps.iter().find(|step| step.kind == kind && step.from == version);
        let step = step.expect("every version below the newest has its step, which a test sees to");
        fields = (step.apply)(fields).map_err(|reason| broken(serde::de::Error::custom(reason)))?;
    }
    serde_json::to_string(&fields).map(Cow::Owned).map_err(broken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event::Event;

    /// As if the name of a cake had become a list of names, and then had been given a size.
    const CAKES: &[Step] = &[
        Step { kind: "cake.baked", from: 1, apply: name_to_names },
        Step {
            kind: "cake.baked",
            from: 2,
            apply: |mut fields| {
                fields.insert("size".to_owned(), 1.into());
                Ok(fields)
            },
        },
        Step { kind: "cake.eaten", from: 1, apply: Ok },
    ];

    fn name_to_names(mut fields: Fields) -> Result<Fields, String> {
        let name = fields.remove("name").ok_or("a cake without a name")?;
        fields.insert("names".to_owned(), Value::Array(vec![name]));
        Ok(fields)
    }

    fn baked(version: u32, payload: &str) -> Result<Value, DecodeError> {
        let upcast = upcast(CAKES, "cake.baked", version, payload)?;
        Ok(serde_json::from_str(&upcast).expect("it is JSON"))
    }

    #[test]
    fn a_payload_goes_through_every_step_from_its_own_version_on() {
        let newest = serde_json::json!({"names": ["Battenberg"], "size": 1});
        assert_eq!(baked(1, r#"{"name":"Battenberg"}"#).expect("version 1"), newest);
        assert_eq!(baked(2, r#"{"names":["Battenberg"]}"#).expect("version 2"), newest);
    }

    #[test]
    fn a_payload_of_the_newest_version_is_not_touched() {
        let payload = r#"{ "size":2, "names":[] }"#;
        assert!(matches!(upcast(CAKES, "cake.baked", 3, payload), Ok(Cow::Borrowed(same)) if same == payload));
    }

    #[test]
    fn a_version_that_nobody_wrote_and_a_payload_that_a_step_refuses_are_told_apart() {
        for version in [0, 4] {
            let error = baked(version, "{}").expect_err("nobody wrote it");
            assert!(matches!(error, DecodeError::UnknownSchemaVersion { newest: 3, .. }), "{error}");
        }
        let error = baked(1, "{}").expect_err("it has no name");
        assert!(error.to_string().contains("a cake without a name"), "{error}");
        assert!(matches!(baked(1, "[]"), Err(DecodeError::BrokenPayload { .. })));
    }

    #[test]
    fn every_step_is_of_a_type_that_exists_and_leads_to_the_next() {
        for kind in STEPS.iter().map(|step| step.kind) {
            assert!(Event::types().contains(&kind), "{kind} is no type of event");
            let versions = STEPS.iter().filter(|step| step.kind == kind).map(|step| step.from);
            assert!(versions.eq(FIRST_VERSION..newest_version(STEPS, kind)), "the steps of {kind} leave a version out");
        }
    }
}
