use super::LinkCapacity;

#[test]
fn rates_near_what_was_seen_belong_to_the_same_way() {
    let mut capacity = LinkCapacity::default();
    assert!(!capacity.excludes(1e6), "nothing is known yet");
    for kbps in [1_990.0, 2_010.0, 2_000.0, 1_995.0] {
        capacity.add(kbps * 1e3);
    }
    assert!(capacity.rate().is_some_and(|rate| (rate - 2e6).abs() < 2e4));
    assert!(!capacity.excludes(2.03e6));
    assert!(capacity.is_below(2.3e6));
    assert!(capacity.excludes(0.7e6) && !capacity.is_below(0.7e6));
    capacity.reset();
    assert_eq!(capacity.rate(), None);
}
