//! The memory that the documentation promises.

use protocol::media::{ExtensionIds, Mid, SlotSection};

use super::*;

#[test]
fn endpoints_and_slots_are_as_small_as_documented() {
    assert!(size_of::<Slot>() <= 400, "{} bytes a slot", size_of::<Slot>());
    let endpoint = size_of::<Endpoint>();
    assert!(endpoint <= 9 * 1_024 + 512, "{endpoint} bytes an endpoint");
}

#[test]
fn of_more_slots_than_the_limit_the_first_count() {
    let slot = |number: u32| SlotSection {
        mid: Mid::try_new(format!("v{number}").as_bytes()).expect("a mid"),
        kind: SlotKind::Video,
        payloads: Vec::new(),
        ssrc: Ssrc(number),
        rtx_ssrc: None,
        is_reported: false,
        extensions: ExtensionIds::default(),
    };
    let plan = SessionPlan { publishes: Vec::new(), slots: (0..5).map(slot).collect() };
    let limits = Limits { slots_per_endpoint: 2, ..Limits::default() };
    let plan = EndpointPlan::new(&plan, &limits, 1);
    let ssrcs: Vec<u32> = plan.slots.iter().map(|slot| slot.ssrc.0).collect();
    assert_eq!(ssrcs, [0, 1]);
    let firsts: Vec<_> = plan.slots.iter().map(|slot| slot.sequence.last()).collect();
    assert_ne!(firsts[0], firsts[1], "each slot begins elsewhere");
}
