//! What arrives at a client, whole, by SSRC.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use rtc::rtp::Packet;
use tokio::{sync::Notify, time::timeout};

use crate::{
    media::{Mark, PicturePacket},
    site::PATIENCE,
};

/// Packets in the order of their arrival.
#[derive(Clone, Default)]
pub(crate) struct Reception {
    streams: Arc<Mutex<BTreeMap<u32, Vec<Packet>>>>,
    arrived: Arc<Notify>,
}

impl Reception {
    pub(crate) fn take_in(&self, packet: Packet) {
        let mut streams = self.streams.lock().expect("unpoisoned");
        streams.entry(packet.header.ssrc).or_default().push(packet);
        drop(streams);
        self.arrived.notify_one();
    }

    /// All packets of an SSRC so far.
    pub(crate) fn of(&self, ssrc: u32) -> Vec<Packet> {
        let streams = self.streams.lock().expect("unpoisoned");
        streams.get(&ssrc).cloned().unwrap_or_default()
    }

    /// How many packets came, by SSRC.
    pub(crate) fn counts(&self) -> BTreeMap<u32, usize> {
        let streams = self.streams.lock().expect("unpoisoned");
        streams.iter().map(|(ssrc, packets)| (*ssrc, packets.len())).collect()
    }

    /// Waits for so many packets of an SSRC.
    pub(crate) async fn until(&self, ssrc: u32, count: usize) {
        let wait = async {
            while self.counts().get(&ssrc).is_none_or(|packets| *packets < count) {
                self.arrived.notified().await;
            }
        };
        let came = timeout(PATIENCE, wait).await;
        assert!(came.is_ok(), "not {count} packets of {ssrc}: {:?}", self.counts());
    }
}

/// Demands that a voice came whole from one participant: no hole, no change, no other source.
pub(crate) fn check_voice(packets: &[Packet], sender: u32, participant: u32) {
    check_headers(packets, participant);
    let marks: Vec<_> = packets.iter().map(Mark::of_voice).collect();
    check_marks(&marks, sender);
}

/// Demands the same of a picture, and that it begins with a keyframe.
pub(crate) fn check_picture(packets: &[Packet], sender: u32, participant: u32) {
    check_headers(packets, participant);
    let pictures: Vec<_> = packets.iter().map(PicturePacket::of).collect();
    let marks: Vec<_> = pictures.iter().map(|picture| picture.mark).collect();
    check_marks(&marks, sender);
    assert!(pictures[0].is_frame_start && pictures[0].is_keyframe, "begins with a keyframe");
    for pair in pictures.windows(2) {
        // RFC 7741 §4.2: 15 bits, one more with each frame.
        let frames = (pair[1].picture_id.wrapping_sub(pair[0].picture_id)) & 0x7fff;
        assert_eq!(frames, u16::from(pair[1].is_frame_start), "{pair:?}");
    }
}

fn check_headers(packets: &[Packet], participant: u32) {
    assert!(packets.len() > 1, "nothing came");
    for packet in packets {
        assert_eq!(packet.header.csrc, [participant], "{:?}", packet.header);
    }
    for pair in packets.windows(2) {
        let [before, after] = [&pair[0].header, &pair[1].header];
        let step = after.sequence_number.wrapping_sub(before.sequence_number);
        assert_eq!(step, 1, "{before:?} {after:?}");
        let elapsed = after.timestamp.wrapping_sub(before.timestamp);
        assert!(elapsed < u32::MAX / 2, "time runs back: {before:?} {after:?}");
    }
}

fn check_marks(marks: &[Mark], sender: u32) {
    for (mark, number) in marks.iter().zip(marks[0].number..) {
        assert_eq!(*mark, Mark { sender, number });
    }
}
