//! What clients ask, checked once and then in types that cannot be wrong.

use std::collections::BTreeSet;

use protocol::{
    RoomName,
    client::{
        BROWSER_BYTES_MAX, ErrorCode, IceServer, Join, MediaSection, PublishedSource, SdpBody,
        SectionRole, View,
    },
    media::{MediaKind, Mid, Source},
};

use crate::{
    Limits,
    addresses::AddressKey,
    ids::SessionSecret,
    link::{Grant, Proof, RoomCode},
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
    pub(crate) way: Way,
}

/// What somebody comes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// A link.
    Link,
    /// The room's code alone.
    Code,
}

/// What somebody at the door shows.
pub(crate) struct Shown {
    pub(crate) proof: Proof,
    pub(crate) browser: Option<String>,
}

/// Someone whose link opens the room.
#[derive(Debug)]
pub(crate) struct Admission {
    pub(crate) join: JoinRequest,
    pub(crate) grant: Grant,
    pub(crate) secret: SessionSecret,
    pub(crate) address: AddressKey,
    pub(crate) ice_servers: Vec<IceServer>,
}

/// An offer as text, with the use of its m-lines.
pub(crate) struct OfferRequest {
    /// Empty while it is packed.
    pub(crate) text: String,
    pub(crate) form: SdpForm,
    pub(crate) sections: Vec<MediaSection>,
    /// What the text was inflated from.
    deflated: Option<String>,
}

impl std::fmt::Debug for OfferRequest {
    /// An SDP does not print.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<offer>")
    }
}

impl JoinRequest {
    /// The request, and what it shows.
    pub(crate) fn try_new(
        id: u64,
        join: Join,
        limits: &Limits,
    ) -> Result<(JoinRequest, Shown), Refusal> {
        let Some(name) = person_name(&join.name) else {
            let detail = "a name has 1 to 64 visible characters and none that turn the text";
            return Err(Refusal::new(ErrorCode::BadName, detail));
        };
        if join.browser.as_ref().is_some_and(|browser| browser.len() > BROWSER_BYTES_MAX) {
            let detail = format!("a browser is known by at most {BROWSER_BYTES_MAX} bytes");
            return Err(Refusal::new(ErrorCode::BadMessage, detail));
        }
        let (way, proof) = match join.code.filter(|_| join.secret.is_empty()) {
            None => (Way::Link, Proof::Secret(join.secret)),
            Some(code) => {
                let code = code.parse::<RoomCode>().map_err(|_| bad_code())?;
                (Way::Code, Proof::Code(code))
            }
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
        let view = check_view(join.view)?;
        let request = JoinRequest { id, room: join.room, name, offer, sources, view, way };
        let browser = join.browser.filter(|browser| !browser.is_empty());
        Ok((request, Shown { proof, browser }))
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
        let deflated = match &offer {
            SdpBody::Deflated(packed) => Some(packed.clone()),
            SdpBody::Plain(_) => None,
        };
        let text = read_sdp(offer)?;
        Ok(OfferRequest { text, form, sections, deflated })
    }

    /// Takes less room until [`OfferRequest::unpack`], where the client has deflated it: 3 KB in
    /// place of 100.
    pub(crate) fn pack(&mut self) {
        if self.deflated.is_some() {
            self.text = String::new();
        }
    }

    /// Has the text again.
    pub(crate) fn unpack(&mut self) -> Result<(), Refusal> {
        if self.text.is_empty()
            && let Some(packed) = self.deflated.take()
        {
            self.text = read_sdp(SdpBody::Deflated(packed))?;
        }
        Ok(())
    }

    /// About how many bytes of memory it takes.
    pub(crate) fn weight(&self) -> usize {
        let sections = self.sections.len() * (size_of::<MediaSection>() + Mid::LENGTH_MAX);
        self.text.len() + self.deflated.as_ref().map_or(0, String::len) + sections
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

fn read_sdp(sdp: SdpBody) -> Result<String, Refusal> {
    sdp_body::read(sdp).map_err(|error| {
        let code = match error {
            UnreadableSdp::TooLong => ErrorCode::TooLong,
            UnreadableSdp::Malformed => ErrorCode::BadOffer,
        };
        Refusal::new(code, error.to_string())
    })
}

/// The answer to a wrong code, and to every code while too many were wrong.
pub(crate) fn bad_code() -> Refusal {
    Refusal::new(ErrorCode::BadCode, "it is not the room's code, or too many were tried")
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
