//! A participant by means of the `webrtc` crate: see [`crate::independent`].
//!
//! The model client fills and reads its packets, so that what is measured is the same; everything
//! between them and the network is the crate's. It takes a hundred times as much processor as the
//! model client with all that, so a few of them stand beside many of those.

use std::{collections::BTreeMap, net::SocketAddr};

use anyhow::{Context as _, bail};
use protocol::{
    Duration, Instant,
    client::{ClientBody, SectionRole, ServerBody},
    media::{MediaKind, SlotKind, Ssrc},
    rtp::RtpHeader,
};
use rtc::{
    rtp::{Packet, header::Header},
    shared::marshal::Marshal as _,
};
use tokio::{sync::mpsc, time::sleep_until};

use super::{
    participant::{Person, Stage},
    server::{Others, local_ip, sources},
    signaling::{Link, Signaling},
};
use crate::{
    client::{AUDIO_PT, VP8_PT},
    independent::{self, Endpoint, Event, Plan, RTCPeerConnectionState},
    null_forwarder::VOICES,
};

/// SSRCs of microphone and camera: of nobody else in the run.
const VOICE: u32 = 0x1000_0000;
const PICTURE: u32 = 0x2000_0000;

/// Takes part until the run is over.
pub(super) async fn live(
    person: &Person,
    stage: &Stage,
    address: SocketAddr,
    link: &Link,
) -> anyhow::Result<()> {
    let (tell, mut events) = mpsc::unbounded_channel();
    let plan = Plan {
        local: local_ip(address, person.seat.from)?,
        voice: VOICE + person.seat.number,
        picture: PICTURE + person.seat.number,
        voices: VOICES,
        videos: stage.layout.pictures(),
        srtp: Vec::new(),
    };
    let endpoint = Endpoint::open(&plan, tell).await?;
    let offer = endpoint.offer().to_owned();
    let sections = independent::sections(&offer);
    let kinds: BTreeMap<String, MediaKind> = sections
        .iter()
        .filter_map(|section| match section.role {
            SectionRole::Slot(SlotKind::Voice) => Some((section.mid.clone(), MediaKind::Audio)),
            SectionRole::Slot(SlotKind::Video) => Some((section.mid.clone(), MediaKind::Video)),
            SectionRole::Slot(SlotKind::Programme) | SectionRole::Publish(_) => None,
        })
        .collect();
    let mut signaling = Signaling::open(address, person.seat.from).await?;
    let name = format!("Load {}", person.seat.number);
    let sources = sources(person, stage);
    let (joined, answer) = signaling.join(link, name, (offer, sections), sources).await?;
    let now = stage.clock.now();
    person.joined.set(Some(now));
    let slots = independent::declared_slots(&answer);
    let slots = slots.iter().filter_map(|(mid, ssrc)| Some((Ssrc(*ssrc), *kinds.get(mid)?)));
    person.client.borrow_mut().begin_carried(now, slots);
    endpoint.take_answer(answer).await?;
    let mut others = Others::new(joined.you, person.seat.place);
    others.take(joined.participants);

    let result = attend(person, stage, &endpoint, &mut events, &mut signaling, others).await;
    let _ = tokio::time::timeout(Duration::from_secs(2), endpoint.close()).await;
    signaling.leave().await;
    result
}

/// Sends, receives, and says what it wants to see, until the run is over.
async fn attend(
    person: &Person,
    stage: &Stage,
    endpoint: &Endpoint,
    events: &mut mpsc::UnboundedReceiver<Event>,
    signaling: &mut Signaling,
    mut others: Others,
) -> anyhow::Result<()> {
    let mut over = stage.over.clone();
    loop {
        if let Some(view) = others.new_view(stage) {
            signaling.say(ClientBody::View(view)).await?;
        }
        let now = stage.clock.now();
        let due = send_due(person, endpoint, now).await?;
        let wake = tokio::time::Instant::now() + due.saturating_duration_since(now);
        tokio::select! {
            biased;
            _ = over.wait_for(|over| *over) => return Ok(()),
            said = signaling.next() => hear(person, &mut others, said?)?,
            event = events.recv() => {
                take(person, stage, event.context("the webrtc crate gave up")?)?;
            }
            () = sleep_until(wake) => {}
        }
    }
}

fn hear(person: &Person, others: &mut Others, body: ServerBody) -> anyhow::Result<()> {
    if let ServerBody::Ended { reason } = &body {
        bail!("the server ended the call: {reason:?}");
    }
    if let ServerBody::SendConstraints { sources } = &body {
        person.client.borrow_mut().constrain(sources);
    }
    others.hear(body);
    Ok(())
}

/// Sends what is due; when to do so again.
async fn send_due(person: &Person, endpoint: &Endpoint, now: Instant) -> anyhow::Result<Instant> {
    if person.connected.get().is_none() {
        return Ok(now + Duration::from_millis(20));
    }
    let (packets, due) = person.client.borrow_mut().take_due(now);
    for packet in packets {
        let Some((header, payload)) = parts(&packet) else { continue };
        let is_voice = header.pt.0 == AUDIO_PT;
        let base = if is_voice { VOICE } else { PICTURE };
        let packet = Packet {
            header: Header {
                version: 2,
                marker: header.marker,
                payload_type: if is_voice { AUDIO_PT } else { VP8_PT },
                sequence_number: header.seq.0,
                timestamp: header.timestamp.0,
                ssrc: base + person.seat.number,
                ..Header::default()
            },
            payload: payload.to_vec().into(),
        };
        if is_voice {
            endpoint.send_voice(packet).await?;
        } else {
            endpoint.send_picture(packet).await?;
        }
    }
    Ok(due)
}

fn parts(packet: &[u8]) -> Option<(RtpHeader, &[u8])> {
    let header = RtpHeader::parse(packet)?;
    let payload = header.payload(packet)?;
    Some((header, payload))
}

fn take(person: &Person, stage: &Stage, event: Event) -> anyhow::Result<()> {
    let now = stage.clock.now();
    match event {
        Event::State(RTCPeerConnectionState::Connected) => {
            if person.connected.get().is_none() {
                person.connected.set(Some(now));
                person.prepare_publisher(stage);
            }
        }
        Event::State(RTCPeerConnectionState::Failed) => bail!("the connection failed"),
        // On its way, or its end, which we brought about.
        Event::State(_) => {}
        Event::Packet(packet) => take_packet(person, stage, &packet)?,
        Event::KeyframeAsked => person.client.borrow_mut().heed_keyframe_request(now),
    }
    Ok(())
}

fn take_packet(person: &Person, stage: &Stage, packet: &Packet) -> anyhow::Result<()> {
    let now = stage.clock.now();
    let bytes = packet.marshal()?;
    let author = person.client.borrow_mut().take_carried(now, &bytes);
    person.note_media(stage, now, author);
    Ok(())
}
