use std::{collections::BTreeMap, time::Duration};

use proptest::prelude::*;
use protocol::Instant;

use super::*;
use crate::{
    stun::{
        self, IceKey, Message, REQUEST_LENGTH_MAX, Role, SUCCESS_LENGTH_MAX, TransactionId,
        builder::MessageBuilder,
    },
    tuple::{Path, Tuple},
};

fn at(seconds: u64) -> Instant {
    Instant::ZERO + Duration::from_secs(seconds)
}

fn credentials(mark: u8) -> CredentialsPair {
    let local = IceCredentials::from_random(&[mark; IceCredentials::RANDOM_LENGTH]);
    let (ufrag, pwd) = (format!("cLnT{mark}"), format!("theclientspassword00000{mark}"));
    let remote = IceCredentials::try_new(&ufrag, &pwd).expect("legal");
    CredentialsPair { local, remote }
}

/// A tuple with this remote port. From [`STREAMS`] upward it is that of a stream.
fn tuple(port: u16) -> Tuple {
    Tuple {
        local: "192.0.2.1:443".parse().expect("an address"),
        remote: ([198, 51, 100, 7], port).into(),
        path: if port < STREAMS { Path::Udp } else { Path::Stream(port.into()) },
    }
}

const STREAMS: u16 = 60_000;

/// Plain or nominating.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Plain,
    Nominating,
}

/// An agent and what a browser would do to it.
struct Call {
    agent: IceAgent,
    next_id: u64,
    /// Our ufrag in the last check that the agent wanted to send.
    asked_by: String,
}

impl Call {
    fn new() -> Self {
        let agent = IceAgent::new(at(0), credentials(1), 99);
        Call { agent, next_id: 0, asked_by: String::new() }
    }

    fn checked_from(port: u16) -> Self {
        let mut call = Call::new();
        call.check(at(0), port, Kind::Nominating).expect("authentic");
        call
    }

    /// The next check of a browser under the credentials of `mark`, as bytes.
    fn request(&mut self, mark: u8, kind: Kind) -> Vec<u8> {
        self.request_between(mark, mark, kind)
    }

    /// One under our credentials of one mark, and the client's of another.
    fn request_between(&mut self, ours: u8, theirs: u8, kind: Kind) -> Vec<u8> {
        self.next_id += 1;
        let (local, remote) = (credentials(ours).local, credentials(theirs).remote);
        let username = format!("{}:{}", local.ufrag(), remote.ufrag());
        MessageBuilder::request(self.next_id)
            .check(&username, kind == Kind::Nominating)
            .integrity(local.pwd())
            .fingerprint()
            .bytes()
    }

    fn receive(&mut self, now: Instant, port: u16, datagram: &[u8]) -> Result<IceOutcome, IceDrop> {
        let mut out = [0; SUCCESS_LENGTH_MAX];
        match stun::parse(datagram).expect("well-formed") {
            Message::Request(request) => {
                let outcome = self.agent.handle_request(now, &tuple(port), &request, &mut out);
                if let Ok(outcome) = outcome {
                    assert!(outcome.response_length <= datagram.len(), "amplifies");
                }
                outcome
            }
            Message::Success(success) => self.agent.handle_success(now, &tuple(port), &success),
            Message::Error(..) => panic!("no error is sent here"),
        }
    }

    fn check(&mut self, now: Instant, port: u16, kind: Kind) -> Result<IceOutcome, IceDrop> {
        self.check_under(now, port, kind, 1)
    }

    fn check_under(
        &mut self,
        now: Instant,
        port: u16,
        kind: Kind,
        mark: u8,
    ) -> Result<IceOutcome, IceDrop> {
        let datagram = self.request(mark, kind);
        self.receive(now, port, &datagram)
    }

    /// What the agent wants to send by itself: to which port, and the client's answer to it.
    fn own_check(&mut self, now: Instant) -> Option<(u16, Vec<u8>)> {
        self.next_id += 1;
        let mut fresh_id = [0xEE; 12];
        fresh_id[..8].copy_from_slice(&self.next_id.to_be_bytes());
        let mut out = [0; REQUEST_LENGTH_MAX];
        let (to, length) = self.agent.poll_transmit(now, TransactionId(fresh_id), &mut out)?;
        let Ok(Message::Request(request)) = stun::parse(&out[..length]) else {
            panic!("not a check");
        };
        let mut marks = (1..=u8::MAX).map(credentials);
        let is_asked =
            |pair: &CredentialsPair| pair.remote.ufrag().as_bytes() == request.local_ufrag();
        let remote = marks.find(is_asked).expect("a ufrag of the client's").remote;
        let key = IceKey::new(remote.pwd().as_bytes());
        assert!(request.is_authentic(&key), "the client would not take it");
        self.asked_by = String::from_utf8(request.remote_ufrag().to_vec()).expect("a ufrag");
        assert_eq!(request.role, Some(Role::Controlled(99)));
        assert!(!request.use_candidate, "a lite agent never nominates");
        let mut answer = [0; SUCCESS_LENGTH_MAX];
        let length = stun::write_success(&mut answer, request.transaction_id, to.local, &key);
        Some((to.remote.port(), answer[..length].to_vec()))
    }

    fn media_port(&self, now: Instant) -> Option<u16> {
        self.agent.media_tuple(now).map(|tuple| tuple.remote.port())
    }
}

#[test]
fn media_flows_from_the_first_check_on_and_its_answer_names_the_sender() {
    let mut call = Call::new();
    assert_eq!(call.media_port(at(0)), None);
    let datagram = call.request(1, Kind::Plain);
    let Ok(Message::Request(request)) = stun::parse(&datagram) else { panic!("a request") };
    let mut out = [0; SUCCESS_LENGTH_MAX];
    let outcome = call.agent.handle_request(at(0), &tuple(1), &request, &mut out);
    let outcome = outcome.expect("authentic");
    assert!(outcome.newly_proven && outcome.selected_changed && !outcome.check_due);
    assert!(call.agent.is_proven(&tuple(1)) && !call.agent.is_proven(&tuple(2)));
    assert_eq!(call.media_port(at(0)), Some(1));
    let Ok(Message::Success(success)) = stun::parse(&out[..outcome.response_length]) else {
        panic!("a success");
    };
    assert_eq!(success.mapped, tuple(1).remote);
    assert!(success.is_authentic(&IceKey::new(credentials(1).local.pwd().as_bytes())));
}

#[test]
fn a_check_that_is_not_authentic_changes_nothing_and_gets_no_answer() {
    let mut call = Call::new();
    let before = call.agent.snapshot();
    let stranger = call.request(2, Kind::Nominating);
    assert_eq!(call.receive(at(0), 1, &stranger), Err(IceDrop::UnknownUfrag));
    let username = format!("{}:cLnT", credentials(1).local.ufrag());
    let wrong_pwd = MessageBuilder::request(5).check(&username, true).integrity("guess");
    let wrong_pwd = wrong_pwd.fingerprint().bytes();
    assert_eq!(call.receive(at(0), 1, &wrong_pwd), Err(IceDrop::NotAuthentic));
    assert_eq!(call.agent.tuples().count(), 0);
    assert_eq!(call.agent.snapshot(), before);
    assert_eq!(call.agent.poll_timeout(), Some(at(30)));
}

#[test]
fn a_nomination_elsewhere_moves_media_once_the_new_place_has_answered() {
    let mut call = Call::checked_from(1);
    let outcome = call.check(at(1), 2, Kind::Nominating).expect("authentic");
    assert!(outcome.newly_proven && outcome.check_due && !outcome.selected_changed);
    assert_eq!(call.media_port(at(1)), Some(1));
    let (port, answer) = call.own_check(at(1)).expect("a check is due");
    assert_eq!(port, 2);
    assert!(call.own_check(at(1)).is_none(), "one check at a time");
    let outcome = call.receive(at(1), 2, &answer).expect("authentic");
    assert!(outcome.selected_changed);
    assert_eq!(outcome.response_length, 0);
    assert_eq!(call.media_port(at(1)), Some(2));
    assert_eq!(call.receive(at(1), 2, &answer), Err(IceDrop::Unasked), "answered once");
}

#[test]
fn a_plain_check_elsewhere_moves_nothing() {
    let mut call = Call::checked_from(1);
    let outcome = call.check(at(1), 2, Kind::Plain).expect("authentic");
    assert!(outcome.newly_proven && !outcome.check_due);
    assert!(call.own_check(at(1)).is_none());
    assert_eq!(call.media_port(at(1)), Some(1));
}

#[test]
fn a_captured_nomination_diverts_nothing() {
    let mut call = Call::new();
    let nomination = call.request(1, Kind::Nominating);
    call.receive(at(0), 1, &nomination).expect("authentic");
    // Replayed at once from elsewhere: refused, unanswered.
    assert_eq!(call.receive(at(0), 66, &nomination), Err(IceDrop::Replayed));
    assert!(!call.agent.is_proven(&tuple(66)));
    // Replayed when the ring has forgotten it: our check goes there and stays without answer.
    for _ in 0..64 {
        call.check(at(1), 1, Kind::Nominating).expect("authentic");
    }
    let outcome = call.receive(at(1), 66, &nomination).expect("forgotten");
    assert!(outcome.check_due && !outcome.selected_changed);
    let mut sent = 0;
    for tenth in 10..100 {
        let now = Instant::ZERO + Duration::from_millis(100 * tenth);
        sent += usize::from(call.own_check(now).is_some());
        call.check(now, 1, Kind::Plain).expect("authentic");
        assert_eq!(call.media_port(now), Some(1));
    }
    assert_eq!(sent, 2, "the check and its repetition");
}

#[test]
fn a_copy_that_overtakes_a_check_does_not_cost_the_client_its_consent() {
    let mut call = Call::checked_from(1);
    for second in (2..=20).step_by(2) {
        let check = call.request(1, Kind::Nominating);
        let _ = call.receive(at(second), 66, &check);
        let outcome =
            call.receive(at(second), 1, &check).expect("it comes over the selected tuple");
        assert!(outcome.response_length > 0);
        assert_eq!(call.media_port(at(second + 9)), Some(1));
        // Once: repeated it is answered, and no fresh sign of life.
        call.receive(at(second + 1), 1, &check).expect("a repetition");
        assert_eq!(call.media_port(at(second + 10)), None);
    }
    let check = call.request(1, Kind::Nominating);
    call.receive(at(21), 1, &check).expect("authentic");
    assert_eq!(call.receive(at(21), 66, &check), Err(IceDrop::Replayed));
}

#[test]
fn a_check_of_ours_is_repeated_once_and_its_late_answer_counts() {
    let mut call = Call::checked_from(1);
    call.check(at(1), 2, Kind::Nominating).expect("authentic");
    let (_, answer) = call.own_check(at(1)).expect("due");
    let repeat_at = at(1) + Duration::from_millis(250);
    assert_eq!(call.agent.poll_timeout(), Some(repeat_at));
    let (_, repeated) = call.own_check(repeat_at).expect("due again");
    assert_eq!(answer[8..20], repeated[8..20], "the same transaction");
    assert!(call.own_check(at(5)).is_none());
    // A further nomination asks again; the client's slow answer to the first is still known.
    assert!(call.check(at(5), 2, Kind::Nominating).expect("authentic").check_due);
    assert!(call.receive(at(5), 2, &answer).expect("authentic").selected_changed);
}

#[test]
fn an_answer_from_elsewhere_or_with_another_password_moves_nothing() {
    let mut call = Call::checked_from(1);
    call.check(at(1), 2, Kind::Nominating).expect("authentic");
    let (_, answer) = call.own_check(at(1)).expect("due");
    assert_eq!(call.receive(at(1), 1, &answer), Err(IceDrop::Unasked));
    assert_eq!(call.receive(at(1), 3, &answer), Err(IceDrop::Unasked));
    let id = TransactionId(answer[8..20].try_into().expect("12 bytes"));
    let mut forged = [0; SUCCESS_LENGTH_MAX];
    let wrong_key = IceKey::new(b"guess");
    let length = stun::write_success(&mut forged, id, tuple(2).local, &wrong_key);
    assert_eq!(call.receive(at(1), 2, &forged[..length]), Err(IceDrop::NotAuthentic));
    let key = IceKey::new(credentials(1).remote.pwd().as_bytes());
    let other_id = TransactionId([0; 12]);
    let length = stun::write_success(&mut forged, other_id, tuple(2).local, &key);
    assert_eq!(call.receive(at(1), 2, &forged[..length]), Err(IceDrop::Unasked));
    assert_eq!(call.media_port(at(1)), Some(1));
    assert!(call.receive(at(1), 2, &answer).is_ok());
}

#[test]
fn a_client_that_comes_back_before_answering_stays_where_it_was() {
    let mut call = Call::checked_from(1);
    call.check(at(1), 2, Kind::Nominating).expect("authentic");
    let (_, answer) = call.own_check(at(1)).expect("due");
    call.check(at(1), 1, Kind::Nominating).expect("authentic");
    assert_eq!(call.receive(at(1), 2, &answer), Err(IceDrop::Unasked));
    assert_eq!(call.media_port(at(1)), Some(1));
}

#[test]
fn a_repeated_check_is_answered_and_is_no_sign_of_life() {
    let mut call = Call::new();
    let datagram = call.request(1, Kind::Nominating);
    call.receive(at(0), 1, &datagram).expect("authentic");
    let again = call.receive(at(9), 1, &datagram).expect("authentic");
    assert_eq!(again, IceOutcome { response_length: 64, ..IceOutcome::default() });
    assert_eq!(call.media_port(at(10)), None, "a recorded check keeps no media flowing");
}

#[test]
fn a_conflict_of_roles_is_refused_after_authentication_only() {
    let mut call = Call::new();
    let username = format!("{}:cLnT", credentials(1).local.ufrag());
    let controlled = |pwd: &str| {
        MessageBuilder::request(1)
            .attribute(0x0006, username.as_bytes())
            .attribute(0x8029, &[0; 8])
            .integrity(pwd)
            .fingerprint()
            .bytes()
    };
    let forged = controlled("guess");
    assert_eq!(call.receive(at(0), 1, &forged), Err(IceDrop::NotAuthentic));
    let authentic = controlled(credentials(1).local.pwd());
    let outcome = call.receive(at(0), 1, &authentic).expect("answered");
    assert_eq!(outcome, IceOutcome { response_length: 60, ..IceOutcome::default() });
    assert!(!call.agent.is_proven(&tuple(1)));
}

#[test]
fn ten_thousand_tuples_leave_eight_and_never_the_selected_one() {
    let mut call = Call::checked_from(1);
    let mut evicted = 0;
    for port in 2..10_002 {
        let outcome = call.check(at(1), port, Kind::Plain).expect("authentic");
        assert!(outcome.newly_proven);
        if let Some(left) = outcome.evicted {
            evicted += 1;
            assert!(!call.agent.is_proven(&left));
        }
    }
    assert_eq!(evicted, 10_001 - TUPLES_MAX);
    assert_eq!(call.agent.tuples().count(), TUPLES_MAX);
    assert!(call.agent.is_proven(&tuple(1)));
    assert_eq!(call.media_port(at(1)), Some(1));
}

#[test]
fn the_tuple_checked_longest_ago_makes_room() {
    let mut call = Call::checked_from(1);
    for port in 2..=8 {
        call.check(at(u64::from(port)), port, Kind::Plain).expect("authentic");
    }
    call.check(at(9), 2, Kind::Plain).expect("authentic");
    let outcome = call.check(at(9), 9, Kind::Plain).expect("authentic");
    assert_eq!(outcome.evicted, Some(tuple(3)));
}

#[test]
fn media_stops_after_ten_seconds_and_flows_again_with_the_next_check() {
    let mut call = Call::checked_from(1);
    call.check(at(4), 1, Kind::Plain).expect("authentic");
    assert_eq!(call.agent.poll_timeout(), Some(at(14)));
    assert_eq!(call.agent.handle_timeout(at(13)), None);
    assert_eq!(call.media_port(at(13)), Some(1));
    assert_eq!(call.agent.handle_timeout(at(14)), Some(IceLapse::MediaStopped));
    assert_eq!(call.agent.handle_timeout(at(15)), None, "said once");
    assert_eq!(call.media_port(at(15)), None);
    let outcome = call.check(at(20), 1, Kind::Plain).expect("authentic");
    assert!(outcome.media_resumed && !outcome.selected_changed);
    assert_eq!(call.media_port(at(20)), Some(1));
}

#[test]
fn checks_elsewhere_keep_the_session_but_not_media_to_the_selected_tuple() {
    let mut call = Call::checked_from(1);
    call.check(at(8), 2, Kind::Plain).expect("authentic");
    assert_eq!(call.agent.handle_timeout(at(10)), Some(IceLapse::MediaStopped));
    assert_eq!(call.agent.poll_timeout(), Some(at(38)));
    assert_eq!(call.agent.handle_timeout(at(37)), None);
    assert_eq!(call.media_port(at(37)), None);
    assert!(call.own_check(at(37)).is_none());
}

#[test]
fn a_client_that_was_mapped_anew_gets_media_again_without_a_nomination() {
    for kind in [Kind::Plain, Kind::Nominating] {
        let mut call = Call::checked_from(1);
        call.check(at(8), 2, Kind::Plain).expect("authentic");
        call.agent.handle_timeout(at(10));
        call.check(at(12), 2, kind).expect("authentic");
        assert_eq!(call.media_port(at(12)), None, "before it has answered there");
        let (_, answer) = call.own_check(at(12)).expect("due");
        let outcome = call.receive(at(12), 2, &answer).expect("authentic");
        assert!(outcome.selected_changed && outcome.media_resumed);
        assert_eq!(call.media_port(at(12)), Some(2));
    }
}

#[test]
fn a_session_ends_after_thirty_seconds_for_good() {
    let mut call = Call::checked_from(1);
    assert_eq!(call.agent.handle_timeout(at(30)), Some(IceLapse::Ended));
    assert_eq!(call.agent.handle_timeout(at(99)), None);
    assert_eq!(call.agent.poll_timeout(), None);
    assert_eq!(call.check(at(30), 1, Kind::Nominating), Err(IceDrop::Ended));
    assert_eq!(call.media_port(at(0)), None);
    let mut never_checked = Call::new();
    assert_eq!(never_checked.agent.handle_timeout(at(29)), None);
    assert_eq!(never_checked.agent.handle_timeout(at(30)), Some(IceLapse::Ended));
}

#[test]
fn a_node_that_has_slept_sends_nothing_before_its_timers_have_run() {
    let call = Call::checked_from(1);
    assert_eq!(call.media_port(at(10)), None);
}

#[test]
fn a_restart_answers_both_until_the_client_has_nominated_under_the_new_credentials() {
    let mut call = Call::checked_from(1);
    assert!(call.agent.restart(at(1), credentials(2)).is_none());
    assert!(call.check_under(at(1), 1, Kind::Nominating, 1).is_ok());
    // The client tries the new credentials from another place and goes on with the old.
    let outcome = call.check_under(at(2), 2, Kind::Plain, 2).expect("authentic");
    assert!(outcome.newly_proven && !outcome.selected_changed);
    assert!(call.check_under(at(2), 1, Kind::Nominating, 1).is_ok());
    assert_eq!(call.media_port(at(2)), Some(1));
    call.check_under(at(3), 2, Kind::Nominating, 2).expect("authentic");
    let (_, answer) = call.own_check(at(3)).expect("due");
    assert!(call.receive(at(3), 2, &answer).expect("authentic").selected_changed);
    let old = call.check_under(at(4), 1, Kind::Nominating, 1);
    assert_eq!(old, Err(IceDrop::UnknownUfrag));
    assert_eq!(call.agent.local_ufrags().count(), 1);
    // The credentials that go are handed out, so that the packet path frees nothing.
    assert!(call.agent.restart(at(5), credentials(3)).is_some());
}

#[test]
fn a_check_of_ours_from_before_a_restart_is_asked_anew_after_it() {
    let mut call = Call::checked_from(1);
    assert!(call.check(at(1), 2, Kind::Nominating).expect("authentic").check_due);
    assert!(call.own_check(at(1)).is_some(), "and its answer is lost");
    call.agent.restart(at(1), credentials(2));
    assert!(call.check_under(at(1), 2, Kind::Nominating, 2).expect("authentic").check_due);
    let (port, answer) = call.own_check(at(1)).expect("a check under the new credentials");
    assert_eq!(port, 2);
    call.receive(at(1), 2, &answer).expect("asked");
    assert_eq!(call.media_port(at(1)), Some(2));
}

#[test]
fn a_client_that_checks_while_its_restart_is_on_the_way_is_asked_as_it_asks() {
    // libwebrtc gathers anew and checks at once, under its new name and our old one; that pair of
    // names stays with the connection, and no other is answered.
    let mut call = Call::checked_from(1);
    let early = call.request_between(1, 2, Kind::Nominating);
    let outcome = call.receive(at(1), 2, &early).expect("authentic");
    assert!(outcome.newly_proven && !outcome.check_due);
    assert!(call.own_check(at(1)).is_none(), "the client's password is not known yet");
    call.agent.restart(at(1), credentials(2));
    let (port, answer) = call.own_check(at(1)).expect("due at once");
    assert_eq!((port, call.asked_by.as_str()), (2, credentials(1).local.ufrag()));
    assert!(call.receive(at(1), 2, &answer).expect("asked").selected_changed);
    assert_eq!(call.media_port(at(1)), Some(2));
    let later = call.request_between(1, 2, Kind::Nominating);
    assert!(call.receive(at(2), 2, &later).is_ok());
    assert_eq!(call.media_port(at(2)), Some(2));
}

#[test]
fn a_restart_in_place_keeps_media_flowing() {
    let mut call = Call::checked_from(1);
    call.agent.restart(at(1), credentials(2));
    assert_eq!(call.media_port(at(1)), Some(1));
    let outcome = call.check_under(at(1), 1, Kind::Nominating, 2).expect("authentic");
    assert!(!outcome.selected_changed && !outcome.check_due);
    assert_eq!(call.media_port(at(9)), Some(1));
}

#[test]
fn an_offer_that_the_client_gave_up_does_not_cost_it_the_old_credentials() {
    let mut call = Call::checked_from(1);
    call.agent.restart(at(1), credentials(2));
    call.agent.restart(at(2), credentials(3));
    assert!(call.check_under(at(3), 1, Kind::Plain, 1).is_ok());
    assert_eq!(call.check_under(at(3), 1, Kind::Plain, 2), Err(IceDrop::UnknownUfrag));
    assert!(call.check_under(at(3), 1, Kind::Plain, 3).is_ok());
}

#[test]
fn a_restart_gives_the_session_its_time_again() {
    let mut call = Call::checked_from(1);
    call.agent.restart(at(29), credentials(2));
    assert_eq!(call.agent.handle_timeout(at(30)), Some(IceLapse::MediaStopped));
    assert_eq!(call.agent.poll_timeout(), Some(at(59)));
}

#[test]
fn a_restored_session_trusts_no_tuple_and_sends_from_the_first_check() {
    let mut call = Call::checked_from(1);
    call.agent.restart(at(1), credentials(2));
    let text = serde_json::to_string(&call.agent.snapshot()).expect("a snapshot");
    let snapshot: IceSnapshot = serde_json::from_str(&text).expect("a snapshot");
    assert_eq!(snapshot.last_tuple, Some(tuple(1)));
    for (mark, port) in [(1, 1), (2, 5)] {
        let agent = IceAgent::restore(at(100), snapshot.clone(), 99);
        let mut heir = Call { agent, next_id: 1000, asked_by: String::new() };
        assert!(!heir.agent.is_proven(&tuple(1)));
        assert_eq!(heir.media_port(at(100)), None);
        assert_eq!(heir.agent.snapshot(), snapshot, "until it is checked");
        let outcome = heir.check_under(at(101), port, Kind::Plain, mark).expect("authentic");
        assert!(outcome.selected_changed);
        assert_eq!(heir.media_port(at(101)), Some(port));
    }
}

#[test]
fn credentials_are_made_of_ice_chars_and_of_every_random_bit() {
    let zeros = IceCredentials::from_random(&[0; IceCredentials::RANDOM_LENGTH]);
    assert_eq!((zeros.ufrag(), zeros.pwd()), ("AAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAA"));
    for bit in 0..8 * IceCredentials::RANDOM_LENGTH {
        let mut random = [0; IceCredentials::RANDOM_LENGTH];
        random[bit / 8] = 1 << (bit % 8);
        let made = IceCredentials::from_random(&random);
        assert_ne!(made, zeros, "bit {bit}");
        assert_eq!(IceCredentials::try_new(made.ufrag(), made.pwd()).as_ref(), Ok(&made));
    }
}

#[test]
fn credentials_of_others_are_checked() {
    let pwd = "a".repeat(22);
    let long = "a".repeat(257);
    assert!(IceCredentials::try_new("a+/9", &pwd).is_ok());
    assert!(IceCredentials::try_new(&long[1..], &long[1..]).is_ok());
    for (ufrag, pwd, expected) in [
        ("abc", &pwd[..], BadIceCredentials::UfragLength),
        (&long[..], &pwd[..], BadIceCredentials::UfragLength),
        ("abcd", &pwd[1..], BadIceCredentials::PwdLength),
        ("abcd", &long[..], BadIceCredentials::PwdLength),
        ("ab:d", &pwd[..], BadIceCredentials::Character),
        ("abcd", "aaaaaaaaaaaaaaaaaaaaaaaa\r", BadIceCredentials::Character),
    ] {
        assert_eq!(IceCredentials::try_new(ufrag, pwd), Err(expected));
    }
    assert_eq!(format!("{:?}", credentials(1).local), "<credentials>");
}

/// What may happen to an agent.
#[derive(Clone, Debug)]
enum Operation {
    Check { port: u16, nominates: bool, mark: u8 },
    Answer { port: u16 },
    Wait { milliseconds: u64 },
    Restart,
    Restore,
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        8 => (0..12_u16, any::<bool>(), 0..2_u8)
            .prop_map(|(port, nominates, mark)| Operation::Check { port, nominates, mark }),
        4 => (0..12_u16).prop_map(|port| Operation::Answer { port }),
        4 => (0..12_000_u64).prop_map(|milliseconds| Operation::Wait { milliseconds }),
        1 => Just(Operation::Restart),
        1 => Just(Operation::Restore),
    ]
}

#[test]
fn media_moves_between_datagrams_and_streams_as_the_client_nominates() {
    let mut call = Call::checked_from(5_000);
    for port in [STREAMS, 5_001, STREAMS + 1, 5_000] {
        call.check(at(1), port, Kind::Nominating).expect("authentic");
        if let Some((asked, answer)) = call.own_check(at(1)) {
            assert_eq!(asked, port);
            let outcome = call.receive(at(1), port, &answer).expect("authentic");
            assert!(outcome.selected_changed);
        }
        assert_eq!(call.agent.selected(), Some(&tuple(port)));
    }
}

#[test]
fn a_closed_stream_is_proven_no_more_and_the_next_check_takes_over() {
    let mut call = Call::checked_from(STREAMS);
    call.check(at(1), 5_000, Kind::Plain).expect("authentic");
    assert!(!call.agent.handle_path_closed(Path::Stream(1)), "another stream");
    assert!(call.agent.handle_path_closed(tuple(STREAMS).path));
    assert!(!call.agent.is_proven(&tuple(STREAMS)) && call.agent.is_proven(&tuple(5_000)));
    assert_eq!((call.agent.selected(), call.agent.media_tuple(at(1))), (None, None));
    let outcome = call.check(at(2), 5_000, Kind::Plain).expect("authentic");
    assert!(outcome.selected_changed && !outcome.newly_proven);
    assert_eq!(call.agent.media_tuple(at(2)), Some(&tuple(5_000)));
    assert_eq!(call.agent.handle_timeout(at(33)), Some(IceLapse::Ended), "30 s as ever");
}

#[test]
fn a_stream_that_closes_beside_the_selected_tuple_disturbs_nothing() {
    let mut call = Call::checked_from(5_000);
    call.check(at(1), STREAMS, Kind::Plain).expect("authentic");
    assert!(!call.agent.handle_path_closed(tuple(STREAMS).path));
    assert_eq!(call.agent.media_tuple(at(1)), Some(&tuple(5_000)));
}

proptest! {
    /// Whatever happens: tables stay bounded, media goes only to a proven tuple checked or
    /// answering within 10 s, and moves only to one that was first or has answered our check.
    #[test]
    fn media_goes_only_where_the_client_has_proved_to_be(
        operations in proptest::collection::vec(operation(), 1..120),
    ) {
        let (mut now, mut mark, mut call) = (at(0), 1_u8, Call::new());
        let mut last_sign = BTreeMap::<u16, Instant>::new();
        let mut answers = BTreeMap::<u16, Vec<u8>>::new();
        for operation in operations {
            let before = call.media_port(now);
            let was_selected = call.agent.selected().is_some();
            let mut may_move = !was_selected;
            match operation {
                Operation::Check { port, nominates, mark: back } => {
                    let kind = if nominates { Kind::Nominating } else { Kind::Plain };
                    let under = mark.saturating_sub(back).max(1);
                    if call.check_under(now, port, kind, under).is_ok() {
                        last_sign.insert(port, now);
                    }
                }
                Operation::Answer { port } => {
                    if let Some(answer) = answers.remove(&port)
                        && call.receive(now, port, &answer).is_ok()
                    {
                        last_sign.insert(port, now);
                        may_move = true;
                    }
                }
                Operation::Wait { milliseconds } => {
                    now = now + Duration::from_millis(milliseconds);
                    call.agent.handle_timeout(now);
                }
                Operation::Restart => {
                    mark = mark.saturating_add(1);
                    call.agent.restart(now, credentials(mark));
                }
                Operation::Restore => {
                    call.agent = IceAgent::restore(now, call.agent.snapshot(), 99);
                    last_sign.clear();
                    may_move = true;
                }
            }
            while let Some((port, answer)) = call.own_check(now) {
                answers.insert(port, answer);
            }
            prop_assert!(call.agent.tuples().count() <= TUPLES_MAX);
            prop_assert_eq!(call.agent.poll_timeout(), call.agent.poll_timeout());
            if let Some(port) = call.media_port(now) {
                prop_assert!(call.agent.is_proven(&tuple(port)));
                let sign = last_sign.get(&port).copied();
                prop_assert!(sign.is_some_and(|sign| now < sign + MEDIA_TIMEOUT));
                prop_assert!(may_move || before.is_none() || before == Some(port));
            }
        }
    }
}
