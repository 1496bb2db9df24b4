//! Somebody who goes on sending what a host has forbidden.

use std::time::Duration;

use protocol::{
    ParticipantId,
    client::{
        ClientBody, ErrorCode, Participant, ServerBody,
        order::{Moderation, Rules, Whom},
    },
    media::Source,
};

use crate::{
    calls::{meet, receive},
    person::Person,
    site::Site,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_host_forbids_is_not_forwarded_though_it_is_still_sent() {
    let site = Site::start().await;
    let links = site.create_room_with_host().await;
    let mut host = Person::join(&site, &links.host, 1).await;
    let mut rebel = Person::join(&site, &links.guest, 2).await;
    meet(&mut host, &mut rebel).await;
    receive(&mut host, &rebel).await;

    // Turned off, and not forbidden: the client only has to go on sending, and to say nothing.
    for source in [Source::Microphone, Source::Camera] {
        let order = Moderation::TurnOff { whom: Whom::All, source };
        host.signaling.say(ClientBody::Moderate(order)).await;
    }
    see_off(&mut host, rebel.id()).await;
    assert_silence(&host).await;

    // Forbidden: nor does it help to say that it is on.
    let rules = Rules { microphone: false, camera: false, ..Rules::default() };
    host.signaling.say(ClientBody::Moderate(Moderation::SetRules { rules })).await;
    host.signaling.taken_in().await;
    rebel.say_on().await;
    let refused = rebel.signaling.until(|body| match body {
        ServerBody::Error { code, .. } => Some(*code),
        _ => None,
    });
    assert_eq!(refused.await, ErrorCode::NotAllowed);
    rebel.signaling.taken_in().await;
    assert_silence(&host).await;

    // It was sent all the while: allowed again, it is there.
    host.signaling
        .say(ClientBody::Moderate(Moderation::SetRules { rules: Rules::default() }))
        .await;
    host.signaling.taken_in().await;
    let before = host.reception.counts();
    rebel.say_on().await;
    for (ssrc, count) in before {
        host.reception.until(ssrc, count + 20).await;
    }
    host.close().await;
    rebel.close().await;
}

/// Waits until everything of somebody is off.
async fn see_off(viewer: &mut Person, id: ParticipantId) {
    let is_off = |participant: &Participant| participant.id == id && participant.sources.is_empty();
    viewer
        .signaling
        .until(|body| match body {
            ServerBody::ParticipantChanged { participant } if is_off(participant) => Some(()),
            _ => None,
        })
        .await;
}

/// Demands that nothing comes.
async fn assert_silence(receiver: &Person) {
    // What was under way when the server took it in may still arrive.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let before = receiver.reception.counts();
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(receiver.reception.counts(), before);
}
