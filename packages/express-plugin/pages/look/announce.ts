let region: HTMLElement | undefined;

/** Tells screen readers something that others see: a result, a number of rows. */
export function announce(text: string): void {
  if (!region) {
    region = document.createElement('div');
    region.className = 'visually-hidden';
    region.setAttribute('role', 'status');
    document.body.append(region);
  }
  // Outside of the dialog on top nothing is read.
  const parent = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body;
  if (region.parentElement !== parent) parent.append(region);
  // The same text twice is read twice only when it is another one in between.
  region.textContent = '';
  const told = region;
  requestAnimationFrame(() => {
    told.textContent = text;
  });
}
