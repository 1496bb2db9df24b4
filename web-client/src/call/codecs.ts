// Which codecs an m-line offers, and what the browser calls them. Pure.
import type { Codec } from "./protocol.gen";

/** Names in `RTCRtpCodec.mimeType`. */
const MIME_TYPES: Record<Codec, string> = {
  opus: "audio/opus",
  red: "audio/red",
  vp8: "video/VP8",
  vp9: "video/VP9",
  h264: "video/H264",
  av1: "video/AV1",
};

/**
 * What a room may use. The answer names the room's own set in the room's order, and browsers send
 * the first of it. Chromium sends RED only where it stands before Opus.
 */
const OFFERED: Record<"audio" | "video", readonly Codec[]> = {
  audio: ["red", "opus"],
  video: ["vp8", "vp9", "h264", "av1"],
};

const REPAIR = "video/rtx";

/**
 * The codecs to offer, of all that the browser has: one form of each, the form that rooms use, so
 * that an offer of 17 m-lines stays short. `only` leaves one codec, for a sender that is to switch.
 */
export function offeredCodecs(
  all: readonly RTCRtpCodec[],
  kind: "audio" | "video",
  only: Codec | null = null,
): RTCRtpCodec[] {
  const wanted = only === null ? OFFERED[kind] : [only];
  const chosen = wanted.flatMap((codec) => all.find((known) => isForm(codec, known)) ?? []);
  const repair = all.filter(({ mimeType }) => mimeType === REPAIR);
  return chosen.length === 0 ? [] : [...chosen, ...repair];
}

/** A codec's entry among those of a negotiated m-line. */
export function findCodec(
  negotiated: readonly RTCRtpCodec[],
  codec: Codec,
): RTCRtpCodec | undefined {
  return negotiated.find((known) => isNamed(codec, known));
}

function isNamed(codec: Codec, { mimeType }: RTCRtpCodec): boolean {
  return mimeType.toLowerCase() === MIME_TYPES[codec].toLowerCase();
}

/**
 * Whether an entry is the form of a codec that rooms use: VP9 and AV1 of profile 0 (8 bits, 4:2:0),
 * H264 of constrained baseline in packetization mode 1. All that send the codec can do these.
 */
function isForm(codec: Codec, known: RTCRtpCodec): boolean {
  if (!isNamed(codec, known)) {
    return false;
  }
  const parameters = formatParameters(known.sdpFmtpLine ?? "");
  switch (codec) {
    case "opus":
    case "red":
    case "vp8":
      return true;
    case "vp9":
      return (parameters.get("profile-id") ?? "0") === "0";
    case "av1":
      return (parameters.get("profile") ?? "0") === "0";
    case "h264":
      return (
        parameters.get("packetization-mode") === "1" &&
        isConstrainedBaseline(parameters.get("profile-level-id") ?? "")
      );
  }
}

/** RFC 6184 §8.1: `profile_idc` 66 with `constraint_set1_flag`. */
function isConstrainedBaseline(profileLevelId: string): boolean {
  const [idc, flags] = [profileLevelId.slice(0, 2), profileLevelId.slice(2, 4)];
  return idc === "42" && (Number.parseInt(flags, 16) & 0x40) !== 0;
}

function formatParameters(line: string): Map<string, string> {
  const pairs = line.split(";").map((pair) => pair.split("=").map((part) => part.trim()));
  return new Map(pairs.map(([name = "", value = ""]) => [name.toLowerCase(), value]));
}
