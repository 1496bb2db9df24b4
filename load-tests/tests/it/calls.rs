//! Two people in a call.

use std::time::Duration;

use protocol::{
    client::{ClientBody, EndReason, ServerBody},
    media::Source,
};

use crate::{
    person::Person,
    reception::{check_picture, check_voice},
    site::Site,
};

/// A second and a half of voice, and more of picture.
const ENOUGH: usize = 75;

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
    let ended = |body: &ServerBody| match body {
        ServerBody::Ended { reason } => Some(*reason),
        _ => None,
    };
    assert_eq!(bo.signaling.until(ended).await, EndReason::Left);
    let left = |body: &ServerBody| match body {
        ServerBody::ParticipantLeft { participant } => Some(*participant),
        _ => None,
    };
    assert_eq!(ada.signaling.until(left).await, bo.id());

    // What was under way when the message came may still arrive.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let before = ada.reception.counts();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(ada.reception.counts(), before);
    ada.close().await;
    bo.close().await;
}

/// Both connect, send, and watch each other.
pub(crate) async fn meet(ada: &mut Person, bo: &mut Person) {
    let came = |body: &ServerBody| match body {
        ServerBody::ParticipantJoined { participant } => Some(participant.id),
        _ => None,
    };
    assert_eq!(ada.signaling.until(came).await, bo.id());
    assert!(bo.joined.participants.iter().any(|participant| participant.id == ada.id()));
    ada.connected().await;
    bo.connected().await;
    ada.publish().await;
    bo.publish().await;
    ada.watch(&[bo.id()]).await;
    bo.watch(&[ada.id()]).await;
}

/// Demands that a receiver gets a sender's voice and picture whole, in declared slots, and nothing
/// else.
pub(crate) async fn receive(receiver: &mut Person, sender: &Person) {
    let voice = receiver.slot_of(sender.id(), Source::Microphone).await;
    let picture = receiver.slot_of(sender.id(), Source::Camera).await;
    receiver.reception.until(&[voice, picture], ENOUGH).await;
    check_voice(&receiver.reception.of(voice), sender.number, sender.id().get());
    check_picture(&receiver.reception.of(picture), sender.number, sender.id().get());
    let mut expected = [voice, picture];
    expected.sort_unstable();
    assert!(receiver.reception.counts().into_keys().eq(expected));
}
