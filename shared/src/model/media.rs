//! What belongs to a post or a profile beside its texts: references to media, link cards, languages and warnings.
//!
//! Always: a reference is what a client says of something that is stored elsewhere; every field is optional, so that events from before it
//! can be read, and what is empty is not written. Never here: what is allowed (see the command server).

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    Image,
    Video,
    /// A short film without sound that plays by itself.
    Animation,
    Audio,
}

/// A picture, a film or a sound that is stored elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// With `https`, in the form in which a browser would request it.
    pub url: String,
    pub kind: MediaKind,
    /// In pixels; 0 where it is not said.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub width: u16,
    /// In pixels; 0 where it is not said.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub height: u16,
    /// A description for those who do not see or hear it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub alt: String,
}

fn is_zero(number: &u16) -> bool {
    *number == 0
}

/// What is shown of a page on the web that a post is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkCard {
    /// With `https`, in the form in which a browser would request it.
    pub url: String,
    pub title: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Box<Media>>,
}

/// What a profile has beside its texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileExtras {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<Box<Media>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub banner: Option<Box<Media>>,
}

/// What a post has beside its text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostExtras {
    /// In the order in which they are shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Media>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_card: Option<Box<LinkCard>>,
    /// Tags of BCP 47 in their canonical case, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<String>,
    /// Shown instead of the post until it is opened.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub content_warning: String,
}

impl Media {
    fn text_bytes(&self) -> usize {
        self.url.len() + self.alt.len()
    }
}

impl ProfileExtras {
    /// How many bytes its texts take.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        [&self.avatar, &self.banner].into_iter().flatten().map(|media| media.text_bytes()).sum()
    }
}

impl PostExtras {
    /// How many bytes its texts take.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        let card = self.link_card.as_ref().map_or(0, |card| {
            let image = card.image.as_ref().map_or(0, |image| image.text_bytes());
            card.url.len() + card.title.len() + card.description.len() + image
        });
        self.media.iter().map(Media::text_bytes).sum::<usize>() + card + self.content_warning.len()
    }
}

/// What stands in the column `extras` of a read table.
pub trait Extras: Default + PartialEq + Serialize + DeserializeOwned {
    /// The JSON of the column; nothing if there is nothing.
    fn column(&self) -> Option<String> {
        let is_empty = *self == Self::default();
        (!is_empty).then(|| serde_json::to_string(self).expect("extras are plain data, which JSON can always hold"))
    }

    /// # Errors
    /// When it is not the JSON of a column.
    fn of_column(json: Option<&str>) -> Result<Self, serde_json::Error> {
        json.map_or_else(|| Ok(Self::default()), serde_json::from_str)
    }
}

impl Extras for ProfileExtras {}
impl Extras for PostExtras {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_holds_what_there_is_and_nothing_where_there_is_nothing() {
        assert_eq!(PostExtras::default().column(), None);
        assert_eq!(PostExtras::of_column(None).expect("nothing is fine"), PostExtras::default());
        let image = Media {
            url: "https://media.example/a.png".to_owned(),
            kind: MediaKind::Image,
            width: 640,
            height: 0,
            alt: "\0 \"quoted\" 🐦".to_owned(),
        };
        let extras = PostExtras { media: vec![image], content_warning: "birds".to_owned(), ..PostExtras::default() };
        let column = extras.column().expect("there is something");
        assert_eq!(
            column,
            r#"{"media":[{"url":"https://media.example/a.png","kind":"image","width":640,"alt":"\u0000 \"quoted\" 🐦"}],"content_warning":"birds"}"#
        );
        assert_eq!(PostExtras::of_column(Some(&column)).expect("it was written here"), extras);
    }
}
