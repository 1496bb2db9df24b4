use protocol::{Duration, Instant};

use super::{History, LENGTH, Refused};
use crate::congestion::ProbeId;

const NOW: Instant = Instant::from_micros(9_000_000_000);

#[test]
fn a_report_finds_its_packet_across_the_wrap_of_numbers() {
    let mut history = History::new(u16::MAX);
    let first = history.push(NOW, 100, None);
    let second = history.push(NOW + Duration::from_millis(7), 1_200, Some(ProbeId(3)));
    assert_eq!((first, second), (u16::MAX, 0));
    let later = NOW + Duration::from_millis(50);
    let told = history.tell(later, second, true).expect("it was sent");
    assert_eq!(told.sent, NOW + Duration::from_millis(7));
    assert_eq!((told.bytes, told.probe, told.is_first), (1_200, Some(ProbeId(3)), true));
}

#[test]
fn what_was_never_sent_or_is_forgotten_is_not_found() {
    let mut history = History::new(500);
    assert_eq!(history.tell(NOW, 500, true).err(), Some(Refused::Unknown));
    for _ in 0..=LENGTH {
        history.push(NOW, 100, None);
    }
    assert_eq!(history.tell(NOW, 499, true).err(), Some(Refused::Unknown));
    assert_eq!(history.tell(NOW, 500, true).err(), Some(Refused::Unknown), "the ring forgot it");
    assert!(history.tell(NOW, 501, true).is_ok());
    assert_eq!(history.tell(NOW, history.next_seq(), true).err(), Some(Refused::Unknown));
}

#[test]
fn a_fate_is_told_once_and_an_arrival_outweighs_a_loss() {
    let mut history = History::new(0);
    let seq = history.push(NOW, 100, None);
    assert!(history.tell(NOW, seq, false).expect("lost").is_first);
    assert_eq!(history.tell(NOW, seq, false).err(), Some(Refused::Repeated));
    assert!(!history.tell(NOW, seq, true).expect("came after all").is_first);
    assert_eq!(history.tell(NOW, seq, true).err(), Some(Refused::Repeated));
    assert_eq!(history.tell(NOW, seq, false).err(), Some(Refused::Repeated));
}

#[test]
fn bytes_of_which_feedback_was_lost_are_found_with_the_next_report() {
    let mut history = History::new(0);
    for bytes in [100, 200, 300, 400] {
        history.push(NOW, bytes, None);
    }
    assert_eq!(history.tell(NOW, 0, true).expect("sent").untold_bytes, 0);
    assert_eq!(history.tell(NOW, 3, true).expect("sent").untold_bytes, 500);
    assert_eq!(history.tell(NOW, 1, true).expect("sent").untold_bytes, 0);
    assert!(!history.has_untold());
}
