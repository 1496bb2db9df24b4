//! Participants of a load test in a real server.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::atomic::{AtomicBool, Ordering},
};

use load_tests::{
    call::{self, Arguments, Content, Layout, Make, Report, Server},
    null_forwarder::{self, Habits},
};
use sfu_node::net::UdpSocket;
use tokio::task::spawn_blocking;

use crate::site::Site;

/// Runs beside the server, whose runtime is the test's.
async fn attend(arguments: Arguments) -> Report {
    let run = spawn_blocking(move || call::run(&arguments, &mut std::io::sink()));
    run.await.expect("no panic").expect("a run")
}

fn short(server: SocketAddr) -> Arguments {
    Arguments { ramp: 100.0, settle: 1, duration: 3, ..Arguments::at(Server::Preau(server)) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn participants_of_a_load_test_get_every_packet_in_order_and_see_pictures() {
    let site = Site::start().await;
    let pid = Some(std::process::id());
    let arguments = Arguments { publishers: 2, subscribers: 6, pid, ..short(site.address) };
    let report = attend(arguments).await;
    assert_eq!(report.failures, [] as [&str; 0]);
    assert_eq!((report.joins.wanted, report.joins.connected, report.joins.received), (8, 8, 8));
    let media = report.media;
    assert_eq!((media.bad, media.duplicates, media.overtaken, media.unsent), (0, 0, 0, 0));
    assert_eq!(media.lost, 0, "lost on the loopback");
    // Publishers see one, subscribers two: 14 voices of 50 packets a second, 14 pictures of 30
    // frames; a machine that is slower sends fewer in 3 s, yet not half.
    assert!(media.packets > 14 * (50 + 30) * 3 / 2, "{} packets", media.packets);
    let pictures = report.pictures.expect("all packets were opened");
    assert!(pictures.frames > 14 * 30 * 3 / 2, "{} frames", pictures.frames);
    assert_eq!(pictures.contradictions, 0);
    for delay in [report.sound_delay, report.picture_delay] {
        assert!(delay.count > 0 && delay.p50 > 0.0 && delay.p50 <= delay.p99, "{delay:?}");
        assert!(delay.p99 <= delay.max && delay.max < 2_000.0, "{delay:?}");
    }
    let server = report.server.expect("its process was named");
    assert!(server.ns_per_packet > 100.0 && server.usage.rss > 1 << 20, "{server:?}");
    let measured = report.samples.iter().filter(|sample| sample.is_measured);
    assert_eq!(measured.count(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_light_run_counts_all_packets_and_opens_some() {
    let site = Site::start().await;
    let arguments = Arguments {
        publishers: 1,
        subscribers: 3,
        layout: Layout::Speaker,
        content: Content::Sound,
        light: true,
        storm: 2,
        ..short(site.address)
    };
    let report = attend(arguments).await;
    assert_eq!((report.joins.connected, report.failures.len()), (6, 0));
    assert!(report.joins.storm_seconds.is_some_and(|seconds| seconds > 0.0));
    assert_eq!((report.media.lost, report.media.bad, report.pictures), (0, 0, None));
    let opened = report.sound_delay.count as f64 / report.media.packets as f64;
    assert!((0.02..0.1).contains(&opened), "{opened} of all packets were opened");
    let page = call::html(&report);
    assert!(page.contains("1 room of 1 who send sound") && page.matches("<svg").count() == 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_of_another_make_are_measured_alike() {
    let site = Site::start().await;
    let arguments = Arguments { subscribers: 1, make: Make::Webrtc, ..short(site.address) };
    let report = attend(arguments).await;
    assert_eq!(report.failures, [] as [&str; 0]);
    assert_eq!((report.joins.connected, report.joins.received), (3, 3));
    let media = report.media;
    assert_eq!((media.lost, media.bad, media.duplicates, media.overtaken), (0, 0, 0, 0));
    // Both who send get one voice and one picture, who watches gets two.
    assert!(media.packets > 4 * (50 + 30) * 3 / 2, "{} packets", media.packets);
    let pictures = report.pictures.expect("all packets were opened");
    assert!(pictures.frames > 4 * 30 * 3 / 2, "{} frames", pictures.frames);
    assert_eq!(pictures.contradictions, 0);
    for delay in [report.sound_delay, report.picture_delay] {
        assert!(delay.count > 0 && delay.max < 2_000.0, "{delay:?}");
    }
}

#[test]
fn the_null_forwarder_carries_a_call_and_loses_nothing() {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a port");
    let server = Server::NullForwarder(socket.local_addr());
    let is_over = AtomicBool::new(false);
    let report = std::thread::scope(|scope| {
        scope.spawn(|| {
            let serve = null_forwarder::serve(&socket, &Habits::default(), || {
                is_over.load(Ordering::Relaxed)
            });
            serve.expect("a socket that lives");
        });
        let arguments = Arguments {
            server,
            rooms: 2,
            publishers: 3,
            subscribers: 1,
            light: true,
            ..short(socket.local_addr())
        };
        let report = call::run(&arguments, &mut std::io::sink());
        is_over.store(true, Ordering::Relaxed);
        report.expect("a run")
    });
    assert_eq!((report.joins.connected, report.failures.len()), (8, 0));
    let media = report.media;
    assert_eq!((media.lost, media.bad, media.duplicates, media.overtaken), (0, 0, 0, 0));
    // In each room 3 get two voices and pictures, one gets three of each.
    assert!(media.packets > 18 * (50 + 30) * 3 / 2, "{} packets", media.packets);
}

#[test]
fn without_a_server_the_cause_is_named() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr());
    let arguments = short(closed.expect("a port that is free again"));
    let error = call::run(&arguments, &mut std::io::sink()).expect_err("nobody is there");
    assert!(format!("{error:#}").contains("is the server running?"), "{error:#}");
}
