/**
 * Puts right what swagger-ui leaves out for people who do not see the page: names of controls and regions, and
 * what scrolls within the reach of the keyboard.
 * Its components give no way to, and React leaves alone what it did not write.
 */
export function repair(place: HTMLElement): void {
  let asked = false;
  const look = (): void => {
    asked = false;
    nameControls(place);
  };
  new MutationObserver(() => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(look);
  }).observe(place, { childList: true, subtree: true });
}

const named = '[aria-label], [aria-labelledby]';

function nameControls(place: HTMLElement): void {
  for (const row of place.querySelectorAll<HTMLElement>('tr[data-param-name], tr[data-property-name]')) {
    const name = row.dataset['paramName'] ?? row.dataset['propertyName'] ?? '';
    for (const control of row.querySelectorAll(`:is(input, select, textarea):not(${named})`))
      control.setAttribute('aria-label', name);
  }
  for (const control of place.querySelectorAll(`textarea:not(${named})`)) control.setAttribute('aria-label', 'Request body');
  // What can be scrolled must be reached by the keyboard.
  for (const block of place.querySelectorAll('pre:not([tabindex])')) block.setAttribute('tabindex', '0');
  for (const list of place.querySelectorAll(`select.examples-select-element:not(${named})`)) {
    list.setAttribute('aria-label', 'Example');
  }
  for (const table of place.querySelectorAll(`table[role='region']:not(${named})`)) {
    const part = (name: string): string =>
      table.closest('.opblock')?.querySelector(`.opblock-summary-${name}`)?.textContent ?? '';
    table.setAttribute('aria-label', `Answers of ${part('method')} ${part('path')}`);
  }
}
