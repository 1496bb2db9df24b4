//! Who takes the floor, told as scenes: everybody sends a level each 20 ms.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const SPEECH: u8 = 25;
const SOFT_SPEECH: u8 = 45;
const ROOM_NOISE: u8 = 75;
const SILENCE: u8 = 127;

/// A room whose grid of ticks begins at its start.
struct Scene {
    start: Instant,
    now_ms: u64,
    voices: BTreeMap<u32, Speech>,
    floor: Floor<u32>,
    tick_at: Instant,
    /// Who took the floor, and when, in milliseconds since the start.
    taken: Vec<(u64, u32)>,
}

impl Scene {
    /// `phase_ms` is where in the grid the story begins.
    fn new(people: u32, phase_ms: u64) -> Self {
        let start = Instant::from_micros(7_000_123);
        Scene {
            start,
            now_ms: phase_ms,
            voices: (0..people).map(|person| (person, Speech::default())).collect(),
            floor: Floor::default(),
            tick_at: next_tick(start, start),
            taken: Vec::new(),
        }
    }

    fn at(&self, millis: u64) -> Instant {
        self.start + Duration::from_millis(millis)
    }

    /// Lets `millis` go by in which each person sends what `level` says for 20 ms.
    fn run(&mut self, millis: u64, level: impl Fn(u32, u64) -> Option<u8>) {
        let until = self.now_ms + millis;
        let start = self.now_ms;
        while self.now_ms < until {
            let now = self.at(self.now_ms);
            self.tick_until(now);
            for (&person, voice) in &mut self.voices {
                if let Some(level) = level(person, self.now_ms - start) {
                    voice.handle_level(now, level);
                }
            }
            self.now_ms += 20;
        }
        self.tick_until(self.at(self.now_ms));
    }

    fn tick_until(&mut self, now: Instant) {
        while self.tick_at <= now {
            let at = self.tick_at;
            self.tick_at = next_tick(self.start, at);
            let dominant = self.floor.dominant();
            let holder = dominant.and_then(|key| Some(self.voices.get_mut(&key)?.scores(at)));
            let mut contest = self.floor.contest(holder);
            for (&key, voice) in &mut self.voices {
                if Some(key) != dominant {
                    contest.enter(key, &voice.scores(at));
                }
            }
            if self.floor.settle(contest) {
                let since = at.saturating_duration_since(self.start).as_millis() as u64;
                self.taken.push((since, self.floor.dominant().expect("somebody took it")));
            }
        }
    }

    /// `speaker` talks, the others make the noise of their rooms.
    fn speech_of(&mut self, speaker: u32, millis: u64) {
        self.run(millis, |person, _| Some(if person == speaker { SPEECH } else { ROOM_NOISE }));
    }

    fn noise(&mut self, millis: u64) {
        self.run(millis, |_, _| Some(ROOM_NOISE));
    }
}

/// Sentences as people speak them: words of 260 to 500 ms with dips, and short pauses.
fn words(at_ms: u64) -> u8 {
    match at_ms % 900 {
        0..260 => SPEECH,
        260..300 => 60,
        300..640 => 30,
        640..700 => ROOM_NOISE,
        _ => 35,
    }
}

#[test]
fn nobody_has_the_floor_before_somebody_speaks() {
    let mut scene = Scene::new(5, 0);
    scene.noise(10_000);
    assert_eq!(scene.floor.dominant(), None);
    scene.run(10_000, |_, _| Some(SILENCE));
    assert_eq!(scene.floor.dominant(), None);
}

#[test]
fn a_speaker_takes_the_floor_within_600_ms_whatever_the_phase_of_the_grid() {
    for phase in (0..300).step_by(10) {
        for pause in [0, 40, 200, 1_000, 5_000] {
            let mut scene = Scene::new(6, phase);
            scene.noise(2_000);
            scene.speech_of(1, 5_000);
            scene.noise(pause);
            let onset = scene.now_ms;
            scene.speech_of(4, 3_000);
            let [(_, 1), (taken_at, 4)] = scene.taken[..] else {
                panic!("phase {phase}, pause {pause}: {:?}", scene.taken);
            };
            assert!(
                taken_at <= onset + 600,
                "{} ms, phase {phase}, pause {pause}",
                taken_at - onset
            );
        }
    }
}

#[test]
fn a_cough_takes_the_floor_neither_from_a_speaker_nor_from_silence() {
    for phase in (0..300).step_by(20) {
        for into_ms in (0..900).step_by(60) {
            let mut scene = Scene::new(4, phase);
            scene.noise(1_000);
            let cough = |person, at_ms| match person {
                1 => Some(words(at_ms)),
                2 if (2_000 + into_ms..2_240 + into_ms).contains(&at_ms) => Some(5),
                _ => Some(ROOM_NOISE),
            };
            scene.run(6_000, cough);
            assert_eq!(scene.floor.dominant(), Some(1), "phase {phase}");
            assert_eq!(scene.taken.len(), 1, "phase {phase}, {into_ms} ms: {:?}", scene.taken);
            scene.noise(3_000 + into_ms);
            scene.run(240, |person, _| Some(if person == 2 { 5 } else { ROOM_NOISE }));
            scene.noise(2_000);
            assert_eq!(scene.taken.len(), 1, "phase {phase}, {into_ms} ms: {:?}", scene.taken);
        }
    }
}

#[test]
fn a_sentence_takes_the_floor_and_keeps_it_in_the_pauses() {
    for phase in (0..300).step_by(20) {
        let mut scene = Scene::new(4, phase);
        scene.noise(2_000);
        scene.run(8_000, |p, at_ms| Some(if p == 1 { words(at_ms) } else { ROOM_NOISE }));
        scene.noise(5_000);
        scene.run(8_000, |p, at_ms| Some(if p == 3 { words(at_ms) } else { ROOM_NOISE }));
        let who: Vec<u32> = scene.taken.iter().map(|&(_, person)| person).collect();
        assert_eq!(who, [1, 3], "phase {phase}: {:?}", scene.taken);
        assert!(scene.taken[0].0 <= phase + 2_000 + 600, "{:?}", scene.taken);
    }
}

#[test]
fn who_talks_over_the_speaker_waits_for_a_pause() {
    let mut scene = Scene::new(3, 0);
    scene.speech_of(0, 3_000);
    scene.run(4_000, |person, _| Some([SPEECH, SPEECH - 15, ROOM_NOISE][person as usize]));
    assert_eq!(scene.floor.dominant(), Some(0), "louder is no reason");
    scene.speech_of(1, 900);
    assert_eq!(scene.floor.dominant(), Some(1));
}

#[test]
fn two_who_talk_over_each_other_do_not_make_the_floor_flap() {
    let mut scene = Scene::new(3, 0);
    let minute = 60_000;
    scene.run(minute, |person, at_ms| match person {
        0 => Some(words(at_ms)),
        1 => Some(words(at_ms * 7 / 6 + 450)),
        _ => Some(ROOM_NOISE),
    });
    assert!(scene.taken.len() <= 12, "{} changes in a minute", scene.taken.len());
    assert!(scene.taken.iter().all(|&(_, person)| person < 2));
}

#[test]
fn a_soft_voice_takes_a_free_floor() {
    let mut scene = Scene::new(3, 130);
    scene.run(2_000, |_, _| Some(100));
    scene.run(2_000, |person, _| Some(if person == 2 { SOFT_SPEECH } else { 100 }));
    assert_eq!(scene.floor.dominant(), Some(2));
}

#[test]
fn steady_noise_yields_to_speech_however_loud_it_is() {
    let mut scene = Scene::new(2, 0);
    // A fan at −40 dBov.
    let fan = |speaks: bool| {
        move |person, at_ms| {
            Some(if person == 0 {
                40
            } else if speaks {
                words(at_ms)
            } else {
                90
            })
        }
    };
    scene.run(2_000, fan(false));
    assert_eq!(scene.floor.dominant(), Some(0), "nobody can know it yet");
    scene.run(60_000, fan(false));
    scene.run(2_000, fan(true));
    assert_eq!(scene.floor.dominant(), Some(1));
}

#[test]
fn a_pause_of_transmission_is_silence() {
    let mut scene = Scene::new(3, 0);
    scene.noise(1_000);
    scene.speech_of(0, 4_000);
    // 0 uses DTX: one packet in 400 ms.
    let onset = scene.now_ms;
    scene.run(2_000, |person, at_ms| match person {
        0 => at_ms.is_multiple_of(400).then_some(ROOM_NOISE),
        1 => Some(SPEECH),
        _ => None,
    });
    let [(_, 0), (taken_at, 1)] = scene.taken[..] else { panic!("{:?}", scene.taken) };
    assert!(taken_at <= onset + 640, "{} ms", taken_at - onset);
}

#[test]
fn who_stops_sending_in_mid_word_can_be_followed() {
    let mut scene = Scene::new(3, 0);
    scene.noise(1_000);
    scene.speech_of(0, 4_000);
    scene.run(1_500, |person, _| (person == 1).then_some(SPEECH));
    assert_eq!(scene.floor.dominant(), Some(1));
}

#[test]
fn packets_of_60_ms_and_a_lossy_line_count_as_speech() {
    let mut scene = Scene::new(3, 0);
    scene.run(1_000, |_, at_ms| at_ms.is_multiple_of(60).then_some(ROOM_NOISE));
    scene.run(1_200, |p, at_ms| at_ms.is_multiple_of(60).then_some([SPEECH, 75, 75][p as usize]));
    assert_eq!(scene.floor.dominant(), Some(0));
    scene.noise(2_000);
    let mut random = 1_u64;
    let mut lost = [false; 100];
    for lost in &mut lost {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        *lost = random >> 32 & 0xFF < 26;
    }
    scene.run(2_000, |person, at_ms| {
        (!lost[at_ms as usize / 20]).then_some(if person == 1 { SPEECH } else { ROOM_NOISE })
    });
    assert_eq!(scene.floor.dominant(), Some(1));
}

#[test]
fn a_flood_of_loud_packets_is_no_longer_than_its_time() {
    let mut voice = Speech::default();
    let start = Instant::from_micros(5_000_000);
    for n in 0..1_000 {
        voice.handle_level(start + Duration::from_millis(20 * n), ROOM_NOISE);
    }
    let burst = start + Duration::from_secs(20);
    for n in 0..400 {
        voice.handle_level(burst + Duration::from_micros(500 * n), 0);
    }
    let scores = voice.scores(burst + Duration::from_millis(200));
    assert!(scores.spoken < EVIDENCE + 2, "200 ms count as {} levels", scores.spoken);
}

#[test]
fn the_floor_is_nobodys_when_its_holder_goes() {
    let mut scene = Scene::new(3, 0);
    scene.noise(1_000);
    scene.speech_of(0, 2_000);
    assert!(!scene.floor.leave(1));
    assert!(scene.floor.leave(0));
    assert_eq!(scene.floor.dominant(), None);
    scene.voices.remove(&0);
    scene.speech_of(1, 900);
    assert_eq!(scene.floor.dominant(), Some(1));
}

#[test]
fn the_grid_does_not_depend_on_when_it_is_asked() {
    let start = Instant::from_micros(123_457);
    for late_us in [0, 1, 299_999, 300_000, 300_001, 900_000, 5_000_000_017] {
        let tick = next_tick(start, start + Duration::from_micros(late_us));
        let since_us = tick.saturating_duration_since(start).as_micros() as u64;
        assert_eq!(since_us % 300_000, 0);
        assert!((1..=300_000).contains(&(since_us - late_us)), "{late_us} → {since_us}");
    }
    assert_eq!(next_tick(start, Instant::ZERO), start + TICK);
}

#[test]
fn scores_are_the_papers() {
    // ln C(13, 8) − 13 ln 2 − ln 0.78 + 0.78 · 8, and so on, worked out by hand.
    let expected = [(8, 13, 0.78, 4.637_46), (5, 5, 24.0, 113.356_2), (1, 10, 47.0, 38.520_9)];
    for (active, parts, lambda, score_expected) in expected {
        let found = score(active, parts, lambda);
        assert!((found - score_expected).abs() < 1e-3, "{active} of {parts}: {found}");
    }
    assert!((score(0, N2, LAMBDA[1]) - SCORE_MIN).abs() < f64::EPSILON);
}

proptest! {
    #[test]
    fn no_levels_and_no_times_break_it(
        packets in prop::collection::vec((any::<u8>(), 0_u64..2_000_000), 0..200),
    ) {
        let mut voice = Speech::default();
        let mut now = Instant::ZERO;
        for (level, gap_us) in packets {
            now = now + Duration::from_micros(gap_us);
            voice.handle_level(now, level);
            let scores = voice.scores(now);
            prop_assert!(scores.immediate.is_finite() && scores.medium.is_finite());
            prop_assert!(scores.long >= SCORE_MIN && usize::from(scores.spoken) <= LEVELS);
        }
        // Time that runs backward is no time.
        voice.handle_level(Instant::ZERO, 0);
        voice.scores(Instant::ZERO);
        voice.scores(Instant::from_micros(u64::MAX));
    }
}
