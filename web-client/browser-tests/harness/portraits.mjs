// Cameras that show a person and screens that show a lesson, for pictures that people look at.
//
// `installPortraits` is sent to the browser as text, so it uses nothing from outside itself.

export function installPortraits() {
  const FRAMES_PER_SECOND = 2;
  const HUES = [28, 196, 330, 92, 262, 14, 172, 224, 48, 300, 120, 350];

  const draw = (width, height, paint) => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext("2d");
    paint(context, 0);
    const track = canvas.captureStream(FRAMES_PER_SECOND).getVideoTracks()[0];
    let frame = 0;
    const timer = setInterval(() => {
      frame += 1;
      return track.readyState === "live" ? paint(context, frame) : clearInterval(timer);
    }, 1000 / FRAMES_PER_SECOND);
    return track;
  };

  /** Somebody before a wall; each number has colours of its own. */
  const picture = (number) =>
    draw(640, 360, (context, frame) => {
      const hue = HUES[number % HUES.length];
      const wall = context.createLinearGradient(0, 0, 640, 360);
      wall.addColorStop(0, `hsl(${hue} 30% 72%)`);
      wall.addColorStop(1, `hsl(${hue} 32% 52%)`);
      context.fillStyle = wall;
      context.fillRect(0, 0, 640, 360);
      context.fillStyle = `hsl(${hue} 20% 86%)`;
      context.fillRect(60 + 12 * (number % 4), 40, 150, 110);
      const [tint, light] = [20 + (number % 3) * 6, 34 + (number % 5) * 9];
      const skin = `hsl(${tint} ${40 - (number % 4) * 4}% ${light}%)`;
      const sway = (frame % 2) * 2;
      context.fillStyle = `hsl(${(hue + 150) % 360} 42% 36%)`;
      context.beginPath();
      context.ellipse(330 + sway, 390, 165, 150, 0, 0, 7);
      context.fill();
      context.fillStyle = `hsl(${hue} 30% ${14 + (number % 4) * 7}%)`;
      context.beginPath();
      context.ellipse(330 + sway, 152, 82, 96, 0, 0, 7);
      context.fill();
      context.fillStyle = skin;
      context.beginPath();
      context.ellipse(330 + sway, 172, 66, 84, 0, 0, 7);
      context.fill();
    });

  /** A lesson: words of the size that a shared document has. */
  const screen = () =>
    draw(1280, 720, (context) => {
      context.fillStyle = "#fff";
      context.fillRect(0, 0, 1280, 720);
      context.fillStyle = "#1d3557";
      context.fillRect(0, 0, 1280, 84);
      context.fillStyle = "#fff";
      context.font = "600 40px sans-serif";
      context.fillText("Le cycle de l’eau", 48, 58);
      context.fillStyle = "#222";
      context.font = "26px sans-serif";
      const lines = [
        "1. L’eau des mers s’évapore sous l’effet du soleil.",
        "2. La vapeur monte, refroidit et forme les nuages.",
        "3. La pluie et la neige retombent sur la terre.",
        "4. Les rivières ramènent l’eau à la mer.",
      ];
      lines.forEach((line, index) => context.fillText(line, 64, 180 + 64 * index));
      context.fillStyle = "#457b9d";
      context.fillRect(64, 470, 1150, 170);
    });

  let audio = null;
  /** A hum for number 0, so that rings have somebody to show, and silence for the others. */
  const voice = (number) => {
    audio ??= new AudioContext();
    audio.resume();
    const [tone, gain] = [audio.createOscillator(), audio.createGain()];
    tone.frequency.value = 140;
    gain.gain.value = number === 0 ? 0.2 : 0;
    const destination = audio.createMediaStreamDestination();
    tone.connect(gain).connect(destination);
    tone.start();
    return destination.stream.getAudioTracks()[0];
  };
  window.portraits = { picture, screen, voice };

  const devices = [
    ["audioinput", "micro-1", "Microphone (HD Webcam C270)"],
    ["audioinput", "micro-2", "Jabra Evolve 20"],
    ["videoinput", "camera-1", "HD Webcam C270"],
    ["audiooutput", "speaker-1", "Jabra Evolve 20"],
  ].map(([kind, deviceId, label]) => ({ kind, deviceId, label, groupId: "" }));
  const named = (track, deviceId) => {
    track.getSettings = () => ({ deviceId });
    return track;
  };
  if (navigator.mediaDevices) {
    navigator.mediaDevices.enumerateDevices = async () => devices;
    navigator.mediaDevices.getUserMedia = async ({ audio, video }) =>
      new MediaStream([
        ...(audio ? [named(voice(0), "micro-1")] : []),
        ...(video ? [named(picture(9), "camera-1")] : []),
      ]);
    navigator.mediaDevices.getDisplayMedia = async () => new MediaStream([screen()]);
  }
}
