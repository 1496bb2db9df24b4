//! Who is heard, told as scenes in a room.

use super::*;

const SPEECH: u8 = 30;
const LOUD_SPEECH: u8 = 20;
const NOISE: u8 = 70;
const SILENCE: u8 = 127;

/// A room where everybody sends a packet each 20 ms.
struct Scene {
    voices: Voices,
    loudness: Vec<Loudness>,
    priorities: Vec<VoicePriority>,
    levels: Vec<Option<u8>>,
    now_ms: u64,
}

impl Scene {
    fn new(people: usize, level: u8) -> Self {
        Scene {
            voices: Voices::default(),
            loudness: vec![Loudness::default(); people],
            priorities: vec![VoicePriority::Usual; people],
            levels: vec![Some(level); people],
            now_ms: 1_000,
        }
    }

    fn now(&self) -> Instant {
        Instant::ZERO + Duration::from_millis(self.now_ms)
    }

    /// Lets `millis` go by; returns how often the ranking changed.
    fn run(&mut self, millis: u64) -> usize {
        let until = self.now_ms + millis;
        let mut changes = 0;
        while self.now_ms < until {
            for person in 0..self.levels.len() {
                changes += usize::from(self.packet(person).changed);
            }
            self.now_ms += 20;
        }
        changes
    }

    fn packet(&mut self, person: usize) -> Ranking {
        let now = self.now();
        self.loudness[person].update(now, self.levels[person]);
        let (loudness, priority) = (self.loudness[person], self.priorities[person]);
        self.voices.rank(now, EndpointIndex(person as u32), loudness, priority)
    }

    fn heard_by(&self, person: usize) -> Vec<usize> {
        let heard = self.voices.heard_by(EndpointIndex(person as u32));
        let mut heard: Vec<usize> = heard.map(|voice| voice.get() as usize).collect();
        heard.sort_unstable();
        heard
    }
}

#[test]
fn in_a_room_of_four_everyone_hears_everyone() {
    let mut scene = Scene::new(4, SILENCE);
    scene.run(20);
    for person in 0..4 {
        let others: Vec<usize> = (0..4).filter(|&other| other != person).collect();
        assert_eq!(scene.heard_by(person), others);
    }
}

#[test]
fn a_new_voice_among_the_silent_is_heard_with_its_first_packet() {
    let mut scene = Scene::new(10, SILENCE);
    scene.run(1_000);
    scene.levels[7] = Some(SPEECH);
    assert!(scene.packet(7).forwarded);
    assert!(scene.heard_by(9).contains(&7));
    assert_eq!(scene.heard_by(9).len(), HEARD);
}

#[test]
fn a_speaker_is_heard_by_all_and_hears_three_others() {
    let mut scene = Scene::new(10, SILENCE);
    for speaker in [2, 5, 8] {
        scene.levels[speaker] = Some(SPEECH);
    }
    scene.run(2_000);
    assert_eq!(scene.heard_by(0), [2, 5, 8]);
    let heard = scene.heard_by(5);
    assert_eq!(heard.len(), HEARD);
    assert!(heard.contains(&2) && heard.contains(&8) && !heard.contains(&5));
}

#[test]
fn silence_displaces_nobody() {
    let mut scene = Scene::new(12, SILENCE);
    scene.run(100);
    assert_eq!(scene.run(5_000), 0);
    scene.levels = vec![Some(NOISE); 12];
    scene.run(1_000);
    assert_eq!(scene.run(5_000), 0, "equal noise is no reason either");
}

#[test]
fn a_gap_between_sentences_keeps_the_place() {
    let mut scene = Scene::new(10, SILENCE);
    for speaker in [0, 1, 2] {
        scene.levels[speaker] = Some(SPEECH);
    }
    scene.run(1_000);
    scene.levels[1] = Some(SILENCE);
    scene.run(300);
    scene.levels[6] = Some(LOUD_SPEECH);
    scene.run(100);
    assert!(scene.heard_by(9).contains(&1), "within the hang-over");
    scene.run(400);
    let heard = scene.heard_by(9);
    assert!(heard.contains(&6) && !heard.contains(&1), "{heard:?}");
}

#[test]
fn a_louder_voice_displaces_a_speaker_after_the_hangover() {
    let mut scene = Scene::new(10, SILENCE);
    for speaker in [0, 1, 2, 3] {
        scene.levels[speaker] = Some(40);
    }
    scene.run(1_000);
    scene.levels[6] = Some(LOUD_SPEECH);
    scene.run(400);
    assert!(!scene.packet(6).forwarded);
    scene.run(1_000);
    assert!(scene.heard_by(9).contains(&6));
    assert_eq!(scene.run(10_000), 0, "and then it is quiet again");
}

#[test]
fn one_loud_noise_does_not_displace_a_speaker() {
    let mut scene = Scene::new(10, SILENCE);
    for speaker in [0, 1, 2, 3] {
        scene.levels[speaker] = Some(40);
    }
    scene.run(1_000);
    for _ in 0..20 {
        scene.levels[8] = Some(5);
        scene.run(40);
        scene.levels[8] = Some(SILENCE);
        scene.run(960);
    }
    assert_eq!(scene.heard_by(9).iter().filter(|&&voice| voice == 8).count(), 0);
}

#[test]
fn a_voice_without_levels_yields_to_speech_and_beats_silence() {
    let mut scene = Scene::new(6, SILENCE);
    scene.levels[5] = None;
    scene.run(1_500);
    assert!(scene.heard_by(0).contains(&5), "it beats silence");
    for speaker in [0, 1, 2, 3] {
        scene.levels[speaker] = Some(SPEECH);
    }
    scene.run(1_500);
    assert!(!scene.heard_by(4).contains(&5), "it yields to speech");
}

#[test]
fn who_stops_sending_yields_to_who_speaks() {
    let mut scene = Scene::new(8, SILENCE);
    for speaker in [0, 1, 2, 3] {
        scene.levels[speaker] = Some(SPEECH);
    }
    scene.run(1_000);
    // The network of 0 is gone; nobody has told.
    let until = scene.now_ms + 1_000;
    scene.levels[4] = Some(45);
    while scene.now_ms < until {
        for person in 1..8 {
            scene.packet(person);
        }
        scene.now_ms += 20;
    }
    let heard = scene.heard_by(7);
    assert!(!heard.contains(&0), "{heard:?}");
}

#[test]
fn the_reserve_moves_up_when_a_voice_leaves() {
    let mut scene = Scene::new(5, SILENCE);
    scene.run(20);
    assert_eq!(scene.heard_by(4), [0, 1, 2]);
    assert!(scene.voices.remove(EndpointIndex(1)));
    assert_eq!(scene.heard_by(4), [0, 2, 3]);
    assert!(!scene.voices.remove(EndpointIndex(1)));
}

#[test]
fn everybody_talking_at_once_changes_the_ranking_rarely() {
    let mut scene = Scene::new(30, SILENCE);
    let mut random = 12_345_u32;
    let mut changes = 0;
    for _ in 0..500 {
        for level in &mut scene.levels {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *level = Some(20 + (random >> 24) as u8 % 40);
        }
        changes += scene.run(20);
    }
    assert!(changes <= 4 * 20, "{changes} changes in 10 s");
}

#[test]
fn who_comes_first_is_heard_with_the_first_word_where_four_talk() {
    let mut scene = Scene::new(8, SILENCE);
    scene.run(1_000);
    for talker in 1..=4 {
        scene.levels[talker] = Some(LOUD_SPEECH);
    }
    scene.run(2_000);
    scene.priorities[6] = VoicePriority::First;
    assert!(!scene.packet(6).forwarded, "silence displaces nobody");
    scene.levels[6] = Some(SPEECH);
    assert!(scene.packet(6).changed);
    assert!(scene.heard_by(7).contains(&6), "{:?}", scene.heard_by(7));
    // Nobody louder displaces them while they speak.
    scene.levels[5] = Some(1);
    for _ in 0..20 {
        scene.run(100);
        assert!(scene.heard_by(7).contains(&6));
    }
    // They are silent, and have their place until somebody takes it.
    scene.levels[6] = Some(SILENCE);
    scene.run(2_000);
    assert!(!scene.heard_by(7).contains(&6), "{:?}", scene.heard_by(7));
}

#[test]
fn those_who_come_first_are_ranked_among_themselves_as_all_are() {
    let mut scene = Scene::new(6, SILENCE);
    scene.priorities = vec![VoicePriority::First; 6];
    scene.run(1_000);
    for talker in 0..4 {
        scene.levels[talker] = Some(SPEECH);
    }
    scene.run(2_000);
    scene.levels[5] = Some(LOUD_SPEECH);
    assert!(!scene.packet(5).changed, "not at once");
    scene.run(1_500);
    assert!(scene.heard_by(4).contains(&5), "{:?}", scene.heard_by(4));
}
