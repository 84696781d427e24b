//! References to media and link cards as the contract has them.

use crate::model::media::{LinkCard, Media, MediaKind};
use crate::rpc::proto::common as v1;

impl From<MediaKind> for v1::MediaKind {
    fn from(kind: MediaKind) -> Self {
        match kind {
            MediaKind::Image => Self::Image,
            MediaKind::Video => Self::Video,
            MediaKind::Animation => Self::Animation,
            MediaKind::Audio => Self::Audio,
        }
    }
}

impl From<Media> for v1::Media {
    fn from(Media { url, kind, width, height, alt }: Media) -> Self {
        Self { url, kind: v1::MediaKind::from(kind).into(), width: width.into(), height: height.into(), alt }
    }
}

impl From<LinkCard> for v1::LinkCard {
    fn from(LinkCard { url, title, description, image }: LinkCard) -> Self {
        Self { url, title, description, image: image.map(|image| (*image).into()) }
    }
}
