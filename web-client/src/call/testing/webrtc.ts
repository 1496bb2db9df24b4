// As much of WebRTC as the call touches. It holds states and records calls; it carries no media.

export class FakeTrack extends EventTarget {
  static #made = 0;

  readonly kind: "audio" | "video";
  readonly id: string;
  enabled = true;
  readyState: "live" | "ended" = "live";
  contentHint = "";

  constructor(kind: "audio" | "video") {
    super();
    this.kind = kind;
    FakeTrack.#made += 1;
    this.id = `track-${FakeTrack.#made}`;
  }

  getSettings(): MediaTrackSettings {
    return this.kind === "video" ? { width: 1280, height: 720 } : {};
  }

  stop(): void {
    this.readyState = "ended";
  }

  /** The device is pulled out. */
  unplug(): void {
    this.readyState = "ended";
    this.dispatchEvent(new Event("ended"));
  }

  get asTrack(): MediaStreamTrack {
    return this as unknown as MediaStreamTrack;
  }
}

/** What an engine can do with a sender beyond sending. */
export interface Ability {
  /** Modes that `setParameters` takes; null where the engine forgets them, as Firefox does. */
  readonly modes: readonly string[] | null;
  /** Whether an encoding's codec is switched, refused, or forgotten. */
  readonly codec: "switches" | "refuses" | "forgets";
}

export class FakeSender {
  track: MediaStreamTrack | null = null;
  ability: Ability = { modes: ["L1T2", "L1T3"], codec: "switches" };
  /** Filled by an answer. */
  codecs: RTCRtpCodecParameters[] = [];
  encodings: RTCRtpEncodingParameters[];
  /** Changes that were tried. */
  tried = 0;

  constructor(encodings: readonly RTCRtpEncodingParameters[] = []) {
    this.encodings = encodings.map((encoding) => ({ active: true, ...encoding }));
  }

  replaceTrack(track: MediaStreamTrack | null): Promise<void> {
    this.track = track;
    return Promise.resolve();
  }

  getParameters(): RTCRtpSendParameters {
    return structuredClone({
      ...{ transactionId: "", headerExtensions: [], rtcp: {} },
      codecs: this.codecs,
      encodings: this.encodings,
    });
  }

  setParameters({ encodings }: RTCRtpSendParameters): Promise<void> {
    this.tried += 1;
    const { modes, codec } = this.ability;
    const isTaken = encodings.every(
      ({ scalabilityMode: mode, codec: named }) =>
        (mode === undefined || modes === null || modes.includes(mode)) &&
        (named === undefined || codec !== "refuses"),
    );
    if (!isTaken) {
      return Promise.reject(new Error("InvalidModificationError"));
    }
    this.encodings = encodings.map((encoding) => {
      const kept = { ...encoding };
      if (modes === null) {
        delete kept.scalabilityMode;
      }
      if (codec === "forgets") {
        delete kept.codec;
      }
      return kept;
    });
    // Chromium lists the codec in force first.
    const named = this.encodings[0]?.codec?.mimeType;
    this.codecs = this.codecs.toSorted(
      (one, other) => Number(other.mimeType === named) - Number(one.mimeType === named),
    );
    return Promise.resolve();
  }
}

/** The pair in use, as Firefox tells of it. */
export class FakePath {
  protocol: "udp" | "tcp" = "udp";
  /** What has come; null before there is a pair. */
  bytes: number | null = null;

  report(): Map<string, unknown> {
    if (this.bytes === null) {
      return new Map();
    }
    const pair = { type: "candidate-pair", selected: true, bytesReceived: this.bytes };
    return new Map<string, unknown>([
      ["pair", { id: this.protocol, ...pair, localCandidateId: "L", remoteCandidateId: "R" }],
      ["L", { id: "L", candidateType: "host", protocol: this.protocol }],
      ["R", { id: "R", port: 443 }],
    ]);
  }
}

export class FakeReceiver {
  readonly track: FakeTrack;
  csrcs: { source: number; timestamp: number }[] = [];

  constructor(kind: "audio" | "video") {
    this.track = new FakeTrack(kind);
  }

  getContributingSources(): { source: number; timestamp: number }[] {
    return this.csrcs;
  }

  getSynchronizationSources(): { audioLevel: number }[] {
    return [{ audioLevel: 0.5 }];
  }
}

export class FakeTransceiver {
  mid: string | null = null;
  readonly kind: "audio" | "video";
  readonly init: RTCRtpTransceiverInit;
  readonly sender: FakeSender;
  readonly receiver: FakeReceiver;
  codecs: readonly RTCRtpCodec[] = [];

  constructor(kind: "audio" | "video", init: RTCRtpTransceiverInit) {
    this.kind = kind;
    this.init = init;
    this.sender = new FakeSender(init.sendEncodings);
    this.receiver = new FakeReceiver(kind);
  }

  setCodecPreferences(codecs: readonly RTCRtpCodec[]): void {
    this.codecs = codecs;
  }
}

export class FakePeerConnection extends EventTarget {
  readonly transceivers: FakeTransceiver[] = [];
  readonly path = new FakePath();
  configuration: RTCConfiguration = {};
  /** What was done, in order. */
  readonly log: string[] = [];
  iceConnectionState: RTCIceConnectionState = "new";
  connectionState: RTCPeerConnectionState = "new";
  signalingState: RTCSignalingState = "stable";
  localDescription: { sdp: string } | null = null;
  /** What the next answer fails with. */
  answerError: Error | null = null;

  addTransceiver(kind: "audio" | "video", init: RTCRtpTransceiverInit): FakeTransceiver {
    const transceiver = new FakeTransceiver(kind, init);
    this.transceivers.push(transceiver);
    return transceiver;
  }

  createOffer(): Promise<{ type: "offer"; sdp: string }> {
    return Promise.resolve({ type: "offer", sdp: `offer ${this.log.length}` });
  }

  setLocalDescription({ type, sdp = "" }: { type: string; sdp?: string }): Promise<void> {
    this.log.push(type);
    if (type === "rollback") {
      this.signalingState = "stable";
      return Promise.resolve();
    }
    this.signalingState = "have-local-offer";
    this.localDescription = { sdp };
    this.transceivers.forEach((transceiver, index) => (transceiver.mid ??= String(index)));
    return Promise.resolve();
  }

  setRemoteDescription({ sdp }: { sdp: string }): Promise<void> {
    if (this.answerError !== null) {
      return Promise.reject(this.answerError);
    }
    this.log.push(sdp);
    this.signalingState = "stable";
    for (const { sender, codecs } of this.transceivers) {
      sender.codecs = codecs.map((codec, payloadType) => ({ ...codec, payloadType }));
    }
    return Promise.resolve();
  }

  setConfiguration(configuration: RTCConfiguration): void {
    if (configuration.iceServers?.some(({ urls }) => !/^turns?:/.test(String(urls)))) {
      throw new SyntaxError("not the address of a relay");
    }
    this.configuration = configuration;
  }

  restartIce(): void {
    this.log.push("restart");
  }

  getStats(): Promise<Map<string, unknown>> {
    return Promise.resolve(this.path.report());
  }

  close(): void {
    this.log.push("close");
    this.connectionState = "closed";
  }

  /** The browser's two state machines change. */
  become(ice: RTCIceConnectionState, connection: RTCPeerConnectionState): void {
    this.iceConnectionState = ice;
    this.connectionState = connection;
    this.dispatchEvent(new Event("iceconnectionstatechange"));
    this.dispatchEvent(new Event("connectionstatechange"));
  }

  /** How often a restart was asked for. */
  get restarts(): number {
    return this.log.filter((entry) => entry === "restart").length;
  }
}
