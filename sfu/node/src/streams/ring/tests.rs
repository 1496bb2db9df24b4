use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

fn note(place: u8, micros: u64) -> Note {
    Note { place, at: Instant::from_micros(micros) }
}

#[test]
fn datagrams_cross_threads_whole_and_in_order() {
    const COUNT: u64 = 100_000;
    let (mut writer, mut reader) = ring(4_096);
    let sender = std::thread::spawn(move || {
        for number in 0..COUNT {
            let datagram = vec![number as u8; 1 + number as usize % 700];
            while writer.push(note(number as u8, number), &datagram).is_err() {
                std::thread::yield_now();
            }
        }
    });
    let mut space = [0; 1_000];
    let mut next = 0;
    while next < COUNT {
        let Some((head, length)) = reader.pop(&mut space) else {
            std::thread::yield_now();
            continue;
        };
        assert_eq!((head, length), (note(next as u8, next), 1 + next as usize % 700));
        assert!(space[..length].iter().all(|byte| *byte == next as u8), "datagram {next} is torn");
        next += 1;
    }
    sender.join().expect("no panic");
    assert_eq!(reader.pop(&mut space), None);
}

proptest! {
    #[test]
    fn a_ring_is_a_bounded_queue(
        steps in prop::collection::vec((any::<bool>(), 1_usize..300), 0..400),
    ) {
        let (mut writer, mut reader) = ring(1_024);
        let mut model: VecDeque<(Note, Vec<u8>)> = VecDeque::new();
        let mut space = [0; 300];
        for (number, (puts_in, length)) in steps.into_iter().enumerate() {
            prop_assert_eq!(reader.oldest(), model.front().map(|(head, _)| head.at));
            if puts_in {
                let datagram = vec![number as u8; length];
                let (has_room, head) = (length <= writer.room(), note(3, number as u64));
                prop_assert_eq!(writer.push(head, &datagram).is_ok(), has_room);
                if has_room {
                    model.push_back((head, datagram));
                }
            } else {
                let popped = reader.pop(&mut space);
                let popped = popped.map(|(head, length)| (head, space[..length].to_vec()));
                prop_assert_eq!(popped, model.pop_front());
            }
        }
    }
}
