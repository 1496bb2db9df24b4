// Before a recording: what is recorded, who learns of it, and where it goes.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { CallError } from "../../call";
import { Dialog } from "../dialog";
import { later, t } from "../i18n";
import type { RoomStore } from "../room-store";
import { fileName, Recorder } from "./recorder";
import type { Talk } from "./talk";

interface RecordPanelProps {
  readonly store: RoomStore;
  readonly talk: Talk;
  readonly room: string;
  readonly onClose: () => void;
}

/** File System Access; Firefox and Safari do not have it. */
interface Picker {
  showSaveFilePicker?(options: { readonly suggestedName: string }): Promise<FileSystemFileHandle>;
}

export function RecordPanel({ store, talk, room, onClose }: RecordPanelProps): JSX.Element {
  const file = useSignal<FileSystemFileHandle | null>(null);
  const trouble = useSignal("");
  const words = later().record;
  const picker = window as Picker;

  async function choose(): Promise<void> {
    const suggestedName = fileName(room, new Date().toISOString().slice(0, 10));
    // Rejects where the person changes their mind: all stays as it is.
    file.value = (await picker.showSaveFilePicker?.({ suggestedName }).catch(() => null)) ?? null;
  }

  async function start(): Promise<void> {
    trouble.value = "";
    try {
      talk.recorder.value = await Recorder.start(store, file.value, (error) => {
        talk.recorder.value = null;
        store.say(error === null ? later().record.done : later().record.failed);
      });
      onClose();
    } catch (error) {
      trouble.value = error instanceof CallError ? t().end[error.code] : words.refused;
    }
  }

  return (
    <Dialog id="record-panel" title={t().talk.record.title} onClose={onClose}>
      <p>{words.what}</p>
      <p>{file.value === null ? words.inMemory : words.toFile(file.value.name)}</p>
      <p class="row">
        {picker.showSaveFilePicker !== undefined && (
          <button id="record-file" type="button" class="button" onClick={() => void choose()}>
            {words.choose}
          </button>
        )}
        <button
          id="start-recording"
          type="button"
          class="button primary"
          onClick={() => void start()}
        >
          {words.start}
        </button>
      </p>
      <output id="record-trouble" role="status" class="trouble">
        {trouble.value}
      </output>
    </Dialog>
  );
}
