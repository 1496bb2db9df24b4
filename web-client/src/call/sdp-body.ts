// SDP on the wire: deflated where the browser can, because an offer of 17 m-lines repeats itself.
import type { SdpBody } from "./protocol.gen";

/** The most that an SDP may inflate to, in bytes (`protocol::client::SDP_BYTES_MAX`). */
export const SDP_BYTES_MAX = 256 * 1024;

/** An answer that cannot be read. */
export class BadSdpBody extends Error {}

export async function packSdp(sdp: string): Promise<SdpBody> {
  const bytes = new TextEncoder().encode(sdp);
  const stream = deflateRaw("compress");
  if (stream === null) {
    return { plain: sdp };
  }
  return { deflated: toBase64(await pump(bytes, stream, Number.POSITIVE_INFINITY)) };
}

/** Reads an SDP. Rejects with `BadSdpBody` where it is no base64, no DEFLATE, or over the limit. */
export async function unpackSdp(body: SdpBody): Promise<string> {
  if ("plain" in body) {
    return body.plain;
  }
  const stream = deflateRaw("decompress");
  if (stream === null) {
    throw new BadSdpBody("this browser cannot inflate");
  }
  const bytes = await pump(fromBase64(body.deflated), stream, SDP_BYTES_MAX);
  return new TextDecoder().decode(bytes);
}

type ByteStream = ReadableWritablePair<Uint8Array, BufferSource>;

/** Null where there are no streams for raw DEFLATE (Safari before 16.4, Firefox before 113). */
function deflateRaw(way: "compress" | "decompress"): ByteStream | null {
  try {
    return way === "compress"
      ? (new CompressionStream("deflate-raw") as ByteStream)
      : (new DecompressionStream("deflate-raw") as ByteStream);
  } catch {
    return null;
  }
}

async function pump(
  bytes: Uint8Array<ArrayBuffer>,
  through: ByteStream,
  bytesMax: number,
): Promise<Uint8Array> {
  const writer = through.writable.getWriter();
  // The reader reports the failure of either side; unhandled, the writer's would be reported twice.
  const written = writer.write(bytes).then(() => writer.close());
  written.catch(() => undefined);
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = through.readable.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        break;
      }
      length += value.length;
      if (length > bytesMax) {
        throw new BadSdpBody("inflates beyond the limit");
      }
      chunks.push(value);
    }
  } catch (error) {
    reader.cancel().catch(() => undefined);
    throw error instanceof BadSdpBody ? error : new BadSdpBody("no DEFLATE stream");
  }
  return join(chunks, length);
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) {
    binary += String.fromCharCode(byte);
  }
  return btoa(binary);
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    throw new BadSdpBody("no base64");
  }
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
