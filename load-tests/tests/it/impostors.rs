//! Somebody whose certificate is not the one that their offer named.

use std::time::Duration;

use webrtc::peer_connection::RTCPeerConnectionState;

use crate::{
    calls::{meet, receive},
    person::Person,
    site::Site,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_with_another_certificate_than_it_named_never_connects() {
    let site = Site::start().await;
    let link = site.create_room().await;
    let mut ada = Person::join(&site, &link, 1).await;
    let mut bo = Person::join(&site, &link, 2).await;
    meet(&mut ada, &mut bo).await;
    let mut impostor = Person::join_with(&site, &link, 3, with_another_fingerprint).await;
    impostor.publish().await;
    let others = [ada.id(), bo.id()];
    impostor.watch(&others).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    println!("{:?} {:?}", impostor.state(), impostor.signaling.heard());
    assert_ne!(impostor.state(), RTCPeerConnectionState::Connected);
    assert!(impostor.reception.counts().is_empty());
    // The others' call went on whole, without a packet of a third.
    receive(&mut ada, &bo).await;
    receive(&mut bo, &ada).await;
    for person in [ada, bo, impostor] {
        person.close().await;
    }
}

/// Turns the first digit of every fingerprint into another.
fn with_another_fingerprint(offer: String) -> String {
    const NAME: &str = "a=fingerprint:sha-256 ";
    let lines = offer.split_inclusive("\r\n").map(|line| match line.strip_prefix(NAME) {
        Some(value) => {
            let other = if value.starts_with('0') { '1' } else { '0' };
            format!("{NAME}{other}{}", &value[1..])
        }
        None => line.to_owned(),
    });
    let altered: String = lines.collect();
    assert_ne!(altered, offer);
    altered
}
