use proptest::prelude::*;
use protocol::{
    media::{SeqNo, Ssrc},
    rtp::RtpHeader,
};

use super::*;

const PROFILES: [Profile; 2] = [Profile::AeadAes128Gcm, Profile::AesCm128HmacSha1_80];

const STREAM: Ssrc = Ssrc(0x1234_5678);

fn keys(profile: Profile) -> SrtpKeys {
    let material: Vec<u8> = (0..profile.material_length() as u8).map(|i| i ^ 0x5A).collect();
    SrtpKeys::try_new(profile, &material).expect("the right length")
}

/// A client that sends and the node that receives.
fn pair(profile: Profile, first: u16) -> (SrtpSender, SrtpReceiver) {
    let keys = keys(profile);
    let mut sender = SrtpSender::new(&keys, Side::Client);
    sender.add_stream(STREAM, SeqNo(first)).expect("room");
    (sender, SrtpReceiver::new(&keys, Side::Server))
}

/// A packet without extensions, its payload told by its sequence number.
fn rtp(ssrc: Ssrc, seq: u16) -> Vec<u8> {
    let mut packet = vec![0x80, 96];
    packet.extend(seq.to_be_bytes());
    packet.extend(1000_u32.to_be_bytes());
    packet.extend(ssrc.0.to_be_bytes());
    packet.extend([seq as u8; 40]);
    packet
}

fn seal(sender: &mut SrtpSender, plain: &[u8]) -> Result<Vec<u8>, SealError> {
    let mut buffer = [plain, &[0; RTP_OVERHEAD_MAX]].concat();
    let header = RtpHeader::parse(plain).expect("a test's header");
    let length = sender.seal_rtp(&mut buffer, plain.len(), header.payload_offset.into())?;
    buffer.truncate(length);
    Ok(buffer)
}

fn open(receiver: &mut SrtpReceiver, sealed: &[u8]) -> Result<Vec<u8>, SrtpDrop> {
    let mut packet = sealed.to_vec();
    let header = RtpHeader::parse(&packet).ok_or(SrtpDrop::TooShort)?;
    let length = receiver.open_rtp(&mut packet, &header)?;
    packet.truncate(length);
    Ok(packet)
}

fn seal_rtcp(sender: &mut SrtpSender, plain: &[u8]) -> Vec<u8> {
    let mut buffer = [plain, &[0; RTCP_OVERHEAD_MAX]].concat();
    let length = sender.seal_rtcp(&mut buffer, plain.len()).expect("room");
    buffer.truncate(length);
    buffer
}

fn open_rtcp(receiver: &mut SrtpReceiver, sealed: &[u8]) -> Result<Vec<u8>, SrtpDrop> {
    let mut packet = sealed.to_vec();
    let length = receiver.open_rtcp(&mut packet)?;
    packet.truncate(length);
    Ok(packet)
}

/// An empty receiver report.
fn report(ssrc: Ssrc) -> Vec<u8> {
    [&[0x80, 201, 0, 1][..], &ssrc.0.to_be_bytes()].concat()
}

/// A sequence of numbers that is the same in every run.
fn shuffled<T>(mut items: Vec<T>) -> Vec<T> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    for place in (1..items.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        items.swap(place, (state >> 33) as usize % (place + 1));
    }
    items
}

#[test]
fn what_is_sealed_is_opened_by_the_other_side_only() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = pair(profile, 7);
        let sealed = seal(&mut sender, &rtp(STREAM, 7)).expect("sealed");
        assert_eq!(sealed.len(), 52 + sender.rtp_overhead());
        assert_ne!(sealed[12..52], rtp(STREAM, 7)[12..]);
        let mut same_side = SrtpReceiver::new(&keys(profile), Side::Client);
        assert_eq!(open(&mut same_side, &sealed), Err(SrtpDrop::NotAuthentic));
        assert_eq!(open(&mut receiver, &sealed), Ok(rtp(STREAM, 7)));

        let sealed = seal_rtcp(&mut sender, &report(STREAM));
        assert_eq!(sealed.len(), 8 + sender.rtcp_overhead());
        assert_eq!(open_rtcp(&mut same_side, &sealed), Err(SrtpDrop::NotAuthentic));
        assert_eq!(open_rtcp(&mut receiver, &sealed), Ok(report(STREAM)));
    }
}

#[test]
fn csrcs_and_extensions_stay_in_the_clear() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = pair(profile, 1);
        let mut plain = vec![0x91, 96, 0, 1, 0, 0, 0, 0];
        plain.extend(STREAM.0.to_be_bytes());
        plain.extend([0, 0, 0, 99]);
        plain.extend([0xBE, 0xDE, 0, 1, 0x10, 0x55, 0, 0]);
        plain.extend(b"payload");
        let sealed = seal(&mut sender, &plain).expect("sealed");
        assert_eq!(sealed[..24], plain[..24]);
        assert_eq!(open(&mut receiver, &sealed), Ok(plain));
    }
}

#[test]
fn each_of_many_packets_sent_three_times_in_disorder_is_delivered_once() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = pair(profile, 65_000);
        // Chunks below the window's width, so that nothing is too old; across a rollover.
        let mut delivered = 0;
        for chunk in 0..25_u16 {
            let seqs = (0..400).map(|i| 65_000_u16.wrapping_add(chunk * 400 + i));
            let sealed: Vec<_> =
                seqs.map(|seq| seal(&mut sender, &rtp(STREAM, seq)).expect("sealed")).collect();
            let thrice = shuffled([&sealed[..], &sealed[..], &sealed[..]].concat());
            for packet in thrice {
                match open(&mut receiver, &packet) {
                    Ok(_) => delivered += 1,
                    Err(reason) => assert_eq!(reason, SrtpDrop::Replayed),
                }
            }
        }
        assert_eq!(delivered, 10_000, "{profile:?}");
    }
}

#[test]
fn each_report_is_delivered_once() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = pair(profile, 0);
        let sealed: Vec<_> = (0..50).map(|_| seal_rtcp(&mut sender, &report(STREAM))).collect();
        let thrice = shuffled([&sealed[..], &sealed[..], &sealed[..]].concat());
        let opened = thrice.iter().filter(|packet| open_rtcp(&mut receiver, packet).is_ok());
        assert_eq!(opened.count(), 50);
    }
}

#[test]
fn the_rollover_counter_is_followed_forwards_and_backwards() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = pair(profile, 65_530);
        let seqs = (0..20_u16).map(|i| 65_530_u16.wrapping_add(i));
        let sealed: Vec<_> =
            seqs.map(|seq| seal(&mut sender, &rtp(STREAM, seq)).expect("sealed")).collect();
        assert_eq!(sender.next_index(STREAM), Some(65_550));
        // The first, then the last, then those between, across the edge in both directions.
        assert!(open(&mut receiver, &sealed[0]).is_ok());
        assert!(open(&mut receiver, &sealed[19]).is_ok());
        for packet in sealed[1..19].iter().rev() {
            assert!(open(&mut receiver, packet).is_ok());
        }
        assert_eq!(receiver.snapshot().rtp[0].highest_index, 65_549);
    }
}

#[test]
fn a_forged_packet_changes_nothing_and_takes_no_place() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = pair(profile, 100);
        let genuine = seal(&mut sender, &rtp(STREAM, 100)).expect("sealed");
        open(&mut receiver, &genuine).expect("authentic");
        let before = receiver.snapshot();
        for ssrc in 0..1000 {
            let forged = rtp(Ssrc(ssrc), 40_000);
            assert_eq!(open(&mut receiver, &forged), Err(SrtpDrop::NotAuthentic));
        }
        // Of a known stream, far ahead: the replay window must not follow.
        assert_eq!(open(&mut receiver, &rtp(STREAM, 30_000)), Err(SrtpDrop::NotAuthentic));
        let forged_report = [&report(STREAM)[..], &[0xFF; 20]].concat();
        assert_eq!(open_rtcp(&mut receiver, &forged_report), Err(SrtpDrop::NotAuthentic));
        assert_eq!(receiver.snapshot(), before);
        let next = seal(&mut sender, &rtp(STREAM, 101)).expect("sealed");
        assert!(open(&mut receiver, &next).is_ok());
    }
}

#[test]
fn a_source_beyond_the_limit_is_refused_and_the_others_go_on() {
    let (mut sender, mut receiver) = pair(Profile::AeadAes128Gcm, 1);
    for ssrc in 0..=RTP_SOURCES_MAX as u32 {
        sender.add_stream(Ssrc(ssrc), SeqNo(1)).expect("room");
        let sealed = seal(&mut sender, &rtp(Ssrc(ssrc), 1)).expect("sealed");
        let is_beyond = ssrc as usize == RTP_SOURCES_MAX;
        let expected = if is_beyond { Err(SrtpDrop::TooManySources) } else { Ok(()) };
        assert_eq!(open(&mut receiver, &sealed).map(|_| ()), expected);
    }
    let sealed = seal(&mut sender, &rtp(Ssrc(0), 2)).expect("sealed");
    assert!(open(&mut receiver, &sealed).is_ok());
    for ssrc in 0..=RTCP_SOURCES_MAX as u32 {
        let sealed = seal_rtcp(&mut sender, &report(Ssrc(ssrc)));
        let is_beyond = ssrc as usize == RTCP_SOURCES_MAX;
        let expected = if is_beyond { Err(SrtpDrop::TooManySources) } else { Ok(()) };
        assert_eq!(open_rtcp(&mut receiver, &sealed).map(|_| ()), expected);
    }
}

/// libwebrtc has a counter of reports per SSRC, so that two of its sources use the same index.
#[test]
fn two_sources_of_reports_may_use_the_same_index() {
    let keys = keys(Profile::AeadAes128Gcm);
    let mut receiver = SrtpReceiver::new(&keys, Side::Server);
    for ssrc in [Ssrc(1), Ssrc(2)] {
        let sealed = seal_rtcp(&mut SrtpSender::new(&keys, Side::Client), &report(ssrc));
        assert_eq!(open_rtcp(&mut receiver, &sealed), Ok(report(ssrc)));
    }
}

#[test]
fn a_report_in_the_clear_is_refused() {
    // RFC 7714 §17.3 describes one; WebRTC forbids it.
    let (mut sender, mut receiver) = pair(Profile::AeadAes128Gcm, 0);
    let mut sealed = seal_rtcp(&mut sender, &report(STREAM));
    let flag = sealed.len() - 4;
    sealed[flag] &= 0x7F;
    assert_eq!(open_rtcp(&mut receiver, &sealed), Err(SrtpDrop::NotEncrypted));
}

#[test]
fn no_index_is_sealed_twice() {
    for profile in PROFILES {
        let (mut sender, _) = pair(profile, 10);
        assert!(seal(&mut sender, &rtp(STREAM, 10)).is_ok());
        for seq in [10, 9, 0, 65_535, 32_779] {
            let again = seal(&mut sender, &rtp(STREAM, seq));
            assert_eq!(again, Err(SealError::NotFresh), "{seq}");
        }
        assert!(seal(&mut sender, &rtp(STREAM, 12)).is_ok());
        assert!(seal(&mut sender, &rtp(STREAM, 11)).is_ok(), "it was late, not repeated");
        assert_eq!(seal(&mut sender, &rtp(STREAM, 11)), Err(SealError::NotFresh));
        assert!(seal(&mut sender, &rtp(STREAM, 75)).is_ok());
        for seq in 10..=12 {
            assert_eq!(seal(&mut sender, &rtp(STREAM, seq)), Err(SealError::NotFresh), "{seq}");
        }
        assert!(seal(&mut sender, &rtp(STREAM, 13)).is_ok(), "62 behind");
        assert_eq!(seal(&mut sender, &rtp(Ssrc(1), 11)), Err(SealError::UnknownStream));
    }
}

#[test]
fn a_copy_of_a_sealed_packet_is_the_same_under_aes_cm_and_refused_under_gcm() {
    let copy = |sender: &SrtpSender, plain: &[u8]| {
        let mut buffer = [plain, &[0; RTP_OVERHEAD_MAX]].concat();
        let length = sender.seal_rtp_copy(&mut buffer, plain.len(), 12)?;
        buffer.truncate(length);
        Ok(buffer)
    };
    for profile in PROFILES {
        let (mut sender, mut receiver) = pair(profile, 65_000);
        let packets: Vec<_> = (0..1_000).map(|n| rtp(STREAM, 65_000_u16.wrapping_add(n))).collect();
        let sealed: Vec<_> =
            packets.iter().map(|plain| seal(&mut sender, plain).expect("sealed")).collect();
        assert_eq!(sender.may_copy(), profile == Profile::AesCm128HmacSha1_80);
        for place in [999, 990, 900, 0] {
            let again = copy(&sender, &packets[place]);
            if sender.may_copy() {
                assert_eq!(again, Ok(sealed[place].clone()), "over the wrap, far back");
            } else {
                assert_eq!(again, Err(SealError::NotFresh));
            }
        }
        assert_eq!(copy(&sender, &rtp(STREAM, 464)), Err(SealError::NotFresh), "not sealed yet");
        assert_eq!(copy(&sender, &rtp(Ssrc(1), 464)), Err(SealError::UnknownStream));
        // A receiver that lost the first takes the copy, and once.
        for packet in &sealed[..998] {
            open(&mut receiver, packet).expect("authentic");
        }
        if let Ok(again) = copy(&sender, &packets[998]) {
            assert_eq!(open(&mut receiver, &again), Ok(packets[998].clone()));
            assert_eq!(open(&mut receiver, &again), Err(SrtpDrop::Replayed));
        }
    }
}

#[test]
fn a_buffer_without_room_for_the_tag_is_refused_and_untouched() {
    for profile in PROFILES {
        let (mut sender, _) = pair(profile, 1);
        let mut plain = rtp(STREAM, 1);
        let length = plain.len();
        assert_eq!(sender.seal_rtp(&mut plain, length, 12), Err(SealError::BadLength));
        assert_eq!(sender.seal_rtp(&mut plain, 10, 12), Err(SealError::BadLength));
        assert_eq!(sender.seal_rtcp(&mut plain, length), Err(SealError::BadLength));
        assert_eq!(sender.seal_rtcp(&mut plain, 7), Err(SealError::BadLength));
        assert_eq!(plain, rtp(STREAM, 1));
        assert_eq!(sender.snapshot().streams[0].next_index, 1);
    }
}

#[test]
fn a_used_up_key_seals_nothing() {
    let keys = keys(Profile::AeadAes128Gcm);
    let snapshot = SrtpSenderSnapshot {
        streams: vec![OutgoingStreamSnapshot { ssrc: STREAM, next_index: (1 << 48) - 1 }],
        next_rtcp_index: 0x7FFF_FFFF,
    };
    let mut sender = SrtpSender::restore(&keys, Side::Server, &snapshot, 0);
    assert!(seal(&mut sender, &rtp(STREAM, 0xFFFF)).is_ok());
    assert_eq!(seal(&mut sender, &rtp(STREAM, 0)), Err(SealError::Exhausted));
    let mut buffer = [0; 64];
    assert!(sender.seal_rtcp(&mut buffer, 8).is_ok());
    assert_eq!(sender.seal_rtcp(&mut buffer, 8), Err(SealError::Exhausted));
}

#[test]
fn the_table_of_outgoing_streams_is_bounded_and_keeps_what_it_has() {
    let (mut sender, _) = pair(Profile::AeadAes128Gcm, 500);
    seal(&mut sender, &rtp(STREAM, 500)).expect("sealed");
    for ssrc in 1..OUTGOING_STREAMS_MAX as u32 {
        sender.add_stream(Ssrc(ssrc), SeqNo(0)).expect("room");
    }
    assert_eq!(sender.add_stream(Ssrc(0xFFFF_0000), SeqNo(0)), Err(TooManyStreams));
    assert_eq!(sender.add_stream(STREAM, SeqNo(0)), Ok(()));
    assert_eq!(sender.next_index(STREAM), Some(501));
    assert_eq!(sender.next_index(Ssrc(0xFFFF_0000)), None);
}

#[test]
fn a_restored_session_goes_on_without_repeating_a_nonce_or_a_packet() {
    const JUMP: u32 = 20_000;
    for profile in PROFILES {
        let keys = keys(profile);
        let mut node = SrtpSender::new(&keys, Side::Server);
        let mut client = SrtpReceiver::new(&keys, Side::Client);
        let unsent = Ssrc(7);
        node.add_stream(STREAM, SeqNo(60_000)).expect("room");
        node.add_stream(unsent, SeqNo(60_000)).expect("room");
        for seq in 60_000..60_100 {
            let sealed = seal(&mut node, &rtp(STREAM, seq)).expect("sealed");
            open(&mut client, &sealed).expect("authentic");
        }
        let checkpoint = serde_json::to_string(&node.snapshot()).expect("a snapshot");
        // What the node sends after its last checkpoint, before it dies.
        for seq in 60_100..60_900 {
            let sealed = seal(&mut node, &rtp(STREAM, seq)).expect("sealed");
            open(&mut client, &sealed).expect("authentic");
        }
        let late = seal_rtcp(&mut node, &report(STREAM));
        open_rtcp(&mut client, &late).expect("authentic");

        let snapshot = serde_json::from_str(&checkpoint).expect("a snapshot");
        let mut heir = SrtpSender::restore(&keys, Side::Server, &snapshot, JUMP);
        assert_eq!(heir.next_index(STREAM), Some(60_100 + u64::from(JUMP)));
        assert_eq!(heir.next_index(unsent), Some(60_000 + u64::from(JUMP)));
        assert_eq!(seal(&mut heir, &rtp(STREAM, 60_901)), Err(SealError::NotFresh));
        let seq = (60_100 + JUMP) as u16;
        let sealed = seal(&mut heir, &rtp(STREAM, seq)).expect("sealed");
        assert_eq!(open(&mut client, &sealed), Ok(rtp(STREAM, seq)));
        let sealed = seal_rtcp(&mut heir, &report(STREAM));
        assert!(open_rtcp(&mut client, &sealed).is_ok());
    }
}

#[test]
fn a_restored_receiver_delivers_what_is_new_and_nothing_old() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = pair(profile, 65_400);
        let sealed: Vec<_> = (0..300_u16)
            .map(|i| seal(&mut sender, &rtp(STREAM, 65_400_u16.wrapping_add(i))).expect("sealed"))
            .collect();
        let reports: Vec<_> = (0..3).map(|_| seal_rtcp(&mut sender, &report(STREAM))).collect();
        for packet in &sealed[..200] {
            open(&mut receiver, packet).expect("authentic");
        }
        open_rtcp(&mut receiver, &reports[1]).expect("authentic");
        let text = serde_json::to_string(&receiver.snapshot()).expect("a snapshot");
        let snapshot = serde_json::from_str(&text).expect("a snapshot");
        let mut heir = SrtpReceiver::restore(&keys(profile), Side::Server, &snapshot);
        for packet in &sealed[..200] {
            assert_eq!(open(&mut heir, packet), Err(SrtpDrop::Replayed));
        }
        for packet in &sealed[200..] {
            assert!(open(&mut heir, packet).is_ok());
        }
        assert_eq!(open_rtcp(&mut heir, &reports[0]), Err(SrtpDrop::Replayed));
        assert_eq!(open_rtcp(&mut heir, &reports[1]), Err(SrtpDrop::Replayed));
        assert!(open_rtcp(&mut heir, &reports[2]).is_ok());
    }
}

#[test]
fn no_short_or_long_datagram_is_opened_whatever_it_begins_with() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = pair(profile, 1);
        let genuine = seal(&mut sender, &rtp(STREAM, 1)).expect("sealed");
        open(&mut receiver, &genuine).expect("authentic");
        let before = receiver.snapshot();
        for first in [0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF] {
            for length in 0..1500 {
                let mut datagram = vec![first; length];
                assert!(open(&mut receiver, &datagram).is_err());
                assert!(receiver.open_rtcp(&mut datagram).is_err());
            }
        }
        assert_eq!(receiver.snapshot(), before);
    }
}

proptest! {
    #[test]
    fn what_is_sealed_comes_back_whatever_it_is(
        payload in proptest::collection::vec(any::<u8>(), 0..1400),
        ssrc: u32,
        first: u16,
        is_gcm: bool,
    ) {
        let profile = PROFILES[usize::from(is_gcm)];
        let (mut sender, mut receiver) = pair(profile, 0);
        let _ = sender.add_stream(Ssrc(ssrc), SeqNo(first));
        let mut plain = rtp(Ssrc(ssrc), first);
        plain.truncate(12);
        plain.extend(&payload);
        let sealed = seal(&mut sender, &plain).expect("sealed");
        prop_assert_eq!(open(&mut receiver, &sealed), Ok(plain));
        let report = [&report(Ssrc(ssrc))[..], &payload].concat();
        let sealed = seal_rtcp(&mut sender, &report);
        prop_assert_eq!(open_rtcp(&mut receiver, &sealed), Ok(report));
    }

    #[test]
    fn a_packet_with_any_bit_flipped_is_not_authentic(bit in 0..(52 + 16) * 8_usize, is_gcm: bool) {
        let profile = PROFILES[usize::from(is_gcm)];
        let (mut sender, mut receiver) = pair(profile, 0);
        let mut sealed = seal(&mut sender, &rtp(STREAM, 0)).expect("sealed");
        let bit = bit % (8 * sealed.len());
        sealed[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(open(&mut receiver, &sealed).is_err());
        prop_assert!(receiver.snapshot().rtp.is_empty());
    }

    #[test]
    fn any_datagram_is_dropped_and_forgotten(
        mut datagram in proptest::collection::vec(any::<u8>(), 0..1500),
        is_gcm: bool,
    ) {
        let mut receiver = SrtpReceiver::new(&keys(PROFILES[usize::from(is_gcm)]), Side::Server);
        prop_assert!(open(&mut receiver, &datagram).is_err());
        prop_assert!(receiver.open_rtcp(&mut datagram).is_err());
        prop_assert_eq!(receiver.snapshot(), SrtpReceiverSnapshot::default());
    }
}
