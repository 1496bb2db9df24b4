use super::*;
use crate::plan::Plan;

const LOSS_UP: &str = "
    seconds = 10
    [[network]]
    at = 2
    direction = \"up\"
    delay_ms = 0
    loss_percent = 100
    [[network]]
    at = 3
    direction = \"up\"
    delay_ms = 50
";

fn at(millis: u64) -> Instant {
    Instant::from_micros(1_000 * millis)
}

fn steps(plan: &str) -> Vec<Step> {
    Plan::read(plan).expect("a plan").network
}

/// Who gets what within two seconds of sending one datagram each way to everybody, and after how
/// many milliseconds.
fn arrivals(wire: &mut Wire, millis: u64) -> Vec<(usize, Way, u64)> {
    for client in 0..wire.links.len() {
        for way in [Way::Down, Way::Up] {
            wire.carry(at(millis), ClientIndex(client), way, vec![0; 100]);
        }
    }
    let mut arrivals = Vec::new();
    while let Some(due) = wire.poll_timeout() {
        let (client, way, _) = wire.poll_delivery(due).expect("what is due");
        arrivals.push((client.0, way, due.as_micros() / 1_000 - millis));
    }
    arrivals.sort_unstable();
    arrivals
}

#[test]
fn a_plan_impairs_its_people_and_its_way_at_its_time() {
    let mut wire = Wire::new(1);
    wire.add_client();
    wire.mark_receivers();
    wire.add_client();
    let all = [(0, Way::Down, 0), (0, Way::Up, 0), (1, Way::Down, 0), (1, Way::Up, 0)];
    assert_eq!(arrivals(&mut wire, 0), all);
    wire.begin(at(1_000), &steps(LOSS_UP));
    assert_eq!(arrivals(&mut wire, 2_999), all);
    assert_eq!(arrivals(&mut wire, 3_000), [all[0], all[2], all[3]]);
    let late = [(0, Way::Down, 0), (0, Way::Up, 50), (1, Way::Down, 0), (1, Way::Up, 0)];
    assert_eq!(arrivals(&mut wire, 4_000), late);
    wire.begin(at(5_000), &[]);
    // What was late is not overtaken: a link keeps the order.
    assert_eq!(arrivals(&mut wire, 5_000), all);
    assert_eq!(wire.take_counts(), Counts { carried: [10, 10], lost: [0, 1] });
    assert_eq!(wire.take_counts(), Counts::default());
}

#[test]
fn who_comes_later_finds_the_network_as_it_is() {
    let mut wire = Wire::new(1);
    wire.begin(at(0), &steps(LOSS_UP));
    wire.add_client();
    wire.carry(at(2_500), ClientIndex(0), Way::Up, Vec::new());
    assert_eq!(wire.poll_timeout(), None);
    wire.add_client();
    assert_eq!(arrivals(&mut wire, 2_500), [(0, Way::Down, 0), (1, Way::Down, 0)]);
    wire.mark_receivers();
    wire.add_client();
    assert_eq!(arrivals(&mut wire, 2_500).len(), 4, "the third is one of the others");
}

#[test]
fn a_seed_is_a_fate_of_each_link() {
    let losses = "seconds = 9\n[[network]]\ndirection = \"both\"\nloss_percent = 30";
    let fate = |seed| {
        let mut wire = Wire::new(seed);
        wire.add_client();
        wire.add_client();
        wire.begin(at(0), &steps(losses));
        (0..100).map(|step| arrivals(&mut wire, 100 * step)).collect::<Vec<_>>()
    };
    assert_eq!(fate(7), fate(7));
    assert_ne!(fate(7), fate(8));
    let of = |client, way| {
        let came = |it: &Vec<(usize, Way, u64)>| it.iter().any(|it| (it.0, it.1) == (client, way));
        fate(7).iter().map(came).collect::<Vec<_>>()
    };
    assert_ne!(of(0, Way::Down), of(1, Way::Down));
    assert_ne!(of(0, Way::Down), of(0, Way::Up));
}
