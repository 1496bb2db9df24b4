// What browsers have of WebRTC beyond TypeScript's own library. All of it may be absent.

interface RTCRtpEncodingParameters {
  /** W3C webrtc-svc; Chromium and Safari. */
  scalabilityMode?: string;
  /** W3C webrtc-extensions; Chromium. */
  codec?: RTCRtpCodec;
}

interface RTCRtpTransceiver {
  /** W3C webrtc-extensions; Chromium. */
  getHeaderExtensionsToNegotiate?(): RTCRtpHeaderExtensionToNegotiate[];
  setHeaderExtensionsToNegotiate?(extensions: RTCRtpHeaderExtensionToNegotiate[]): void;
}

interface RTCRtpHeaderExtensionToNegotiate {
  uri: string;
  direction: RTCRtpTransceiverDirection;
}
