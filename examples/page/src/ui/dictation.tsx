import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

import { messageOf } from '../protocol/failure';
import { useChat } from './context';
import { Icon } from './icon';

const FORMATS = ['audio/webm;codecs=opus', 'audio/ogg;codecs=opus', 'audio/mp4'];

/** Records what is said, and gives the server's transcript of it. Not there in browsers that cannot record. */
export function Dictation({ onText }: { onText(text: string): void }) {
  const chat = useChat();
  const state = useSignal<'idle' | 'recording' | 'busy'>('idle');
  const problem = useSignal('');
  const recorder = useRef<MediaRecorder | null>(null);
  useEffect(() => () => recorder.current?.stop(), []);
  if (typeof MediaRecorder === 'undefined' || !navigator.mediaDevices) return null;

  async function start() {
    problem.value = '';
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      const mimeType = FORMATS.find((it) => MediaRecorder.isTypeSupported(it));
      const recording = new MediaRecorder(stream, mimeType ? { mimeType } : {});
      const pieces: Blob[] = [];
      recording.ondataavailable = (event) => pieces.push(event.data);
      recording.onstop = () => {
        for (const track of stream.getTracks()) track.stop();
        recorder.current = null;
        void transcribe(new Blob(pieces, { type: recording.mimeType }), recording.mimeType);
      };
      recording.start();
      recorder.current = recording;
      state.value = 'recording';
    } catch {
      problem.value = 'The microphone cannot be used.';
      state.value = 'idle';
    }
  }

  async function transcribe(audio: Blob, mime_type: string) {
    state.value = 'busy';
    try {
      const { text } = await chat.client.query('input.transcribe', { audio_base64: await base64(audio), mime_type });
      if (text) onText(text);
    } catch (error) {
      problem.value = messageOf(error);
    }
    state.value = 'idle';
  }

  const recording = state.value === 'recording';
  const label = recording ? 'Stop dictating' : state.value === 'busy' ? 'Writing down what you said' : 'Dictate';
  return (
    <>
      {problem.value && (
        <span class="dictation-problem" role="alert">
          {problem.value}
        </span>
      )}
      <button
        type="button"
        class="icon-button"
        aria-label={label}
        title={label}
        aria-pressed={recording}
        data-recording={recording || undefined}
        disabled={state.value === 'busy'}
        onClick={() => (recording ? recorder.current?.stop() : void start())}
      >
        {state.value === 'busy' ? <span class="spinner" /> : <Icon name={recording ? 'stop' : 'microphone'} />}
      </button>
    </>
  );
}

function base64(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ''));
    reader.onerror = () => reject(new Error('The recording cannot be read.'));
    reader.readAsDataURL(blob);
  });
}
