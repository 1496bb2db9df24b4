// What runs inside the page before its own scripts: a camera and a microphone that name their
// owner, and a probe that keeps what the page uses (connections, sockets) within reach of a test.
//
// `install` is sent to the browser as text, so it uses nothing from outside itself.

/**
 * The code: a picture of 2 by 2 solid blocks, each one of four colours and so two bits. The upper
 * row is the person's number (1 to 15), the lower row its complement, so that any wrong block is
 * noticed. Blocks stay 80 x 45 pixels in the smallest simulcast layer. A bar runs along the middle,
 * outside of what is sampled, so that every frame differs. The tone is 500 Hz and 200 Hz more for
 * each number: apart enough for the ear of an FFT, low enough for Opus at any bitrate.
 *
 * `height` is that of the picture, 360 where it is not given. With `detail` there is noise beside
 * what is sampled, because only noise costs the bits of a real picture, and a height of 540 or
 * more, from which Chromium makes three encodings.
 *
 * With `countsLayers`, encoded frames that leave are counted on their way; this takes a page whose
 * policy allows a worker made of text. With `only`, the browser has that one codec for pictures,
 * such as `video/VP8`.
 *
 * @param {{ number: number, camera: "works"|"missing"|"denied", height?: number, detail?: boolean,
 *   countsLayers?: boolean, only?: string }} person
 */
export function install(person) {
  const HEIGHT = person.height ?? (person.detail ? 540 : 360);
  const WIDTH = (HEIGHT * 16) / 9;
  const FRAMES_PER_SECOND = 15;
  const COLOURS = [[220, 30, 30], [30, 200, 30], [40, 40, 220], [235, 235, 235]];
  const toneHz = (number) => 500 + 200 * number;

  const probe = {
    number: person.number,
    connections: [],
    sockets: [],
    offersMade: 0,
    answersTaken: 0,
    /** When signaling last said that it is back, or that media must find a new way. */
    toldAt: null,
    errors: [],
  };
  window.probe = probe;
  window.addEventListener("error", (event) => probe.errors.push(String(event.message)));
  window.addEventListener("unhandledrejection", (event) => probe.errors.push(String(event.reason)));

  if (window.RTCPeerConnection) {
    window.RTCPeerConnection = class extends window.RTCPeerConnection {
      constructor(...given) {
        super(...given);
        probe.connections.push(this);
      }
      addTransceiver(...given) {
        const transceiver = super.addTransceiver(...given);
        // Chromium takes a transform only until the sender has begun.
        if (person.countsLayers && given[1]?.sendEncodings) {
          transceiver.sender.transform = new RTCRtpScriptTransform(layerCounter(), {});
        }
        return transceiver;
      }
      setLocalDescription(...given) {
        probe.offersMade += 1;
        return super.setLocalDescription(...given);
      }
      setRemoteDescription(...given) {
        probe.answersTaken += 1;
        return super.setRemoteDescription(...given);
      }
    };
  }
  window.WebSocket = class extends window.WebSocket {
    constructor(...given) {
      super(...given);
      probe.sockets.push(this);
      this.addEventListener("message", ({ data }) => {
        const { kind } = JSON.parse(data);
        if (kind === "resumed" || kind === "restart_ice") probe.toldAt = performance.now();
      });
    }
  };

  if (person.only) {
    for (const side of [RTCRtpSender, RTCRtpReceiver]) {
      const { getCapabilities } = side;
      side.getCapabilities = (kind) => {
        const all = getCapabilities.call(side, kind);
        const kept = [person.only, "video/rtx"];
        const has = ({ mimeType }) => kind === "audio" || kept.includes(mimeType);
        return { ...all, codecs: all.codecs.filter(has) };
      };
    }
  }

  /** Frames that left, by stream and layer in time: `{ SSRC: { LAYER: FRAMES } }`. */
  probe.layers = {};
  let counter = null;
  const layerCounter = () => {
    if (counter === null) {
      const count = () => {
        const layers = {};
        self.onrtctransform = ({ transformer: { readable, writable } }) => {
          const note = (frame, controller) => {
            const { synchronizationSource, temporalIndex = 0 } = frame.getMetadata();
            const stream = (layers[synchronizationSource] ??= {});
            stream[temporalIndex] = (stream[temporalIndex] ?? 0) + 1;
            controller.enqueue(frame);
          };
          readable.pipeThrough(new TransformStream({ transform: note })).pipeTo(writable);
        };
        setInterval(() => postMessage(layers), 200);
      };
      counter = new Worker(URL.createObjectURL(new Blob([`(${count})()`])));
      counter.onmessage = ({ data }) => (probe.layers = data);
    }
    return counter;
  };

  const noiseTile = (width, height) => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext("2d");
    const GRAIN = 12;
    for (let x = 0; x < width; x += GRAIN) {
      for (let y = 0; y < height; y += GRAIN) {
        context.fillStyle = `hsl(${Math.random() * 360} 60% ${30 + Math.random() * 40}%)`;
        context.fillRect(x, y, GRAIN, GRAIN);
      }
    }
    return canvas;
  };

  /** Starts the picture of a camera: a number in blocks. */
  probe.cameraTrack = (number = person.number) => {
    const canvas = document.createElement("canvas");
    canvas.width = WIDTH;
    canvas.height = HEIGHT;
    const context = canvas.getContext("2d");
    const bits = number | ((15 - number) << 4);
    const noise = person.detail ? noiseTile(WIDTH / 8, HEIGHT) : null;
    let frame = 0;
    const draw = () => {
      for (let block = 0; block < 4; block += 1) {
        const [r, g, b] = COLOURS[(bits >> (2 * block)) & 3];
        context.fillStyle = `rgb(${r} ${g} ${b})`;
        const x = block % 2, y = block >> 1;
        context.fillRect((x * WIDTH) / 2, (y * HEIGHT) / 2, WIDTH / 2, HEIGHT / 2);
      }
      for (let strip = 0; noise !== null && strip < 4; strip += 1) {
        // The outer quarters of each block, which are not sampled, and other noise in each frame.
        const x = [0, 3, 4, 7][strip] * (WIDTH / 8);
        const shift = (frame * 97 + strip * 31) % HEIGHT;
        context.drawImage(noise, x, shift);
        context.drawImage(noise, x, shift - HEIGHT);
      }
      context.fillStyle = "black";
      context.fillRect((frame * 16) % WIDTH, HEIGHT / 2 - 10, 60, 20);
      frame += 1;
    };
    draw();
    const track = canvas.captureStream(FRAMES_PER_SECOND).getVideoTracks()[0];
    const timer = setInterval(
      () => (track.readyState === "live" ? draw() : clearInterval(timer)),
      1000 / FRAMES_PER_SECOND,
    );
    return track;
  };

  let audio = null;
  const gains = new Map();
  /** Starts the tone of a microphone; all microphones of a page are silenced together. */
  probe.microphoneTrack = (number = person.number) => {
    audio ??= new AudioContext({ sampleRate: 48_000 });
    if (!gains.has(number)) {
      const gain = audio.createGain();
      gain.gain.value = 0.25;
      const tone = audio.createOscillator();
      tone.frequency.value = toneHz(number);
      tone.connect(gain);
      tone.start();
      gains.set(number, gain);
    }
    const destination = audio.createMediaStreamDestination();
    gains.get(number).connect(destination);
    audio.resume();
    return destination.stream.getAudioTracks()[0];
  };
  probe.setTone = (on) => {
    for (const { gain } of gains.values()) gain.value = on ? 0.25 : 0;
  };

  if (navigator.mediaDevices) {
    navigator.mediaDevices.getUserMedia = async (constraints) => {
      if (person.camera === "missing") {
        throw new DOMException("Requested device not found", "NotFoundError");
      }
      if (person.camera === "denied") {
        throw new DOMException("Permission denied", "NotAllowedError");
      }
      return new MediaStream([
        ...(constraints.audio ? [probe.microphoneTrack()] : []),
        ...(constraints.video ? [probe.cameraTrack()] : []),
      ]);
    };
    if (person.camera === "missing") {
      navigator.mediaDevices.enumerateDevices = async () => [];
    }
  }

  const sampler = document.createElement("canvas");
  sampler.width = 32;
  sampler.height = 18;
  /** The number that a video element shows just then; null if it shows none. */
  probe.decodePicture = (video) => {
    return video.readyState < 2 || video.videoWidth === 0 ? null : probe.decodeImage(video);
  };
  /** The number in anything that a canvas draws. */
  probe.decodeImage = (image) => {
    const context = sampler.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0, 32, 18);
    let bits = 0;
    for (let block = 0; block < 4; block += 1) {
      const x = 16 * (block % 2), y = 9 * (block >> 1);
      const { data } = context.getImageData(x + 5, y + 2, 6, 4);
      const mean = [0, 1, 2].map((channel) => {
        let sum = 0;
        for (let i = channel; i < data.length; i += 4) sum += data[i];
        return (4 * sum) / data.length;
      });
      const distances = COLOURS.map((colour) =>
        Math.hypot(...colour.map((value, channel) => value - mean[channel])),
      );
      const nearest = distances.indexOf(Math.min(...distances));
      if (distances[nearest] > 90) return null;
      bits |= nearest << (2 * block);
    }
    const number = bits & 15;
    return bits >> 4 === 15 - number ? number : null;
  };

  const analysers = new Map();
  let listening = null;
  probe.analyser = (track) => {
    listening ??= new AudioContext({ sampleRate: 48_000 });
    listening.resume();
    let analyser = analysers.get(track.id);
    if (!analyser) {
      analyser = listening.createAnalyser();
      analyser.fftSize = 8192;
      analyser.smoothingTimeConstant = 0;
      listening.createMediaStreamSource(new MediaStream([track])).connect(analyser);
      analysers.set(track.id, analyser);
    }
    return analyser;
  };
  /** The number whose tone an audio track carries just then; null if it carries none. */
  probe.decodeTone = (track) => {
    const analyser = probe.analyser(track);
    const spectrum = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(spectrum);
    let peak = 0;
    for (let bin = 1; bin < spectrum.length; bin += 1) {
      if (spectrum[bin] > spectrum[peak]) peak = bin;
    }
    if (!(spectrum[peak] > -50)) return null; // dB; silence lies below -90
    const hz = (peak * 48_000) / analyser.fftSize;
    const number = Math.round((hz - 500) / 200);
    return Math.abs(hz - toneHz(number)) <= 20 && number >= 1 && number <= 15 ? number : null;
  };

  /** Everybody else's tile: the name on it and the number in its picture. */
  probe.pictures = () =>
    [...document.querySelectorAll('.tile[data-source="camera"][data-self="false"]')].map((tile) => {
      const video = tile.querySelector("video");
      return {
        name: tile.querySelector(".tile-name-text").textContent,
        picture: video && video.dataset.shown === "true" ? probe.decodePicture(video) : null,
      };
    });

  /** Every voice slot in use: whose voice signaling says it is, and the number in its tone. */
  probe.voices = () => {
    const call = window.preau?.call;
    const names = new Map((call?.participants ?? []).map(({ id, name }) => [id, name]));
    return (call?.slots ?? [])
      .filter(({ kind, carries }) => kind === "voice" && carries !== null)
      .map(({ carries, track }) => ({
        name: names.get(carries.participant) ?? null,
        tone: probe.decodeTone(track),
      }));
  };

  /** How the call stands, and how often the connection was negotiated. */
  probe.call = () => {
    const state = window.preau?.call?.state;
    return {
      phase: state?.phase ?? null,
      connection: state?.connection ?? null,
      connections: probe.connections.length,
      offersMade: probe.offersMade,
      answersTaken: probe.answersTaken,
      sockets: probe.sockets.length,
      errors: probe.errors,
    };
  };

  /**
   * Starts to time frames of others' pictures and the loudness of their voices, by name: a tile may
   * come to show another element, and a voice may move to another slot.
   */
  probe.watchGaps = () => {
    const start = performance.now();
    const pictures = new Map();
    const voices = new Map();
    const watched = new Set();
    const note = (events, name, time) => {
      if (!events.has(name)) events.set(name, [start]);
      events.get(name).push(time);
    };
    const watch = (tile, video) => {
      watched.add(video);
      const name = tile.querySelector(".tile-name-text").textContent;
      const framed = (now) => {
        note(pictures, name, now);
        if (probe.gaps === gaps) video.requestVideoFrameCallback(framed);
      };
      video.requestVideoFrameCallback(framed);
    };
    const samples = new Float32Array(1024);
    const look = () => {
      for (const video of document.querySelectorAll('.tile[data-self="false"] video')) {
        if (!watched.has(video)) watch(video.closest(".tile"), video);
      }
      const names = new Map(window.preau.call.participants.map(({ id, name }) => [id, name]));
      for (const { kind, carries, track } of window.preau.call.slots) {
        if (kind !== "voice" || carries === null) continue;
        probe.analyser(track).getFloatTimeDomainData(samples);
        const energy = samples.reduce((sum, sample) => sum + sample * sample, 0);
        const isLoud = energy / samples.length > 1e-4;
        if (isLoud) note(voices, names.get(carries.participant), performance.now());
      }
    };
    const gaps = { pictures, voices, watched, timer: setInterval(look, 10) };
    probe.gaps = gaps;
    look();
  };

  /**
   * Stops timing. For each person: the frames shown, the longest time in ms without one and without
   * sound, when that sound was back, and how many video elements all people together took.
   */
  probe.gapsSeen = () => {
    const { pictures, voices, watched, timer } = probe.gaps;
    probe.gaps = null;
    clearInterval(timer);
    const end = performance.now();
    const longest = (times) =>
      Math.round(Math.max(...times.map((time, index) => (times[index + 1] ?? end) - time)));
    const endOfLongest = (times) =>
      [...times, end].reduce(
        (most, time, index, all) => {
          const gap = time - (all[index - 1] ?? time);
          return gap > most.gap ? { gap, time } : most;
        },
        { gap: -1, time: end },
      ).time;
    const people = [...new Set([...pictures.keys(), ...voices.keys()])].sort();
    return people.map((name) => ({
      name,
      frames: (pictures.get(name)?.length ?? 1) - 1,
      pictureMs: longest(pictures.get(name) ?? [0]),
      soundMs: longest(voices.get(name) ?? [0]),
      soundAt: endOfLongest(voices.get(name) ?? []),
      elements: watched.size,
    }));
  };

  /**
   * What the page's slots have received since the connection began, of one person's picture and
   * voice; what a browser does not count is null.
   */
  probe.received = async (name) => {
    const { participants, slots } = window.preau.call;
    const from = participants.find((participant) => participant.name === name)?.id;
    const tracks = new Map(
      slots
        .filter(({ carries }) => carries !== null && carries.participant === from)
        .map(({ kind, track }) => [track.id, kind]),
    );
    const seen = { picture: null, voice: null };
    for (const connection of probe.connections) {
      for (const entry of (await connection.getStats()).values()) {
        if (entry.type !== "inbound-rtp") continue;
        const kind = tracks.get(entry.trackIdentifier);
        if (kind === "video") {
          seen.picture = {
            height: entry.frameHeight ?? 0,
            frames: entry.framesDecoded ?? 0,
            bytes: entry.bytesReceived ?? 0,
            freezes: entry.freezeCount ?? null,
            frozenS: entry.totalFreezesDuration ?? null,
            nacks: entry.nackCount ?? 0,
            keyframeRequests: entry.pliCount ?? 0,
            repaired: entry.retransmittedPacketsReceived ?? null,
            lost: entry.packetsLost ?? 0,
          };
        } else if (kind === "voice") {
          seen.voice = {
            samples: entry.totalSamplesReceived ?? null,
            concealed: entry.concealedSamples ?? null,
            silent: entry.silentConcealedSamples ?? null,
            lost: entry.packetsLost ?? 0,
          };
        }
      }
    }
    return seen;
  };

  /** What the page thinks that it can send, in bits per second; null where it does not say. */
  probe.sendEstimate = async () => {
    for (const connection of probe.connections) {
      for (const entry of (await connection.getStats()).values()) {
        if (entry.type === "candidate-pair" && entry.availableOutgoingBitrate) {
          return entry.availableOutgoingBitrate;
        }
      }
    }
    return null;
  };

  /** The server's addresses over which media flow: one for each connection. */
  probe.remoteAddresses = async () => {
    const addresses = [];
    for (const connection of probe.connections) {
      const stats = await connection.getStats();
      for (const pair of stats.values()) {
        if (pair.type !== "candidate-pair" || !pair.nominated) continue;
        const { protocol, address } = stats.get(pair.remoteCandidateId);
        addresses.push(`${protocol} ${address}`);
      }
    }
    return addresses;
  };

  /** The pair in use of the newest connection, such as `udp host 203.0.113.7:443`. */
  probe.pair = async () => {
    const connection = probe.connections.at(-1);
    if (!connection) return null;
    const stats = await connection.getStats();
    const all = [...stats.values()];
    const transport = all.find(({ type }) => type === "transport");
    const pair =
      stats.get(transport?.selectedCandidatePairId) ??
      all.find(({ type, selected }) => type === "candidate-pair" && selected);
    if (!pair) return null;
    const local = stats.get(pair.localCandidateId);
    const remote = stats.get(pair.remoteCandidateId);
    const isRelayed = local.candidateType === "relay";
    const protocol = isRelayed ? `${local.relayProtocol} relay` : local.protocol;
    return `${protocol} ${remote.address}:${remote.port}`;
  };

  /** Marks every tile, so that `tilesKept` can tell the same from another one. */
  probe.markTiles = () => {
    const tiles = [...document.querySelectorAll(".tile")];
    tiles.forEach((tile) => (tile.isMarked = true));
    probe.tilesMarked = tiles.length;
  };
  probe.tilesKept = () => {
    const tiles = [...document.querySelectorAll(".tile")];
    return tiles.length === probe.tilesMarked && tiles.every(({ isMarked }) => isMarked);
  };

  /** The state of every media transport, and how often it changed since the first look. */
  let transportChanges = null;
  probe.transports = () => {
    const transports = new Set(
      probe.connections.flatMap((connection) =>
        connection.getReceivers().map(({ transport }) => transport).filter(Boolean),
      ),
    );
    if (transportChanges === null) {
      transportChanges = 0;
      for (const transport of transports) {
        transport.addEventListener("statechange", () => (transportChanges += 1));
      }
    }
    return { states: [...transports].map(({ state }) => state), changes: transportChanges };
  };
}
