/** Plays frames, or shows one of them. */
import { useEffect, useState } from "preact/hooks";
import { useAddress } from "./picture";

interface Props {
  frames: Blob[];
  /** Frames a second. */
  fps: number;
  alt: string;
}

const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

export function Player({ frames, fps, alt }: Props) {
  const [index, setIndex] = useState(0);
  const [playing, setPlaying] = useState(!still());
  useEffect(() => {
    if (!playing) return;
    const timer = setInterval(() => setIndex((now) => (now + 1) % frames.length), 1000 / fps);
    return () => clearInterval(timer);
  }, [playing, frames.length, fps]);
  return (
    <div class="player">
      {/* All of them at once, so that each is decoded before its turn. */}
      {frames.map((frame, at) => (
        <Frame key={at} file={frame} alt={`${alt}, frame ${at + 1} of ${frames.length}`} shown={at === index} />
      ))}
      <div class="actions">
        <button type="button" onClick={() => setPlaying(!playing)}>
          {playing ? "Pause" : "Play"}
        </button>
        <input
          type="range"
          aria-label="Frame"
          aria-valuetext={`${index + 1} of ${frames.length}`}
          min={0}
          max={frames.length - 1}
          value={index}
          onInput={(event) => {
            setPlaying(false);
            setIndex(Number(event.currentTarget.value));
          }}
        />
        <span class="count">
          {index + 1} / {frames.length}
        </span>
      </div>
    </div>
  );
}

function Frame({ file, alt, shown }: { file: Blob; alt: string; shown: boolean }) {
  return <img src={useAddress(file)} alt={alt} hidden={!shown} />;
}
