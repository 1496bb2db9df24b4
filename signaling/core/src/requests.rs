//! What clients ask, checked once and then in types that cannot be wrong.

use std::collections::BTreeSet;

use protocol::{
    RoomName,
    client::{
        ErrorCode, IceServer, Join, MediaSection, PublishedSource, SdpBody, SectionRole, View,
    },
    media::{MediaKind, Mid, Source},
};

use crate::{
    Limits,
    ids::SessionSecret,
    link::Grant,
    name::person_name,
    sdp_body::{self, SdpForm, UnreadableSdp},
};

/// Why something that a client asked is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: ErrorCode,
    /// For a developer.
    pub(crate) detail: String,
}

impl Refusal {
    pub(crate) fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Refusal { code, detail: detail.into() }
    }
}

/// Someone at the door, whose link is still to be checked.
#[derive(Debug)]
pub(crate) struct JoinRequest {
    /// The command's id.
    pub(crate) id: u64,
    pub(crate) room: RoomName,
    pub(crate) name: String,
    pub(crate) offer: OfferRequest,
    pub(crate) sources: Vec<PublishedSource>,
    pub(crate) view: View,
}

/// Someone whose link opens the room.
#[derive(Debug)]
pub(crate) struct Admission {
    pub(crate) join: JoinRequest,
    pub(crate) grant: Grant,
    pub(crate) secret: SessionSecret,
    pub(crate) ice_servers: Vec<IceServer>,
}

/// An offer as text, with the use of its m-lines.
pub(crate) struct OfferRequest {
    pub(crate) text: String,
    pub(crate) form: SdpForm,
    pub(crate) sections: Vec<MediaSection>,
}

impl std::fmt::Debug for OfferRequest {
    /// An SDP does not print.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<offer>")
    }
}

impl JoinRequest {
    /// The request and the link's secret.
    pub(crate) fn try_new(
        id: u64,
        join: Join,
        limits: &Limits,
    ) -> Result<(JoinRequest, String), Refusal> {
        let Some(name) = person_name(&join.name) else {
            let detail = "a name has 1 to 64 visible characters and none that turn the text";
            return Err(Refusal::new(ErrorCode::BadName, detail));
        };
        let offer = OfferRequest::try_new(join.offer, join.sections, limits)?;
        let publishes = offer.publishes();
        let mut sources = Vec::new();
        for source in join.sources {
            if !publishes.contains(&source.source) {
                return Err(unpublished());
            }
            set_source(&mut sources, source.source, Some(source));
        }
        let request =
            JoinRequest { id, room: join.room, name, offer, sources, view: check_view(join.view)? };
        Ok((request, join.secret))
    }
}

impl OfferRequest {
    pub(crate) fn try_new(
        offer: SdpBody,
        sections: Vec<MediaSection>,
        limits: &Limits,
    ) -> Result<Self, Refusal> {
        if sections.len() > limits.sections {
            let detail = format!("an offer has at most {} m-lines", limits.sections);
            return Err(Refusal::new(ErrorCode::BadOffer, detail));
        }
        let mut mids = BTreeSet::new();
        let mut published = BTreeSet::new();
        for section in &sections {
            let is_new = mids.insert(section.mid.as_str());
            if !is_new || Mid::try_new(section.mid.as_bytes()).is_err() {
                let detail = "mids are distinct and have 1 to 16 visible ASCII characters";
                return Err(Refusal::new(ErrorCode::BadOffer, detail));
            }
            if let SectionRole::Publish(source) = section.role
                && !published.insert(source)
            {
                let detail = "each source is published on one m-line at most";
                return Err(Refusal::new(ErrorCode::BadOffer, detail));
            }
        }
        let form = SdpForm::of(&offer);
        let text = sdp_body::read(offer).map_err(|error| {
            let code = match error {
                UnreadableSdp::TooLong => ErrorCode::TooLong,
                UnreadableSdp::Malformed => ErrorCode::BadOffer,
            };
            Refusal::new(code, error.to_string())
        })?;
        Ok(OfferRequest { text, form, sections })
    }

    /// The sources that its m-lines are for.
    pub(crate) fn publishes(&self) -> BTreeSet<Source> {
        let source = |section: &MediaSection| match section.role {
            SectionRole::Publish(source) => Some(source),
            SectionRole::Slot(_) => None,
        };
        self.sections.iter().filter_map(source).collect()
    }
}

/// Takes a view as it is if it is one.
pub(crate) fn check_view(view: View) -> Result<View, Refusal> {
    if view.tiles.len() > View::TILES_MAX {
        let detail = format!("a view has at most {} tiles", View::TILES_MAX);
        return Err(Refusal::new(ErrorCode::BadMessage, detail));
    }
    let mut tiles = view.stage.iter().chain(&view.tiles);
    if tiles.any(|tile| tile.source.kind() != MediaKind::Video) {
        let detail = "a tile shows a camera or a screen";
        return Err(Refusal::new(ErrorCode::BadMessage, detail));
    }
    Ok(view)
}

/// What is passed on of a text: all but the white space at its ends.
pub(crate) fn plain_text(text: &str, characters_max: usize) -> Result<&str, Refusal> {
    let text = text.trim();
    let is_length_fine = (1..=characters_max).contains(&text.chars().count());
    let is_text = !text.chars().any(|c| c.is_control() && c != '\n');
    if is_length_fine && is_text {
        return Ok(text);
    }
    let detail =
        format!("a text has 1 to {characters_max} characters and no control but the line feed");
    Err(Refusal::new(ErrorCode::BadText, detail))
}

/// The answer to turning on what no m-line carries.
pub(crate) fn unpublished() -> Refusal {
    let detail = "no m-line of the offer publishes this source";
    Refusal::new(ErrorCode::BadMessage, detail)
}

/// Puts a source into its place, or takes it out; the list stays in the order of [`Source::ALL`].
/// False if it was so already.
pub(crate) fn set_source(
    sources: &mut Vec<PublishedSource>,
    source: Source,
    state: Option<PublishedSource>,
) -> bool {
    match (sources.binary_search_by_key(&source, |known| known.source), state) {
        (Ok(place), Some(state)) if sources[place] == state => false,
        (Ok(place), Some(state)) => {
            sources[place] = state;
            true
        }
        (Ok(place), None) => {
            sources.remove(place);
            true
        }
        (Err(place), Some(state)) => {
            sources.insert(place, state);
            true
        }
        (Err(_), None) => false,
    }
}
