/** A picture by hash: what was there before it stays until it can be seen, so that nothing flashes. */
import { useEffect, useState } from "preact/hooks";
import type { Page } from "../state/page";
import type { Box } from "../state/pixels";

interface Given {
  page: Page;
  sha: string;
  box: Box;
  alt: string;
  /** Shown under it until it is there. */
  before?: string | null;
  onShown?: () => void;
  draggable?: boolean;
}

export function Picture({ page, sha, box, alt, before, onShown, draggable }: Given) {
  const [url, setUrl] = useState<string | null>(null);
  const [shown, setShown] = useState<string | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    const lease = page.pixels.lease(sha, box);
    const stop = lease.url.subscribe(setUrl);
    const watch = lease.failed.subscribe(setFailed);
    return () => {
      stop();
      watch();
      // The next one may come late: what is on the screen is held until this one is gone.
      lease.release();
    };
  }, [page, sha, box]);
  const ready = url !== null && shown === url;
  return (
    <>
      {before && !ready && <img class="ic-pixels ic-before" src={before} alt="" aria-hidden="true" draggable={false} />}
      {url ? (
        <img
          class={`ic-pixels${ready ? " ic-shown" : ""}`}
          src={url}
          alt={alt}
          draggable={draggable ?? false}
          decoding="async"
          onLoad={() => {
            setShown(url);
            onShown?.();
          }}
        />
      ) : (
        <span class={`ic-pixels${failed ? " ic-lost" : " ic-empty"}`} role="img" aria-label={alt} />
      )}
    </>
  );
}
