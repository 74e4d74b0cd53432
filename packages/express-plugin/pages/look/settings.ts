/** What the server has told this page; the page's own types say what that is. */
export function readSettings(): unknown {
  return JSON.parse(document.querySelector('#settings')?.textContent ?? 'null');
}
