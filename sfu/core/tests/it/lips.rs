//! Lips and voice of the stage: where the sender reports of its two slots put what was captured at
//! one moment.

use std::collections::BTreeMap;

use protocol::{
    EndpointIndex, Instant,
    media::{MediaKind, RtpTime, Source, Ssrc},
};
use sfu_core::ForwardDrop;

use crate::scene::{Outgoing, Scene, VP8, slot_ssrc, ssrc_of, tile};

/// A person whose sound and picture wait differently on their way to the node.
#[derive(Clone, Copy)]
struct Uplink {
    sound_ms: u64,
    picture_ms: u64,
    jitter_ms: u64,
    /// The person's wall clock less the node's, in milliseconds.
    clock_ms: u64,
    reports: bool,
}

enum Sent {
    Sound { number: u16 },
    Frame { number: u16 },
    Reports,
}

/// Whole meetings on one heap of arrivals.
struct Meeting {
    scene: Scene,
    people: Vec<Uplink>,
    /// What is on its way, by arrival.
    way: BTreeMap<(u64, u32), (u32, u64, Sent)>,
    sent: u32,
    random: u64,
    begun: Instant,
    /// Skews of picture against voice at the listener, in milliseconds.
    skews: Vec<i64>,
    /// The newest of the listener's stage: when it was captured, by whom, at which RTP time.
    heard: Option<(u64, u32, RtpTime)>,
    seen: Option<(u64, u32, RtpTime)>,
}

const LISTENER: u32 = 2;

impl Meeting {
    fn new(people: Vec<Uplink>) -> Self {
        let mut scene = Scene::new(LISTENER + 1, 1);
        for person in 0..LISTENER {
            scene.turn_on(person, Source::Microphone);
            scene.turn_on(person, Source::Screen);
        }
        let begun = scene.now;
        Meeting {
            scene,
            people,
            way: BTreeMap::new(),
            sent: 0,
            random: 7,
            begun,
            skews: Vec::new(),
            heard: None,
            seen: None,
        }
    }

    fn now_ms(&self) -> u64 {
        self.scene.now.saturating_duration_since(self.begun).as_millis() as u64
    }

    fn chance(&mut self, below: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.random >> 33) % below.max(1)
    }

    fn stage(&mut self, person: u32) {
        self.scene.view(LISTENER, Some(tile(person, Source::Screen, 700)), &[]);
    }

    /// Captures for `millis` and lets everything arrive.
    fn run(&mut self, millis: u64) {
        for _ in 0..millis {
            let at = self.now_ms();
            for person in 0..LISTENER {
                self.capture(person, at);
            }
            while let Some(entry) = self.way.first_entry().filter(|it| it.key().0 <= at) {
                let (person, captured, sent) = entry.remove();
                self.arrive(person, captured, &sent);
            }
            self.note();
            if at.is_multiple_of(100) {
                self.measure();
            }
            self.scene.wait(1);
        }
    }

    fn capture(&mut self, person: u32, at: u64) {
        let Uplink { sound_ms, picture_ms, jitter_ms, reports, .. } = self.people[person as usize];
        let number = |step: u64| (at / step) as u16;
        if at.is_multiple_of(20) {
            let wait = sound_ms + self.chance(jitter_ms / 4);
            self.send(person, at, wait, Sent::Sound { number: number(20) });
        }
        if at.is_multiple_of(40) {
            let wait = picture_ms + self.chance(jitter_ms);
            self.send(person, at, wait, Sent::Frame { number: number(40) });
        }
        if reports && at % 1_000 == u64::from(person) * 300 {
            let wait = sound_ms + self.chance(jitter_ms);
            self.send(person, at, wait, Sent::Reports);
        }
    }

    fn send(&mut self, person: u32, captured: u64, wait: u64, sent: Sent) {
        self.sent += 1;
        self.way.insert((captured + wait, self.sent), (person, captured, sent));
    }

    fn arrive(&mut self, person: u32, captured: u64, sent: &Sent) {
        let (mic, screen) = (ssrc_of(Source::Microphone, 0), ssrc_of(Source::Screen, 0));
        match *sent {
            Sent::Sound { number } => {
                let packet = Outgoing {
                    pt: crate::scene::OPUS,
                    marker: false,
                    seq: number,
                    time: sound_time(person, captured),
                    ssrc: mic,
                    extensions: vec![(4, b"0".to_vec()), (1, vec![30])],
                    payload: [&[0xF8][..], &captured.to_be_bytes()].concat(),
                };
                let taken = self.scene.send_raw(person, &packet.bytes());
                assert!(matches!(taken, Ok(()) | Err(ForwardDrop::SourceOff)), "{taken:?}");
            }
            Sent::Frame { number } => {
                let mut payload = vec![0x10, 0x10, 0x02, 0, 0x9D, 0x01, 0x2A, 0x80, 2, 0x68, 1];
                payload.extend_from_slice(&captured.to_be_bytes());
                let packet = Outgoing {
                    pt: VP8,
                    marker: true,
                    seq: number,
                    time: picture_time(person, captured),
                    ssrc: screen,
                    extensions: vec![(4, b"2".to_vec())],
                    payload,
                };
                let taken = self.scene.send_raw(person, &packet.bytes());
                assert_eq!(taken, Ok(()));
            }
            Sent::Reports => {
                let clock_ms = captured + self.people[person as usize].clock_ms;
                let ntp = ((u128::from(clock_ms) << 32) / 1_000) as u64;
                let index = EndpointIndex(person);
                for (ssrc, time) in
                    [(mic, sound_time(person, captured)), (screen, picture_time(person, captured))]
                {
                    let now = self.scene.now;
                    let forwarder = &mut self.scene.forwarder;
                    forwarder.handle_sender_report(now, index, Ssrc(ssrc), ntp, RtpTime(time));
                }
            }
        }
    }

    /// Notes what has reached the listener's stage.
    fn note(&mut self) {
        let (voice, picture) = (slot_ssrc(LISTENER, "a0"), slot_ssrc(LISTENER, "v0"));
        for arrived in self.scene.take().into_iter().filter(|it| it.to == LISTENER) {
            let tail = arrived.payload.last_chunk().expect("eight bytes of time");
            let newest = Some((u64::from_be_bytes(*tail), arrived.csrc, arrived.time()));
            if arrived.header.ssrc == voice {
                self.heard = newest;
            } else if arrived.header.ssrc == picture {
                self.seen = newest;
            }
        }
    }

    /// Plays what is newest by the reports that leave at this moment.
    fn measure(&mut self) {
        let (Some((heard_at, hears, sound)), Some((seen_at, sees, picture))) =
            (self.heard, self.seen)
        else {
            return;
        };
        if hears != sees {
            return;
        }
        let index = EndpointIndex(LISTENER);
        let time_of = |ssrc: Ssrc, time: RtpTime| {
            let mut streams = self.scene.forwarder.outgoing_streams(self.scene.now, index);
            let stream = streams.find(|stream| stream.ssrc == ssrc).expect("its slot");
            let per_ms = if stream.kind == MediaKind::Audio { 48 } else { 90 };
            i64::from(time.distance_from(stream.rtp_time.expect("it flows"))) / per_ms
        };
        let voice_ms = time_of(slot_ssrc(LISTENER, "a0"), sound) - heard_at as i64;
        let picture_ms = time_of(slot_ssrc(LISTENER, "v0"), picture) - seen_at as i64;
        self.skews.push(picture_ms - voice_ms);
    }

    fn p95(&mut self) -> i64 {
        let mut skews: Vec<i64> = self.skews.drain(..).map(i64::abs).collect();
        assert!(skews.len() > 30, "only {} times on one stage", skews.len());
        skews.sort_unstable();
        skews[skews.len() * 95 / 100]
    }
}

fn sound_time(person: u32, captured: u64) -> u32 {
    (person * 77_777).wrapping_add(captured as u32 * 48)
}

fn picture_time(person: u32, captured: u64) -> u32 {
    (u32::MAX - person * 1_000).wrapping_add(captured as u32 * 90)
}

const NEAR: Uplink =
    Uplink { sound_ms: 15, picture_ms: 45, jitter_ms: 20, clock_ms: 5_000_000, reports: true };

/// Pictures wait 400 ms more than sound: a thin uplink whose sender lets sound go first.
const THIN: Uplink =
    Uplink { sound_ms: 60, picture_ms: 460, jitter_ms: 120, clock_ms: 900, reports: true };

#[test]
fn lips_and_voice_are_together_over_stages_that_change_pauses_and_jitter() {
    let mut meeting = Meeting::new(vec![NEAR, THIN]);
    meeting.run(3_000);
    for round in 0..12 {
        meeting.stage(round % 2);
        meeting.run(2_500);
    }
    let p95 = meeting.p95();
    assert!(p95 <= 80, "{p95} ms over changes of the stage");
    meeting.stage(1);
    for _ in 0..5 {
        meeting.scene.turn_off(1, Source::Microphone);
        meeting.run(700);
        meeting.heard = None;
        meeting.scene.turn_on(1, Source::Microphone);
        meeting.run(1_500);
    }
    let p95 = meeting.p95();
    assert!(p95 <= 80, "{p95} ms over pauses");
}

#[test]
fn without_a_publishers_reports_lips_follow_what_arrives_together() {
    let silent = |uplink: Uplink| Uplink { reports: false, ..uplink };
    let mut meeting = Meeting::new(vec![silent(NEAR), silent(THIN)]);
    meeting.stage(0);
    meeting.run(10_000);
    let p95 = meeting.p95();
    assert!(p95 <= 80, "{p95} ms where picture and sound take the same time");
    // This is why reports matter: nothing else tells the two waits apart.
    meeting.stage(1);
    meeting.run(10_000);
    meeting.skews.drain(..meeting.skews.len() / 2);
    let worst = meeting.p95();
    assert!((350..=600).contains(&worst), "{worst} ms");
}

#[test]
fn a_publisher_who_lies_about_the_time_moves_only_itself() {
    let liar = Uplink { clock_ms: u64::MAX >> 24, ..NEAR };
    let mut meeting = Meeting::new(vec![NEAR, liar]);
    let (mic, now) = (ssrc_of(Source::Microphone, 0), meeting.scene.now);
    meeting.stage(0);
    meeting.run(2_000);
    for n in 0..1_000_u64 {
        let (ntp, time) = (n.wrapping_mul(0x9E37_79B9_7F4A_7C15), RtpTime(n as u32 * 99_991));
        let index = EndpointIndex(1);
        meeting.scene.forwarder.handle_sender_report(now, index, Ssrc(mic), ntp, time);
        meeting.scene.forwarder.handle_sender_report(now, index, Ssrc(n as u32), ntp, time);
    }
    meeting.skews.clear();
    meeting.run(11_000);
    let p95 = meeting.p95();
    assert!(p95 <= 80, "{p95} ms on the stage of a bystander");
}

#[test]
fn a_stream_that_says_goodbye_gives_its_place_and_its_successor_takes_it() {
    let mut scene = Scene::new(6, 1);
    for person in 0..5 {
        scene.turn_on(person, Source::Microphone);
        assert_eq!(scene.speak(person, 40).is_ok(), person < 4);
    }
    assert_eq!(scene.carried(5).len(), 3);
    let mic = Ssrc(ssrc_of(Source::Microphone, 0));
    scene.forwarder.handle_bye(scene.now, EndpointIndex(0), mic);
    scene.drain();
    assert!(scene.carried(5).iter().all(|&(_, person, _)| person != 0));
    assert_eq!(scene.forwarder.counters().ended_streams, 1);
    // Of a stream that nobody has, and twice.
    scene.forwarder.handle_bye(scene.now, EndpointIndex(0), mic);
    scene.forwarder.handle_bye(scene.now, EndpointIndex(1), Ssrc(424_242));
    assert_eq!(scene.forwarder.counters().ended_streams, 1);
    assert_eq!(scene.speak(4, 40), Ok(()), "the place is free");
    scene.take();
    for n in 0..60_u16 {
        let successor = Outgoing {
            pt: crate::scene::OPUS,
            marker: false,
            seq: 9 + n,
            time: 9 + u32::from(n) * 960,
            ssrc: 31_337,
            extensions: vec![(4, b"0".to_vec()), (1, vec![10])],
            payload: vec![0xF8, 1, 2],
        };
        let _ = scene.send_raw(0, &successor.bytes());
        scene.wait(20);
    }
    assert!(scene.take().iter().any(|arrived| arrived.csrc == 1), "the new stream is heard");
}

/// The packet without its header extensions.
fn unnamed(packet: &[u8]) -> Vec<u8> {
    let words = usize::from(u16::from_be_bytes([packet[14], packet[15]]));
    let mut bare = packet[..12].to_vec();
    bare[0] &= !0x10;
    bare.extend_from_slice(&packet[16 + 4 * words..]);
    bare
}

#[test]
fn an_encoding_goes_on_after_a_goodbye_without_a_name() {
    let mut scene = Scene::new(2, 1);
    scene.turn_on(0, Source::Camera);
    scene.view(1, None, &[tile(0, Source::Camera, 180)]);
    scene.frame(0, Source::Camera, 0, true);
    assert_eq!(scene.take().len(), 2);
    let late = scene.frame_packets(0, Source::Camera, 0, false);
    scene.frame(0, Source::Camera, 0, false);
    scene.take();
    let ssrc = Ssrc(ssrc_of(Source::Camera, 0));
    scene.forwarder.handle_bye(scene.now, EndpointIndex(0), ssrc);
    // What was still on its way does not wake it.
    assert_eq!(scene.send_raw(0, &late[0]), Err(ForwardDrop::Superseded));
    scene.wait(2_000);
    for packet in scene.frame_packets(0, Source::Camera, 0, true) {
        assert_eq!(scene.send_raw(0, &unnamed(&packet)), Ok(()));
    }
    assert_eq!(scene.take().len(), 2);
    // And once more: it is a stream like others again.
    scene.forwarder.handle_bye(scene.now, EndpointIndex(0), ssrc);
    assert_eq!(scene.forwarder.counters().ended_streams, 2);
}

#[test]
fn a_flood_of_goodbyes_maps_the_room_anew_no_more_often_than_streams_end() {
    let mut scene = Scene::new(3, 1);
    scene.turn_on(0, Source::Microphone);
    scene.turn_on(1, Source::Microphone);
    let mic = Ssrc(ssrc_of(Source::Microphone, 0));
    let mut heard = 0;
    for _ in 0..500 {
        let _ = scene.speak(0, 30);
        scene.forwarder.handle_bye(scene.now, EndpointIndex(0), mic);
        assert_eq!(scene.speak(1, 30), Ok(()));
        scene.wait(20);
        heard += scene.take().iter().filter(|arrived| arrived.to == 2 && arrived.csrc == 2).count();
    }
    let ended = scene.forwarder.counters().ended_streams;
    assert!(ended <= 20 + 10 + 1, "{ended} in 10 s");
    // Its first packet waits for the clock of the slot that the other one has just left.
    assert_eq!(heard, 499, "a bystander's voice has no gap");
}
