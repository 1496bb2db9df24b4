use proptest::prelude::*;

use super::*;

/// Feeds a stream in pieces of the given sizes, over and over, and collects its messages.
fn read(framing: Framing, stream: &[u8], pieces: &[usize]) -> Result<Vec<Vec<u8>>, BadFraming> {
    let mut reader = FrameReader::new(framing);
    let mut messages = Vec::new();
    let mut rest = stream;
    let mut pieces = pieces.iter().cycle();
    while !rest.is_empty() {
        let space = reader.space();
        assert!(!space.is_empty(), "a reader without space would wait for ever");
        let count = (*pieces.next().expect("a piece")).min(rest.len()).min(space.len());
        space[..count].copy_from_slice(&rest[..count]);
        reader.advance(count);
        rest = &rest[count..];
        while let Some(message) = reader.next_message()? {
            messages.push(message.to_vec());
        }
    }
    Ok(messages)
}

fn rfc4571(messages: &[Vec<u8>]) -> Vec<u8> {
    let frame = |message: &Vec<u8>| [&rfc4571_head(message.len() as u16)[..], message].concat();
    messages.iter().flat_map(frame).collect()
}

/// A STUN or ChannelData message with this content, and what stands on the stream for it.
fn turn_message(is_stun: bool, content: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut message = if is_stun {
        let words = content.len() / 4 * 4;
        let mut stun = vec![0, 1];
        stun.extend((words as u16).to_be_bytes());
        stun.extend([0x21, 0x12, 0xA4, 0x42]);
        stun.extend([7; 12]);
        stun.extend(&content[..words]);
        stun
    } else {
        let mut data = vec![0x40, 0x00];
        data.extend((content.len() as u16).to_be_bytes());
        data.extend(content);
        data
    };
    let whole = message.clone();
    message.resize(message.len().next_multiple_of(4), 0xEE);
    (whole, message)
}

#[test]
fn an_empty_frame_is_no_message_and_a_long_one_ends_the_stream() {
    assert_eq!(read(Framing::Rfc4571, &[0, 0, 0, 1, 9], &[5]), Ok(vec![vec![9]]));
    let longest = rfc4571(&[vec![3; MESSAGE_LENGTH_MAX]]);
    assert_eq!(read(Framing::Rfc4571, &longest, &[700]).map(|all| all.len()), Ok(1));
    let [high, low] = (MESSAGE_LENGTH_MAX as u16 + 1).to_be_bytes();
    assert_eq!(read(Framing::Rfc4571, &[high, low], &[1]), Err(BadFraming));
}

#[test]
fn what_is_neither_stun_nor_channel_data_ends_the_stream() {
    for first in [0x80, 0xC0, 0xFF] {
        assert_eq!(read(Framing::Turn, &[first, 0, 0, 0], &[4]), Err(BadFraming));
    }
    assert_eq!(read(Framing::Turn, &[0, 1, 0, 3], &[4]), Err(BadFraming), "no whole words");
    assert_eq!(read(Framing::Turn, &[0, 1, 0xFF, 0xFC], &[4]), Err(BadFraming), "too long");
}

proptest! {
    #[test]
    fn messages_come_out_as_they_went_in_however_the_stream_is_cut(
        messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..1_500), 0..20),
        pieces in prop::collection::vec(1_usize..3_000, 1..8),
    ) {
        let stream = rfc4571(&messages);
        prop_assert_eq!(read(Framing::Rfc4571, &stream, &pieces), Ok(messages));
    }

    #[test]
    fn stun_and_channel_data_follow_one_another_in_any_order(
        contents in prop::collection::vec(
            (any::<bool>(), prop::collection::vec(any::<u8>(), 0..1_500)), 0..20),
        pieces in prop::collection::vec(1_usize..3_000, 1..8),
    ) {
        let (mut messages, mut stream) = (Vec::new(), Vec::new());
        for (is_stun, content) in &contents {
            let (whole, padded) = turn_message(*is_stun, content);
            messages.push(whole);
            stream.extend(padded);
        }
        prop_assert_eq!(read(Framing::Turn, &stream, &pieces), Ok(messages));
    }

    #[test]
    fn no_stream_breaks_the_reader(
        stream in prop::collection::vec(any::<u8>(), 0..10_000),
        pieces in prop::collection::vec(1_usize..3_000, 1..8),
        is_turn in any::<bool>(),
    ) {
        let framing = if is_turn { Framing::Turn } else { Framing::Rfc4571 };
        if let Ok(messages) = read(framing, &stream, &pieces) {
            prop_assert!(messages.iter().all(|message| message.len() <= MESSAGE_LENGTH_MAX));
        }
    }
}
