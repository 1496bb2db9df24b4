//! Whoever else can reach the port: every call is run twice with one seed, in peace and under
//! attack, and everybody must have got the same bytes at the same instants.

use std::net::SocketAddr;

use load_tests::{
    client::{Shape, check},
    random::Random,
    sim::{NODE, World},
};

use crate::{
    ROOM, call,
    liars::{rtcp, words},
    millis, others, picture_gap, seconds, with_seeds,
};

const ATTACKER: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 66)), 6_666);

/// Tells a call with and without `attack`, which gets what was heard on the wire in some second
/// before, and compares.
fn assert_unnoticed(seed: u64, attack: impl Fn(&mut World, &[(SocketAddr, Vec<u8>)])) {
    let run = |is_attacked: bool| {
        let mut world = call(seed, 3);
        world.tap();
        world.run_for(seconds(3));
        let heard = world.take_tapped();
        world.run_for(seconds(1));
        let end = world.now() + seconds(3);
        if is_attacked {
            attack(&mut world, &heard);
        }
        let rest = end.saturating_duration_since(world.now());
        world.run_for(rest);
        world
    };
    let (calm, attacked) = (run(false), run(true));
    let received = |world: &World| world.counters().received_datagrams;
    assert!(received(&attacked) > received(&calm) + 100, "nobody attacked");
    for (before, after) in calm.people().zip(attacked.people()) {
        assert!(before.received.events > 100);
        assert_eq!(before.received, after.received, "{} noticed", before.number());
        assert_eq!(before.slot_map, after.slot_map);
    }
    assert_eq!(attacked.strays(), [], "an attacker got an answer");
    assert_eq!(calm.counters().sessions, attacked.counters().sessions);
    assert_eq!(calm.counters().proven_tuples, attacked.counters().proven_tuples);
    assert_eq!(calm.counters().forward, attacked.counters().forward);
}

/// Lets half a second pass while `junk` comes, a few datagrams each millisecond.
fn shower(world: &mut World, from: SocketAddr, junk: Vec<Vec<u8>>) {
    let each = junk.len().div_ceil(500);
    let mut junk = junk.into_iter().peekable();
    for _ in 0..500 {
        for datagram in junk.by_ref().take(each) {
            world.inject(from, datagram);
        }
        world.run_for(millis(1));
    }
    assert!(junk.peek().is_none());
}

/// Garbage of every length up to a large datagram's, with every first byte that means something.
fn garbage(random: &mut Random) -> Vec<Vec<u8>> {
    let firsts = [0, 1, 2, 3, 4, 19, 20, 22, 23, 63, 64, 79, 80, 127, 128, 144, 176, 191, 192, 255];
    let long = [2_048, 9_000, 65_507];
    let lengths = (0..=1_500).chain(long);
    let one = |length: usize| {
        let mut datagram: Vec<u8> = (0..length).map(|_| random.next_u64() as u8).collect();
        if let Some(first) = datagram.first_mut() {
            *first = firsts[length % firsts.len()];
        }
        // Of those that look like RTP, every second looks like RTCP.
        if length.is_multiple_of(2) && length > 1 {
            datagram[1] = 192 + (length % 32) as u8;
        }
        datagram
    };
    lengths.map(one).collect()
}

fn is_stun(datagram: &[u8]) -> bool {
    datagram[0] < 4
}

fn is_srtp(datagram: &[u8]) -> bool {
    (128..192).contains(&datagram[0])
}

/// Datagrams of `kind` that were heard from `from`.
fn heard_from(
    heard: &[(SocketAddr, Vec<u8>)],
    from: SocketAddr,
    kind: fn(&[u8]) -> bool,
) -> Vec<Vec<u8>> {
    let theirs = heard.iter().filter(|(sender, it)| *sender == from && kind(it));
    theirs.map(|(_, datagram)| datagram.clone()).collect()
}

#[test]
fn garbage_of_every_length_from_a_stranger_is_nothing() {
    with_seeds(0..2, |seed| {
        assert_unnoticed(seed, |world, _| {
            let junk = garbage(&mut Random::new(seed ^ 77));
            shower(world, ATTACKER, junk);
        });
    });
}

#[test]
fn garbage_of_every_length_under_a_clients_address_is_nothing() {
    with_seeds(0..2, |seed| {
        assert_unnoticed(seed, |world, _| {
            let junk = garbage(&mut Random::new(seed ^ 78));
            let spoofed = world.person(2).address;
            shower(world, spoofed, junk);
        });
    });
}

#[test]
fn checks_that_are_forged_or_repeated_elsewhere_get_no_answer() {
    with_seeds(0..2, |seed| {
        assert_unnoticed(seed, |world, heard| {
            let victim = world.person(1).address;
            let mut junk = heard_from(heard, victim, is_stun);
            assert!(!junk.is_empty(), "no check was heard");
            let real = junk[0].clone();
            // A username that is right, under another password; and every bit flipped once.
            let length = usize::from(u16::from_be_bytes([real[22], real[23]]));
            let username = String::from_utf8(real[24..24 + length].to_vec()).expect("a username");
            junk.extend(
                (0..100).map(|n| check::nomination([n; 12], &username, "a wrong password")),
            );
            junk.extend((0..100).map(|n| check::nomination([n; 12], "nobody:else", "a password")));
            junk.extend((0..100).map(|n| check::success([n; 12], "a wrong password")));
            junk.extend((0..real.len() * 8).map(|bit| {
                let mut flipped = real.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                flipped
            }));
            // Cut anywhere, and with more behind.
            junk.extend((0..real.len()).map(|length| real[..length].to_vec()));
            junk.push([&real[..], &[0; 4]].concat());
            shower(world, ATTACKER, junk);
        });
    });
}

#[test]
fn forged_checks_under_a_clients_address_change_nothing() {
    with_seeds(0..2, |seed| {
        assert_unnoticed(seed, |world, heard| {
            let victim = world.person(1).address;
            let real = heard_from(heard, victim, is_stun).remove(0);
            // The last eight bytes are the fingerprint, which is checked too.
            let junk = (0..real.len() * 8).map(|bit| {
                let mut flipped = real.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                flipped
            });
            shower(world, victim, junk.collect());
        });
    });
}

#[test]
fn dtls_from_an_address_without_a_check_is_dropped() {
    with_seeds(0..2, |seed| {
        assert_unnoticed(seed, |world, _| {
            let hellos = (0..500u64).map(|n| load_tests::handshake::hello(n.to_be_bytes()));
            shower(world, ATTACKER, hellos.collect());
        });
    });
}

#[test]
fn a_strangers_hello_before_ones_own_changes_no_join() {
    with_seeds(0..3, |seed| {
        // A stranger who knows when people come sends their ClientHello from before the first
        // check until after the last key.
        let run = |is_attacked: bool| {
            let mut world = World::new(seed);
            for number in 1..=3 {
                world.join(ROOM, number, Shape::PARTICIPANT);
                for n in 0..300u64 {
                    if is_attacked {
                        world.inject(ATTACKER, load_tests::handshake::hello(n.to_be_bytes()));
                    }
                    world.run_for(millis(1));
                }
            }
            world.run_for(seconds(2));
            world
        };
        let (calm, attacked) = (run(false), run(true));
        for (before, after) in calm.people().zip(attacked.people()) {
            assert!(after.client.has_keys(), "{} has no keys", after.number());
            assert_eq!(before.received, after.received, "{} noticed", before.number());
        }
        assert_eq!(attacked.strays(), [], "an attacker got an answer");
    });
}

#[test]
fn media_that_overtakes_its_original_from_another_address_is_dropped() {
    with_seeds(0..2, |seed| {
        assert_unnoticed(seed, |world, _| {
            for _ in 0..1_000 {
                world.tap();
                world.run_for(millis(1));
                for (_, datagram) in world.take_tapped() {
                    if is_srtp(&datagram) {
                        world.inject(ATTACKER, datagram);
                    }
                }
            }
        });
    });
}

#[test]
fn media_repeated_from_another_address_is_dropped() {
    with_seeds(0..2, |seed| {
        assert_unnoticed(seed, |world, heard| {
            let victim = world.person(1).address;
            shower(world, ATTACKER, heard_from(heard, victim, is_srtp));
            // Under the address of somebody else in the call, who has other keys.
            let other = world.person(2).address;
            shower(world, other, heard_from(heard, victim, is_srtp));
        });
    });
}

#[test]
fn media_repeated_or_forged_under_its_own_address_is_dropped() {
    with_seeds(0..2, |seed| {
        assert_unnoticed(seed, |world, heard| {
            let victim = world.person(1).address;
            let real = heard_from(heard, victim, is_srtp);
            let mut random = Random::new(seed ^ 79);
            let mut junk = real.clone();
            // Of streams that nobody knows, with numbers ahead, cut at every length, with one bit
            // of the tag flipped.
            for (n, packet) in real.iter().take(1_500).enumerate() {
                let mut stranger = packet.clone();
                stranger[8..12].copy_from_slice(&random.bytes::<4>());
                let mut ahead = packet.clone();
                ahead[2] ^= 0x10;
                let mut flipped = packet.clone();
                let place = flipped.len() - 1 - n % 16;
                flipped[place] ^= 1 << (n % 8);
                let cut = packet[..n % packet.len()].to_vec();
                junk.extend([stranger, ahead, flipped, cut]);
            }
            shower(world, victim, junk);
        });
    });
}

#[test]
fn reports_repeated_or_forged_are_dropped() {
    with_seeds(0..2, |seed| {
        let mut world = call(seed, 2);
        world.tap();
        // Somebody asks for keyframes, which are the only RTCP that a model client sends.
        for _ in 0..3 {
            world.with_client(1, |_, client| {
                let video = client.slots.iter().find(|(_, slot)| slot.author() == Some(2));
                let ssrc = video.map(|(ssrc, _)| *ssrc).expect("a slot with the other");
                client.request_keyframe(ssrc);
            });
            world.run_for(seconds(1));
        }
        let is_rtcp = |datagram: &[u8]| is_srtp(datagram) && (192..224).contains(&datagram[1]);
        let sender = world.person(1).address;
        let heard = world.take_tapped();
        let real = heard_from(&heard, sender, is_rtcp);
        assert!(!real.is_empty());
        // Long enough for the receiver's budget to be whole again.
        world.run_for(seconds(11));
        let asked = |world: &World| {
            let publisher = world.person(2).client.publisher.as_ref().expect("it sends");
            publisher.keyframes_asked.len()
        };
        let before = asked(&world);
        let mut junk: Vec<Vec<u8>> = real.iter().cycle().take(300).cloned().collect();
        for packet in &real {
            junk.extend((0..packet.len()).map(|length| packet[..length].to_vec()));
            junk.extend((0..packet.len() * 8).map(|bit| {
                let mut flipped = packet.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                flipped
            }));
        }
        for from in [sender, ATTACKER] {
            shower(&mut world, from, junk.clone());
        }
        world.run_for(seconds(1));
        assert_eq!(asked(&world), before, "a forged report asked for a keyframe");
        assert_eq!(world.strays(), []);
    });
}

#[test]
fn ends_and_clocks_that_no_participant_has_sealed_are_dropped() {
    with_seeds(0..2, |seed| {
        assert_unnoticed(seed, |world, heard| {
            let mut random = Random::new(seed ^ 80);
            let victims = [1, 3].map(|number| {
                let person = world.person(number);
                let publisher = person.client.publisher.as_ref().expect("it sends");
                (person.address, [publisher.audio_ssrc(), publisher.video_ssrc(2)])
            });
            let mut junk = Vec::new();
            for (address, ssrcs) in victims {
                for ssrc in ssrcs {
                    let end = rtcp(203, 1, &words(&[ssrc.0]));
                    let clock = rtcp(200, 0, &words(&[ssrc.0, 0xFFFF_0000, 0, 1, 9, 9]));
                    for plain in [end, clock] {
                        // In clear, and with a tag and an index that nobody has sealed.
                        junk.push((address, plain.clone()));
                        for index in [0_u32, 1, 100, 0x7FFF_FFFF] {
                            let tag = random.bytes::<16>();
                            let index = (1 << 31 | index).to_be_bytes();
                            junk.push((address, [&plain[..], &tag, &index].concat()));
                        }
                    }
                }
                // Real media with another type: an RTP packet's seal is none of a report.
                let real = heard_from(heard, address, is_srtp).into_iter().take(50);
                junk.extend(real.map(|mut packet| {
                    packet[1] = 203;
                    (address, packet)
                }));
            }
            for n in 0..500 {
                let (address, datagram) = &junk[n % junk.len()];
                for from in [*address, ATTACKER] {
                    world.inject(from, datagram.clone());
                }
                world.run_for(millis(1));
            }
        });
    });
}

#[test]
fn ten_thousand_addresses_with_a_participants_password_move_nothing() {
    with_seeds(0..2, |seed| {
        let mut world = call(seed, 3);
        let since = world.now();
        let sessions = world.counters().sessions;
        for n in 0..10_000u32 {
            let [_, _, high, low] = n.to_be_bytes();
            let from = SocketAddr::from(([203, 0, high, low], 7_000));
            let check = world.with_client(1, |_, client| client.extra_check()).flatten();
            world.send_from(from, 1, check.expect("it has an answer"));
            if n % 10 == 0 {
                world.run_for(millis(1));
            }
        }
        world.run_for(seconds(4));
        assert!(world.counters().proven_tuples <= 7 + sessions, "the table grew");
        assert!(world.strays().len() >= 10_000, "each check has its answer");
        let media = world.strays().iter().filter(|(_, datagram)| is_srtp(datagram)).count();
        assert_eq!(media, 0, "media went to an address that never answered a check");
        for (receiver, author) in [(1, 2), (2, 1), (2, 3), (3, 1)] {
            let gap = picture_gap(&world, receiver, author, since);
            assert!(gap < millis(90), "{receiver} had no picture of {author} for {gap:?}");
        }
        let late = world.now();
        world.run_for(seconds(1));
        assert_eq!(world.person(1).client.seen_since(late), others(3, 1));
    });
}

#[test]
fn a_nomination_that_arrives_first_from_elsewhere_diverts_nothing() {
    with_seeds(0..3, |seed| {
        let mut world = call(seed, 3);
        let since = world.now();
        world.tap();
        // Whoever sits on the wire overtakes every check, for longer than consent lasts.
        let mut taken = 0;
        for _ in 0..15_000 {
            world.run_for(millis(1));
            let heard = world.take_tapped();
            world.tap();
            for (from, datagram) in heard {
                if from != NODE && is_stun(&datagram) {
                    world.overtake(ATTACKER, datagram);
                    taken += 1;
                }
            }
        }
        assert!(taken >= 15, "{taken} checks were overtaken");
        let media = world.strays().iter().filter(|(_, datagram)| is_srtp(datagram)).count();
        assert_eq!(media, 0, "media went to the attacker");
        for (receiver, author) in [(1, 2), (2, 3)] {
            let gap = picture_gap(&world, receiver, author, since);
            assert!(gap < millis(90), "{receiver} had no picture of {author} for {gap:?}");
        }
    });
}
