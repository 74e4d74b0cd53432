/**
 * Texts that would run something if a page took them for more than texts: as an element, an attribute, a link, a style, a
 * script's string, a template, or as an object's own prototype. Each would open a dialog, which fails the test.
 */
const texts = [
  '<script>alert(1)</script>',
  '<SCRIPT SRC=data:text/javascript,alert(2)></SCRIPT>',
  '</script><script>alert(3)</script>',
  '</title><script>alert(4)</script>',
  '</textarea><script>alert(5)</script>',
  '</style><img src=x onerror=alert(6)>',
  '<img src=x onerror=alert(7)>',
  '<img src=x oNeRrOr="alert(8)"',
  '"><img src=x onerror=alert(9)>',
  "'><img src=x onerror=alert(10)>",
  '`><img src=x onerror=alert(11)>',
  '<svg onload=alert(12)>',
  '<svg/onload=alert(13)//',
  '<svg><script>alert(14)</script></svg>',
  '<svg><animate onbegin=alert(15) attributeName=x dur=1s>',
  '<svg><a xlink:href="javascript:alert(16)"><text y=20>press</text></a></svg>',
  '<math><mtext><table><mglyph><style><img src=x onerror=alert(17)>',
  '<body onload=alert(18)>',
  '<iframe src="javascript:alert(19)"></iframe>',
  '<iframe srcdoc="<script>parent.alert(20)</script>"></iframe>',
  '<object data="data:text/html,<script>alert(21)</script>"></object>',
  '<embed src="data:image/svg+xml,<svg onload=alert(22)>">',
  '<details open ontoggle=alert(23)>',
  '<video><source onerror=alert(24)></video>',
  '<audio src=x onerror=alert(25)>',
  '<input autofocus onfocus=alert(26)>',
  '<select autofocus onfocus=alert(27)></select>',
  '<button popovertarget=p>p</button><div id=p popover onbeforetoggle=alert(28)>',
  '<marquee onstart=alert(29)>',
  '<p style="animation:spin 1s" onanimationstart=alert(30)>',
  '<a href="javascript:alert(31)">press</a>',
  '<a href="java\tscript:alert(32)">press</a>',
  'javascript:alert(33)',
  'data:text/html;base64,PHNjcmlwdD5hbGVydCgzNCk8L3NjcmlwdD4=#34',
  '<form action="javascript:alert(35)"><button>press</button></form>',
  '<meta http-equiv=refresh content="0;url=javascript:alert(36)">',
  '<base href="data:,alert(37)//">',
  '<link rel=stylesheet href="data:text/css,*{background:url(x)}" onload=alert(38)>',
  '<template shadowrootmode=open><img src=x onerror=alert(39)></template>',
  '<noscript><p title="</noscript><img src=x onerror=alert(40)>">',
  '<!--><img src=x onerror=alert(41)>-->',
  '<![CDATA[><img src=x onerror=alert(42)>]]>',
  '<x onpointerenter=alert(43) style="position:fixed;inset:0">over</x>',
  '" autofocus onfocus="alert(44)" x="',
  "';alert(45);//",
  '"-alert(46)-"',
  '${alert(47)}{{constructor.constructor("alert(47)")()}}',
  '\u2028alert(48)\u2029',
  '{"__proto__":{"innerHTML":"<img src=x onerror=alert(49)>"},"dangerouslySetInnerHTML":{"__html":"<img src=x onerror=alert(49)>"}}',
  '&lt;img src=x onerror=alert(50)&gt;&#60;script&#62;alert(50)&#60;/script&#62;',
] as const;

/** The texts, each with a word of its own at the end by which a test finds it. */
export const hostileTexts: readonly { readonly text: string; readonly word: string }[] = texts.map((text, index) => {
  const word = `hostile${index + 1}end`;
  return { text: `${text} ${word}`, word };
});
