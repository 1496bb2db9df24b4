//! A client of another make: the `webrtc` crate brings its own SDP, ICE, DTLS and SRTP, so that no
//! mistake of ours can hide by being made on both sides.
//!
//! It knows no signaling and encodes nothing: an [`Endpoint`] makes an offer, takes an answer, and
//! carries packets that somebody else fills. [`crate::call`] lets such participants join for load
//! tests; the story tests of this crate look at every packet they get (`tests/it/calls.rs`).

mod keyframe_requests;

use std::{collections::BTreeMap, net::IpAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use protocol::{
    client::{MediaSection, SectionRole},
    media::{MediaKind, SlotKind, Source},
};
use rtc::{
    interceptor::Slot,
    media_stream::MediaStreamTrack,
    rtp::Packet,
    rtp_transceiver::rtp_sender::{
        RTCRtpCodec, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind,
    },
};
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};
pub use webrtc::peer_connection::{RTCPeerConnectionState, SrtpProtectionProfile};
use webrtc::{
    media_stream::{
        track_local::{TrackLocal, TrackLocalEvent, static_rtp::TrackLocalStaticRTP},
        track_remote::{TrackRemote, TrackRemoteEvent},
    },
    peer_connection::{
        MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler,
        RTCIceGatheringState, RTCSessionDescription, Registry, SettingEngineBuilder,
        register_default_interceptors,
    },
    rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit},
    runtime::TokioRuntime,
};

use keyframe_requests::{KeyframeRequests, is_keyframe_request};

/// What an endpoint offers: a microphone, a camera, and slots.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The address that it sends from.
    pub local: IpAddr,
    /// SSRC of its microphone.
    pub voice: u32,
    /// SSRC of its camera.
    pub picture: u32,
    /// Slots for voices.
    pub voices: usize,
    /// Slots for pictures.
    pub videos: usize,
    /// The SRTP profiles it knows; empty for all of the crate's.
    pub srtp: Vec<SrtpProtectionProfile>,
}

/// What happens to an endpoint.
#[derive(Debug)]
pub enum Event {
    /// Its connection is in this state.
    State(RTCPeerConnectionState),
    /// A packet came on one of its tracks.
    Packet(Box<Packet>),
    /// The server asked its camera for a keyframe.
    KeyframeAsked,
}

/// The crate's connection, with one track for sound and one for pictures.
pub struct Endpoint {
    connection: Arc<dyn PeerConnection>,
    microphone: Arc<TrackLocalStaticRTP>,
    camera: Arc<TrackLocalStaticRTP>,
    offer: String,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<endpoint of the webrtc crate>")
    }
}

/// To gather candidates of one address takes no longer.
const PATIENCE: Duration = Duration::from_secs(10);

impl Endpoint {
    /// Makes an offer with its candidates. It is told of what happens on `events`.
    ///
    /// # Errors
    /// What the crate says.
    pub async fn open(
        plan: &Plan,
        events: mpsc::UnboundedSender<Event>,
    ) -> anyhow::Result<Endpoint> {
        let (tell_gathered, gathered) = watch::channel(false);
        let handler = Handler { events: events.clone(), tell_gathered };
        let connection = connection(plan, handler).await?;
        let microphone = track(MediaKind::Audio, plan.voice);
        let camera = track(MediaKind::Video, plan.picture);
        add_transceivers(connection.as_ref(), [&microphone, &camera], plan).await?;
        let offer = offer(connection.as_ref(), gathered).await?;
        for track in [&microphone, &camera] {
            // The crate hands a compound packet to one track only, so both are asked.
            tokio::spawn(heed_keyframe_requests(track.clone(), events.clone()));
        }
        Ok(Endpoint { connection, microphone, camera, offer })
    }

    /// The offer.
    #[must_use]
    pub fn offer(&self) -> &str {
        &self.offer
    }

    /// Takes the answer to it.
    ///
    /// # Errors
    /// If the crate does not understand it.
    pub async fn take_answer(&self, sdp: String) -> anyhow::Result<()> {
        let answer = RTCSessionDescription::answer(sdp).context("no answer")?;
        let taken = self.connection.set_remote_description(answer).await;
        taken.context("the webrtc crate does not understand the answer")
    }

    /// Sends a packet of sound.
    ///
    /// # Errors
    /// If the connection is closed.
    pub async fn send_voice(&self, packet: Packet) -> anyhow::Result<()> {
        Ok(self.microphone.write_rtp(packet).await?)
    }

    /// Sends a packet of a picture.
    ///
    /// # Errors
    /// If the connection is closed.
    pub async fn send_picture(&self, packet: Packet) -> anyhow::Result<()> {
        Ok(self.camera.write_rtp(packet).await?)
    }

    /// Ends the connection.
    ///
    /// # Errors
    /// What the crate says.
    pub async fn close(&self) -> anyhow::Result<()> {
        Ok(self.connection.close().await?)
    }
}

async fn connection(plan: &Plan, handler: Handler) -> anyhow::Result<Arc<dyn PeerConnection>> {
    let mut media = MediaEngine::default();
    media.register_default_codecs()?;
    let interceptors = register_default_interceptors(Registry::new(), &mut media)?
        .with(NEAREST_TO_TRACKS, KeyframeRequests::default());
    let mut settings = SettingEngineBuilder::new();
    if !plan.srtp.is_empty() {
        settings = settings.with_srtp_protection_profiles(plan.srtp.clone());
    }
    let address = std::net::SocketAddr::new(plan.local, 0).to_string();
    let connection = PeerConnectionBuilder::new()
        .with_media_engine(media)
        .with_setting_engine(settings.build())
        .with_interceptor_registry(interceptors)
        .with_handler(Arc::new(handler))
        .with_runtime(Arc::new(TokioRuntime))
        .with_udp_addrs(vec![address])
        .build();
    Ok(Arc::new(connection.await?))
}

/// A place in the crate's chain of interceptors, whose own are from 1,000 to 13,000.
const NEAREST_TO_TRACKS: Slot = Slot::Custom(14_000);

fn track(kind: MediaKind, ssrc: u32) -> Arc<TrackLocalStaticRTP> {
    let (kind, mime_type, clock_rate, channels) = match kind {
        MediaKind::Audio => (RtpCodecKind::Audio, "audio/opus", 48_000, 2),
        MediaKind::Video => (RtpCodecKind::Video, "video/VP8", 90_000, 0),
    };
    let codec = RTCRtpCodec {
        mime_type: mime_type.to_owned(),
        clock_rate,
        channels,
        ..RTCRtpCodec::default()
    };
    let rtp_coding_parameters =
        RTCRtpCodingParameters { ssrc: Some(ssrc), ..RTCRtpCodingParameters::default() };
    let encoding = RTCRtpEncodingParameters {
        rtp_coding_parameters,
        codec,
        ..RTCRtpEncodingParameters::default()
    };
    let names = ["stream", mime_type, mime_type].map(str::to_owned);
    let [stream, id, label] = names;
    let track = MediaStreamTrack::new(stream, id, label, kind, vec![encoding]);
    Arc::new(TrackLocalStaticRTP::new(track))
}

async fn add_transceivers(
    connection: &dyn PeerConnection,
    tracks: [&Arc<TrackLocalStaticRTP>; 2],
    plan: &Plan,
) -> anyhow::Result<()> {
    let init = |direction| {
        Some(RTCRtpTransceiverInit { direction, streams: Vec::new(), send_encodings: Vec::new() })
    };
    for track in tracks {
        let track: Arc<dyn TrackLocal> = track.clone();
        let init = init(RTCRtpTransceiverDirection::Sendonly);
        connection.add_transceiver_from_track(track, init).await?;
    }
    let voices = std::iter::repeat_n(RtpCodecKind::Audio, plan.voices);
    for kind in voices.chain(std::iter::repeat_n(RtpCodecKind::Video, plan.videos)) {
        let init = init(RTCRtpTransceiverDirection::Recvonly);
        connection.add_transceiver_from_kind(kind, init).await?;
    }
    Ok(())
}

/// The crate's offer, with its candidates.
async fn offer(
    connection: &dyn PeerConnection,
    mut gathered: watch::Receiver<bool>,
) -> anyhow::Result<String> {
    let offer = connection.create_offer(None).await?;
    connection.set_local_description(offer).await?;
    let gathering = timeout(PATIENCE, gathered.wait_for(|gathered| *gathered)).await;
    gathering.context("candidates take longer than 10 s")??;
    Ok(connection.local_description().await.context("no offer was made")?.sdp)
}

/// The use of each m-line of an offer, by its kind and direction.
#[must_use]
pub fn sections(offer: &str) -> Vec<MediaSection> {
    let sections = offer.split("\r\nm=").skip(1).filter_map(|section| {
        let sends = section.lines().any(|line| line == "a=sendonly");
        let mid = section.lines().find_map(|line| line.strip_prefix("a=mid:"))?;
        let role = match (section.starts_with("audio"), sends) {
            (true, true) => SectionRole::Publish(Source::Microphone),
            (false, true) => SectionRole::Publish(Source::Camera),
            (true, false) => SectionRole::Slot(SlotKind::Voice),
            (false, false) => SectionRole::Slot(SlotKind::Video),
        };
        Some(MediaSection { mid: mid.to_owned(), role })
    });
    sections.collect()
}

/// The first SSRC of each m-line of an answer, by mid: the media's, before its RTX.
#[must_use]
pub fn declared_slots(answer: &str) -> BTreeMap<String, u32> {
    let sections = answer.split("\r\nm=").skip(1);
    let slot = |section: &str| {
        let find = |name| section.lines().find_map(|line| line.strip_prefix(name));
        let ssrc = find("a=ssrc:")?.split(' ').next()?.parse().ok()?;
        Some((find("a=mid:")?.to_owned(), ssrc))
    };
    sections.filter_map(slot).collect()
}

async fn heed_keyframe_requests(
    track: Arc<TrackLocalStaticRTP>,
    events: mpsc::UnboundedSender<Event>,
) {
    while let Some(event) = track.poll().await {
        let TrackLocalEvent::OnRtcpPacket(packets) = event else { continue };
        for _ in packets.iter().filter(|packet| is_keyframe_request(packet.as_ref())) {
            let _ = events.send(Event::KeyframeAsked);
        }
    }
}

/// Takes the crate's events to whoever listens; if nobody does any more, they are lost.
struct Handler {
    events: mpsc::UnboundedSender<Event>,
    tell_gathered: watch::Sender<bool>,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        self.tell_gathered.send_replace(state == RTCIceGatheringState::Complete);
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        let _ = self.events.send(Event::State(state));
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        let events = self.events.clone();
        tokio::spawn(async move {
            while let Some(event) = track.poll().await {
                if let TrackRemoteEvent::OnRtpPacket(packet) = event
                    && events.send(Event::Packet(Box::new(packet))).is_err()
                {
                    return;
                }
            }
        });
    }
}
