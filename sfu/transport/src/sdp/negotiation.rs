//! Which of what a client offers is used: the rules that make an offer into a plan.

use protocol::{
    client::{MediaSection, SectionRole},
    media::{
        Codec, ExtensionIds, MediaKind, Mid, Payload, PublishSection, SessionPlan, SlotKind,
        SlotSection, Source, Ssrc,
    },
};
use serde::{Deserialize, Serialize};

use super::{
    Direction, Extension, FeedbackSet, Format, MediaHead, Offer, OfferedSection, SECTIONS_MAX,
    SdpError, Setup, Transport,
};
use crate::{dtls::Fingerprint, ice::IceCredentials, srtp::Profile};

/// What a node brings to a negotiation.
pub struct NegotiationParams<'a> {
    /// The codecs of the room, the most wanted first.
    pub codecs: &'a [Codec],
    /// Names the session in the `o=` of its answers (RFC 8866 §5.2). Used by the first negotiation.
    pub session_id: u64,
    /// Draws a random SSRC for a new slot (RFC 3550 §8.1). One already in use is passed over.
    pub draw_ssrc: &'a mut dyn FnMut() -> Ssrc,
}

/// What offer and answer agreed on, whole: it goes into a snapshot and writes the answer again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Negotiated {
    /// What the engine needs of it.
    pub plan: SessionPlan,
    /// The client's ICE credentials.
    pub remote_ice: IceCredentials,
    /// The certificate that the client must show in DTLS.
    pub remote_fingerprint: Fingerprint,
    /// The id in `o=`, the same for all answers of a session.
    pub session_id: u64,
    /// The version in `o=`, from 1, one more with each answer.
    pub version: u64,
    /// Whether the answer has a BUNDLE group: an offer of one m-line may have none.
    pub has_bundle: bool,
    /// Whether one- and two-byte header extensions may be mixed.
    pub extmap_allow_mixed: bool,
    /// Every m-line, in the order of the offer.
    pub sections: Vec<AnsweredSection>,
}

/// One m-line of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnsweredSection {
    /// Its name; only a rejected m-line may lack one.
    pub mid: Option<Mid>,
    /// The words of the m-line.
    pub head: MediaHead,
    /// What it is used for.
    pub role: AnsweredRole,
    /// Accepted payload types, the one that the client should send first.
    pub payloads: Vec<AnsweredPayload>,
    /// Accepted header extensions.
    pub extensions: Vec<AnsweredExtension>,
    /// Whether RTCP may come in reduced size.
    pub rtcp_rsize: bool,
}

/// The use of an answered m-line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AnsweredRole {
    /// The client sends: an index into [`SessionPlan::publishes`].
    Publish(usize),
    /// The client receives: an index into [`SessionPlan::slots`].
    Slot(usize),
    /// Port 0.
    Rejected,
}

/// An accepted payload type with the feedback that the client allows for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnsweredPayload {
    /// What the engine needs of it.
    pub payload: Payload,
    /// The accepted feedback; none but transport-wide for sound.
    pub feedback: FeedbackSet,
    /// What the answer repeats of its parameters.
    #[serde(default)]
    pub format: Format,
}

/// An accepted header extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnsweredExtension {
    /// The client's id.
    pub id: u8,
    /// Which.
    pub extension: Extension,
    /// Whether the offer named a direction, so that the answer names its reverse (RFC 8285 §7).
    pub is_one_way: bool,
}

impl Negotiated {
    /// M-lines with a role, in the order of the offer: the members of the BUNDLE group.
    pub fn accepted(&self) -> impl Iterator<Item = &AnsweredSection> {
        self.sections.iter().filter(|section| section.role != AnsweredRole::Rejected)
    }

    /// SRTP profiles for the session, the most wanted first. Under GCM nothing is sealed twice, so
    /// who receives pictures without RTX could get no lost packet again.
    #[must_use]
    pub fn srtp_profiles(&self) -> [Profile; 2] {
        let mut pictures = self.plan.slots.iter().filter(|slot| slot.kind == SlotKind::Video);
        match pictures.all(|slot| slot.rtx_ssrc.is_some()) {
            true => [Profile::AeadAes128Gcm, Profile::AesCm128HmacSha1_80],
            false => [Profile::AesCm128HmacSha1_80, Profile::AeadAes128Gcm],
        }
    }
}

/// Decides what is used of `offer`, whose m-lines have the roles of `roles`; others are rejected.
/// `previous` is the session's last negotiation: its slots keep their SSRCs.
///
/// # Errors
/// [`SdpError`] names why the offer cannot be answered, and the cure.
pub fn negotiate(
    offer: &Offer,
    roles: &[MediaSection],
    previous: Option<&Negotiated>,
    params: &mut NegotiationParams<'_>,
) -> Result<Negotiated, SdpError> {
    let roles = assign_roles(offer, roles)?;
    if let Some(previous) = previous {
        check_order(offer, &roles, previous)?;
    }
    let has_bundle = check_transport(offer, &roles)?;
    let (remote_ice, remote_fingerprint) = remote_identity(offer, &roles)?;
    if previous.is_some_and(|previous| previous.remote_fingerprint != remote_fingerprint) {
        return Err(SdpError::FingerprintChanged);
    }
    let mut negotiated = Negotiated {
        plan: SessionPlan::default(),
        remote_ice,
        remote_fingerprint,
        // RFC 9429 §5.2.1: 63 bits, so that signed readers cope.
        session_id: previous.map_or(params.session_id & (u64::MAX >> 1), |p| p.session_id),
        version: previous.map_or(1, |previous| previous.version + 1),
        has_bundle,
        extmap_allow_mixed: offer.extmap_allow_mixed,
        sections: Vec::with_capacity(offer.sections.len()),
    };
    let mut ssrcs = SsrcAllocator::new(offer, previous, &mut *params.draw_ssrc);
    for (section, role) in offer.sections.iter().zip(roles) {
        let answered = match (role, section.mid) {
            (Some(SectionRole::Publish(source)), Some(mid)) => {
                publish(section, mid, source, params.codecs, &mut negotiated.plan)?
            }
            (Some(SectionRole::Slot(kind)), Some(mid)) => {
                slot(section, mid, kind, params.codecs, &mut negotiated.plan, &mut ssrcs)?
            }
            _ => reject(section),
        };
        negotiated.sections.push(answered);
    }
    Ok(negotiated)
}

/// The role of each offered m-line. One that the client has stopped has none.
fn assign_roles(
    offer: &Offer,
    roles: &[MediaSection],
) -> Result<Vec<Option<SectionRole>>, SdpError> {
    let mut assigned = vec![None; offer.sections.len()];
    let mut sources = Vec::new();
    // One role too many is an unknown or repeated mid, so the walk ends soon on any input.
    for named in roles.iter().take(SECTIONS_MAX + 1) {
        let mid = Mid::try_new(named.mid.as_bytes()).ok();
        let place = offer.sections.iter().position(|section| mid.is_some() && section.mid == mid);
        let (Some(mid), Some(place)) = (mid, place) else {
            let shown = named.mid.chars().take(Mid::LENGTH_MAX).collect();
            return Err(SdpError::UnknownMid(shown));
        };
        if assigned[place].is_some() {
            return Err(SdpError::RoleTwice(mid));
        }
        if let SectionRole::Publish(source) = named.role {
            if sources.contains(&source) {
                return Err(SdpError::SourceTwice(source));
            }
            sources.push(source);
        }
        if !offer.sections[place].is_stopped {
            check_use(&offer.sections[place], mid, named.role)?;
            assigned[place] = Some(named.role);
        }
    }
    match assigned.iter().any(Option::is_some) {
        true => Ok(assigned),
        false => Err(SdpError::NothingNamed),
    }
}

/// Whether an m-line can have its role: the kind of media, and the way it goes.
fn check_use(section: &OfferedSection, mid: Mid, role: SectionRole) -> Result<(), SdpError> {
    let (kind, direction, is_right_way) = match role {
        SectionRole::Publish(source) => {
            (source.kind(), Direction::SendOnly, section.direction.sends())
        }
        SectionRole::Slot(slot) => (slot.kind(), Direction::RecvOnly, section.direction.receives()),
    };
    if section.kind != Some(kind) {
        return Err(SdpError::WrongKind { mid, wanted: kind });
    }
    match is_right_way {
        true => Ok(()),
        false => Err(SdpError::WrongDirection { mid, wanted: direction.name() }),
    }
}

/// RFC 3264 §8: m-lines stay where they are; only the place of a rejected one may be used again.
fn check_order(
    offer: &Offer,
    roles: &[Option<SectionRole>],
    previous: &Negotiated,
) -> Result<(), SdpError> {
    for (place, before) in previous.sections.iter().enumerate() {
        let now = offer.sections.get(place).ok_or(SdpError::SectionMoved(place))?;
        let role_before = match before.role {
            AnsweredRole::Rejected => continue,
            AnsweredRole::Publish(index) => {
                let publish = previous.plan.publishes.get(index);
                publish.map(|publish| SectionRole::Publish(publish.source))
            }
            AnsweredRole::Slot(index) => {
                let slot = previous.plan.slots.get(index);
                slot.map(|slot| SectionRole::Slot(slot.kind))
            }
        };
        if now.mid != before.mid {
            return Err(SdpError::SectionMoved(place));
        }
        if let (Some(mid), Some(Some(role))) = (now.mid, roles.get(place))
            && Some(*role) != role_before
        {
            return Err(SdpError::RoleChanged(mid));
        }
    }
    Ok(())
}

/// The m-lines that are used, with their mids.
fn used<'o>(
    offer: &'o Offer,
    roles: &'o [Option<SectionRole>],
) -> impl Iterator<Item = (Mid, &'o OfferedSection)> {
    let sections = offer.sections.iter().zip(roles);
    sections.filter_map(|(section, role)| role.and(section.mid).map(|mid| (mid, section)))
}

/// One transport for everything: all used m-lines in one BUNDLE group, RTCP on the port of RTP.
/// Returns whether there is a group.
fn check_transport(offer: &Offer, roles: &[Option<SectionRole>]) -> Result<bool, SdpError> {
    let first = used(offer, roles).next().map(|(mid, _)| mid);
    let group = offer.bundle_groups.iter().find(|group| first.is_some_and(|m| group.contains(&m)));
    match group {
        None if used(offer, roles).count() > 1 => return Err(SdpError::NoBundle),
        None => {}
        Some(group) => {
            if let Some((mid, _)) = used(offer, roles).find(|(mid, _)| !group.contains(mid)) {
                return Err(SdpError::NotBundled(mid));
            }
        }
    }
    let without_mux = used(offer, roles)
        .find(|(_, section)| !section.transport.rtcp_mux && !offer.transport.rtcp_mux);
    match without_mux {
        Some((mid, _)) => Err(SdpError::NoRtcpMux(mid)),
        None => Ok(group.is_some()),
    }
}

/// ICE credentials and certificate of the client, and whether it may begin DTLS.
///
/// Browsers write them before the first m-line, in each, or in the first alone; in a BUNDLE group
/// all that is written is the same (RFC 9143 §7.1.3), so the first m-line that has a value decides.
fn remote_identity(
    offer: &Offer,
    roles: &[Option<SectionRole>],
) -> Result<(IceCredentials, Fingerprint), SdpError> {
    let transports = || {
        let own = used(offer, roles).map(|(_, section)| &section.transport);
        own.chain(std::iter::once(&offer.transport))
    };
    // RFC 4145 §4.1: no setup attribute in an offer means active.
    match transports().find_map(|transport| transport.setup) {
        None | Some(Setup::ActPass | Setup::Active) => {}
        Some(Setup::Passive | Setup::HoldConn) => return Err(SdpError::CannotBePassive),
    }
    let fingerprint = transports().find_map(|transport| transport.fingerprint);
    let has_other = || transports().any(|transport| transport.has_other_fingerprint);
    let fingerprint = match fingerprint {
        Some(fingerprint) => fingerprint,
        None if has_other() => return Err(SdpError::NoSha256Fingerprint),
        None => return Err(SdpError::NoFingerprint),
    };
    let credentials = |transport: &Transport| {
        let (ufrag, pwd) = (transport.ufrag.as_deref()?, transport.pwd.as_deref()?);
        Some(IceCredentials::try_new(ufrag, pwd))
    };
    match transports().find_map(credentials) {
        Some(Ok(ice)) => Ok((ice, fingerprint)),
        Some(Err(_)) | None => Err(SdpError::NoIceCredentials),
    }
}

fn publish(
    section: &OfferedSection,
    mid: Mid,
    source: Source,
    codecs: &[Codec],
    plan: &mut SessionPlan,
) -> Result<AnsweredSection, SdpError> {
    let mut payloads = payloads(section, mid, source.kind(), codecs)?;
    // Where a client leaves the turning of a phone's picture to the receivers, it lies on its side
    // for those who lack the extension, as Firefox does; where it is not accepted, the sender
    // turns.
    let wanted = [
        Extension::Mid,
        Extension::Rid,
        Extension::RepairedRid,
        Extension::AudioLevel,
        Extension::TransportCc,
        Extension::DependencyDescriptor,
        Extension::LayersAllocation,
    ];
    let mut extensions = extensions(section, &wanted, Direction::sends);
    agree_on_transport_cc(&mut payloads, &mut extensions);
    let ids = ids(&extensions);
    // Encodings without a rid in each packet cannot be told apart, so one is accepted.
    let rids = if ids.rid.is_some() { section.rids.clone() } else { Vec::new() };
    let ssrcs = if rids.is_empty() { declared_stream(section) } else { Vec::new() };
    plan.publishes.push(PublishSection {
        mid,
        source,
        payloads: payloads.iter().map(|answered| answered.payload).collect(),
        rids,
        ssrcs,
        extensions: ids,
    });
    Ok(AnsweredSection {
        mid: Some(mid),
        head: section.head.clone(),
        role: AnsweredRole::Publish(plan.publishes.len() - 1),
        payloads,
        extensions,
        rtcp_rsize: section.rtcp_rsize,
    })
}

fn slot(
    section: &OfferedSection,
    mid: Mid,
    kind: SlotKind,
    codecs: &[Codec],
    plan: &mut SessionPlan,
    ssrcs: &mut SsrcAllocator<'_>,
) -> Result<AnsweredSection, SdpError> {
    let mut payloads = payloads(section, mid, kind.kind(), codecs)?;
    // A slot's SSRC is declared, so no packet in it needs a mid.
    let wanted = [
        Extension::AudioLevel,
        Extension::Orientation,
        Extension::TransportCc,
        Extension::DependencyDescriptor,
    ];
    let mut extensions = extensions(section, &wanted, Direction::receives);
    agree_on_transport_cc(&mut payloads, &mut extensions);
    let has_rtx = payloads.iter().any(|answered| answered.payload.rtx.is_some());
    let (ssrc, rtx_ssrc) = ssrcs.of_slot(mid, has_rtx);
    let tells = |it: FeedbackSet| it.nack || it.goog_remb || it.transport_cc;
    plan.slots.push(SlotSection {
        mid,
        kind,
        payloads: payloads.iter().map(|answered| answered.payload).collect(),
        ssrc,
        rtx_ssrc,
        is_reported: payloads.iter().any(|answered| tells(answered.feedback)),
        extensions: ids(&extensions),
    });
    Ok(AnsweredSection {
        mid: Some(mid),
        head: section.head.clone(),
        role: AnsweredRole::Slot(plan.slots.len() - 1),
        payloads,
        extensions,
        rtcp_rsize: section.rtcp_rsize,
    })
}

fn reject(section: &OfferedSection) -> AnsweredSection {
    AnsweredSection {
        mid: section.mid,
        head: section.head.clone(),
        role: AnsweredRole::Rejected,
        payloads: Vec::new(),
        extensions: Vec::new(),
        rtcp_rsize: false,
    }
}

/// The payload types of the room's codecs, in the room's order: a browser sends the first of an
/// answer. RED stands before Opus, because Chromium sends it only then.
fn payloads(
    section: &OfferedSection,
    mid: Mid,
    wanted: MediaKind,
    codecs: &[Codec],
) -> Result<Vec<AnsweredPayload>, SdpError> {
    let offered = |codec: &Codec| section.payloads.iter().find(|payload| payload.codec == *codec);
    let mut payloads: Vec<_> = codecs
        .iter()
        .filter_map(offered)
        .map(|payload| AnsweredPayload {
            payload: Payload { codec: payload.codec, pt: payload.pt, rtx: payload.rtx },
            feedback: match wanted {
                // A lost voice packet is concealed or comes as redundancy, never again.
                MediaKind::Audio => FeedbackSet {
                    transport_cc: payload.feedback.transport_cc,
                    ..FeedbackSet::default()
                },
                MediaKind::Video => payload.feedback,
            },
            format: payload.format,
        })
        .collect();
    payloads.sort_by_key(|answered| answered.payload.codec != Codec::Red);
    // RED holds packets of Opus, so that who has not the one cannot read the other.
    if wanted == MediaKind::Audio && !payloads.iter().any(|p| p.payload.codec == Codec::Opus) {
        payloads.clear();
    }
    if payloads.is_empty() {
        let codecs = codecs.iter().copied().filter(|codec| codec.kind() == wanted).collect();
        return Err(SdpError::NoCodec { mid, codecs });
    }
    Ok(payloads)
}

/// The `wanted` header extensions that are offered in the direction of the media.
fn extensions(
    section: &OfferedSection,
    wanted: &[Extension],
    goes_along: fn(Direction) -> bool,
) -> Vec<AnsweredExtension> {
    let offered = section.extensions.iter();
    offered
        .filter(|offered| wanted.contains(&offered.extension) && goes_along(offered.direction))
        .map(|offered| AnsweredExtension {
            id: offered.id,
            extension: offered.extension,
            is_one_way: offered.direction != Direction::SendRecv,
        })
        .collect()
}

/// Transport-wide numbers and feedback about them go together or not at all: GStreamer 1.22 offers
/// the feedback without the numbers.
fn agree_on_transport_cc(
    payloads: &mut [AnsweredPayload],
    extensions: &mut Vec<AnsweredExtension>,
) {
    let has_feedback = payloads.iter().any(|payload| payload.feedback.transport_cc);
    extensions.retain(|it| it.extension != Extension::TransportCc || has_feedback);
    let has_numbers = extensions.iter().any(|it| it.extension == Extension::TransportCc);
    for payload in payloads {
        payload.feedback.transport_cc &= has_numbers;
    }
}

fn ids(extensions: &[AnsweredExtension]) -> ExtensionIds {
    let id = |wanted| extensions.iter().find(|e| e.extension == wanted).map(|e| e.id);
    ExtensionIds {
        mid: id(Extension::Mid),
        rid: id(Extension::Rid),
        repaired_rid: id(Extension::RepairedRid),
        audio_level: id(Extension::AudioLevel),
        orientation: id(Extension::Orientation),
        transport_cc: id(Extension::TransportCc),
        dependency_descriptor: id(Extension::DependencyDescriptor),
        layers_allocation: id(Extension::LayersAllocation),
    }
}

/// The SSRCs of the one stream of an m-line without rids: media, then RTX.
fn declared_stream(section: &OfferedSection) -> Vec<Ssrc> {
    match section.fid_groups.first() {
        Some(&(media, rtx)) => vec![media, rtx],
        None => section.ssrcs.first().copied().into_iter().collect(),
    }
}

/// Hands out SSRCs of slots: those of the last negotiation again, and new ones that nobody uses.
struct SsrcAllocator<'a> {
    previous: &'a [SlotSection],
    taken: Vec<Ssrc>,
    draw: &'a mut dyn FnMut() -> Ssrc,
}

impl<'a> SsrcAllocator<'a> {
    fn new(
        offer: &Offer,
        previous: Option<&'a Negotiated>,
        draw: &'a mut dyn FnMut() -> Ssrc,
    ) -> Self {
        let previous = previous.map_or(&[][..], |previous| &previous.plan.slots);
        let declared = offer.sections.iter().flat_map(|section| {
            let repaired = section.fid_groups.iter().flat_map(|&(media, rtx)| [media, rtx]);
            section.ssrcs.iter().copied().chain(repaired)
        });
        let kept = previous.iter().flat_map(|slot| std::iter::once(slot.ssrc).chain(slot.rtx_ssrc));
        let taken = declared.chain(kept).collect();
        SsrcAllocator { previous, taken, draw }
    }

    fn of_slot(&mut self, mid: Mid, has_rtx: bool) -> (Ssrc, Option<Ssrc>) {
        let before = self.previous.iter().find(|slot| slot.mid == mid);
        let ssrc = before.map_or_else(|| self.fresh(), |slot| slot.ssrc);
        let rtx_ssrc = before.and_then(|slot| slot.rtx_ssrc);
        (ssrc, has_rtx.then(|| rtx_ssrc.unwrap_or_else(|| self.fresh())))
    }

    /// RFC 3550 §8.1: random, so that two senders rarely meet; one that is taken, or 0, moves on.
    fn fresh(&mut self) -> Ssrc {
        let mut ssrc = (self.draw)();
        while ssrc.0 == 0 || self.taken.contains(&ssrc) {
            ssrc = Ssrc(ssrc.0.wrapping_add(1));
        }
        self.taken.push(ssrc);
        ssrc
    }
}
