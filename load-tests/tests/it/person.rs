//! Somebody in a call, by means of the `webrtc` crate.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use protocol::{
    ParticipantId, RoomName,
    client::{
        ClientBody, Join, Joined, MediaSection, SdpBody, SectionRole, ServerBody, SourceState,
        Tile, View,
    },
    media::{SlotKind, Source},
};
use rtc::{
    interceptor::Slot,
    media_stream::MediaStreamTrack,
    rtp_transceiver::rtp_sender::{
        RTCRtpCodec, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind,
    },
};
use tokio::{sync::watch, time::timeout};
use webrtc::{
    media_stream::{
        track_local::{TrackLocal, TrackLocalEvent, static_rtp::TrackLocalStaticRTP},
        track_remote::{TrackRemote, TrackRemoteEvent},
    },
    peer_connection::{
        MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler,
        RTCIceGatheringState, RTCPeerConnectionState, RTCSessionDescription, Registry,
        SettingEngineBuilder, SrtpProtectionProfile, register_default_interceptors,
    },
    rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit},
    runtime::TokioRuntime,
};

use crate::{
    keyframe_requests::{KeyframeRequests, is_keyframe_request},
    media::Stream,
    reception::Reception,
    signaling::Signaling,
    site::{Link, PATIENCE, Site},
};

/// Slots of each client.
const VOICES: usize = 3;
const VIDEOS: usize = 2;

/// What a client does in its own way.
pub(crate) struct Habits {
    /// The SRTP profiles it knows; empty for all of the crate's.
    pub(crate) srtp: Vec<SrtpProtectionProfile>,
    /// What becomes of its offer on the way to the server.
    pub(crate) tell_offer: fn(&str) -> String,
}

impl Default for Habits {
    fn default() -> Habits {
        Habits { srtp: Vec::new(), tell_offer: str::to_owned }
    }
}

/// A participant with a microphone and a camera.
pub(crate) struct Person {
    pub(crate) signaling: Signaling,
    pub(crate) joined: Joined,
    pub(crate) reception: Reception,
    /// The SSRC of each slot, by mid, as the answer declared it.
    pub(crate) slots: BTreeMap<String, u32>,
    /// Names this person in each packet they send.
    pub(crate) number: u32,
    connection: Arc<dyn PeerConnection>,
    states: watch::Receiver<Vec<RTCPeerConnectionState>>,
    microphone: Arc<TrackLocalStaticRTP>,
    camera: Arc<TrackLocalStaticRTP>,
    keyframes_asked: Arc<AtomicU32>,
}

impl Person {
    pub(crate) async fn join(site: &Site, link: &Link, number: u32) -> Person {
        Person::join_with(site, link, number, Habits::default()).await
    }

    pub(crate) async fn join_with(site: &Site, link: &Link, number: u32, habits: Habits) -> Person {
        let reception = Reception::default();
        let (tell_state, states) = watch::channel(Vec::new());
        let (tell_gathered, gathered) = watch::channel(false);
        let events = Events { reception: reception.clone(), tell_state, tell_gathered };
        let connection = connection(events, &habits).await;
        let microphone = track(RtpCodecKind::Audio, voice_ssrc(number));
        let camera = track(RtpCodecKind::Video, picture_ssrc(number));
        add_transceivers(connection.as_ref(), &microphone, &camera).await;
        let offer = offer(connection.as_ref(), gathered).await;

        let mut signaling = Signaling::open(site).await;
        let join = Join {
            room: RoomName::try_from(link.room.clone()).expect("a name"),
            code: None,
            browser: None,
            secret: link.secret.clone(),
            name: format!("Person {number}"),
            sections: sections(&offer),
            offer: SdpBody::Plain((habits.tell_offer)(&offer)),
            sources: Vec::new(),
            view: View::default(),
        };
        signaling.say(ClientBody::Join(join)).await;
        let joined = signaling.until(|body| match body {
            ServerBody::Joined(joined) => Some(joined.clone()),
            ServerBody::Error { detail, .. } => panic!("not joined: {detail}"),
            _ => None,
        });
        let joined = joined.await;
        let SdpBody::Plain(answer) = joined.answer.clone() else {
            panic!("a plain offer has a plain answer");
        };
        let slots = declared_slots(&answer);
        let answer = RTCSessionDescription::answer(answer).expect("an answer");
        connection.set_remote_description(answer).await.expect("an answer that is understood");
        Person {
            signaling,
            joined,
            reception,
            slots,
            number,
            connection,
            states,
            microphone,
            camera,
            keyframes_asked: Arc::default(),
        }
    }

    pub(crate) fn id(&self) -> ParticipantId {
        self.joined.you
    }

    pub(crate) fn was_ever_connected(&self) -> bool {
        self.states.borrow().contains(&RTCPeerConnectionState::Connected)
    }

    /// Keyframes that the server asked this person's camera for.
    pub(crate) fn keyframes_asked(&self) -> u32 {
        self.keyframes_asked.load(Ordering::Relaxed)
    }

    /// Waits until ICE and DTLS are done.
    pub(crate) async fn connected(&mut self) {
        let connected = RTCPeerConnectionState::Connected;
        let wait = self.states.wait_for(|states| states.contains(&connected));
        timeout(PATIENCE, wait).await.expect("in time").expect("the connection lives");
    }

    /// Says that microphone and camera are on.
    pub(crate) async fn say_on(&mut self) {
        for (source, width, height) in [(Source::Microphone, 0, 0), (Source::Camera, 640, 360)] {
            let state = Some(SourceState { width, height });
            self.signaling.say(ClientBody::Publish { source, state }).await;
        }
    }

    /// Turns microphone and camera on, and sends from both until the connection is closed.
    pub(crate) async fn publish(&mut self) {
        self.say_on().await;
        let keyframe_wanted = Arc::new(AtomicBool::new(true));
        let (asked, wanted) = (self.keyframes_asked.clone(), keyframe_wanted.clone());
        for track in [self.microphone.clone(), self.camera.clone()] {
            // The crate hands a compound packet to one track only, so both are asked.
            tokio::spawn(heed_keyframe_requests(track, asked.clone(), wanted.clone()));
        }
        let tracks = (self.microphone.clone(), self.camera.clone());
        tokio::spawn(send(self.number, tracks, keyframe_wanted));
    }

    /// Asks for the pictures of others.
    pub(crate) async fn watch(&mut self, others: &[ParticipantId]) {
        let tile = |&participant| Tile { participant, source: Source::Camera, height: 360 };
        let tiles: Vec<_> = others.iter().map(tile).collect();
        let view = View { stage: tiles.first().copied(), tiles };
        self.signaling.say(ClientBody::View(view)).await;
        self.signaling.taken_in().await;
    }

    /// Waits for the slot in which somebody's media comes, and gives its SSRC.
    pub(crate) async fn slot_of(&mut self, participant: ParticipantId, source: Source) -> u32 {
        let mid = self.signaling.until(|body| {
            let ServerBody::Slots { slots } = body else { return None };
            let carries = |content| content == Some((participant, source));
            let content = |slot: &protocol::client::SlotMapping| {
                slot.carries.map(|content| (content.participant, content.source))
            };
            slots.iter().find(|slot| carries(content(slot))).map(|slot| slot.mid.clone())
        });
        let mid = mid.await;
        *self.slots.get(&mid).expect("a slot of the answer")
    }

    pub(crate) async fn close(self) {
        self.connection.close().await.expect("closed");
    }
}

fn voice_ssrc(number: u32) -> u32 {
    0x1000_0000 + number
}

fn picture_ssrc(number: u32) -> u32 {
    0x2000_0000 + number
}

async fn connection(events: Events, habits: &Habits) -> Arc<dyn PeerConnection> {
    let mut media = MediaEngine::default();
    media.register_default_codecs().expect("codecs");
    let interceptors = register_default_interceptors(Registry::new(), &mut media);
    let interceptors =
        interceptors.expect("interceptors").with(NEAREST_TO_TRACKS, KeyframeRequests::default());
    let mut settings = SettingEngineBuilder::new();
    if !habits.srtp.is_empty() {
        settings = settings.with_srtp_protection_profiles(habits.srtp.clone());
    }
    let connection = PeerConnectionBuilder::new()
        .with_media_engine(media)
        .with_setting_engine(settings.build())
        .with_interceptor_registry(interceptors)
        .with_handler(Arc::new(events))
        .with_runtime(Arc::new(TokioRuntime))
        .with_udp_addrs(vec!["127.0.0.1:0"])
        .build();
    Arc::new(connection.await.expect("a connection"))
}

/// A place in the crate's chain of interceptors, whose own are from 1,000 to 13,000.
const NEAREST_TO_TRACKS: Slot = Slot::Custom(14_000);

fn track(kind: RtpCodecKind, ssrc: u32) -> Arc<TrackLocalStaticRTP> {
    let (mime_type, clock_rate, channels) = match kind {
        RtpCodecKind::Audio => ("audio/opus", 48_000, 2),
        _ => ("video/VP8", 90_000, 0),
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
    microphone: &Arc<TrackLocalStaticRTP>,
    camera: &Arc<TrackLocalStaticRTP>,
) {
    let init = |direction| {
        Some(RTCRtpTransceiverInit { direction, streams: Vec::new(), send_encodings: Vec::new() })
    };
    for track in [microphone, camera] {
        let track: Arc<dyn TrackLocal> = track.clone();
        let init = init(RTCRtpTransceiverDirection::Sendonly);
        connection.add_transceiver_from_track(track, init).await.expect("an m-line to send");
    }
    let voices = std::iter::repeat_n(RtpCodecKind::Audio, VOICES);
    for kind in voices.chain(std::iter::repeat_n(RtpCodecKind::Video, VIDEOS)) {
        let init = init(RTCRtpTransceiverDirection::Recvonly);
        connection.add_transceiver_from_kind(kind, init).await.expect("an m-line to receive");
    }
}

/// The crate's offer, with its candidates.
async fn offer(connection: &dyn PeerConnection, mut gathered: watch::Receiver<bool>) -> String {
    let offer = connection.create_offer(None).await.expect("an offer");
    connection.set_local_description(offer).await.expect("an offer of its own");
    let gathering = timeout(PATIENCE, gathered.wait_for(|gathered| *gathered)).await;
    gathering.expect("in time").expect("the connection lives");
    connection.local_description().await.expect("an offer").sdp
}

/// The use of each m-line, by its kind and direction.
fn sections(offer: &str) -> Vec<MediaSection> {
    let sections = offer.split("\r\nm=").skip(1).map(|section| {
        let has = |line: &str| section.lines().any(|l| l == line);
        let mid = section.lines().find_map(|line| line.strip_prefix("a=mid:")).expect("a mid");
        let role = match (section.starts_with("audio"), has("a=sendonly"), has("a=recvonly")) {
            (true, true, false) => SectionRole::Publish(Source::Microphone),
            (false, true, false) => SectionRole::Publish(Source::Camera),
            (true, false, true) => SectionRole::Slot(SlotKind::Voice),
            (false, false, true) => SectionRole::Slot(SlotKind::Video),
            _ => panic!("no direction: {section}"),
        };
        MediaSection { mid: mid.to_owned(), role }
    });
    sections.collect()
}

/// The first SSRC of each m-line of an answer: the media's, before its RTX.
fn declared_slots(answer: &str) -> BTreeMap<String, u32> {
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
    asked: Arc<AtomicU32>,
    wanted: Arc<AtomicBool>,
) {
    while let Some(event) = track.poll().await {
        let TrackLocalEvent::OnRtcpPacket(packets) = event else { continue };
        let requests = packets.iter().filter(|packet| is_keyframe_request(packet.as_ref()));
        asked.fetch_add(requests.count() as u32, Ordering::Relaxed);
        wanted.store(true, Ordering::Relaxed);
    }
}

/// 50 packets of voice and 25 frames a second, until the tracks take no more.
async fn send(
    number: u32,
    (microphone, camera): (Arc<TrackLocalStaticRTP>, Arc<TrackLocalStaticRTP>),
    keyframe_wanted: Arc<AtomicBool>,
) {
    let mut voice = Stream::voice(number, voice_ssrc(number));
    let mut picture = Stream::picture(number, picture_ssrc(number));
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    for tick in 0_u32.. {
        ticks.tick().await;
        if microphone.write_rtp(voice.next_voice()).await.is_err() {
            return;
        }
        if tick % 2 == 1 {
            continue;
        }
        for packet in picture.next_frame(keyframe_wanted.swap(false, Ordering::Relaxed)) {
            if camera.write_rtp(packet).await.is_err() {
                return;
            }
        }
    }
}

/// Takes the crate's events to where the test looks.
struct Events {
    reception: Reception,
    tell_state: watch::Sender<Vec<RTCPeerConnectionState>>,
    tell_gathered: watch::Sender<bool>,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Events {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        self.tell_gathered.send_replace(state == RTCIceGatheringState::Complete);
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        self.tell_state.send_modify(|states| states.push(state));
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        let reception = self.reception.clone();
        tokio::spawn(async move {
            while let Some(event) = track.poll().await {
                if let TrackRemoteEvent::OnRtpPacket(packet) = event {
                    reception.take_in(packet);
                }
            }
        });
    }
}
