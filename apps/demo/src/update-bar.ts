/** A newer page is at hand -> a bar that says so, and takes it when the reader agrees. */
export function createUpdateBar(bar: HTMLElement, yes: HTMLButtonElement, later: HTMLButtonElement): (reload: () => void) => void {
  let take: (() => void) | undefined;
  yes.addEventListener('click', () => take?.());
  later.addEventListener('click', () => {
    bar.hidden = true;
  });
  return (reload) => {
    take = reload;
    bar.hidden = false;
  };
}
