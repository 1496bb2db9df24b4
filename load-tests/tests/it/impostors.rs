//! Somebody whose certificate is not the one that their offer named.

use protocol::client::EndReason;

use crate::{
    calls::{meet, receive},
    person::{Habits, Person},
    site::Site,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_with_another_certificate_than_it_named_never_connects() {
    let site = Site::start().await;
    let link = site.create_room().await;
    let mut ada = Person::join(&site, &link, 1).await;
    let mut bo = Person::join(&site, &link, 2).await;
    meet(&mut ada, &mut bo).await;

    let habits = Habits { tell_offer: with_another_fingerprint, ..Habits::default() };
    let mut impostor = Person::join_with(&site, &link, 3, habits).await;
    impostor.publish().await;
    impostor.watch(&[ada.id(), bo.id()]).await;
    assert_eq!(impostor.signaling.ended().await, EndReason::MediaLost);
    assert!(!impostor.was_ever_connected());
    assert!(impostor.reception.counts().is_empty());

    // The others saw it come and go, and their call went on whole, without a packet of a third.
    for person in [&mut ada, &mut bo] {
        person.signaling.somebody_came(impostor.id()).await;
        person.signaling.somebody_left(impostor.id()).await;
    }
    receive(&mut ada, &bo).await;
    receive(&mut bo, &ada).await;
    for person in [ada, bo, impostor] {
        person.close().await;
    }
}

/// Turns the first digit of every fingerprint into another.
fn with_another_fingerprint(offer: &str) -> String {
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
