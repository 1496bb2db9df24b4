use protocol::{
    ParticipantId,
    client::{ChatMessage, ErrorCode},
};

use super::*;

fn left(id: u32) -> Arc<ServerBody> {
    Arc::new(ServerBody::ParticipantLeft { participant: ParticipantId(id) })
}

fn answer(re: u64) -> Arc<ServerBody> {
    Arc::new(ServerBody::Answer { re, answer: SdpBody::Plain("v=0".to_owned()) })
}

fn chat(text: &str) -> Arc<ServerBody> {
    let from = ParticipantId(1);
    Arc::new(ServerBody::Chat(ChatMessage {
        from,
        to: None,
        text: text.to_owned(),
        caption: false,
        re: 0,
    }))
}

fn seqs(messages: &[Numbered]) -> Vec<u64> {
    messages.iter().map(|message| message.seq).collect()
}

#[test]
fn what_was_missed_is_replayed_and_nothing_else() {
    let mut ring = SentRing::new(3, usize::MAX);
    for id in 1..=5 {
        assert_eq!(ring.push(left(id)).seq, u64::from(id));
    }
    assert_eq!(ring.after(5), Some(vec![]));
    assert_eq!(ring.after(4).map(|m| seqs(&m)), Some(vec![5]));
    assert_eq!(ring.after(2).map(|m| seqs(&m)), Some(vec![3, 4, 5]));
    assert_eq!(ring.after(1), None);
    assert_eq!(ring.after(6), None, "a number from the future");
    assert_eq!(ring.after(u64::MAX), None);
}

#[test]
fn bytes_bound_it_too() {
    let text = "x".repeat(1000);
    let mut ring = SentRing::new(usize::MAX, 3000);
    for re in 1..=10 {
        ring.push(Arc::new(ServerBody::Error {
            re,
            code: ErrorCode::BadOffer,
            detail: text.clone(),
        }));
    }
    assert!(ring.bytes <= 3000, "{}", ring.bytes);
    assert_eq!(ring.after(8).map(|m| seqs(&m)), Some(vec![9, 10]));
    assert_eq!(ring.after(7), None);
}

#[test]
fn answers_outlive_the_ring_and_are_said_again_once() {
    let mut ring = SentRing::new(2, usize::MAX);
    ring.push(answer(1));
    ring.push(left(2));
    ring.push(answer(3));
    ring.push(left(4));
    ring.push(left(5));
    ring.push(answer(6));
    // Seen up to 2: answer 1 was seen, 3 is long out of the ring, 6 is in it.
    assert_eq!(ring.after(2), None);
    assert_eq!(ring.restart(2), vec![answer(3), answer(6)]);
    assert_eq!(ring.restart(0), Vec::<Arc<ServerBody>>::new());
    assert_eq!(ring.push(left(7)).seq, 7);
    assert_eq!(ring.after(6).map(|m| seqs(&m)), Some(vec![7]));
    assert_eq!(ring.after(5), None);
}

#[test]
fn what_people_write_is_said_again_from_the_ring_and_pushes_out_no_answer() {
    let mut ring = SentRing::new(2, usize::MAX);
    ring.push(answer(1));
    for number in 0..20 {
        ring.push(chat(&number.to_string()));
    }
    assert_eq!(ring.after(19).map(|m| seqs(&m)), Some(vec![20, 21]));
    assert_eq!(ring.restart(0), vec![answer(1), chat("18"), chat("19")]);
    let mut ring = SentRing::new(usize::MAX, 3000);
    for _ in 0..10 {
        ring.push(chat(&"x".repeat(1000)));
    }
    assert!(ring.bytes <= 3000, "a text has its weight: {}", ring.bytes);
}

#[test]
fn lasting_messages_are_few() {
    let mut ring = SentRing::new(1, usize::MAX);
    for re in 1..=20 {
        ring.push(answer(re));
    }
    assert_eq!(ring.restart(0).len(), LASTING_MAX + 1);
}
