/** The page, kept by its service worker -> whether it opens without a network, and the news that there is a newer one. */
import { Workbox } from 'workbox-window';

export type KeptPage = {
  /** Whether all of it is kept; waits for that to be decided. False where browsers keep no pages: without https, or while developing. */
  isKept(): Promise<boolean>;
  /** Bytes of the page's own files on this device. */
  keptBytes(): Promise<number>;
};

/** @param onNewer told once a newer page is kept, too: `reload` takes it, in every open tab; until then all stays as it is */
export function keepThisPage(onNewer: (reload: () => void) => void): KeptPage {
  const kept = 'serviceWorker' in navigator && import.meta.env.PROD ? register(onNewer) : Promise.resolve(false);
  return { isKept: () => kept, keptBytes };
}

async function register(onNewer: (reload: () => void) => void): Promise<boolean> {
  const workbox = new Workbox('./service-worker.js');
  let agreed = false;
  workbox.addEventListener('waiting', () =>
    onNewer(() => {
      agreed = true;
      workbox.messageSkipWaiting();
    }),
  );
  workbox.addEventListener('controlling', ({ isUpdate, isExternal }) => {
    if (agreed) location.reload();
    else if (isUpdate || isExternal) onNewer(() => location.reload()); // another tab has taken it
  });
  // A page that is installed may stay open for weeks.
  addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') workbox.update().catch(() => undefined); // without a network there is no news
  });
  const failed = new Promise<false>((resolve) => {
    workbox.addEventListener('redundant', ({ isUpdate }) => {
      if (!isUpdate) resolve(false);
    });
  });
  try {
    await workbox.register();
    return await Promise.race([navigator.serviceWorker.ready.then(() => true), failed]);
  } catch {
    return false; // forbidden by the browser, or the file is not there: the page works as one that is not kept
  }
}

async function keptBytes(): Promise<number> {
  const scope = (await navigator.serviceWorker?.getRegistration())?.scope;
  if (scope === undefined) return 0;
  const names = (await caches.keys()).filter((name) => name.includes('precache') && name.endsWith(scope)); // as workbox names them
  const sizes = names.map(async (name) => {
    const responses = await (await caches.open(name)).matchAll();
    return Promise.all(responses.map(async (response) => (await response.blob()).size));
  });
  return (await Promise.all(sizes)).flat().reduce((sum, bytes) => sum + bytes, 0);
}
