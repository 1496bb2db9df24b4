//! Two people in a call.

use std::time::Duration;

use protocol::{
    client::{ClientBody, EndReason},
    media::Source,
};
use webrtc::peer_connection::SrtpProtectionProfile;

use crate::{
    person::{Habits, Person},
    reception::{check_picture, check_voice},
    site::Site,
};

/// Packets: less than a second of voice, more than one of picture.
const ENOUGH: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_clients_of_another_make_see_and_hear_each_other() {
    let site = Site::start().await;
    let link = site.create_room().await;
    let mut ada = Person::join(&site, &link, 1).await;
    let mut bo = Person::join(&site, &link, 2).await;
    meet(&mut ada, &mut bo).await;
    receive(&mut ada, &bo).await;
    receive(&mut bo, &ada).await;
    assert!(ada.keyframes_asked() > 0 && bo.keyframes_asked() > 0);
    ada.close().await;
    bo.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_comes_from_somebody_who_has_left() {
    let site = Site::start().await;
    let link = site.create_room().await;
    let mut ada = Person::join(&site, &link, 1).await;
    let mut bo = Person::join(&site, &link, 2).await;
    meet(&mut ada, &mut bo).await;
    receive(&mut ada, &bo).await;

    // Only signaling says goodbye: bo's client goes on sending, and the server must not care.
    bo.signaling.say(ClientBody::Leave).await;
    assert_eq!(bo.signaling.ended().await, EndReason::Left);
    ada.signaling.somebody_left(bo.id()).await;

    // What was under way when the message came may still arrive.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let before = ada.reception.counts();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(ada.reception.counts(), before);
    ada.close().await;
    bo.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_joins_clients_of_different_srtp_profiles() {
    let site = Site::start().await;
    let link = site.create_room().await;
    let knows = |profile| Habits { srtp: vec![profile], ..Habits::default() };
    let gcm = knows(SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm);
    let cm = knows(SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80);
    let mut ada = Person::join_with(&site, &link, 1, gcm).await;
    let mut bo = Person::join_with(&site, &link, 2, cm).await;
    meet(&mut ada, &mut bo).await;
    receive(&mut ada, &bo).await;
    receive(&mut bo, &ada).await;
    ada.close().await;
    bo.close().await;
}

/// Both connect, watch each other, and send.
pub(crate) async fn meet(ada: &mut Person, bo: &mut Person) {
    ada.signaling.somebody_came(bo.id()).await;
    assert!(bo.joined.participants.iter().any(|participant| participant.id == ada.id()));
    ada.connected().await;
    bo.connected().await;
    // Before there is anything to watch: a stage that is named later moves to the first slots.
    ada.watch(&[bo.id()]).await;
    bo.watch(&[ada.id()]).await;
    ada.publish().await;
    bo.publish().await;
}

/// Demands that a receiver has got, and goes on to get, a sender's voice and picture whole, in
/// declared slots, and nothing else.
pub(crate) async fn receive(receiver: &mut Person, sender: &Person) {
    let voice = receiver.slot_of(sender.id(), Source::Microphone).await;
    let picture = receiver.slot_of(sender.id(), Source::Camera).await;
    for ssrc in [voice, picture] {
        let so_far = receiver.reception.of(ssrc).len();
        receiver.reception.until(ssrc, so_far + ENOUGH).await;
    }
    check_voice(&receiver.reception.of(voice), sender.number, sender.id().get());
    check_picture(&receiver.reception.of(picture), sender.number, sender.id().get());
    let mut expected = [voice, picture];
    expected.sort_unstable();
    assert!(receiver.reception.counts().into_keys().eq(expected));
}
