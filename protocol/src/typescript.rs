//! The TypeScript face of [`crate::client`], committed in the web client and checked for freshness.

use ts_rs::{Config, TS};

use crate::{client, ids, media};

/// The whole module as text: one declaration for each type on the wire.
#[must_use]
pub fn module() -> String {
    let config = Config::default();
    let declarations = [
        ids::ParticipantId::decl(&config),
        ids::RoomName::decl(&config),
        media::MediaKind::decl(&config),
        media::Source::decl(&config),
        media::SlotKind::decl(&config),
        media::Codec::decl(&config),
        client::SdpBody::decl(&config),
        client::SectionRole::decl(&config),
        client::MediaSection::decl(&config),
        client::SourceState::decl(&config),
        client::PublishedSource::decl(&config),
        client::Tile::decl(&config),
        client::View::decl(&config),
        client::Join::decl(&config),
        client::ChatRequest::decl(&config),
        client::Role::decl(&config),
        client::order::Rules::decl(&config),
        client::order::Whom::decl(&config),
        client::order::FocusedPicture::decl(&config),
        client::order::Focus::decl(&config),
        client::order::BanId::decl(&config),
        client::order::Moderation::decl(&config),
        client::order::Waiting::decl(&config),
        client::order::Banned::decl(&config),
        client::order::Stay::decl(&config),
        client::signs::Timer::decl(&config),
        client::signs::Reaction::decl(&config),
        client::signs::Choice::decl(&config),
        client::signs::PollId::decl(&config),
        client::signs::PollResult::decl(&config),
        client::signs::Poll::decl(&config),
        client::signs::RoomState::decl(&config),
        client::ClientBody::decl(&config),
        client::ClientMessage::decl(&config),
        client::Participant::decl(&config),
        client::SlotContent::decl(&config),
        client::SlotMapping::decl(&config),
        client::ChatMessage::decl(&config),
        client::IceServer::decl(&config),
        client::Joined::decl(&config),
        client::SendConstraint::decl(&config),
        client::PictureState::decl(&config),
        client::ConnectionState::decl(&config),
        client::ErrorCode::decl(&config),
        client::EndReason::decl(&config),
        client::ServerBody::decl(&config),
        client::ServerMessage::decl(&config),
    ];
    let mut text = String::from(
        "// Made from the Rust crate `protocol`. Do not edit: `cargo xtask bindings` writes it.\n",
    );
    for declaration in declarations {
        text.push_str("\nexport ");
        text.push_str(declaration.trim_start_matches("export "));
        text.push('\n');
    }
    text
}
