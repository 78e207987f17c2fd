/** A button that installs the page as an app -> shown only while the browser would. */

/** Of Chromium; other browsers have a menu for it, and never send it. */
type InstallEvent = Event & { prompt(): Promise<unknown> };

export function listenForInstall(button: HTMLButtonElement): void {
  let offer: InstallEvent | undefined;
  addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault(); // no bar of the browser's own
    offer = event as InstallEvent;
    button.hidden = false;
  });
  const withdraw = (): void => {
    offer = undefined;
    button.hidden = true;
  };
  addEventListener('appinstalled', withdraw);
  button.addEventListener('click', () => {
    void offer?.prompt();
    withdraw(); // an offer can be used once
  });
}
