use protocol::Instant;

use super::{LossBased, LossState};

/// Sends packets of 1 000 bytes at `rate` for some seconds over a way that loses every n-th of
/// `lost_of` and all above `bandwidth`; the delay allows `delay_rate`.
struct Way {
    loss: LossBased,
    now_us: u64,
    packets: u64,
    excess: f64,
}

impl Way {
    fn new() -> Self {
        Way { loss: LossBased::new(3e5), now_us: 0, packets: 0, excess: 0.0 }
    }

    fn send(&mut self, seconds: u64, rate: f64, lost_of: u64, bandwidth: f64, delay_rate: f64) {
        let end_us = self.now_us + seconds * 1_000_000;
        while self.now_us < end_us {
            let allowed = rate.min(self.loss.limit());
            self.now_us += (8_000e6 / allowed) as u64;
            self.packets += 1;
            self.excess += (1.0 - bandwidth / allowed).max(0.0);
            let is_over = self.excess >= 1.0;
            if is_over {
                self.excess -= 1.0;
            }
            let is_lost = is_over || self.packets.is_multiple_of(lost_of);
            self.loss.add(Instant::from_micros(self.now_us), 1_000, is_lost);
            if self.packets.is_multiple_of(10) {
                let arriving = allowed.min(bandwidth) * (1.0 - 1.0 / lost_of as f64);
                self.loss.update(Instant::from_micros(self.now_us), delay_rate, Some(arriving));
            }
        }
    }
}

#[test]
fn loss_that_does_not_come_from_the_rate_is_no_reason_to_send_less() {
    let mut way = Way::new();
    way.send(20, 2e6, 10, f64::INFINITY, 2e6);
    assert!((way.loss.average() - 0.1).abs() < 0.01);
    assert!(way.loss.limit() >= 1.6e6, "{}", way.loss.limit());
}

#[test]
fn loss_that_comes_from_the_rate_lowers_it() {
    let mut way = Way::new();
    way.send(10, 2e6, u64::MAX, 1e6, 2e6);
    assert_ne!(way.loss.state(), LossState::Free);
    assert!((0.7e6..=1.25e6).contains(&way.loss.limit()), "{}", way.loss.limit());
}

#[test]
fn after_the_loss_the_limit_goes_away() {
    let mut way = Way::new();
    way.send(10, 2e6, u64::MAX, 1e6, 2e6);
    way.send(15, 2e6, u64::MAX, f64::INFINITY, 2e6);
    assert_eq!(way.loss.state(), LossState::Free);
    assert_eq!(way.loss.limit(), f64::INFINITY);
}

#[test]
fn a_packet_that_comes_after_all_is_no_loss() {
    let mut loss = LossBased::new(3e5);
    for packet in 0..400_u64 {
        loss.add(Instant::from_micros(packet * 10_000), 1_000, packet.is_multiple_of(4));
        if packet % 4 == 1 {
            loss.take_back(1_000);
        }
        loss.update(Instant::from_micros(packet * 10_000), 1e6, Some(8e5));
    }
    assert!(loss.average() < 0.02, "{}", loss.average());
}
