//! What moderators say when they act on a post or an account, and what others report to them.
//!
//! Always: the reason is one of few, so that programs can count and translate it; the text is for people, and may be empty. Never here: who
//! may moderate, and what follows from it (see the command server).

use serde::{Deserialize, Serialize};

/// Which rule something breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModerationReason {
    Spam,
    Harassment,
    Hate,
    Violence,
    SexualContent,
    Illegal,
    Impersonation,
    SelfHarm,
    Misinformation,
    Copyright,
    Other,
}

/// The words beside a reason. They are about the one who is concerned, and so personal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// 0–200 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// Why something was taken down or suspended, as the read tables keep it and answers tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moderated {
    pub reason: ModerationReason,
    #[serde(flatten)]
    pub note: Note,
}

impl Moderated {
    /// As a column has it.
    ///
    /// # Panics
    /// Never: it is plain data.
    #[must_use]
    pub fn column(&self) -> String {
        serde_json::to_string(self).expect("it is plain data, which JSON can always hold")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_holds_reason_and_text() {
        let moderated = Moderated { reason: ModerationReason::SelfHarm, note: Note { text: "a \"word\"".to_owned() } };
        let column = moderated.column();
        assert_eq!(column, r#"{"reason":"self_harm","text":"a \"word\""}"#);
        assert_eq!(serde_json::from_str::<Moderated>(&column).expect("it was written so"), moderated);
    }
}
