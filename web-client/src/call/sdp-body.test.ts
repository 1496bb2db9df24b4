// SDP comes through whole, or not at all.
import { describe, expect, it } from "vitest";

import { BadSdpBody, packSdp, SDP_BYTES_MAX, unpackSdp } from "./sdp-body";

const SDP = "v=0\r\n" + "a=rtpmap:96 VP8/90000\r\n".repeat(500);

describe("an SDP on its way", () => {
  it("comes back as it was, and is small in between", async () => {
    const body = await packSdp(SDP);
    expect(await unpackSdp(body)).toBe(SDP);
    expect(JSON.stringify(body).length).toBeLessThan(SDP.length / 10);
  });

  it("is read when it comes plain", async () => {
    expect(await unpackSdp({ plain: SDP })).toBe(SDP);
  });

  it("is refused when it inflates beyond the limit", async () => {
    const bomb = await packSdp("a".repeat(SDP_BYTES_MAX + 1));
    await expect(unpackSdp(bomb)).rejects.toBeInstanceOf(BadSdpBody);
    const largest = await packSdp("a".repeat(SDP_BYTES_MAX));
    expect(await unpackSdp(largest)).toHaveLength(SDP_BYTES_MAX);
  });

  it.each(["%%%", "AAAA", ""])("is refused when it is no DEFLATE: %j", async (deflated) => {
    await expect(unpackSdp({ deflated })).rejects.toBeInstanceOf(BadSdpBody);
  });
});
