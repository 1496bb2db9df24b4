use super::*;

fn arrivals(config: LinkConfig, seed: u64, count: u64) -> Vec<Delivery> {
    let mut link = Link::new(config, seed);
    let send = |n: u64| link.carry(Instant::from_micros(n * 1_000), n.to_be_bytes().to_vec());
    (0..count).flat_map(send).collect()
}

fn number(delivery: &Delivery) -> u64 {
    u64::from_be_bytes(delivery.datagram[..].try_into().expect("eight bytes"))
}

#[test]
fn a_good_link_keeps_all_in_order_within_its_delay() {
    let deliveries = arrivals(LinkConfig::GOOD, 1, 1_000);
    assert_eq!(deliveries.len(), 1_000);
    for (n, delivery) in deliveries.iter().enumerate() {
        assert_eq!(number(delivery), n as u64);
        let took = delivery.at.saturating_duration_since(Instant::from_micros(n as u64 * 1_000));
        assert!((15_000..=20_000).contains(&took.as_micros()), "{took:?}");
    }
    assert!(deliveries.is_sorted_by_key(|delivery| delivery.at));
}

#[test]
fn a_seed_is_a_fate() {
    let config = LinkConfig {
        loss: Loss::Random(100),
        reorder: 100,
        reorder_by: Duration::from_millis(9),
        duplicate: 100,
        corrupt: 100,
        ..LinkConfig::GOOD
    };
    assert_eq!(arrivals(config, 5, 500), arrivals(config, 5, 500));
    assert_ne!(arrivals(config, 5, 500), arrivals(config, 6, 500));
}

#[test]
fn loss_copies_and_damage_are_as_frequent_as_asked() {
    let config =
        LinkConfig { loss: Loss::Random(50), duplicate: 30, corrupt: 20, ..LinkConfig::GOOD };
    let deliveries = arrivals(config, 2, 20_000);
    let copies = deliveries.windows(2).filter(|pair| pair[0].datagram == pair[1].datagram).count();
    let damaged = deliveries.iter().filter(|delivery| !delivery.is_intact).count();
    let once = deliveries.len() - copies;
    assert!((18_800..=19_200).contains(&once), "{once}");
    assert!((480..=660).contains(&copies), "{copies}");
    assert!((320..=480).contains(&damaged), "{damaged}");
}

#[test]
fn bursts_are_longer_than_chance() {
    let loss = Loss::Burst { begin: 10, end: 250, loss: 1_000 };
    let deliveries = arrivals(LinkConfig { loss, ..LinkConfig::GOOD }, 3, 20_000);
    let numbers: Vec<u64> = deliveries.iter().map(number).collect();
    let gaps: Vec<u64> = numbers.windows(2).map(|pair| pair[1] - pair[0] - 1).collect();
    let lost: u64 = gaps.iter().sum();
    let bursts = gaps.iter().filter(|gap| **gap > 0).count() as u64;
    assert!((500..=1_100).contains(&lost), "{lost}");
    assert!(lost > 3 * bursts, "{lost} in {bursts} bursts");
}

#[test]
fn a_bottleneck_delays_and_then_drops() {
    // 8 bytes take 6.4 ms, one comes every millisecond, and 50 ms may be waited.
    let bottleneck = Some(Bottleneck { bits_per_second: 10_000, queue: Duration::from_millis(50) });
    let deliveries = arrivals(LinkConfig { bottleneck, ..LinkConfig::GOOD }, 4, 1_000);
    assert!((155..=170).contains(&deliveries.len()), "{}", deliveries.len());
    for delivery in deliveries {
        let sent = Instant::from_micros(number(&delivery) * 1_000);
        assert!(delivery.at.saturating_duration_since(sent) <= Duration::from_millis(77));
    }
}

#[test]
fn held_back_datagrams_are_overtaken() {
    let config =
        LinkConfig { reorder: 50, reorder_by: Duration::from_millis(30), ..LinkConfig::GOOD };
    let mut deliveries = arrivals(config, 5, 1_000);
    assert_eq!(deliveries.len(), 1_000);
    deliveries.sort_by_key(|delivery| delivery.at);
    let overtaken = deliveries.windows(2).filter(|pair| number(&pair[0]) > number(&pair[1]));
    assert!((30..=80).contains(&overtaken.count()));
}
