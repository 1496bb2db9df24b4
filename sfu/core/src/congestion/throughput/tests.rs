use super::Throughput;

/// Packets of 1 000 bytes every 10 ms: 800 kb/s.
fn feed(throughput: &mut Throughput, packets: std::ops::Range<i64>, late_us: impl Fn(i64) -> i64) {
    for packet in packets {
        let sent_us = packet * 10_000;
        throughput.add(sent_us, sent_us + 50_000 + late_us(packet), 1_000);
    }
}

fn is_near(rate: Option<f64>, kbps: f64) -> bool {
    rate.is_some_and(|rate| (rate / 1e3 - kbps).abs() < 0.02 * kbps)
}

#[test]
fn what_arrives_is_measured() {
    let mut throughput = Throughput::new();
    feed(&mut throughput, 0..9, |_| 0);
    assert_eq!(throughput.rate(), None, "ten packets are needed");
    feed(&mut throughput, 9..200, |_| 0);
    assert!(is_near(throughput.rate(), 800.0));
    assert!(is_near(throughput.recent_rate(), 800.0));
}

#[test]
fn one_pause_of_the_network_does_not_look_like_a_low_rate() {
    let mut throughput = Throughput::new();
    // Nothing gets through for 200 ms, then all of it at once.
    let held = |packet: i64| if (150..170).contains(&packet) { (170 - packet) * 10_000 } else { 0 };
    feed(&mut throughput, 0..200, held);
    assert!(is_near(throughput.rate(), 800.0), "{:?}", throughput.rate());
}

#[test]
fn a_line_that_shrinks_shows_in_the_last_moments_first() {
    let mut throughput = Throughput::new();
    feed(&mut throughput, 0..200, |_| 0);
    // It carries half: every packet comes 10 ms later than the one before it.
    feed(&mut throughput, 200..240, |packet| (packet - 200) * 10_000);
    assert!(is_near(throughput.recent_rate(), 400.0), "{:?}", throughput.recent_rate());
    assert!(throughput.rate() > throughput.recent_rate());
}

#[test]
fn packets_in_another_order_give_the_same_rate() {
    let (mut plain, mut mixed) = (Throughput::new(), Throughput::new());
    feed(&mut plain, 0..100, |_| 0);
    for packet in 0..100 {
        feed(&mut mixed, packet ^ 1..(packet ^ 1) + 1, |_| 0);
    }
    assert_eq!(plain.rate(), mixed.rate());
}

#[test]
fn any_clock_is_survived() {
    let mut throughput = Throughput::new();
    for arrived_us in [1 << 52, -(1 << 52), 0, 1 << 52, -5, -(1 << 52)] {
        throughput.add(0, arrived_us, 1_200);
    }
    for _ in 0..2_000 {
        throughput.add(7, 7, 1_200);
    }
    assert!(throughput.rate().is_some_and(f64::is_finite));
}
