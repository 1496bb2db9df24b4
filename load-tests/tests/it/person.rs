//! Somebody in a call, by means of the `webrtc` crate.

use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use load_tests::independent::{
    Endpoint, Event, Plan, RTCPeerConnectionState, SrtpProtectionProfile, declared_slots, sections,
};
use protocol::{
    ParticipantId, RoomName,
    client::{ClientBody, Join, Joined, SdpBody, ServerBody, SourceState, Tile, View},
    media::Source,
};
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};

use crate::{
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
    endpoint: Arc<Endpoint>,
    states: watch::Receiver<Vec<RTCPeerConnectionState>>,
    keyframes_asked: Arc<AtomicU32>,
    keyframe_wanted: Arc<AtomicBool>,
}

impl Person {
    pub(crate) async fn join(site: &Site, link: &Link, number: u32) -> Person {
        Person::join_with(site, link, number, Habits::default()).await
    }

    pub(crate) async fn join_with(site: &Site, link: &Link, number: u32, habits: Habits) -> Person {
        let plan = Plan {
            local: Ipv4Addr::LOCALHOST.into(),
            voice: voice_ssrc(number),
            picture: picture_ssrc(number),
            voices: VOICES,
            videos: VIDEOS,
            srtp: habits.srtp,
        };
        let (tell, events) = mpsc::unbounded_channel();
        let endpoint = Arc::new(Endpoint::open(&plan, tell).await.expect("an offer"));
        let offer = endpoint.offer().to_owned();
        let reception = Reception::default();
        let (tell_state, states) = watch::channel(Vec::new());
        let (keyframes_asked, keyframe_wanted) = (Arc::default(), Arc::new(AtomicBool::new(true)));
        let counters = (Arc::clone(&keyframes_asked), Arc::clone(&keyframe_wanted));
        tokio::spawn(note(events, reception.clone(), tell_state, counters));

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
        endpoint.take_answer(answer).await.expect("an answer that is understood");
        Person {
            signaling,
            joined,
            reception,
            slots,
            number,
            endpoint,
            states,
            keyframes_asked,
            keyframe_wanted,
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
            self.signaling.say(ClientBody::Publish { source, state, seen: None }).await;
        }
    }

    /// Turns microphone and camera on, and sends from both until the connection is closed.
    pub(crate) async fn publish(&mut self) {
        self.say_on().await;
        let endpoint = Arc::clone(&self.endpoint);
        tokio::spawn(send(self.number, endpoint, self.keyframe_wanted.clone()));
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
        self.endpoint.close().await.expect("closed");
    }
}

fn voice_ssrc(number: u32) -> u32 {
    0x1000_0000 + number
}

fn picture_ssrc(number: u32) -> u32 {
    0x2000_0000 + number
}

/// Takes what happens to an endpoint to where the test looks.
async fn note(
    mut events: mpsc::UnboundedReceiver<Event>,
    reception: Reception,
    tell_state: watch::Sender<Vec<RTCPeerConnectionState>>,
    (asked, wanted): (Arc<AtomicU32>, Arc<AtomicBool>),
) {
    while let Some(event) = events.recv().await {
        match event {
            Event::State(state) => tell_state.send_modify(|states| states.push(state)),
            Event::Packet(packet) => reception.take_in(*packet),
            Event::KeyframeAsked => {
                asked.fetch_add(1, Ordering::Relaxed);
                wanted.store(true, Ordering::Relaxed);
            }
        }
    }
}

/// 50 packets of voice and 25 frames a second, until the tracks take no more.
async fn send(number: u32, endpoint: Arc<Endpoint>, keyframe_wanted: Arc<AtomicBool>) {
    let mut voice = Stream::voice(number, voice_ssrc(number));
    let mut picture = Stream::picture(number, picture_ssrc(number));
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    for tick in 0_u32.. {
        ticks.tick().await;
        if endpoint.send_voice(voice.next_voice()).await.is_err() {
            return;
        }
        if tick % 2 == 1 {
            continue;
        }
        for packet in picture.next_frame(keyframe_wanted.swap(false, Ordering::Relaxed)) {
            if endpoint.send_picture(packet).await.is_err() {
                return;
            }
        }
    }
}
