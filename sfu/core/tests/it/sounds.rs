//! Voices and programmes in whole rooms.

use protocol::media::{MediaKind, Pt, Source};

use crate::scene::{RECEIVER_IDS, Scene, slot_ssrc, tile};

#[test]
fn a_voice_arrives_with_the_receivers_numbers_and_its_own_name() {
    let mut scene = Scene::new(2, 0);
    scene.turn_on(0, Source::Microphone);
    assert_eq!(scene.speak(0, 30), Ok(()));
    let arrived = scene.take();
    let [arrived] = &arrived[..] else { panic!("one receiver, one packet: {arrived:?}") };
    assert_eq!(arrived.to, 1);
    assert_eq!(arrived.header.pt, Pt(100));
    assert!(arrived.header.marker, "a talkspurt begins");
    assert_eq!(arrived.csrc, 1);
    let level = RECEIVER_IDS.audio_level.expect("negotiated");
    assert_eq!(arrived.extensions, [(level, vec![30])], "and no MID");
    assert_eq!(arrived.payload, [0xF8, 0, 30]);
}

#[test]
fn a_room_of_four_hears_itself_whole() {
    let mut scene = Scene::new(4, 0);
    for person in 0..4 {
        scene.turn_on(person, Source::Microphone);
    }
    for _ in 0..50 {
        for person in 0..4 {
            assert_eq!(scene.speak(person, 100), Ok(()));
        }
        scene.wait(20);
    }
    let mut heard = vec![Vec::new(); 4];
    for arrived in scene.take() {
        heard[arrived.to as usize].push(arrived.csrc);
    }
    for (person, mut heard) in (1_u32..).zip(heard) {
        assert!(heard.len() >= 3 * 49, "{person} hears three in full");
        heard.sort_unstable();
        heard.dedup();
        let others: Vec<u32> = (1..=4).filter(|&other| other != person).collect();
        assert_eq!(heard, others);
    }
}

#[test]
fn a_thousand_people_cost_a_receiver_150_packets_a_second() {
    const PEOPLE: u32 = 1_000;
    let mut scene = Scene::new(PEOPLE, 0);
    for person in 0..PEOPLE {
        scene.turn_on(person, Source::Microphone);
    }
    let mut counts = vec![0; PEOPLE as usize];
    let mut packets = 0;
    for tick in 0..50_u32 {
        for person in 0..PEOPLE {
            // A fifth of them talk, in turns.
            let talks = (person + tick / 10) % 5 == 0;
            let _ = scene.speak(person, if talks { 30 } else { 80 });
            packets += 1;
        }
        scene.wait(20);
        for (count, more) in counts.iter_mut().zip(scene.take_counts()) {
            *count += more;
        }
    }
    assert_eq!(packets, 50_000);
    assert!(counts.iter().all(|&count| (100..=150).contains(&count)), "{counts:?}");
}

#[test]
fn a_voice_keeps_its_slot_and_speech_takes_a_silent_ones() {
    let mut scene = Scene::new(8, 0);
    for person in 0..8 {
        scene.turn_on(person, Source::Microphone);
    }
    let mut levels = [127_u8; 8];
    let talk = |scene: &mut Scene, levels: &[u8; 8], ticks: u32| {
        for _ in 0..ticks {
            for (person, &level) in (0..).zip(levels) {
                let _ = scene.speak(person, level);
            }
            scene.wait(20);
        }
    };
    talk(&mut scene, &levels, 50);
    let before = scene.carried(7);
    assert_eq!(before.len(), 3);
    levels[6] = 30;
    talk(&mut scene, &levels, 10);
    let after = scene.carried(7);
    let kept = before.iter().filter(|slot| after.contains(slot)).count();
    assert_eq!(kept, 2, "two voices stay where they were: {before:?} → {after:?}");
    assert!(after.iter().any(|&(_, person, _)| person == 6));
    scene.take();
    talk(&mut scene, &levels, 50);
    assert_eq!(scene.carried(7), after);
}

#[test]
fn the_first_voice_slot_follows_the_stage() {
    let mut scene = Scene::new(4, 2);
    for person in 0..4 {
        scene.turn_on(person, Source::Microphone);
        scene.turn_on(person, Source::Camera);
        assert_eq!(scene.speak(person, 40), Ok(()));
    }
    for stage in [2, 0, 1, 1] {
        scene.view(3, Some(tile(stage, Source::Camera, 700)), &[]);
        scene.wait(600);
        scene.frame(stage, Source::Camera, 0, true);
        let carried = scene.carried(3);
        assert!(carried.contains(&("a0".to_owned(), stage, Source::Microphone)), "{carried:?}");
        assert!(carried.contains(&("v0".to_owned(), stage, Source::Camera)), "{carried:?}");
        assert_eq!(carried.len(), 3 + 1, "all three voices stay: {carried:?}");
    }
}

#[test]
fn shared_sound_is_never_ranked_and_the_stages_goes_first() {
    let mut scene = Scene::new(4, 2);
    for person in [0, 1] {
        scene.turn_on(person, Source::Screen);
        scene.turn_on(person, Source::ScreenAudio);
    }
    let programme = |scene: &Scene, person| {
        let carried = scene.carried(person);
        carried.into_iter().find(|(mid, ..)| mid == "p0").map(|(_, whose, _)| whose)
    };
    assert_eq!(programme(&scene, 0), Some(1), "one's own sound is not for oneself");
    assert_eq!(programme(&scene, 1), Some(0));
    assert_eq!(programme(&scene, 2), Some(0), "the first who shares");
    scene.view(2, Some(tile(1, Source::Screen, 700)), &[]);
    assert_eq!(programme(&scene, 2), Some(1), "the stage's");
    assert_eq!(programme(&scene, 3), Some(0));
    assert_eq!(scene.sound(0, Source::ScreenAudio, 127), Ok(()));
    assert_eq!(scene.take_counts(), [0, 1, 0, 1]);
    scene.turn_off(1, Source::ScreenAudio);
    assert_eq!(programme(&scene, 2), Some(0));
    assert_eq!(programme(&scene, 0), None);
}

#[test]
fn voices_that_take_turns_stay_on_the_slots_clock() {
    let mut scene = Scene::new(6, 0);
    for person in 0..6 {
        scene.turn_on(person, Source::Microphone);
    }
    // Six people, one speaking at a time for a second, each with its own phase in the 20 ms.
    let ssrcs: Vec<_> = (0..3).map(|n| slot_ssrc(5, &format!("a{n}"))).collect();
    for tick in 0..3_000_u32 {
        for person in 0..6 {
            let talks = tick / 50 % 5 == person;
            let _ = scene.speak(person, if talks { 30 } else { 127 });
            scene.wait([3, 1, 6, 2, 5, 3][person as usize]);
        }
    }
    let arrived = scene.take();
    for ssrc in ssrcs {
        let packets: Vec<_> = arrived.iter().filter(|a| a.header.ssrc == ssrc).collect();
        let voices: std::collections::HashSet<_> = packets.iter().map(|a| a.csrc).collect();
        let remaps = packets.windows(2).filter(|pair| pair[0].csrc != pair[1].csrc).count();
        for pair in packets.windows(2) {
            assert_eq!(pair[1].seq().distance_from(pair[0].seq()), 1);
            let step = pair[1].time().distance_from(pair[0].time());
            assert!(step > 0 && step % 960 == 0, "a step of {step}");
        }
        let (first, last) = (packets[0], packets[packets.len() - 1]);
        let elapsed_ms = last.at.saturating_duration_since(first.at).as_millis() as i32;
        let drift = last.time().distance_from(first.time()) - elapsed_ms * 48;
        assert!(drift.abs() <= 960, "{drift} ticks off after {remaps} remaps of {voices:?}");
    }
    assert!(arrived.iter().all(|a| a.header.pt == Pt(100)));
}

#[test]
fn sender_reports_have_every_slots_time_and_counts() {
    let mut scene = Scene::new(2, 1);
    scene.turn_on(0, Source::Microphone);
    scene.turn_on(0, Source::Camera);
    for _ in 0..50 {
        assert_eq!(scene.speak(0, 30), Ok(()));
        scene.wait(20);
    }
    scene.frame(0, Source::Camera, 0, true);
    let last = scene.take();
    let index = protocol::EndpointIndex(1);
    let streams: Vec<_> = scene.forwarder.outgoing_streams(scene.now, index).collect();
    assert_eq!(streams.len(), 3 + 1 + 1);
    let mut audible = 0;
    for stream in &streams {
        let sent: Vec<_> = last.iter().filter(|a| a.header.ssrc == stream.ssrc).collect();
        assert_eq!(stream.packets, sent.len() as u64);
        let octets: usize = sent.iter().map(|a| a.payload.len()).sum();
        assert_eq!(stream.octets, octets as u64);
        assert_eq!(stream.rtp_time.is_some(), !sent.is_empty());
        if let (Some(time), Some(packet)) = (stream.rtp_time, sent.last()) {
            assert_eq!(stream.last_seq, packet.seq());
            let per_ms = if stream.kind == MediaKind::Audio { 48 } else { 90 };
            let age = scene.now.saturating_duration_since(packet.at).as_millis() as i32;
            let error = time.distance_from(packet.time()) - age * per_ms;
            assert!(error.abs() <= per_ms, "{error} ticks off");
            audible += 1;
        }
    }
    assert_eq!(audible, 2);
}
