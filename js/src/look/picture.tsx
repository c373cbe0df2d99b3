/** A picture by hash; it appears when it can be seen whole, over whatever lies under it, so that nothing flashes. */
import { useEffect, useState } from "preact/hooks";
import type { Desk } from "../slots";
import type { Box } from "../state/pixels";

interface Given {
  page: Pick<Desk, "pixels">;
  sha: string;
  box: Box;
  alt: string;
  onShown?: (shown: HTMLImageElement) => void;
  draggable?: boolean;
}

export function Picture({ page, sha, box, alt, onShown, draggable }: Given) {
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
      {url ? (
        <img
          class={`ic-pixels${ready ? " ic-shown" : ""}`}
          src={url}
          alt={alt}
          draggable={draggable ?? false}
          decoding="async"
          onLoad={(event) => {
            setShown(url);
            onShown?.(event.currentTarget);
          }}
        />
      ) : (
        <span class={`ic-pixels${failed ? " ic-lost" : " ic-empty"}`} role="img" aria-label={alt} />
      )}
    </>
  );
}
