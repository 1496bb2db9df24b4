// Shows that the microphone hears something.
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { t } from "./i18n";

/** Speech at arm's length fills about two thirds of the meter with this. */
const GAIN = 4;

export function LevelMeter({ track }: { readonly track: MediaStreamTrack }): JSX.Element {
  const meter = useRef<HTMLMeterElement>(null);
  useEffect(() => {
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 512;
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let frame = 0;
    const draw = (): void => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      if (meter.current !== null) {
        meter.current.value = Math.min(1, Math.sqrt(power) * GAIN);
      }
      frame = requestAnimationFrame(draw);
    };
    draw();
    return () => {
      cancelAnimationFrame(frame);
      void context.close();
    };
  }, [track]);
  return (
    <meter
      id="microphone-level"
      class="level"
      ref={meter}
      min={0}
      max={1}
      aria-label={t().microphoneLevel}
    />
  );
}
