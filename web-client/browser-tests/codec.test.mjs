// The instruments themselves: a number put into picture and tone comes out of a call of a page
// with itself, also through the smallest layer a room would choose, and another number does not.
import assert from "node:assert/strict";
import http from "node:http";
import { after, before, test } from "node:test";

import { launch } from "./harness/browsers.mjs";
import { install } from "./harness/in-page.mjs";

let server;
let url;

before(async () => {
  server = http.createServer((_, response) => {
    response.setHeader("content-type", "text/html");
    response.end("<!doctype html><title>codec</title>");
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  url = `http://localhost:${server.address().port}/`;
});

after(() => server.close());

for (const kind of ["chromium", "firefox"]) {
  test(`${kind}: picture and tone name their person`, { timeout: 120_000 }, async () => {
    const browser = await launch(kind);
    try {
      for (const number of [1, 6, 11, 15]) {
        const page = await browser.newPage();
        await page.evaluateOnNewDocument(install, { number, camera: "works" });
        await page.goto(url);
        const seen = await page.evaluate(callOneself);
        assert.deepEqual(seen, { picture: number, tone: number, silence: null });
        await page.close();
      }
    } finally {
      await browser.close();
    }
  });
}

/** Runs in the page: one connection sends to another, at a quarter of the size and 60 kbit/s. */
async function callOneself() {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  const [from, to] = [new RTCPeerConnection(), new RTCPeerConnection()];
  from.onicecandidate = (event) => event.candidate && to.addIceCandidate(event.candidate);
  to.onicecandidate = (event) => event.candidate && from.addIceCandidate(event.candidate);
  for (const track of stream.getAudioTracks()) from.addTransceiver(track);
  for (const track of stream.getVideoTracks()) {
    from.addTransceiver(track, {
      sendEncodings: [{ scaleResolutionDownBy: 4, maxBitrate: 60_000 }],
    });
  }
  const video = document.createElement("video");
  const sound = document.createElement("audio");
  video.muted = true;
  let voice = null;
  to.ontrack = ({ track }) => {
    const element = track.kind === "video" ? video : sound;
    if (track.kind === "audio") voice = track;
    element.srcObject = new MediaStream([track]);
    void element.play();
  };
  await from.setLocalDescription();
  await to.setRemoteDescription(from.localDescription);
  await to.setLocalDescription();
  await from.setRemoteDescription(to.localDescription);

  const wait = (ms) => new Promise((wake) => setTimeout(wake, ms));
  const decode = async (read, isGood) => {
    for (let attempt = 0; attempt < 150; attempt += 1) {
      const seen = read();
      if (isGood(seen)) return seen;
      await wait(100);
    }
    return read();
  };
  const isNumber = (seen) => seen !== null;
  const picture = await decode(() => window.probe.decodePicture(video), isNumber);
  const tone = await decode(() => voice && window.probe.decodeTone(voice), isNumber);
  window.probe.setTone(false);
  const silence = await decode(() => window.probe.decodeTone(voice), (seen) => seen === null);
  from.close();
  to.close();
  return { picture, tone, silence };
}
