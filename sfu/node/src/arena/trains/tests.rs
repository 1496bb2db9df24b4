use std::collections::HashMap;

use proptest::{collection::vec, prelude::*};
use protocol::EndpointIndex;
use sfu_worker::{PacketClass, Path, Tuple};

use super::{ARENA_BYTES, SEGMENTS_MAX, TRAIN_BYTES_MAX, TRAINS_MAX, TrainBuffer};

const RECEIVERS: usize = 8;

fn to(receiver: u32) -> Tuple {
    to_port(receiver, 9)
}

fn to_port(receiver: u32, port: u16) -> Tuple {
    let remote = std::net::SocketAddr::from(([192, 0, 2, receiver as u8], port));
    Tuple { local: std::net::SocketAddr::from(([198, 51, 100, 1], 7)), remote, path: Path::Udp }
}

/// A buffer that expects `expected` packets a receiver.
fn expecting(expected: usize) -> TrainBuffer {
    let mut buffer = TrainBuffer::new(RECEIVERS);
    buffer.expect(expected);
    buffer
}

fn put(buffer: &mut TrainBuffer, receiver: u32, length: usize) -> Option<usize> {
    buffer.reserve(Some(EndpointIndex(receiver)), &to(receiver), length, PacketClass::Video)
}

fn open_length(buffer: &TrainBuffer, receiver: u32) -> usize {
    buffer.segment_length(EndpointIndex(receiver))
}

/// The packets of each train, in the order of the trains.
fn counts(buffer: &TrainBuffer) -> Vec<usize> {
    buffer.trains().iter().map(|train| train.classes().len()).collect()
}

#[test]
fn packets_become_trains_by_their_lengths() {
    let cases: [(&str, &[usize], &[usize]); 6] = [
        ("equal ones stay together", &[1200, 1200, 1200], &[3]),
        ("a shorter one is the last", &[1200, 1199, 1200], &[2, 1]),
        ("a longer one begins anew", &[100, 1200, 1200], &[1, 2]),
        ("sizes n and n + 1", &[1100, 1101, 1101], &[1, 2]),
        ("falling sizes", &[900, 800, 700], &[2, 1]),
        ("seventeen are one too many", &[500; 17], &[16, 1]),
    ];
    for (name, lengths, expected) in cases {
        for hint in [1, 4, 16] {
            let mut buffer = expecting(hint);
            for length in lengths {
                put(&mut buffer, 1, *length).expect("room");
            }
            assert_eq!(counts(&buffer), expected, "{name}, {hint} expected");
        }
    }
}

#[test]
fn receivers_do_not_mix() {
    let mut buffer = expecting(4);
    for receiver in [1, 2, 1, 2] {
        put(&mut buffer, receiver, 1000);
    }
    assert_eq!(counts(&buffer), [2, 2]);
    assert_eq!([*buffer.trains()[0].tuple(), *buffer.trains()[1].tuple()], [to(1), to(2)]);
}

#[test]
fn a_receiver_that_moves_begins_a_train_to_its_new_tuple() {
    let mut buffer = expecting(4);
    put(&mut buffer, 1, 1000);
    let receiver = Some(EndpointIndex(1));
    buffer.reserve(receiver, &to_port(1, 10), 1000, PacketClass::Audio);
    put(&mut buffer, 1, 1000);
    let tuples: Vec<Tuple> = buffer.trains().iter().map(|train| *train.tuple()).collect();
    assert_eq!(tuples, [to(1), to_port(1, 10), to(1)], "in order, and none joined an old train");
}

#[test]
fn the_open_length_tells_what_may_be_padded() {
    let mut buffer = expecting(16);
    assert_eq!(open_length(&buffer, 1), 0, "nothing yet");
    put(&mut buffer, 1, 1000);
    assert_eq!(open_length(&buffer, 1), 1000);
    assert_eq!(open_length(&buffer, 2), 0, "another receiver");
    for _ in 1..SEGMENTS_MAX {
        put(&mut buffer, 1, 1000);
    }
    assert_eq!(open_length(&buffer, 1), 0, "full");
    put(&mut buffer, 1, 1000);
    put(&mut buffer, 1, 999);
    assert_eq!(open_length(&buffer, 1), 0, "closed by a shorter one");
    put(&mut buffer, 1, 1000);
    buffer.clear();
    assert_eq!(open_length(&buffer, 1), 0, "sent");
}

#[test]
fn a_train_that_is_hemmed_in_takes_no_more_than_was_expected() {
    let mut buffer = expecting(2);
    put(&mut buffer, 1, 1000);
    put(&mut buffer, 2, 1000);
    put(&mut buffer, 1, 1000);
    assert_eq!(open_length(&buffer, 1), 0, "its space ends");
    assert_eq!(open_length(&buffer, 2), 1000, "nothing lies behind it");
    put(&mut buffer, 1, 1000);
    assert_eq!(counts(&buffer), [2, 1, 1]);
}

#[test]
fn a_single_datagram_stays_alone() {
    let mut buffer = expecting(4);
    for _ in 0..2 {
        buffer.reserve(None, &to(1), 100, PacketClass::Control);
    }
    put(&mut buffer, RECEIVERS as u32, 100);
    put(&mut buffer, RECEIVERS as u32, 100);
    assert_eq!(counts(&buffer), [1, 1, 1, 1]);
}

#[test]
fn a_full_buffer_takes_no_new_train() {
    let mut buffer = expecting(16);
    let mut packets = 0;
    while buffer.reserve(None, &to(1), 1232, PacketClass::Control).is_some() {
        packets += 1;
    }
    assert_eq!(packets, ARENA_BYTES / 1232, "bytes run out");
    buffer.clear();
    packets = 0;
    while buffer.reserve(None, &to(1), 10, PacketClass::Control).is_some() {
        packets += 1;
    }
    assert_eq!(packets, TRAINS_MAX, "trains run out");
}

#[test]
fn the_space_that_a_closed_train_leaves_is_used_again() {
    let mut buffer = expecting(16);
    let mut trains = 0;
    while trains < TRAINS_MAX && put(&mut buffer, 1, 1200).is_some() {
        put(&mut buffer, 1, 1199);
        trains += 1;
    }
    assert!(trains > ARENA_BYTES / 2_500, "{trains} trains of two packets");
}

#[test]
fn a_crowd_has_shorter_trains_and_still_has_trains() {
    let crowd = 800;
    let mut buffer = TrainBuffer::new(crowd);
    let mut packets_of_longest = 0;
    for turn in 0..3 {
        buffer.begin_turn();
        buffer.expect(16);
        packets_of_longest = 0;
        for _ in 0..16 {
            for receiver in 0..crowd as u32 {
                if put(&mut buffer, receiver, 1200).is_none() {
                    packets_of_longest = packets_of_longest.max(longest(&buffer));
                    buffer.clear();
                    put(&mut buffer, receiver, 1200).expect("room");
                }
            }
        }
        buffer.clear();
        assert!(turn > 0 || packets_of_longest < 4, "the first turn cannot know");
    }
    assert_eq!(packets_of_longest, 4, "4 MiB for 800 receivers");
}

#[test]
fn a_crowd_that_has_left_is_forgotten() {
    let mut buffer = TrainBuffer::new(800);
    buffer.expect(16);
    for receiver in 0..800 {
        put(&mut buffer, receiver, 100);
    }
    for _ in 0..40 {
        buffer.clear();
        buffer.begin_turn();
    }
    put(&mut buffer, 1, 1200);
    put(&mut buffer, 2, 1200);
    for _ in 1..SEGMENTS_MAX {
        put(&mut buffer, 1, 1200);
    }
    assert_eq!(counts(&buffer), [SEGMENTS_MAX, 1]);
}

fn longest(buffer: &TrainBuffer) -> usize {
    counts(buffer).into_iter().max().unwrap_or(0)
}

/// What is asked of a buffer: for whom, how long, of which class; or the end of a turn.
#[derive(Clone, Debug)]
enum Step {
    Packet(u32, usize, PacketClass),
    Expect(usize),
    Send,
}

fn step() -> impl Strategy<Value = Step> {
    let class =
        prop_oneof![Just(PacketClass::Control), Just(PacketClass::Audio), Just(PacketClass::Video)];
    // A few lengths, so that trains form.
    let length = prop_oneof![Just(100usize), Just(1199), Just(1200), 1usize..1500];
    prop_oneof![
        40 => (0..RECEIVERS as u32 + 1, length, class).prop_map(|(r, l, c)| Step::Packet(r, l, c)),
        2 => (0usize..40).prop_map(Step::Expect),
        1 => Just(Step::Send),
    ]
}

/// What went to each receiver: contents and classes.
type Delivered = HashMap<std::net::SocketAddr, Vec<(Vec<u8>, PacketClass)>>;

/// Cuts the trains as the kernel does, checking the rules of segmentation.
fn cut(buffer: &TrainBuffer, delivered: &mut Delivered) {
    for train in buffer.trains() {
        let packets = train.classes().len();
        let bytes = &buffer.bytes()[train.bytes_of(0..packets)];
        assert!((1..=SEGMENTS_MAX).contains(&packets));
        assert!(bytes.len() <= TRAIN_BYTES_MAX);
        let segments: Vec<&[u8]> = bytes.chunks(train.segment()).collect();
        assert_eq!(segments.len(), packets, "the kernel cuts as many packets as were put in");
        for (index, segment) in segments.iter().enumerate() {
            assert_eq!(*segment, &buffer.bytes()[train.bytes_of(index..index + 1)]);
            let to = delivered.entry(train.tuple().remote).or_default();
            to.push((segment.to_vec(), train.classes()[index]));
        }
    }
}

proptest! {
    #[test]
    fn what_goes_in_comes_out_whole_and_in_order(steps in vec(step(), 1..400)) {
        let mut buffer = TrainBuffer::new(RECEIVERS);
        let (mut expected, mut delivered) = (Delivered::new(), Delivered::new());
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Expect(packets) => buffer.expect(packets),
                Step::Send => {
                    cut(&buffer, &mut delivered);
                    buffer.clear();
                    buffer.begin_turn();
                }
                Step::Packet(receiver, length, class) => {
                    let index = EndpointIndex(receiver);
                    let padded = buffer.segment_length(index);
                    let trains = buffer.trains().len();
                    let mut start = buffer.reserve(Some(index), &to(receiver), length, class);
                    if start.is_none() {
                        cut(&buffer, &mut delivered);
                        buffer.clear();
                        start = buffer.reserve(Some(index), &to(receiver), length, class);
                    } else if length == padded {
                        prop_assert_eq!(buffer.trains().len(), trains, "padding made it join");
                    }
                    let start = start.expect("an empty buffer has room");
                    // Every packet has content of its own.
                    let content: Vec<u8> = (0..length).map(|at| (number + at * 7) as u8).collect();
                    buffer.bytes_mut()[start..start + length].copy_from_slice(&content);
                    expected.entry(to(receiver).remote).or_default().push((content, class));
                }
            }
        }
        cut(&buffer, &mut delivered);
        prop_assert_eq!(delivered, expected);
    }
}
