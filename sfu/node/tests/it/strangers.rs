//! What strangers and thieves send to a port on which a call goes on: it is counted, it gets no
//! answer, and it changes nothing.

use std::net::UdpSocket;

use protocol::Duration;

use crate::call::Call;

#[test]
fn stolen_and_forged_packets_are_counted_and_never_answered() {
    let mut call = Call::begin();
    call.join(1);
    call.join(2);
    call.run_until("both see each other", Call::everybody_sees_somebody);
    let stranger = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    stranger.connect(call.address).expect("connected");
    stranger.set_nonblocking(true).expect("not blocking");

    let stolen = call.next_media_of(1);
    let mut forged = stolen.clone();
    if let Some(last) = forged.last_mut() {
        *last ^= 1;
    }
    // A sequence number that was not there yet, so that only the tag can give it away.
    forged[2] ^= 0x10;
    for _ in 0..10 {
        stranger.send(&stolen).expect("sent");
        stranger.send(&[22, 254, 253, 0, 0]).expect("sent");
        call.send_as(1, &stolen);
        call.send_as(1, &forged);
    }
    // Counters are published once a second, all at the same time.
    call.run_until("all are counted", |call| dropped(call, "srtp_not_authentic") >= 10);
    call.run_for(Duration::from_millis(1_200));

    let dropped = |reason| dropped(&call, reason);
    assert_eq!(dropped("unproven_tuple"), 20);
    assert_eq!(dropped("srtp_replayed"), 9, "the first was the original");
    assert_eq!(dropped("srtp_not_authentic"), 10);
    assert!(stranger.recv(&mut [0; 2_048]).is_err(), "a stranger gets no answer");
    assert_eq!(call.failures(), 0, "the people in the call notice nothing");
    call.served.threads.shutdown().expect("a clean end");
}

fn dropped(call: &Call, reason: &str) -> u64 {
    call.served.metrics.value("sfu_dropped_datagrams_total", reason)
}
