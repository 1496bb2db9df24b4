// The server's candidates in an answer.

/** An answer without its UDP candidates (RFC 8839 §5.1: the third field names the transport). */
export function withoutUdp(sdp: string): string {
  return sdp.replace(/^a=candidate:\S+ \S+ udp .*(?:\r\n|\n|$)/gim, "");
}
