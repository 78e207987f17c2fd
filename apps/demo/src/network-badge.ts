/** Whether there is a network -> a badge while there is none. */
export function showNetwork(badge: HTMLElement): void {
  const show = (): void => {
    badge.textContent = navigator.onLine ? '' : 'No network: this device restores';
  };
  for (const event of ['online', 'offline']) addEventListener(event, show);
  show();
}
