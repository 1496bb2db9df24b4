//! Order in a room, tried by raw clients that disobey.

use protocol::{
    client::{EndReason, ErrorCode, Joined, Role, ServerBody, order::Rules},
    node::NodeCommand,
};
use serde_json::{Value, json};

use crate::{
    client::{Client, PREAU},
    site::{Links, Site},
};

const LOBBY: &str = r#"{"rules":{"lobby":true}}"#;

/// A `join` with an m-line for every source, and what `besides` says.
fn join_with(links: &Links, link: &str, besides: &Value) -> String {
    let publish = |(mid, source): (usize, &str)| {
        let role = json!({ "publish": source });
        json!({ "mid": mid.to_string(), "role": role })
    };
    let sources = ["microphone", "camera", "screen", "screen_audio"];
    let sections: Vec<_> = sources.into_iter().enumerate().map(publish).collect();
    let mut join = json!({
        "id": 1, "kind": "join", "room": links.room, "secret": Links::secret(link), "name": "Bo",
        "offer": { "plain": "v=0 offer" }, "sections": sections,
    });
    for (field, value) in besides.as_object().expect("an object") {
        join[field] = value.clone();
    }
    join.to_string()
}

/// Knocks with a guest's link.
async fn knock(site: &Site, links: &Links, besides: &Value) -> Client {
    let mut client = Client::open(site).await;
    client.say(&join_with(links, &links.guest, besides)).await;
    client
}

async fn enter(site: &Site, links: &Links, link: &str) -> (Client, Joined) {
    let mut client = Client::open(site).await;
    client.say(&join_with(links, link, &json!({}))).await;
    let joined = client.joined().await;
    (client, joined)
}

/// Gives a command, and takes all that its giver hears until the answer.
async fn give(client: &mut Client, fields: &str) -> (Vec<ServerBody>, Result<(), ErrorCode>) {
    let id = client.command(fields).await;
    let mut heard = Vec::new();
    loop {
        match client.hear().await {
            ServerBody::Done { re } if re == id => return (heard, Ok(())),
            ServerBody::Error { re, code, .. } if re == id => return (heard, Err(code)),
            other => heard.push(other),
        }
    }
}

async fn moderate(client: &mut Client, fields: &str) -> Result<(), ErrorCode> {
    give(client, &format!(r#""kind":"moderate",{fields}"#)).await.1
}

/// Takes all that was said to somebody so far.
async fn catch_up(client: &mut Client) -> Vec<ServerBody> {
    let mut heard = Vec::new();
    client.say(r#"{"id":0,"kind":"ping"}"#).await;
    loop {
        match client.hear().await {
            ServerBody::Pong => return heard,
            other => heard.push(other),
        }
    }
}

/// A room with a host, a guest who disobeys, and one who looks on.
struct Scene {
    site: Site,
    links: Links,
    host: Client,
    host_id: u32,
    rebel: Client,
    rebel_id: u32,
    bystander: Client,
    bystander_id: u32,
    ticket: String,
}

impl Scene {
    async fn set() -> Scene {
        // How fast one may talk is not what is tried here.
        let site = Site::start_with(|config| config.limits.command_burst = 10_000).await;
        let links = site.create_room("").await;
        let (mut host, host_joined) = enter(&site, &links, &links.host).await;
        let (mut rebel, rebel_joined) = enter(&site, &links, &links.guest).await;
        let (mut bystander, bystander_joined) = enter(&site, &links, &links.guest).await;
        for client in [&mut host, &mut rebel, &mut bystander] {
            catch_up(client).await;
        }
        Scene {
            site,
            links,
            host,
            host_id: host_joined.you.0,
            rebel,
            rebel_id: rebel_joined.you.0,
            bystander,
            bystander_id: bystander_joined.you.0,
            ticket: rebel_joined.ticket,
        }
    }

    async fn set_rules(&mut self, rules: Rules) {
        let text = serde_json::to_string(&rules).expect("it serializes");
        self.host
            .command(&format!(r#""kind":"moderate","action":"set_rules","rules":{text}"#))
            .await;
        for client in [&mut self.host, &mut self.rebel, &mut self.bystander] {
            // Changes that follow each other fast are told together, a moment later.
            loop {
                if matches!(client.hear().await, ServerBody::Room(room) if room.rules == rules) {
                    break;
                }
            }
            catch_up(client).await;
        }
    }

    /// Demands that a command is refused, and that it changes nothing for anybody.
    async fn assert_refused(&mut self, fields: &str, why: ErrorCode) {
        let asked = self.site.node.requests().len();
        assert_eq!(give(&mut self.rebel, fields).await, (vec![], Err(why)), "{fields}");
        self.host.assert_quiet().await;
        self.bystander.assert_quiet().await;
        let requests = self.site.node.requests();
        assert_eq!(requests.len(), asked, "{fields}: {:?}", &requests[asked..]);
    }
}

#[tokio::test]
async fn every_rule_holds_against_a_client_that_disobeys() {
    let mut scene = Scene::set().await;
    let publish = |source: &str| format!(r#""kind":"publish","source":"{source}","state":{{}}"#);
    let chat = |to: Option<u32>| json!({ "kind": "chat", "text": "hello", "to": to }).to_string();
    let fields = |object: String| object[1..object.len() - 1].to_owned();
    let to_guest = fields(chat(Some(scene.bystander_id)));
    let open = Rules::default();
    let table: [(Rules, Vec<String>); 6] = [
        (Rules { microphone: false, ..open }, vec![publish("microphone")]),
        (Rules { camera: false, ..open }, vec![publish("camera")]),
        (Rules { screen: false, ..open }, vec![publish("screen"), publish("screen_audio")]),
        (Rules { chat: false, ..open }, vec![fields(chat(None))]),
        (Rules { private_chat: false, ..open }, vec![to_guest]),
        (Rules { recording: false, ..open }, vec![r#""kind":"record","on":true"#.to_owned()]),
    ];
    for (rules, commands) in table {
        scene.set_rules(rules).await;
        for command in &commands {
            scene.assert_refused(command, ErrorCode::NotAllowed).await;
        }
        // It is the rule that refuses: without it the same is done.
        scene.set_rules(open).await;
        for command in &commands {
            scene.rebel.command(command).await;
            assert_ne!(catch_up(&mut scene.rebel).await, [], "{command}");
        }
        scene.set_rules(rules).await;
        for command in &commands {
            scene.assert_refused(command, ErrorCode::NotAllowed).await;
        }
        let (_, joined) = enter(&scene.site, &scene.links, &scene.links.host).await;
        let rebel = joined.participants.iter().find(|one| one.id.0 == scene.rebel_id);
        let rebel = rebel.expect("they are in");
        assert!(!rebel.recording || rules.recording);
        let off = rebel.sources.iter().all(|on| {
            !commands.iter().any(|c| {
                let source = serde_json::to_string(&on.source).expect("it serializes");
                c.contains(&format!(r#""source":{source}"#))
            })
        });
        assert!(off, "what was on is off: {:?}", rebel.sources);
        catch_up(&mut scene.host).await;
        catch_up(&mut scene.rebel).await;
        catch_up(&mut scene.bystander).await;
    }
    for (rules, answer) in [
        (Rules { lobby: true, ..open }, None),
        (Rules { locked: true, ..open }, Some(ErrorCode::Locked)),
    ] {
        scene.set_rules(rules).await;
        let mut newcomer = knock(&scene.site, &scene.links, &json!({ "name": "Cy" })).await;
        match answer {
            Some(code) => assert_eq!(newcomer.error().await, code),
            None => assert_eq!(newcomer.hear().await, ServerBody::InLobby { host_is_here: true }),
        }
        scene.bystander.assert_quiet().await;
    }
}

#[tokio::test]
async fn whatever_a_guest_orders_nothing_changes_for_anybody() {
    let mut scene = Scene::set().await;
    moderate(&mut scene.host, r#""action":"open_poll","question":"Ready?""#).await.expect("may");
    scene.bystander.command(r#""kind":"publish","source":"camera","state":{}"#).await;
    scene.bystander.command(r#""kind":"hand","raised":true"#).await;
    for client in [&mut scene.bystander, &mut scene.host, &mut scene.rebel] {
        catch_up(client).await;
    }
    let everybody = [scene.host_id, scene.rebel_id, scene.bystander_id];
    let mut orders: Vec<Value> = vec![
        json!({ "action": "admit", "whom": "all" }),
        json!({ "action": "deny", "whom": "all" }),
        json!({ "action": "turn_off", "whom": "all", "source": "camera" }),
        json!({ "action": "set_rules", "rules": { "camera": false } }),
        json!({ "action": "set_rules", "rules": Rules::default() }),
        json!({ "action": "end" }),
        json!({ "action": "lower_hands", "whom": "all" }),
        json!({ "action": "set_timer", "seconds": 60 }),
        json!({ "action": "set_focus", "focus": { "stage": null } }),
        json!({ "action": "open_poll", "question": "Mine?" }),
        json!({ "action": "close_poll", "poll": 1 }),
        json!({ "action": "dismiss_poll", "poll": 1 }),
        json!({ "action": "take_attendance" }),
        json!({ "action": "list_bans" }),
        json!({ "action": "lift_ban", "ban": 1 }),
    ];
    for id in everybody {
        orders.extend([
            json!({ "action": "turn_off", "whom": { "these": [id] }, "source": "camera" }),
            json!({ "action": "ask_to_turn_on", "participant": id, "source": "microphone" }),
            json!({ "action": "set_role", "participant": id, "role": "host" }),
            json!({ "action": "set_role", "participant": id, "role": "guest" }),
            json!({ "action": "remove", "participant": id, "ban": true }),
        ]);
    }
    for mut order in orders {
        order["kind"] = json!("moderate");
        let text = order.to_string();
        scene.assert_refused(&text[1..text.len() - 1], ErrorCode::NotAllowed).await;
    }
    let (_, joined) = enter(&scene.site, &scene.links, &scene.links.guest).await;
    assert_eq!((joined.participants.len(), joined.room.hands.len()), (4, 1));
    assert_eq!(joined.room.rules, Rules::default());
}

#[tokio::test]
async fn there_is_no_way_round_the_lobby() {
    let site = Site::start().await;
    let links = site.create_room(LOBBY).await;
    let (mut host, joined) = enter(&site, &links, &links.host).await;
    assert!(joined.room.rules.lobby);
    let mut rebel = knock(&site, &links, &json!({})).await;
    assert_eq!(rebel.hear().await, ServerBody::InLobby { host_is_here: true });
    let ServerBody::Lobby { waiting } = host.hear().await else {
        panic!("the host hears nothing");
    };
    let asked = site.node.requests().len();
    let id = waiting[0].id.0;
    let offer = json!({ "kind": "offer", "offer": { "plain": "v=0" }, "sections": [] });
    let admit = json!({ "kind": "moderate", "action": "admit", "whom": { "these": [id] } });
    let rules = json!({ "kind": "moderate", "action": "set_rules", "rules": { "lobby": false } });
    let publish = json!({ "kind": "publish", "source": "camera", "state": {} });
    let chat = json!({ "kind": "chat", "text": "let me in" });
    for command in [offer, admit, rules, publish, chat] {
        let text = command.to_string();
        rebel.command(&text[1..text.len() - 1]).await;
        assert_eq!(rebel.error().await, ErrorCode::NotJoined, "{command}");
    }
    // Once more on the same socket, as host even; and with tickets that one might guess.
    for link in [&links.guest, &links.host] {
        rebel.say(&join_with(&links, link, &json!({}))).await;
        assert_eq!(rebel.error().await, ErrorCode::NotJoined);
    }
    let room = site.node.requests()[0].room.get();
    let own = format!("{room:x}.{id:x}");
    for ticket in [format!("{own}.{:032x}", 0), format!("{own}.{:032x}", u128::MAX), own] {
        let mut thief = Client::resume(&site, &ticket, 0).await;
        assert_eq!(thief.error().await, ErrorCode::SessionGone);
    }
    host.assert_quiet().await;
    assert_eq!(site.node.requests().len(), asked, "the node hears nothing");
    assert!(site.metrics().contains("\nsignaling_lobby 1\n"));

    let admit = format!(r#""action":"admit","whom":{{"these":[{id}]}}"#);
    moderate(&mut host, &admit).await.expect("a host may");
    assert_eq!(rebel.joined().await.you.0, id);
    let is_new = |command: &NodeCommand| matches!(command, NodeCommand::AddEndpoint { .. });
    let requests = site.node.requests();
    assert_eq!(requests[asked..].iter().filter(|request| is_new(&request.command)).count(), 1);
}

#[tokio::test]
async fn who_is_removed_or_banned_has_no_way_back() {
    let mut scene = Scene::set().await;
    let remove = format!(r#""action":"remove","participant":{},"ban":false"#, scene.rebel_id);
    moderate(&mut scene.host, &remove).await.expect("a host may");
    assert_eq!(scene.rebel.ended().await, EndReason::Removed);
    assert_eq!(scene.rebel.close().await.map(u16::from), Some(1000));
    let mut old = Client::resume(&scene.site, &scene.ticket, 1).await;
    assert_eq!(old.error().await, ErrorCode::SessionGone);
    old.command(r#""kind":"moderate","action":"end""#).await;
    assert_eq!(old.error().await, ErrorCode::NotJoined);

    let browser = json!({ "browser": "AAAAAAAAAAAAAAAAAAAAAA" });
    let mut tab = knock(&scene.site, &scene.links, &browser).await;
    let id = tab.joined().await.you.0;
    let ban = format!(r#""action":"remove","participant":{id},"ban":true"#);
    moderate(&mut scene.host, &ban).await.expect("a host may");
    catch_up(&mut scene.bystander).await;
    let mut again = knock(&scene.site, &scene.links, &browser).await;
    assert_eq!(again.error().await, ErrorCode::Banned);
    let mut private = knock(&scene.site, &scene.links, &json!({ "browser": "another" })).await;
    assert_eq!(private.hear().await, ServerBody::InLobby { host_is_here: true });
    scene.bystander.assert_quiet().await;

    let links = scene.links.clone();
    let dir = scene.site.kill().await;
    let site = Site::start_in(dir, |_| {}).await;
    let mut again = knock(&site, &links, &browser).await;
    assert_eq!(again.error().await, ErrorCode::Banned, "it outlives the process");
    knock(&site, &links, &json!({})).await.joined().await;
}

#[tokio::test]
async fn a_ban_that_is_lifted_is_over_for_good_and_hosts_alone_lift_it() {
    let mut scene = Scene::set().await;
    let browser = json!({ "browser": "AAAAAAAAAAAAAAAAAAAAAA", "name": "Bo" });
    let mut tab = knock(&scene.site, &scene.links, &browser).await;
    let id = tab.joined().await.you.0;
    let ban = format!(r#""action":"remove","participant":{id},"ban":true"#);
    moderate(&mut scene.host, &ban).await.expect("a host may");
    catch_up(&mut scene.rebel).await;
    catch_up(&mut scene.bystander).await;
    // The host is another one of another process: what is banned is known from the store.
    let links = scene.links.clone();
    let site = Site::start_in(scene.site.kill().await, |_| {}).await;
    let (mut host, _) = enter(&site, &links, &links.host).await;
    let list = host.command(r#""kind":"moderate","action":"list_bans""#).await;
    let ServerBody::Bans { re, banned } = host.hear().await else {
        panic!("no list");
    };
    assert_eq!((re, banned.len(), banned[0].name.as_str()), (list, 1, "Bo"));
    let lift = format!(r#""kind":"moderate","action":"lift_ban","ban":{}"#, banned[0].id.0);

    // They come without their browser's token, and lift their own ban.
    let (mut rebel, _) = enter(&site, &links, &links.guest).await;
    catch_up(&mut host).await;
    for order in [r#""kind":"moderate","action":"list_bans""#, &lift] {
        assert_eq!(give(&mut rebel, order).await, (vec![], Err(ErrorCode::NotAllowed)));
    }
    let mut again = knock(&site, &links, &browser).await;
    assert_eq!(again.error().await, ErrorCode::Banned);
    again.command(&lift).await;
    assert_eq!(again.close().await.map(u16::from), Some(1000), "nobody hears them");
    host.assert_quiet().await;

    assert_eq!(give(&mut host, &lift).await, (vec![], Ok(())));
    knock(&site, &links, &browser).await.joined().await;
    let site = Site::start_in(site.kill().await, |_| {}).await;
    knock(&site, &links, &browser).await.joined().await;
}

#[tokio::test]
async fn who_came_by_code_and_was_made_a_host_can_invite_until_they_are_none() {
    let mut scene = Scene::set().await;
    let (_, joined) = enter(&scene.site, &scene.links, &scene.links.host).await;
    let code = joined.code.expect("hosts know it");
    let mut bo = knock(&scene.site, &scene.links, &json!({ "secret": "", "code": code })).await;
    assert!(matches!(bo.hear().await, ServerBody::InLobby { .. }));
    moderate(&mut scene.host, r#""action":"admit","whom":"all""#).await.expect("a host may");
    let joined = bo.joined().await;
    assert_eq!((joined.guest_secret, joined.code), (None, None));
    for client in [&mut scene.bystander, &mut scene.rebel, &mut bo] {
        catch_up(client).await;
    }
    let role = |role: &str| {
        format!(r#""action":"set_role","participant":{},"role":"{role}""#, joined.you.0)
    };
    moderate(&mut scene.host, &role("host")).await.expect("a host may");
    let invitation = ServerBody::Invitation {
        guest_secret: Some(Links::secret(&scene.links.guest).to_owned()),
        code: Some(code),
    };
    assert_eq!(catch_up(&mut bo).await[0], invitation);
    for client in [&mut scene.bystander, &mut scene.rebel] {
        let heard = catch_up(client).await;
        assert!(matches!(heard[..], [ServerBody::ParticipantChanged { .. }]), "{heard:?}");
    }
    // A guest again, who lost so much that all is told anew, is told nothing of it.
    moderate(&mut scene.host, &role("guest")).await.expect("a host may");
    bo.cut();
    let mut bo = Client::resume(&scene.site, &joined.ticket, u64::MAX).await;
    bo.last_seq = 0;
    let heard = catch_up(&mut bo).await;
    let told = |body: &ServerBody| match body {
        ServerBody::Snapshot { guest_secret, code, .. } => {
            Some((guest_secret.clone(), code.clone()))
        }
        _ => None,
    };
    assert_eq!(heard.iter().find_map(told), Some((None, None)), "{heard:?}");
}

#[tokio::test]
async fn who_publishes_against_an_order_that_is_on_its_way_stays_off() {
    let mut scene = Scene::set().await;
    scene.rebel.command(r#""kind":"publish","source":"microphone","state":{}"#).await;
    for client in [&mut scene.rebel, &mut scene.host, &mut scene.bystander] {
        while !matches!(client.hear().await, ServerBody::ParticipantChanged { .. }) {}
    }
    let seen = scene.rebel.last_seq;
    let all = r#""action":"turn_off","whom":"all","source":"microphone""#;
    moderate(&mut scene.host, all).await.expect("a host may");
    // What is said from here on has been said before the order was heard, as far as they tell.
    let on =
        |seen: u64| format!(r#""kind":"publish","source":"microphone","state":{{}},"seen":{seen}"#);
    catch_up(&mut scene.rebel).await;
    catch_up(&mut scene.host).await;
    catch_up(&mut scene.bystander).await;
    for seen in [0, seen] {
        scene.assert_refused(&on(seen), ErrorCode::NotAllowed).await;
    }
    let seen = scene.rebel.last_seq;
    scene.rebel.command(&on(seen)).await;
    let heard = scene.bystander.hear().await;
    assert!(
        matches!(&heard, ServerBody::ParticipantChanged { participant }
            if participant.sources.len() == 1),
        "whoever has heard it may turn it on again: {heard:?}"
    );
}

#[tokio::test]
async fn a_ban_watches_its_address_and_no_other() {
    let site = Site::start_with(|config| {
        config.behind_proxy = vec!["127.0.0.0/8".parse().expect("a range")];
    })
    .await;
    let links = site.create_room("").await;
    let (mut host, _) = enter(&site, &links, &links.host).await;
    let from = async |address: &'static str| {
        let headers = [PREAU[0], ("X-Forwarded-For", address)];
        let mut client = Client::try_open(&site, &headers).await.expect("an open socket");
        client.say(&join_with(&links, &links.guest, &json!({}))).await;
        client
    };
    let id = from("198.51.100.7").await.joined().await.you.0;
    let ban = format!(r#""action":"remove","participant":{id},"ban":true"#);
    moderate(&mut host, &ban).await.expect("a host may");
    let mut neighbour = from("198.51.100.7").await;
    assert_eq!(neighbour.hear().await, ServerBody::InLobby { host_is_here: true });
    from("198.51.100.8").await.joined().await;
}

#[tokio::test]
async fn a_code_opens_the_lobby_and_cannot_be_found_by_trying() {
    let site = Site::start().await;
    let links = site.create_room("").await;
    let (mut host, joined) = enter(&site, &links, &links.host).await;
    let code = joined.code.expect("hosts know it");
    let (_, guest) = enter(&site, &links, &links.guest).await;
    assert_eq!((guest.role, guest.code), (Role::Guest, None));
    let try_code =
        async |code: &str| knock(&site, &links, &json!({ "secret": "", "code": code })).await;
    let mut bo = try_code(&format!("{} {}", &code[..3], &code[3..])).await;
    assert_eq!(bo.hear().await, ServerBody::InLobby { host_is_here: true });
    catch_up(&mut host).await;
    let absent = Links { room: "absent".to_owned(), ..links.clone() };
    let mut lost = knock(&site, &absent, &json!({ "secret": "", "code": code })).await;
    assert_eq!(lost.error().await, ErrorCode::BadCode);
    let wrong = (0..).map(|n| format!("{n:06}")).filter(|wrong| *wrong != code);
    for wrong in wrong.take(10) {
        let mut client = try_code(&wrong).await;
        assert_eq!(client.error().await, ErrorCode::BadCode);
        assert_eq!(client.close().await.map(u16::from), Some(1000));
    }
    assert_eq!(try_code(&code).await.error().await, ErrorCode::BadCode, "nor the right one");
    host.assert_quiet().await;
    enter(&site, &links, &links.host).await;
    enter(&site, &links, &links.guest).await;
    let refused = r#"signaling_joins_total{result="bad_code"} 12"#;
    assert!(site.metrics().lines().any(|line| line == refused), "{}", site.metrics());
}

#[tokio::test]
async fn a_room_begins_with_the_rules_that_it_was_made_with() {
    let site_rules = Rules { recording: false, ..Rules::default() };
    let site = Site::start_with(|config| config.rules = site_rules).await;
    let plain = site.create_room("").await;
    let strict = site.create_room(r#"{"rules":{"lobby":true,"chat":false}}"#).await;
    let own = Rules { lobby: true, chat: false, ..site_rules };
    assert_eq!(enter(&site, &plain, &plain.host).await.1.room.rules, site_rules);
    assert_eq!(enter(&site, &strict, &strict.host).await.1.room.rules, own);
    for body in [r#"{"rules":{"lobbi":true}}"#, r#"{"rules":{"lobby":1}}"#, r#"{"rules":"open"}"#] {
        let answer = site.post("/api/v1/rooms", &[], body).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "bad_json"), "{body}");
    }
    let site = Site::start_in(site.kill().await, |_| {}).await;
    assert_eq!(enter(&site, &plain, &plain.host).await.1.room.rules, Rules::default());
    assert_eq!(enter(&site, &strict, &strict.host).await.1.room.rules, own);
}
