//! Rooms of several codecs: who lacks one, and publishers that change theirs.

use protocol::{
    client::SendConstraint,
    media::{Codec, Payload, Pt, SessionPlan, SlotKind, Source},
};
use sfu_core::ForwardDrop;

use crate::scene::{Arrived, Outgoing, Person, Scene, plan, tile};

const AV1: u8 = 45;
const VP8: u8 = 96;
const RECEIVED_AV1: u8 = 125;
const RECEIVED_VP8: u8 = 120;
const SCREEN: Source = Source::Screen;

/// The publisher, somebody who has all codecs, somebody who has VP8 alone.
const PUBLISHER: Person = 0;
const MODERN: Person = 1;
const OLD: Person = 2;

fn with_av1(mut plan: SessionPlan) -> SessionPlan {
    for section in &mut plan.publishes {
        if section.source == SCREEN {
            section.payloads.insert(0, Payload { codec: Codec::Av1, pt: Pt(AV1), rtx: None });
        }
    }
    for slot in &mut plan.slots {
        if slot.kind == SlotKind::Video {
            slot.payloads.push(Payload { codec: Codec::Av1, pt: Pt(RECEIVED_AV1), rtx: None });
        }
    }
    plan
}

fn room() -> Scene {
    let mut scene = Scene::empty(sfu_core::Limits::default());
    scene.join(PUBLISHER, &with_av1(plan(PUBLISHER, 1)));
    scene.join(MODERN, &with_av1(plan(MODERN, 1)));
    scene.turn_on(PUBLISHER, SCREEN);
    scene
}

/// The screen of one publisher, in whichever codec.
struct Screen {
    seq: u16,
    time: u32,
}

impl Screen {
    fn packet(&mut self, pt: u8, keyframe: bool) -> Vec<u8> {
        self.seq = self.seq.wrapping_add(1);
        self.time = self.time.wrapping_add(3_000);
        let payload = match (pt, keyframe) {
            // A sequence header and a frame; a frame.
            (AV1, true) => vec![0x28, 2, 0x08, 0x00, 0x30, 0x10],
            (AV1, false) => vec![0x10, 0x30, 0x20],
            (_, true) => {
                vec![0x90, 0x80, 0x81, 0x01, 0x10, 2, 0, 0x9D, 0x01, 0x2A, 0x80, 2, 0x68, 1]
            }
            (_, false) => vec![0x90, 0x80, 0x81, 0x02, 0x11, 2, 0, 0, 0, 0, 0, 0, 0, 0],
        };
        Outgoing {
            pt,
            marker: true,
            seq: self.seq,
            time: self.time,
            ssrc: 77,
            extensions: vec![(4, b"2".to_vec())],
            payload,
        }
        .bytes()
    }

    fn send(&mut self, scene: &mut Scene, pt: u8, keyframe: bool) -> Result<(), ForwardDrop> {
        let packet = self.packet(pt, keyframe);
        scene.wait(33);
        scene.send_raw(PUBLISHER, &packet)
    }
}

fn pts_of(arrived: &[Arrived], person: Person) -> Vec<u8> {
    arrived.iter().filter(|packet| packet.to == person).map(|packet| packet.header.pt.0).collect()
}

fn told_codec(scene: &mut Scene) -> Vec<Option<Codec>> {
    let told = std::mem::take(&mut scene.constrained);
    let of_screen = |(_, person, constraint): (_, Person, SendConstraint)| {
        (person == PUBLISHER && constraint.source == SCREEN).then_some(constraint.codec)
    };
    let mut codecs: Vec<_> = told.into_iter().filter_map(of_screen).collect();
    codecs.dedup();
    codecs
}

#[test]
fn a_newcomer_without_the_codec_in_use_sees_the_screen_once_its_sender_has_changed() {
    let mut scene = room();
    let mut screen = Screen { seq: 500, time: 9_000 };
    assert_eq!(screen.send(&mut scene, AV1, true), Ok(()));
    assert_eq!(pts_of(&scene.take(), MODERN), [RECEIVED_AV1]);
    scene.wait(1_000);
    assert!(!told_codec(&mut scene).contains(&Some(Codec::Vp8)), "nobody lacks anything");

    scene.join(OLD, &plan(OLD, 1));
    let joined_at = scene.now;
    let mut times = 0;
    while times < 20 && !scene.constrained.iter().any(|(_, _, it)| it.codec.is_some()) {
        assert_eq!(screen.send(&mut scene, AV1, false), Ok(()));
        times += 1;
    }
    let took = scene.now.saturating_duration_since(joined_at);
    assert!(took.as_millis() <= 300, "{took:?} until the sender knows");
    assert_eq!(told_codec(&mut scene), [Some(Codec::Vp8)]);
    let arrived = scene.take();
    assert_eq!(pts_of(&arrived, OLD), [0_u8; 0]);
    assert_eq!(pts_of(&arrived, MODERN).len(), times);
    assert_eq!(scene.carried(OLD), []);

    assert_eq!(screen.send(&mut scene, VP8, true), Ok(()));
    assert_eq!(screen.send(&mut scene, VP8, false), Ok(()));
    let switched = scene.take();
    assert_eq!(pts_of(&switched, OLD), [RECEIVED_VP8; 2]);
    assert_eq!(pts_of(&switched, MODERN), [RECEIVED_VP8; 2]);
    let modern = |packet: &&Arrived| packet.to == MODERN;
    let last = arrived.iter().rfind(modern).expect("AV1 came");
    let first = switched.iter().find(modern).expect("VP8 came");
    assert_eq!(first.header.ssrc, last.header.ssrc, "the same slot");
    assert_eq!(first.seq().distance_from(last.seq()), 1, "without a gap");
    assert!(first.time().distance_from(last.time()) > 0);
    // While they are there it stays so, though nobody lacks what is sent.
    scene.wait(5_000);
    assert_eq!(told_codec(&mut scene), [], "nothing new");
    scene.leave(OLD);
    scene.wait(300);
    assert_eq!(told_codec(&mut scene), [None]);
}

#[test]
fn a_sender_that_changes_goes_on_at_its_keyframe_which_is_asked_for_if_it_was_lost() {
    let mut scene = room();
    let mut screen = Screen { seq: 65_530, time: 0 };
    assert_eq!(screen.send(&mut scene, AV1, true), Ok(()));
    scene.wait(2_000);
    scene.take();
    scene.asked.clear();
    drop(screen.packet(VP8, true)); // It is lost on its way.
    assert_eq!(screen.send(&mut scene, VP8, false), Ok(()));
    assert_eq!(pts_of(&scene.take(), MODERN), [0_u8; 0], "half a picture is none");
    assert_eq!(scene.asked.iter().map(|(_, _, ssrc)| *ssrc).collect::<Vec<_>>(), [77]);
    assert_eq!(screen.send(&mut scene, VP8, true), Ok(()));
    assert_eq!(pts_of(&scene.take(), MODERN), [RECEIVED_VP8]);
    // Packets of the old codec that come late change nothing.
    let late = {
        let mut old = Screen { seq: 65_531, time: 0 };
        old.packet(AV1, false)
    };
    let _ = scene.send_raw(PUBLISHER, &late);
    scene.asked.clear();
    for _ in 0..60 {
        assert_eq!(screen.send(&mut scene, VP8, false), Ok(()));
    }
    assert_eq!(scene.asked, [], "nothing is missing");
    assert_eq!(pts_of(&scene.take(), MODERN), [RECEIVED_VP8; 60]);
}

#[test]
fn a_sender_without_vp8_is_not_asked_for_it() {
    let mut scene = Scene::empty(sfu_core::Limits::default());
    let mut publisher = with_av1(plan(PUBLISHER, 1));
    for section in &mut publisher.publishes {
        section.payloads.retain(|payload| payload.codec != Codec::Vp8);
    }
    scene.join(PUBLISHER, &publisher);
    scene.join(OLD - 1, &plan(OLD - 1, 1));
    scene.turn_on(PUBLISHER, SCREEN);
    scene.view(OLD - 1, Some(tile(PUBLISHER, SCREEN, 720)), &[]);
    let mut screen = Screen { seq: 1, time: 1 };
    for _ in 0..30 {
        let _ = screen.send(&mut scene, AV1, true);
    }
    assert!(!told_codec(&mut scene).contains(&Some(Codec::Vp8)));
    assert_eq!(scene.take_counts(), [0, 0]);
    assert!(scene.forwarder.counters().drops(ForwardDrop::NoCodec) >= 30);
}
