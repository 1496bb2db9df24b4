//! Payload descriptors, dependency descriptors and layer allocations.

use protocol::media::Codec;
use serde::Deserialize;
use serde_json::{Value, json};
use sfu_core::codec::{
    self, SwitchUp,
    dependency::{Dependencies, Indication, SPATIAL_LAYERS_MAX},
    layers_allocation::{self, LayersAllocation},
};

use super::{Event, malformed};
use crate::probe::hex::Hex;

/// A payload, and the RTP marker of its packet.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(in crate::probe) enum Payload {
    /// The digits alone: the marker is clear.
    Plain(Hex),
    /// With the marker.
    Marked(Marked),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::probe) struct Marked {
    hex: Hex,
    marker: bool,
}

pub(super) fn read_payload(codec: Codec, name: &'static str, payload: Payload) -> Event {
    let (Hex(payload), marker) = match payload {
        Payload::Plain(hex) => (hex, false),
        Payload::Marked(Marked { hex, marker }) => (hex, marker),
    };
    let facts = codec::read_payload(codec, &payload, marker);
    let numbers = codec::read_numbers(codec, &payload);
    let Some((facts, numbers)) = facts.zip(numbers) else { return malformed(name) };
    let switch_up = match facts.switch_up {
        SwitchUp::Never => "never",
        SwitchUp::ToOwn => "to_own",
        SwitchUp::ToAll => "to_all",
    };
    let body = json!({
        "starts_frame": facts.starts_frame, "ends_frame": facts.ends_frame,
        "starts_keyframe": facts.starts_keyframe, "spatial": facts.spatial,
        "temporal": facts.temporal, "switch_up": switch_up, "discardable": facts.discardable,
        "picture_id": numbers.picture_id, "tl0_picture": numbers.tl0_picture,
        "key_index": numbers.key_index,
    });
    Event(name, body)
}

/// Reads a dependency descriptor with the structure that came before.
pub(super) fn read_dependencies(dependencies: &mut Dependencies, bytes: &[u8]) -> Event {
    let Ok(descriptor) = dependencies.read(bytes) else { return malformed("dependency") };
    let dependencies = &*dependencies;
    let targets = dependencies.target_count();
    let frame = descriptor.frame.map(|frame| {
        let indications = (0..targets).map(|target| match frame.indications.of(target) {
            Indication::Absent => '-',
            Indication::Discardable => 'D',
            Indication::Switch => 'S',
            Indication::Required => 'R',
        });
        let chains = (0..dependencies.chain_count())
            .map(|chain| dependencies.chain_diff(&descriptor, chain));
        json!({
            "spatial": frame.spatial, "temporal": frame.temporal,
            "indications": indications.collect::<String>(),
            "frame_diffs": frame.frame_diffs.as_slice(), "chain_diffs": chains.collect::<Vec<_>>(),
        })
    });
    let mut body = json!({
        "starts_frame": descriptor.starts_frame, "ends_frame": descriptor.ends_frame,
        "starts_keyframe": descriptor.starts_keyframe(), "template_id": descriptor.template_id,
        "frame_number": descriptor.frame_number, "active_targets": descriptor.active_targets,
        "frame": frame,
    });
    if descriptor.has_structure() {
        body["structure"] = describe_structure(dependencies);
    }
    Event("dependency", body)
}

fn describe_structure(dependencies: &Dependencies) -> Value {
    let targets: Vec<Value> = (0..dependencies.target_count())
        .map(|target| {
            let layers = dependencies.layers_of(target);
            json!({
                "spatial": layers.spatial, "temporal": layers.temporal,
                "chain": dependencies.chain_of(target),
            })
        })
        .collect();
    let resolutions = (0..SPATIAL_LAYERS_MAX as u8).map_while(|it| dependencies.resolution(it));
    json!({
        "version": dependencies.version(), "templates": dependencies.templates().len(),
        "targets": targets, "chains": dependencies.chain_count(),
        "resolutions": resolutions.collect::<Vec<_>>(),
    })
}

pub(super) fn read_allocation(value: &[u8]) -> Event {
    let Some(allocation) = LayersAllocation::parse(value) else { return malformed("allocation") };
    let streams: Vec<Vec<Value>> = (0..usize::from(allocation.stream_count))
        .map(|stream| {
            let layers = (0..layers_allocation::SPATIAL_LAYERS_MAX)
                .filter_map(|spatial| Some((spatial, allocation.layer(stream, spatial)?)));
            layers
                .map(|(spatial, layer)| {
                    let picture = layer.picture;
                    json!({
                        "spatial": spatial, "rates_kbps": layer.rates_kbps(),
                        "width": picture.map(|it| it.width), "height": picture.map(|it| it.height),
                        "frame_rate": picture.map(|it| it.frame_rate),
                    })
                })
                .collect()
        })
        .collect();
    Event("allocation", json!({ "stream": allocation.stream, "streams": streams }))
}
